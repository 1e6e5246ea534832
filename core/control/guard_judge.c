/* SPDX-License-Identifier: BSD-3-Clause */
/* One domain judged for itself: rules 1-5 and 7 of guard.h. */
#include "control/guard_candidate.h"

/* Rule 1: what forbids any change. */
static enum guard_reason unmovable_reason(uint32_t flags)
{
    if (flags & MEMCOORD_UNMANAGED)
        return GUARD_UNMANAGED;
    if (flags & MEMCOORD_PAUSED)
        return GUARD_PAUSED;
    return flags & MEMCOORD_MIGRATING ? GUARD_MIGRATING : GUARD_NOT_ASKED;
}

/* Rule 1: what forbids a shrink. */
static enum guard_reason no_shrink_reason(const struct snapshot_domain *d)
{
    if (d->seen.flags & MEMCOORD_NEW)
        return GUARD_NEW;
    if (d->seen.flags & MEMCOORD_SETTLING)
        return GUARD_SETTLING;
    if (d->seen.flags & MEMCOORD_STALE)
        return GUARD_STALE;
    if (!d->without_stats &&
        (d->seen.usable_kib == MEMCOORD_UNKNOWN || d->seen.used_kib == MEMCOORD_UNKNOWN))
        return GUARD_NO_STATS;
    return d->shrink_paused ? GUARD_SHRINK_PAUSED : GUARD_NOT_ASKED;
}

/* Rule 1: a stuck balloon is tried with what is due, an ineffective one not at all. */
static void find_failing_floor(struct candidate *c)
{
    uint64_t ask_kib = c->d->own_ask_kib;

    c->floor_kib = c->d->seen.target_kib;
    c->floor_reason = c->d->ineffective ? GUARD_INEFFECTIVE : GUARD_STUCK;
    if (ask_kib > 0 && !c->d->ineffective)
        c->floor_kib = memcoord_min(c->floor_kib, ask_kib);
}

/* Rules 1-4: the lowest target that is allowed now, and which rule makes it. */
static void find_floor(const struct guard_settings *settings, struct candidate *c)
{
    const struct memcoord_domain *seen = &c->d->seen;
    uint64_t reserve_kib, gradual_kib;

    c->floor_kib = seen->target_kib;
    c->floor_reason = no_shrink_reason(c->d);
    if (c->floor_reason != GUARD_NOT_ASKED)
        return;
    c->floor_kib = seen->min_kib;
    c->floor_reason = GUARD_AT_MIN;
    if (c->d->stuck || c->d->ineffective)
        find_failing_floor(c);
    reserve_kib = c->d->without_stats ? 0 : seen->used_kib + settings->guest_reserve_kib;
    if (reserve_kib > c->floor_kib) {
        c->floor_kib = reserve_kib;
        c->floor_reason = GUARD_GUEST_RESERVE;
    }
    gradual_kib =
        guard_less(seen->target_kib, guard_less(amount_of(settings->max_shrink, seen->balloon_kib),
                                                c->d->shrunk_kib));
    if (gradual_kib > c->floor_kib) {
        c->floor_kib = gradual_kib;
        c->floor_reason = GUARD_GRADUAL;
    }
    c->floor_kib = memcoord_min(c->floor_kib, seen->target_kib);
}

/* Rule 7. */
bool guard_worth_a_call(const struct guard_settings *settings, const struct snapshot_domain *d,
                        uint64_t to_kib)
{
    uint64_t from_kib = d->seen.target_kib;
    uint64_t change_kib = to_kib > from_kib ? to_kib - from_kib : from_kib - to_kib;

    if (change_kib == 0)
        return false;
    return to_kib == d->seen.min_kib || to_kib == d->seen.max_kib ||
           change_kib >= amount_of(settings->deadband, d->seen.balloon_kib);
}

static void judge_shrink(const struct guard_settings *settings, struct candidate *c,
                         uint64_t asked_kib)
{
    uint64_t to_kib = memcoord_max(asked_kib, c->floor_kib);

    c->verdict->reason = to_kib == c->verdict->asked_kib  ? GUARD_AS_ASKED
                         : to_kib < c->verdict->asked_kib ? GUARD_AT_MAX
                                                          : c->floor_reason;
    if (guard_worth_a_call(settings, c->d, to_kib))
        c->verdict->granted_kib = to_kib;
    else if (to_kib != c->d->seen.target_kib)
        c->verdict->reason = GUARD_DEADBAND;
}

/* Rules 2 and 7 of a grow; the budget comes later, when all that is wanted is known. */
static void judge_grow(const struct guard_settings *settings, struct candidate *c,
                       uint64_t asked_kib)
{
    if (c->d->stuck)
        c->verdict->reason = GUARD_STUCK;
    else if (!guard_worth_a_call(settings, c->d, asked_kib))
        c->verdict->reason = GUARD_DEADBAND;
    else
        c->wanted_kib = asked_kib;
}

/* What was asked lies outside of the bounds, and it is there already. */
static enum guard_reason at_bound(const struct candidate *c, uint64_t bound_kib)
{
    if (c->verdict->asked_kib > bound_kib)
        return GUARD_AT_MAX;
    if (c->d->ineffective)
        return GUARD_INEFFECTIVE;
    return c->d->stuck ? GUARD_STUCK : GUARD_AT_MIN;
}

static void judge_asked(const struct guard_settings *settings, struct candidate *c)
{
    const struct memcoord_domain *seen = &c->d->seen;
    uint64_t asked_kib;

    if (c->verdict->asked_kib == MEMCOORD_UNKNOWN)
        return;
    asked_kib = memcoord_clamp(c->verdict->asked_kib, seen->min_kib, seen->max_kib);
    if (asked_kib < seen->target_kib)
        judge_shrink(settings, c, asked_kib);
    else if (asked_kib > seen->target_kib)
        judge_grow(settings, c, asked_kib);
    else if (c->verdict->asked_kib == asked_kib)
        c->verdict->reason = GUARD_NO_CHANGE;
    else
        c->verdict->reason = at_bound(c, asked_kib);
}

/* What a guest will have eaten, since its statistics were taken, before it can be helped again. */
static uint64_t ahead_kib(const struct memcoord_domain *seen, uint64_t interval_ms)
{
    if (seen->growth_kib_per_s == MEMCOORD_UNKNOWN || seen->stats_age_ms == MEMCOORD_UNKNOWN)
        return 0;
    return memcoord_mul_div(seen->growth_kib_per_s, interval_ms + seen->stats_age_ms, 1000);
}

/* Rule 5. Who waits for a sample below rescue_below comes too late for a guest that eats 25 MiB/s:
 * the sample before had more, and this one is up to 1.8 s old. */
static bool starving(const struct guard_settings *settings, const struct snapshot_domain *d,
                     uint64_t interval_ms)
{
    const struct memcoord_domain *seen = &d->seen;
    bool swaps_in = seen->swap_in_kib_per_s != MEMCOORD_UNKNOWN && seen->swap_in_kib_per_s > 0;
    uint64_t usable_kib; /* where the guest was shrunk since the sample, it has less than it said */

    if ((seen->flags & MEMCOORD_STALE) || seen->usable_kib == MEMCOORD_UNKNOWN ||
        seen->used_kib == MEMCOORD_UNKNOWN)
        return false;
    usable_kib = seen->usable_kib;
    if (!d->moved_by_others)
        usable_kib = memcoord_min(usable_kib, guard_less(seen->target_kib, seen->used_kib));
    return guard_less(usable_kib, ahead_kib(seen, interval_ms)) < settings->rescue_below_kib ||
           (swaps_in && seen->usable_kib < settings->guest_reserve_kib);
}

/* Rule 5: used + guest_reserve + what the guest will have eaten before it can be helped again. */
static uint64_t rescue_target(const struct guard_settings *settings,
                              const struct snapshot_domain *d, uint64_t interval_ms)
{
    if (d->stale_rescue)
        return d->seen.target_kib + settings->guest_reserve_kib;
    return d->seen.used_kib + settings->guest_reserve_kib +
           memcoord_min(ahead_kib(&d->seen, interval_ms), d->seen.max_kib);
}

/* A guest in need keeps what it has, also where it can get no more: at its max, or of a host that has
 * nothing left. */
static void judge_need(const struct guard_settings *settings, struct candidate *c,
                       uint64_t interval_ms)
{
    const struct memcoord_domain *seen = &c->d->seen;
    uint64_t to_kib, keeps_kib;

    if (!settings->rescue || !(starving(settings, c->d, interval_ms) || c->d->stale_rescue))
        return;
    c->in_need = true;
    to_kib = memcoord_min(rescue_target(settings, c->d, interval_ms), seen->max_kib);
    keeps_kib = memcoord_min(to_kib, seen->target_kib);
    if (to_kib > seen->target_kib)
        c->rescue_kib = to_kib;
    if (keeps_kib > c->floor_kib) {
        c->floor_kib = keeps_kib;
        c->floor_reason = GUARD_GUEST_RESERVE;
    }
}

/* Rule 1: the guest may have needed what a shrink under way takes, and nobody can see it. */
static void recall(struct candidate *c)
{
    const struct memcoord_domain *seen = &c->d->seen;
    uint64_t to_kib = memcoord_min(seen->balloon_kib, seen->max_kib);

    if (!(seen->flags & MEMCOORD_STALE) || seen->target_kib >= to_kib)
        return;
    c->verdict->granted_kib = to_kib;
    c->verdict->reason = GUARD_RECALLED;
}

/* What memcoord itself asks of a guest that fails to follow, or to give: nothing of one in need is taken, and
 * a grow that is wanted anyway tries it as well. */
static void judge_own_ask(struct candidate *c)
{
    uint64_t ask_kib = c->d->own_ask_kib, target_kib = c->d->seen.target_kib;

    if (ask_kib > memcoord_max(target_kib, c->wanted_kib)) {
        c->wanted_kib = ask_kib;
        c->own = true;
    } else if (ask_kib > 0 && c->floor_kib < target_kib && !c->in_need && c->wanted_kib == 0) {
        c->verdict->granted_kib = c->floor_kib;
        c->verdict->reason = GUARD_PROBE;
    }
}

void guard_judge(const struct guard_settings *settings, uint64_t interval_ms, struct candidate *c)
{
    enum guard_reason unmovable = unmovable_reason(c->d->seen.flags);

    c->verdict->granted_kib = c->d->seen.target_kib;
    c->verdict->reason = GUARD_NOT_ASKED;
    c->floor_kib = c->d->seen.target_kib;
    if (unmovable != GUARD_NOT_ASKED) {
        if (c->verdict->asked_kib != MEMCOORD_UNKNOWN)
            c->verdict->reason = unmovable;
        return;
    }
    find_floor(settings, c);
    judge_need(settings, c, interval_ms); /* before what is asked: it may ask to take from it */
    judge_asked(settings, c);
    judge_own_ask(c);
    recall(c);
}
