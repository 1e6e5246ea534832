/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/domain_stuck.h"

#include <inttypes.h>

#include "control/domain_targets.h"
#include "util/less.h"
#include "util/log.h"

/* What a balloon that has not moved for so long was asked to give is not counted on. */
static const uint64_t moves_within_ms = 3000;

static bool is_wanted_elsewhere(const struct domain *d)
{
    return domain_distance(d->balloon_kib, d->stuck.wanted_kib) > DOMAIN_ARRIVED_KIB;
}

static void begin_anew(struct domain *d, uint64_t wanted_kib)
{
    d->stuck = (struct domain_stuck){ .wanted_kib = wanted_kib, .anchor_kib = d->balloon_kib };
}

void stuck_forget(struct domain *d)
{
    begin_anew(d, d->balloon_kib);
}

void stuck_wants(struct domain *d, uint64_t kib)
{
    struct domain_stuck *stuck = &d->stuck;
    bool goes_on =
        is_wanted_elsewhere(d) && (kib < d->balloon_kib) == (stuck->wanted_kib < d->balloon_kib);

    if (stuck->is_stuck && domain_distance(kib, d->balloon_kib) <= DOMAIN_ARRIVED_KIB)
        return; /* as when statistics go stale while it is tried: to hold still is not to arrive */
    if (stuck->is_stuck || !goes_on)
        stuck->tried_ms = 0;
    stuck->wanted_kib = kib;
}

void stuck_recalled(struct domain *d, uint64_t kib)
{
    if (d->stuck.tried_ms < moves_within_ms)
        stuck_wants(d, kib);
}

void stuck_probed(struct domain *d, uint64_t now_ms, const struct config *config)
{
    d->stuck.tried_ms = 0;
    d->stuck.probe_ms = now_ms + config->guard.probe_every_ms;
}

/* Don't count on what it does not do. Until it knows that it may stay, it may begin to follow: that is its
 * way still. */
static void hold(struct domain *d)
{
    targets_widen_path(d, d->balloon_kib);
    d->target_kib = d->balloon_kib;
    d->held = d->reassert = true;
}

static void see_stuck(struct domain *d, uint64_t now_ms, const struct config *config)
{
    struct domain_stuck *stuck = &d->stuck;

    if (!stuck->is_stuck) {
        stuck->is_stuck = true;
        stuck->probe_ms = now_ms + config->guard.probe_every_ms;
        log_info("%s: stays at %" PRIu64 " MiB and does not go to %" PRIu64
                 " MiB: its balloon is stuck, and is tried every %" PRIu64 " s",
                 d->name, d->balloon_kib / 1024, stuck->wanted_kib / 1024,
                 config->guard.probe_every_ms / 1000);
    }
    stuck->takes_nothing |= stuck->wanted_kib > d->balloon_kib;
    if (domain_is_away(d))
        hold(d);
}

static void see_uncooperative(struct domain *d)
{
    if (d->stuck.is_uncooperative)
        return;
    d->stuck.is_uncooperative = true;
    log_warning("%s: is uncooperative: its balloon has not moved for %" PRIu64
                " s; it stays at %" PRIu64 " MiB, %" PRIu64 " MiB are wanted",
                d->name, d->stuck.stood_ms / 1000, d->balloon_kib / 1024,
                d->stuck.wanted_kib / 1024);
}

/* A target of before it was given up on may be the one that it follows. */
static void see_moving(struct domain *d)
{
    if (d->stuck.is_stuck)
        log_info("%s: its balloon moves again (%" PRIu64 " -> %" PRIu64
                 " MiB so far): it is as the others",
                 d->name, d->stuck.anchor_kib / 1024, d->balloon_kib / 1024);
    begin_anew(d, d->target_kib);
}

void stuck_see(struct domain *d, uint64_t now_ms, const struct config *config)
{
    struct domain_stuck *stuck = &d->stuck;

    if (domain_distance(d->balloon_kib, stuck->anchor_kib) > DOMAIN_NOISE_KIB) {
        see_moving(d);
        return;
    }
    if (!is_wanted_elsewhere(d)) {
        begin_anew(d, stuck->wanted_kib);
        return;
    }
    stuck->stood_ms += d->ran_ms;
    stuck->tried_ms += d->ran_ms;
    if (stuck->tried_ms >= config->guard.stuck_after_ms)
        see_stuck(d, now_ms, config);
    if (stuck->stood_ms >= config->guard.uncooperative_after_ms)
        see_uncooperative(d);
}

uint64_t stuck_probe_kib(const struct domain *d, uint64_t min_kib, uint64_t now_ms,
                         const struct config *config)
{
    const struct domain_stuck *stuck = &d->stuck;
    uint64_t step_kib = amount_of(config->guard.max_shrink, d->balloon_kib) / 4, to_kib;

    if (!stuck->is_stuck || domain_is_away(d) || now_ms < stuck->probe_ms)
        return 0;
    /* from where it stands: a try that is smaller than what counts as a move is no ground for the next */
    to_kib = stuck->wanted_kib > d->balloon_kib
                 ? memcoord_min(d->balloon_kib + step_kib,
                                memcoord_min(stuck->wanted_kib, domain_max_kib(d)))
                 : memcoord_max(less(d->balloon_kib, step_kib), stuck->wanted_kib);
    return memcoord_max(to_kib, min_kib);
}

bool stuck_not_coming(const struct domain *d)
{
    return domain_is_away(d) && (d->stuck.is_stuck || d->state != HOST_DOMAIN_RUNNING ||
                                 d->stuck.tried_ms >= moves_within_ms);
}
