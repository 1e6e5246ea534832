/* SPDX-License-Identifier: BSD-3-Clause */
/* The guard's rules 1-5 and 7 (core/control/guard.h), as they hold for each verdict. */
#ifndef TESTS_LIB_GUARD_RULES_H
#define TESTS_LIB_GUARD_RULES_H

#include "lib/guard_show.h"

static inline bool is_rescue(enum guard_reason reason)
{
    return reason == GUARD_RESCUE || reason == GUARD_RESCUE_SHORT;
}

/* What a guest eats between its sample and the next tick. */
static inline uint64_t ahead_kib(const struct model *m, const struct memcoord_domain *s)
{
    return s->growth_kib_per_s == MEMCOORD_UNKNOWN
               ? 0
               : s->growth_kib_per_s * (m->interval_ms + s->stats_age_ms) / 1000;
}

/* In need by fresh statistics, now or before the next tick. */
static inline bool starves(const struct model *m, const struct snapshot_domain *d)
{
    const struct memcoord_domain *s = &d->seen;
    uint64_t usable = s->usable_kib;
    if (!m->guard.rescue || s->flags & MEMCOORD_STALE || s->usable_kib == MEMCOORD_UNKNOWN)
        return false;
    if (!d->moved_by_others) /* else what it is told to have is not what it will have */
        usable = memcoord_min(usable, less(s->target_kib, s->used_kib));
    return less(usable, ahead_kib(m, s)) < m->guard.rescue_below_kib ||
           (s->swap_in_kib_per_s != MEMCOORD_UNKNOWN && s->swap_in_kib_per_s > 0 &&
            s->usable_kib < m->guard.guest_reserve_kib);
}

/* What brings a starving guest back, as rule 5 says it; 0 for others. */
static inline uint64_t rescue_kib(const struct model *m, const struct snapshot_domain *d)
{
    const struct memcoord_domain *s = &d->seen;
    if (!(s->flags & MEMCOORD_MOVABLE))
        return 0;
    if (m->guard.rescue && s->flags & MEMCOORD_STALE && d->stale_rescue)
        return memcoord_min(s->max_kib, s->target_kib + m->guard.guest_reserve_kib);
    if (!starves(m, d))
        return 0;
    return memcoord_min(s->max_kib, s->used_kib + m->guard.guest_reserve_kib + ahead_kib(m, s));
}

static inline void check_bounds(const struct model *m, size_t i)
{
    const struct memcoord_domain *d = &m->snapshot.domains[i].seen;
    const uint64_t granted = m->verdicts[i].granted_kib;
    if (granted == d->target_kib)
        return;
    holds(m, i, d->flags & MEMCOORD_MOVABLE, "an unmovable domain was changed");
    if (d->target_kib > d->max_kib) /* it starts outside: towards the bounds only, not past them */
        holds(m, i, granted < d->target_kib && granted >= d->min_kib, "further above max");
    else if (d->target_kib < d->min_kib)
        holds(m, i, granted > d->target_kib && granted <= d->max_kib, "further below min");
    else
        holds(m, i, granted >= d->min_kib && granted <= d->max_kib, "outside min..max");
}

static inline void check_shrink(const struct model *m, size_t i)
{
    const struct snapshot_domain *d = &m->snapshot.domains[i];
    const struct memcoord_domain *s = &d->seen;
    const uint64_t granted = m->verdicts[i].granted_kib;
    if (granted >= s->target_kib)
        return;
    holds(m, i, !(s->flags & MEMCOORD_NEW), "shrunk while new");
    holds(m, i, !(s->flags & MEMCOORD_SETTLING), "shrunk while settling");
    holds(m, i, !(s->flags & MEMCOORD_STALE), "shrunk by stale statistics");
    holds(m, i, s->used_kib != MEMCOORD_UNKNOWN || d->without_stats, "shrunk without statistics");
    holds(m, i, !d->shrink_paused, "shrunk while its guest takes memory back");
    holds(m, i, d->without_stats || granted >= s->used_kib + m->guard.guest_reserve_kib,
          "below guest_reserve");
    holds(m, i, granted >= s->min_kib, "shrunk below min");
    holds(m, i,
          d->shrunk_kib + (s->target_kib - granted) <=
              amount_of(m->guard.max_shrink, s->balloon_kib),
          "shrunk by more than max_shrink in an interval");
    holds(m, i, !is_rescue(m->verdicts[i].reason), "a rescue that shrinks");
}

/* A shrink under way is recalled when statistics go stale. */
static inline void check_recall(const struct model *m, size_t i)
{
    const struct memcoord_domain *d = &m->snapshot.domains[i].seen;
    if (d->flags & MEMCOORD_STALE && d->flags & MEMCOORD_MOVABLE)
        holds(m, i, m->verdicts[i].granted_kib >= memcoord_min(d->balloon_kib, d->max_kib),
              "a shrink goes on by stale statistics");
}

static inline uint64_t deadband_kib(const struct model *m, size_t i)
{
    return amount_of(m->guard.deadband, m->snapshot.domains[i].seen.balloon_kib);
}

/* Whether a target of `to` is no change within the deadband: such are made only to a bound. */
static inline bool worth_a_call(const struct model *m, size_t i, uint64_t to)
{
    const struct memcoord_domain *d = &m->snapshot.domains[i].seen;
    const uint64_t by = less(to, d->target_kib) + less(d->target_kib, to);
    return by > 0 && (to == d->min_kib || to == d->max_kib || by >= deadband_kib(m, i));
}

/* Small changes: only to a bound, to rescue, or to recall. */
static inline void check_deadband(const struct model *m, size_t i)
{
    const struct memcoord_domain *d = &m->snapshot.domains[i].seen;
    const struct guard_verdict *v = &m->verdicts[i];
    holds(m, i,
          v->granted_kib == d->target_kib || worth_a_call(m, i, v->granted_kib) ||
              is_rescue(v->reason) ||
              (d->flags & MEMCOORD_STALE && v->granted_kib == d->balloon_kib) ||
              rescue_kib(m, &m->snapshot.domains[i]) > d->target_kib,
          "a change within the deadband");
}

/* The verdict says what happened. */
static inline void check_reason(const struct model *m, size_t i)
{
    const struct memcoord_domain *d = &m->snapshot.domains[i].seen;
    const struct guard_verdict *v = &m->verdicts[i];
    const uint64_t asked = m->asked_kib[i], granted = v->granted_kib, target = d->target_kib;
    const bool by_guard =
        is_rescue(v->reason) || v->reason == GUARD_RECALLED || v->reason == GUARD_HOST_SHORT;
    holds(m, i, v->asked_kib == asked, "the verdict does not bear what was asked");
    if (asked == MEMCOORD_UNKNOWN)
        holds(m, i, granted == target || by_guard, "changed, and nobody asked");
    else if (asked <= target)
        holds(m, i, granted <= target || by_guard || target < d->min_kib,
              "grown, and a shrink was asked");
    if (asked != MEMCOORD_UNKNOWN && asked >= target)
        holds(m, i, granted >= target || v->reason == GUARD_HOST_SHORT || target > d->max_kib,
              "shrunk, and a grow was asked");
    switch (v->reason) {
    case GUARD_NOT_ASKED:
        holds(m, i, asked == MEMCOORD_UNKNOWN && granted == target, "not-asked, but");
        break;
    case GUARD_AS_ASKED:
        holds(m, i, granted == asked, "as-asked, but");
        break;
    case GUARD_NO_CHANGE:
        holds(m, i, asked == target && granted == target, "no-change, but");
        break;
    case GUARD_AT_MIN:
        holds(m, i, asked < d->min_kib && granted >= memcoord_min(target, d->min_kib),
              "at-min, but");
        break;
    case GUARD_AT_MAX:
        holds(m, i, asked > d->max_kib && granted <= memcoord_max(target, d->max_kib),
              "at-max, but");
        break;
    case GUARD_BUDGET:
        holds(m, i, memcoord_max(asked, d->min_kib) > granted && granted >= target, "budget, but");
        break;
    case GUARD_RESCUE:
        holds(m, i, granted > target, "rescue, but");
        break;
    case GUARD_RECALLED:
        holds(m, i, d->flags & MEMCOORD_STALE && granted > target && granted <= d->balloon_kib,
              "recalled, but");
        break;
    case GUARD_HOST_SHORT:
        holds(m, i, granted < target, "host-short, but");
        break;
    default:
        break;
    }
}

#endif
