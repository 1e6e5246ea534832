/* SPDX-License-Identifier: BSD-3-Clause */
/* A domain's part of the snapshot. */
#include "control/domain.h"
#include "control/domain_effect.h"
#include "control/domain_stuck.h"

#define UNKNOWN MEMCOORD_UNKNOWN

const char *domain_unmanaged_why(const struct domain *domain, uint64_t now_ms)
{
    if (domain->unmanageable)
        return domain->unmanageable;
    if (!domain->settings.manage)
        return "the configuration says manage = no";
    if (now_ms < domain->hands_off_until_ms)
        return "somebody else keeps changing its balloon";
    if (now_ms < domain->retry_ms)
        return "its balloon could not be set";
    if (domain->effect.is_over)
        return "its QEMU keeps what the guest gives: it has its memory back";
    if (domain->settings.statistics == STATISTICS_REQUIRED &&
        domain->sample.sampled_ms == UNKNOWN && now_ms - domain->first_seen_ms >= DOMAIN_SILENT_MS)
        return "its guest gives no statistics: it has no balloon driver, or their period is off";
    return NULL;
}

static void fill_bounds(const struct domain *d, struct memcoord_domain *seen)
{
    uint64_t min_kib;

    seen->max_kib = domain_max_kib(d);
    min_kib = amount_of(d->settings.min, seen->max_kib);
    if (d->min_is_default)
        min_kib = memcoord_min(min_kib, d->initial_kib);
    seen->min_kib = memcoord_min(min_kib, seen->max_kib);
}

/* Whether the sample is of the size that the guest has now. Its own total, of the same moment, tells;
 * without it, a sample that was taken after the balloon was seen to arrive. */
static bool sample_fits(const struct domain *d)
{
    uint64_t size_kib;

    if (d->sample.sampled_ms == UNKNOWN)
        return false;
    if (d->sample.guest_total_kib == UNKNOWN || d->kernel_kib == UNKNOWN)
        return d->sample.sampled_ms >= d->arrived_ms;
    size_kib = d->sample.guest_total_kib + d->kernel_kib;
    return memcoord_max(size_kib, d->balloon_kib) - memcoord_min(size_kib, d->balloon_kib) <=
           DOMAIN_NOISE_KIB;
}

/* What is known of a balloon that does not follow, and of a QEMU that keeps what it should give. */
static void fill_failing(const struct domain *d, struct snapshot_domain *out, uint64_t now_ms,
                         const struct config *config)
{
    uint64_t probe_kib = stuck_probe_kib(d, out->seen.min_kib, now_ms, config);

    out->stuck = d->stuck.is_stuck;
    out->takes_nothing = d->stuck.takes_nothing;
    out->uncooperative = d->stuck.is_uncooperative;
    out->not_coming = stuck_not_coming(d);
    out->ineffective = d->effect.is_ineffective;
    out->own_ask_kib = probe_kib;
    if (out->ineffective && !out->takes_nothing)
        out->own_ask_kib = effect_gets_kib(d);
}

/* Without statistics, what its process holds must be known anew: what a shrink frees is reckoned from it. */
static bool is_settling(const struct domain *d)
{
    return domain_is_away(d) || (domain_is_without_stats(d) ? d->rss_is_missed : !sample_fits(d));
}

static bool is_stale(const struct domain *d, uint64_t age_ms, const struct config *config)
{
    return !domain_is_without_stats(d) && age_ms > config->guard.stale_after_ms;
}

static uint32_t flags(const struct domain *d, const struct snapshot_domain *out,
                      const struct config *config)
{
    uint32_t flags = 0;

    if (out->unmanaged_why)
        flags |= MEMCOORD_UNMANAGED;
    if (d->state == HOST_DOMAIN_PAUSED)
        flags |= MEMCOORD_PAUSED;
    if (d->state == HOST_DOMAIN_MIGRATING)
        flags |= MEMCOORD_MIGRATING;
    if (d->is_new)
        flags |= MEMCOORD_NEW;
    if (is_settling(d))
        flags |= MEMCOORD_SETTLING;
    if (is_stale(d, out->seen.stats_age_ms, config))
        flags |= MEMCOORD_STALE;
    return flags;
}

static void fill_sample(const struct domain_sample *sample, struct memcoord_domain *seen)
{
    seen->used_kib = sample->used_kib;
    seen->unused_kib = sample->unused_kib;
    seen->usable_kib = sample->usable_kib;
    seen->guest_total_kib = sample->guest_total_kib;
    seen->disk_caches_kib = sample->disk_caches_kib;
    seen->swap_in_kib_per_s = sample->swap_in_kib_per_s;
    seen->swap_out_kib_per_s = sample->swap_out_kib_per_s;
    seen->major_faults_per_s = sample->major_faults_per_s;
    seen->growth_kib_per_s = sample->growth_kib_per_s;
}

/* One step of help each stale_after for a guest that was starving when its statistics stopped. */
static bool stale_rescue_due(struct domain *d, uint64_t now_ms, const struct config *config)
{
    if (now_ms < d->stale_rescue_ms || d->sample.usable_kib >= config->guard.rescue_below_kib)
        return false;
    d->stale_rescue_ms = now_ms + config->guard.stale_after_ms;
    return true;
}

void domain_fill(struct domain *domain, struct snapshot_domain *out, uint64_t now_ms,
                 const struct config *config)
{
    struct memcoord_domain *seen = &out->seen;
    uint64_t interval_ms = config->daemon.interval_ms;

    seen->name = domain->name;
    seen->state = domain->policy_state;
    seen->weight = domain->settings.weight;
    seen->balloon_kib = domain->balloon_kib;
    seen->target_kib = domain->target_kib;
    seen->rss_kib = domain->rss_kib;
    fill_bounds(domain, seen);
    fill_sample(&domain->sample, seen);
    seen->stats_age_ms =
        domain->sample.sampled_ms == UNKNOWN ? UNKNOWN : now_ms - domain->sample.sampled_ms;

    out->extra_kib = domain->extra_kib;
    out->overhead_kib = memcoord_max(domain->overhead_kib, config->host.domain_overhead_kib);
    out->force_kib = domain->force_kib;
    out->set_aside = domain->set_aside;
    out->moved_by_others = domain->foreign_moving;
    /* until its driver loads, a guest owns all that it was defined with */
    if (domain->is_new && domain->sample.sampled_ms == UNKNOWN)
        out->booting_kib = domain->host_max_kib;
    out->without_stats = domain_is_without_stats(domain);
    out->shrink_paused = now_ms < domain->shrink_paused_until_ms;
    fill_failing(domain, out, now_ms, config);
    /* a tick that comes a little early is a tick of the next interval */
    if (now_ms - domain->shrunk_ms < interval_ms - interval_ms / 10)
        out->shrunk_kib = domain->shrunk_kib;
    out->unmanaged_why = domain_unmanaged_why(domain, now_ms);
    seen->flags = flags(domain, out, config);
    out->stale_rescue = (seen->flags & MEMCOORD_STALE) && stale_rescue_due(domain, now_ms, config);
}
