/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/domain_moves.h"

#include <inttypes.h>

#include "control/domain_stuck.h"
#include "control/domain_targets.h"
#include "util/log.h"

#define UNKNOWN MEMCOORD_UNKNOWN

/* A guest may follow the target before for a while: 512 -> 200 MiB takes 2.4 s, more when busy. */
static const uint64_t obeys_after_ms = 3000;
/* The host learns of a move once in so long. */
static const uint64_t news_every_ms = 1000;
/* A balloon that stood still for so long moves anew. */
static const uint64_t movement_ends_ms = 2000;
/* So many changes by somebody else, none a minute after the one before: he coordinates, too. */
static const uint64_t foreign_changes_max = 3;
static const uint64_t foreign_pause_ms = 60 * 1000;
/* So long a target of ours may pull at a guest that somebody else moved at the same moment. */
static const uint64_t pulls_for_ms = 10 * 1000;
/* How long a guest keeps what it took by itself (autodeflate). */
static const uint64_t shrink_pause_ms = 60 * 1000;

bool domain_is_away(const struct domain *domain)
{
    return domain_distance(domain->balloon_kib, domain->target_kib) > DOMAIN_ARRIVED_KIB;
}

/* Another change by somebody else: one too many, and the domain is left to him. */
static void count_foreign(struct domain *d, uint64_t now_ms, const struct config *config)
{
    if (now_ms - d->foreign_ms > foreign_pause_ms)
        d->foreign_changes = 0;
    d->foreign_ms = now_ms;
    d->foreign_changes++;
    if (d->foreign_changes < foreign_changes_max || d->hands_off_until_ms > now_ms ||
        config->guard.hands_off_ms == 0)
        return;
    d->hands_off_until_ms = now_ms + config->guard.hands_off_ms;
    d->foreign_changes = 0;
    log_warning("%s: somebody else keeps changing its balloon: left to him for %" PRIu64 " s",
                d->name, config->guard.hands_off_ms / 1000);
}

/* Somebody else moved it. One long movement one way is one change. */
static void see_foreign(struct domain *d, uint64_t before_kib, uint64_t now_ms,
                        const struct config *config)
{
    bool up = d->balloon_kib > before_kib;

    if (now_ms - d->set_ms >= obeys_after_ms && !d->setting)
        targets_forget(d); /* his target came after ours, and took its place */
    targets_adopt(d);
    d->had_kib = d->balloon_kib;
    d->origin_over = true;
    if (d->foreign_moving && d->foreign_up == up)
        return;
    d->foreign_moving = true;
    d->foreign_up = up;
    log_info("%s: somebody else changes its balloon (%" PRIu64 " -> %" PRIu64
             " MiB so far): that is the new start",
             d->name, before_kib / 1024, d->balloon_kib / 1024);
    count_foreign(d, now_ms, config);
}

static void see_autodeflate(struct domain *d, uint64_t now_ms)
{
    if (d->shrink_paused_until_ms <= now_ms)
        log_info("%s: took back %" PRIu64 " MiB by itself (autodeflate): it needs them", d->name,
                 (d->balloon_kib - d->target_kib) / 1024);
    targets_adopt(d);
    d->reassert = true;
    d->shrink_paused_until_ms = now_ms + shrink_pause_ms;
}

/* Whether our own targets explain where it is. What its kernel takes may have been learned a little wrong:
 * a size that its sample tells is so much beside the truth. */
static bool is_own_way(const struct domain *d)
{
    return d->balloon_kib + DOMAIN_ARRIVED_KIB >= d->path_low_kib &&
           d->balloon_kib <= d->path_high_kib + DOMAIN_ARRIVED_KIB;
}

/* Whether it goes away from our last target long after that was set, and after a look that could not show
 * any more what came before. The host may tell of a size after the guest told of a newer one: that is
 * farther away only if it is so from what the host told before, too. */
static bool leaves_us(const struct domain *d, uint64_t before_kib, uint64_t now_ms)
{
    uint64_t was_away_kib = memcoord_max(domain_distance(before_kib, d->target_kib),
                                         domain_distance(d->host_before_kib, d->target_kib));

    return domain_distance(d->balloon_kib, d->target_kib) > was_away_kib + DOMAIN_ARRIVED_KIB &&
           now_ms - d->set_ms >= obeys_after_ms && d->looked_ms >= d->set_ms + news_every_ms &&
           !d->setting && !d->reassert;
}

/* Whether it goes to what we asked for before somebody else's change was adopted, and not past it: ours
 * came last. */
static bool is_pulled_back(const struct domain *d, uint64_t before_kib, uint64_t now_ms)
{
    uint64_t low_kib = memcoord_min(before_kib, d->asked_kib);
    uint64_t high_kib = memcoord_max(before_kib, d->asked_kib);

    return d->asked_kib != UNKNOWN && d->asked_kib != d->target_kib &&
           now_ms - d->set_ms < pulls_for_ms && d->balloon_kib + DOMAIN_NOISE_KIB >= low_kib &&
           d->balloon_kib <= high_kib + DOMAIN_NOISE_KIB;
}

/* What somebody else gave it is given back to it. What he took it has again, and keeps: it would lose it
 * at once. */
static void see_pulled_back(struct domain *d)
{
    targets_widen_path(d, d->balloon_kib);
    targets_widen_path(d, d->asked_kib);
    if (d->asked_kib > d->target_kib)
        d->target_kib = d->asked_kib;
    else
        d->reassert = true;
}

/* One that was held where it stood, and goes to what it was asked for after all, has that target again. Where else
 * it goes, its target is where it is, as before. */
static void see_own_way(struct domain *d, uint64_t before_kib)
{
    d->foreign_moving = false;
    if (!d->held || d->asked_kib == UNKNOWN)
        return;
    if (domain_distance(d->balloon_kib, d->asked_kib) >=
        domain_distance(before_kib, d->asked_kib)) {
        d->target_kib = d->balloon_kib;
        return;
    }
    d->target_kib = d->asked_kib;
    d->held = d->reassert = false;
}

/* Whether its driver just loads: what it has then is what it is given, not what somebody changed. */
static bool is_booting(const struct domain *d)
{
    return d->is_new && d->set_ms == 0;
}

static void see_moved(struct domain *d, uint64_t before_kib, uint64_t now_ms,
                      const struct config *config)
{
    d->moved_ms = now_ms;
    d->failures = 0;
    if (is_booting(d)) {
        targets_adopt(d);
        d->initial_kib = d->had_kib = d->balloon_kib;
    } else if (d->autodeflate && d->balloon_kib > d->target_kib && d->balloon_kib > before_kib) {
        see_autodeflate(d, now_ms);
    } else if (is_own_way(d) && !leaves_us(d, before_kib, now_ms)) {
        see_own_way(d, before_kib);
    } else if (is_pulled_back(d, before_kib, now_ms)) {
        see_pulled_back(d);
    } else {
        see_foreign(d, before_kib, now_ms, config);
    }
}

/* Whether it is nobody's business of ours what its balloon does. */
static bool is_left_alone(const struct domain *d, uint64_t now_ms)
{
    return d->unmanageable || !d->settings.manage || d->effect.is_over ||
           now_ms < d->hands_off_until_ms;
}

/* It may still be on its way to a target of ours, which can't be taken back now. */
static void see_left_alone(struct domain *d, uint64_t before_kib, bool moved, uint64_t now_ms)
{
    if (moved)
        d->moved_ms = now_ms;
    d->foreign_moving = false;
    if (moved && is_booting(d))
        d->initial_kib = d->balloon_kib;
    if (d->asked_kib != UNKNOWN && is_own_way(d)) {
        if (moved)
            see_own_way(d, before_kib);
        return;
    }
    if (moved) {
        d->had_kib = d->balloon_kib;
        d->origin_over = true;
    }
    d->reassert = false;
    targets_forget(d);
    targets_adopt(d);
}

/* Whether the host and the guest's sample both show it at its target, by news from after that was set:
 * no older target moves it any more. */
static bool is_at_rest(const struct domain *d, uint64_t now_ms)
{
    const struct domain_sample *sample = &d->sample;
    uint64_t size_kib;

    if (domain_is_away(d) || d->setting || d->reassert || now_ms - d->set_ms < news_every_ms)
        return false;
    if (domain_is_without_stats(d)) /* the host alone tells: so long an older target may move it */
        return now_ms - memcoord_max(d->set_ms, d->host_moved_ms) >= obeys_after_ms;
    if (sample->sampled_ms == UNKNOWN || sample->sampled_ms <= d->set_ms ||
        domain_distance(d->host_balloon_kib, d->target_kib) > DOMAIN_ARRIVED_KIB)
        return false;
    if (sample->guest_total_kib == UNKNOWN || d->kernel_kib == UNKNOWN)
        return true;
    size_kib = sample->guest_total_kib + d->kernel_kib;
    return domain_distance(size_kib, d->target_kib) <= DOMAIN_ARRIVED_KIB;
}

void moves_see(struct domain *d, uint64_t balloon_kib, uint64_t now_ms, const struct config *config)
{
    uint64_t before_kib = d->balloon_kib;
    bool was_away = domain_is_away(d);
    bool moved = domain_distance(balloon_kib, before_kib) > DOMAIN_NOISE_KIB;

    d->balloon_kib = balloon_kib;
    if (is_left_alone(d, now_ms)) {
        see_left_alone(d, before_kib, moved, now_ms);
    } else {
        if (moved)
            see_moved(d, before_kib, now_ms, config);
        else if (now_ms - d->moved_ms >= movement_ends_ms)
            d->foreign_moving = false;
        stuck_see(d, now_ms, config);
    }
    if (is_at_rest(d, now_ms))
        targets_end_path(d);
    if (was_away || d->moved_ms == now_ms)
        d->arrived_ms = now_ms;
    d->looked_ms = now_ms;
}
