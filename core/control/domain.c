/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/domain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/domain_effect.h"
#include "control/domain_moves.h"
#include "control/domain_stuck.h"
#include "control/domain_targets.h"
#include "control/sample.h"
#include "util/log.h"

#define UNKNOWN MEMCOORD_UNKNOWN

/* A sample that is older than this is no newer than what the host tells of the balloon. */
static const uint64_t host_late_ms = 2000;
/* Samples for which a balloon must stand still before its domain counts as booted. */
static const uint64_t still_samples_needed = 3;
/* The same for one without samples: the host tells of a move up to a second late. */
static const uint64_t silent_still_ms = 3000;
static const uint64_t retry_max_ms = 60 * 1000;
/* So many intervals may lie between two looks: ticks that are late, or left out. */
static const uint64_t looks_missed = 3;
/* What QEMU holds for itself is remembered, and counts as promised, up to so much and a quarter of the
 * maximum: what it held once for a moment must not be kept from the others for ever. */
static const uint64_t most_overhead_kib = 256 * 1024;

static void uuid_format(const uint8_t uuid[HOST_UUID_BYTES], char text[UUID_TEXT_BYTES])
{
    size_t at = 0;

    for (size_t i = 0; i < HOST_UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text[at++] = '-';
        snprintf(text + at, 3, "%02x", uuid[i]);
        at += 2;
    }
}

/* What the host proposes stands in for the defaults; the configuration's sections win. */
void domain_configure(struct domain *d, const struct config *config)
{
    const struct amount *usual = &config->domain_defaults.min;
    struct domain_settings base = config->domain_defaults;

    if (d->proposal.min_kib != UNKNOWN)
        base.min = (struct amount){ .kib = d->proposal.min_kib };
    if (d->proposal.weight != UNKNOWN)
        base.weight = d->proposal.weight;
    d->settings = config_domain(config, base, d->name, d->uuid_text);
    d->min_is_default = d->settings.min.kib == usual->kib && d->settings.min.bp == usual->bp;
}

struct domain *domain_new(const struct host_domain *seen, uint64_t now_ms,
                          const struct config *config)
{
    struct domain *d = calloc(1, sizeof(*d));

    if (!d || !(d->name = strdup(seen->name))) {
        free(d);
        return NULL;
    }
    memcpy(d->uuid, seen->uuid, sizeof(d->uuid));
    uuid_format(d->uuid, d->uuid_text);
    d->proposal = seen->proposal ? *seen->proposal : (struct host_proposal){ UNKNOWN, UNKNOWN };
    domain_configure(d, config);
    d->run_id = seen->run_id;
    d->balloon_kib = d->host_balloon_kib = d->initial_kib = d->had_kib = seen->balloon_kib;
    targets_adopt(d);
    d->asked_kib = d->asked_before_kib = UNKNOWN;
    d->kernel_kib = d->rss_kib = d->effect.before_rss_kib = UNKNOWN;
    d->first_seen_ms = d->moved_ms = d->host_moved_ms = d->arrived_ms = now_ms;
    d->is_new = true;
    sample_clear(&d->sample);
    return d;
}

void domain_free(struct domain *domain)
{
    if (!domain)
        return;
    free(domain->policy_state);
    free(domain->name);
    free(domain);
}

/* What the host tells of the balloon. */
static void see_host_balloon(struct domain *d, uint64_t balloon_kib, uint64_t now_ms)
{
    if (domain_distance(balloon_kib, d->host_balloon_kib) > DOMAIN_NOISE_KIB) {
        d->host_moved_ms = now_ms;
        d->still_samples = 0;
    }
    d->host_before_kib = d->host_balloon_kib;
    d->host_balloon_kib = balloon_kib;
}

/* What the guest owns now. The host learns of a balloon's move up to a second late; a sample that is
 * newer than the host's last news, and than what was asked last, may tell of it first. Memory beside
 * the balloon is in the guest's total, and would be taken for the balloon's. */
static uint64_t size_now(const struct domain *d, uint64_t now_ms)
{
    const struct domain_sample *sample = &d->sample;
    uint64_t size_kib;

    if (sample->sampled_ms == UNKNOWN || sample->guest_total_kib == UNKNOWN ||
        d->kernel_kib == UNKNOWN || d->extra_kib > 0 || d->autodeflate ||
        sample->sampled_ms + host_late_ms <= now_ms ||
        sample->sampled_ms <= memcoord_max(d->host_moved_ms, d->set_ms))
        return d->host_balloon_kib;
    size_kib = memcoord_min(sample->guest_total_kib + d->kernel_kib, d->host_max_kib);
    return domain_distance(size_kib, d->host_balloon_kib) > DOMAIN_NOISE_KIB ? size_kib
                                                                             : d->host_balloon_kib;
}

/* The guest's size at the moment of the sample. Its own total is of that very moment; the balloon
 * as seen by the host is not, so that it serves only until the difference is known. */
static uint64_t size_at_sample(const struct domain *d, const struct host_domain *seen,
                               uint64_t before_kib)
{
    if (seen->guest_total_kib != UNKNOWN && d->kernel_kib != UNKNOWN)
        return seen->guest_total_kib + d->kernel_kib;
    return memcoord_max(before_kib, seen->balloon_kib);
}

/* What its guest gave and its process keeps is not QEMU's own. */
static void learn_overhead(struct domain *d, const struct host_domain *seen)
{
    uint64_t owns_kib = d->host_balloon_kib + d->extra_kib;

    if (seen->rss_kib != UNKNOWN && seen->rss_kib > owns_kib && !d->effect.keeps &&
        !d->effect.is_ineffective)
        d->overhead_kib =
            memcoord_max(d->overhead_kib, memcoord_min(seen->rss_kib - owns_kib,
                                                       d->host_max_kib / 4 + most_overhead_kib));
}

/* What can be learned only while the balloon stands still. */
static void learn(struct domain *d, const struct host_domain *seen)
{
    if (d->still_samples < still_samples_needed)
        return;
    d->is_new = false;
    /* with autodeflate the guest's total does not follow the balloon */
    if (seen->guest_total_kib <= d->host_balloon_kib && !d->autodeflate)
        d->kernel_kib = d->host_balloon_kib - seen->guest_total_kib;
    learn_overhead(d, seen);
}

/* Whether nothing has moved since the sample before, as the host and the guest tell it: either may be
 * the first to know. */
static bool stood_still(const struct domain *d, const struct host_domain *seen)
{
    return seen->sampled_ms > d->host_moved_ms &&
           (seen->guest_total_kib == UNKNOWN || d->sample.guest_total_kib == UNKNOWN ||
            domain_distance(seen->guest_total_kib, d->sample.guest_total_kib) <= DOMAIN_NOISE_KIB);
}

static void see_sample(struct domain *d, const struct host_domain *seen, uint64_t before_kib)
{
    if (seen->sampled_ms == UNKNOWN ||
        (d->sample.sampled_ms != UNKNOWN && seen->sampled_ms <= d->sample.sampled_ms))
        return;
    if (d->sample.sampled_ms == UNKNOWN)
        d->is_new = true; /* one that was coordinated without may have been booted anew */
    d->still_samples = stood_still(d, seen) ? d->still_samples + 1 : 0;
    learn(d, seen);
    sample_take(&d->sample, seen, size_at_sample(d, seen, before_kib));
}

/* How long to wait before the next try of what failed: longer each time, until the balloon moves. */
static uint64_t next_wait_ms(struct domain *d)
{
    uint64_t wait_ms = d->failures < 6 ? UINT64_C(1000) << d->failures : retry_max_ms;

    d->failures++;
    return memcoord_min(wait_ms, retry_max_ms);
}

/* What became of the last target. One that could not be set leaves the one before in force, and is
 * tried again later. */
static void see_outcome(struct domain *d, const struct host_domain *seen, uint64_t now_ms)
{
    uint64_t wait_ms;

    if (d->setting && !seen->setting)
        targets_ended(d, seen->set_error == 0);
    if (seen->set_error == 0)
        return;
    wait_ms = next_wait_ms(d);
    d->retry_ms = now_ms + wait_ms;
    log_warning("%s: its balloon could not be set: %s; next try in %" PRIu64 " s", d->name,
                seen->set_error_text ? seen->set_error_text : strerror(-seen->set_error),
                wait_ms / 1000);
}

/* So long it could follow its target since the last look. What was set just now may not be in force; and where
 * nobody looked for many intervals the host itself may have stood still. */
static void see_run(struct domain *d, uint64_t now_ms, uint64_t interval_ms)
{
    bool runs = d->state == HOST_DOMAIN_RUNNING && !d->is_new;
    uint64_t most_ms = looks_missed * interval_ms;

    d->ran_ms = runs && d->ran && !d->setting ? memcoord_min(now_ms - d->looked_ms, most_ms) : 0;
    d->ran = runs;
}

bool domain_is_without_stats(const struct domain *domain)
{
    return domain->settings.statistics == STATISTICS_OPTIONAL &&
           domain->sample.sampled_ms == UNKNOWN && !domain->is_new;
}

/* One that never gave a sample, and need not: it is no longer held for booting when it has run for as long as that
 * may take, and its balloon stands still. A look that comes late tells of no more than two intervals. */
static void see_silence(struct domain *d, bool ran, uint64_t now_ms, const struct config *config)
{
    if (d->sample.sampled_ms != UNKNOWN)
        return;
    if (ran && d->looked_ms > 0 && d->state == HOST_DOMAIN_RUNNING)
        d->silent_ms += memcoord_min(now_ms - d->looked_ms, 2 * config->daemon.interval_ms);
    if (d->settings.statistics != STATISTICS_OPTIONAL || !d->is_new ||
        d->silent_ms < DOMAIN_SILENT_MS || now_ms - d->host_moved_ms < silent_still_ms)
        return;
    d->is_new = false;
    if (d->settings.manage && !d->unmanageable)
        log_warning(
            "%s: its guest gives no statistics (statistics = optional): nobody sees what it "
            "needs; it is kept above its min, and gets neither guest_reserve nor rescue",
            d->name);
}

/* What its process holds. A figure that was missed is the last one, less what its balloon took since
 * or may have taken: touched memory that is free now, and promised to the guest if it grows again. */
static void see_rss(struct domain *d, const struct host_domain *seen)
{
    uint64_t lowest_kib = memcoord_min(seen->balloon_kib, d->target_kib), taken_kib;

    d->rss_is_missed = seen->rss_kib == UNKNOWN && d->rss_kib != UNKNOWN;
    if (seen->rss_kib != UNKNOWN) {
        d->rss_kib = seen->rss_kib;
        d->rss_balloon_kib = seen->balloon_kib;
    } else if (d->rss_kib != UNKNOWN && lowest_kib < d->rss_balloon_kib) {
        taken_kib = d->rss_balloon_kib - lowest_kib;
        d->rss_kib = d->rss_kib > taken_kib ? d->rss_kib - taken_kib : 0;
        d->rss_balloon_kib = lowest_kib;
    }
}

static void see_name(struct domain *d, const struct host_domain *seen, const struct config *config)
{
    char *copy;

    if (!strcmp(d->name, seen->name) || !(copy = strdup(seen->name)))
        return;
    log_info("%s: is named %s now", d->name, seen->name);
    free(d->name);
    d->name = copy;
    domain_configure(d, config);
}

void domain_see(struct domain *domain, const struct host_domain *seen, uint64_t now_ms,
                const struct config *config)
{
    uint64_t before_kib = domain->host_balloon_kib;
    bool ran = domain->state == HOST_DOMAIN_RUNNING;

    see_name(domain, seen, config);
    domain->state = seen->state;
    domain->unmanageable = seen->unmanageable;
    domain->set_aside = seen->set_aside;
    domain->autodeflate = seen->autodeflate;
    domain->host_max_kib = seen->max_kib;
    domain->extra_kib = seen->extra_kib;
    domain->truth = seen->truth;
    see_rss(domain, seen);
    see_outcome(domain, seen, now_ms);
    see_host_balloon(domain, seen->balloon_kib, now_ms);
    see_sample(domain, seen, before_kib);
    see_silence(domain, ran, now_ms, config);
    if (domain_is_without_stats(domain) && now_ms - domain->host_moved_ms >= silent_still_ms)
        learn_overhead(domain, seen);
    see_run(domain, now_ms, config->daemon.interval_ms);
    moves_see(domain, size_now(domain, now_ms), now_ms, config);
    effect_see(domain, seen->rss_kib, config);
}

uint64_t domain_max_kib(const struct domain *domain)
{
    if (domain->settings.max_kib == 0)
        return domain->host_max_kib;
    return memcoord_min(domain->settings.max_kib, domain->host_max_kib);
}

/* Counts what is taken in an interval, before the target is `kib`. */
static void note_shrink(struct domain *d, uint64_t kib, uint64_t now_ms, uint64_t interval_ms)
{
    /* a tick that comes a little early is a tick of the next interval */
    if (now_ms - d->shrunk_ms >= interval_ms - interval_ms / 10)
        d->shrunk_kib = 0;
    if (kib >= d->target_kib)
        return;
    d->shrunk_kib += d->target_kib - kib;
    d->shrunk_ms = now_ms;
    effect_asked(d);
}

void domain_asked(struct domain *domain, uint64_t kib, uint64_t now_ms, uint64_t interval_ms)
{
    note_shrink(domain, kib, now_ms, interval_ms);
    stuck_wants(domain, kib);
    targets_asked(domain, kib, now_ms);
}

void domain_recalled(struct domain *domain, uint64_t kib, uint64_t now_ms)
{
    stuck_recalled(domain, kib);
    targets_asked(domain, kib, now_ms);
}

void domain_probed(struct domain *domain, uint64_t kib, uint64_t now_ms,
                   const struct config *config)
{
    note_shrink(domain, kib, now_ms, config->daemon.interval_ms);
    stuck_probed(domain, now_ms, config);
    targets_asked(domain, kib, now_ms);
}
