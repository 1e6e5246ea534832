/* SPDX-License-Identifier: BSD-3-Clause */
/* The guard's rule 6 (core/control/guard.h), as it holds for all verdicts of a tick together: what
 * may be granted, who comes first, and who gives when the host is short. */
#ifndef TESTS_LIB_GUARD_BUDGET_H
#define TESTS_LIB_GUARD_BUDGET_H

#include "lib/guard_rules.h"

static inline uint64_t held_kib(const struct model *m, size_t i)
{
    const struct memcoord_domain *d = &m->snapshot.domains[i].seen;
    return memcoord_max(d->balloon_kib, d->target_kib);
}

static inline uint64_t cost_kib(const struct model *m, size_t i)
{
    return less(m->verdicts[i].granted_kib, held_kib(m, i));
}

static inline uint64_t all_costs_kib(const struct model *m)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++)
        sum += cost_kib(m, i);
    return sum;
}

static inline bool needs_rescue(const struct model *m, size_t i)
{
    const struct snapshot_domain *d = &m->snapshot.domains[i];
    return rescue_kib(m, d) > d->seen.target_kib;
}

/* What is no rescue. */
static inline uint64_t ordinary_kib(const struct model *m, size_t i)
{
    return less(cost_kib(m, i), less(rescue_kib(m, &m->snapshot.domains[i]), held_kib(m, i)));
}

static inline uint64_t budget_kib(const struct model *m)
{
    const int64_t grantable = m->snapshot.host.grantable_kib;
    return grantable > 0 ? (uint64_t)grantable : 0;
}

static inline uint64_t kept_kib(const struct model *m)
{
    return m->guard.rescue ? m->guard.rescue_keep_kib : 0;
}

/* What all rescues cost. */
static inline uint64_t needed_kib(const struct model *m)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++)
        sum += less(rescue_kib(m, &m->snapshot.domains[i]), held_kib(m, i));
    return sum;
}

/* Grows stay within grantable; what is not rescue leaves what is kept for rescues. */
static inline void check_budget(const struct model *m)
{
    uint64_t ordinary = 0;
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++)
        ordinary += ordinary_kib(m, i);
    holds(m, ALL, all_costs_kib(m) <= budget_kib(m), "more was granted than there is");
    holds(m, ALL, ordinary <= less(budget_kib(m), kept_kib(m)), "rescue_keep was given to others");
}

/* A starving guest gets all that brings it back if there is enough for all such guests; of that,
 * nothing is ever taken from it, not by a plan and not for the host. */
static inline void check_rescue(const struct model *m)
{
    const bool enough = (int64_t)needed_kib(m) <= m->snapshot.host.grantable_kib;
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++) {
        const uint64_t want = rescue_kib(m, &m->snapshot.domains[i]);
        const uint64_t target = m->snapshot.domains[i].seen.target_kib;
        const uint64_t granted = m->verdicts[i].granted_kib;
        holds(m, i, granted >= memcoord_min(want, target), "taken from one who starves");
        holds(m, i, want <= target || m->verdicts[i].reason != GUARD_HOST_SHORT,
              "the host is healed by one who starves");
        holds(m, i, !enough || granted >= want, "left to starve");
    }
}

/* ---- who comes first */

/* What the policy wants more, within the bounds; 0 if nothing, or too little for a call. */
static inline uint64_t wanted_kib(const struct model *m, size_t i)
{
    const struct memcoord_domain *d = &m->snapshot.domains[i].seen;
    uint64_t asked = m->asked_kib[i];
    if (asked == MEMCOORD_UNKNOWN || !(d->flags & MEMCOORD_MOVABLE))
        return 0;
    asked = memcoord_clamp(asked, d->min_kib, d->max_kib);
    return asked > d->target_kib && worth_a_call(m, i, asked) ? asked : 0;
}

/* Guests in need by need, then by weight; the others by weight, then by need. */
static inline bool comes_before(const struct model *m, size_t i, size_t k)
{
    const struct memcoord_domain *x = &m->snapshot.domains[i].seen;
    const struct memcoord_domain *y = &m->snapshot.domains[k].seen;
    const bool needy = x->usable_kib < m->guard.guest_reserve_kib;
    if (needy != (y->usable_kib < m->guard.guest_reserve_kib))
        return needy;
    if (!needy && x->weight != y->weight)
        return x->weight > y->weight;
    if (x->usable_kib != y->usable_kib)
        return x->usable_kib < y->usable_kib;
    return x->weight != y->weight ? x->weight > y->weight : strcmp(x->name, y->name) < 0;
}

/* Nobody is served before one who waits for more, but with what was too little for his call. */
static inline void check_turn(const struct model *m, size_t i)
{
    uint64_t to_others = 0;
    if (m->verdicts[i].granted_kib >= wanted_kib(m, i))
        return;
    for (size_t k = 0; k < m->snapshot.seen.n_domains; k++)
        if (k != i && comes_before(m, i, k))
            to_others += ordinary_kib(m, k);
    holds(m, i, !to_others || (!ordinary_kib(m, i) && to_others < deadband_kib(m, i)),
          "passed over");
}

/* What is left could not have been given to him in a change that is worth a call. */
static inline void check_refusal(const struct model *m, size_t i)
{
    const uint64_t left = less(budget_kib(m) - all_costs_kib(m), kept_kib(m));
    const uint64_t granted = m->verdicts[i].granted_kib, wanted = wanted_kib(m, i);
    if (granted >= wanted || !left)
        return;
    const uint64_t could_get = memcoord_min(wanted, memcoord_max(held_kib(m, i), granted) + left);
    holds(m, i, !needs_rescue(m, i) && !worth_a_call(m, i, could_get),
          "refused, and there was enough");
}

/* ---- who gives when the host is short */

/* The lowest target that rules 1-5 allow. */
static inline uint64_t floor_kib(const struct model *m, size_t i)
{
    const struct snapshot_domain *d = &m->snapshot.domains[i];
    const struct memcoord_domain *s = &d->seen;
    const uint32_t uncertain = MEMCOORD_NEW | MEMCOORD_SETTLING | MEMCOORD_STALE;
    if (!(s->flags & MEMCOORD_MOVABLE) || s->flags & uncertain || d->shrink_paused ||
        (s->usable_kib == MEMCOORD_UNKNOWN && !d->without_stats))
        return s->target_kib;
    const uint64_t pace = less(amount_of(m->guard.max_shrink, s->balloon_kib), d->shrunk_kib);
    const uint64_t need =
        d->without_stats ? 0
                         : memcoord_max(s->used_kib + m->guard.guest_reserve_kib, rescue_kib(m, d));
    const uint64_t least = memcoord_max(s->min_kib, need);
    return memcoord_min(s->target_kib, memcoord_max(least, less(s->target_kib, pace)));
}

/* Whether it still has what the guard may take. */
static inline bool could_give(const struct model *m, size_t i)
{
    const uint64_t floor = floor_kib(m, i);
    return floor < m->verdicts[i].granted_kib && worth_a_call(m, i, floor);
}

/* How much it is known to have to spare: who gives no statistics comes last. */
static inline uint64_t plenty_kib(const struct model *m, size_t i)
{
    const struct snapshot_domain *d = &m->snapshot.domains[i];
    return d->without_stats ? 0 : d->seen.usable_kib;
}

/* What the host is short of: of the reserve, and of what starving guests did not get. */
static inline uint64_t short_kib(const struct model *m)
{
    const int64_t grantable = m->snapshot.host.grantable_kib;
    uint64_t sum = grantable < 0 ? -(uint64_t)grantable : 0;
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++)
        sum += less(rescue_kib(m, &m->snapshot.domains[i]), m->verdicts[i].granted_kib);
    return sum;
}

/* What comes back by itself: shrinks that are under way, or made now for this reason. */
static inline uint64_t coming_kib(const struct model *m, bool (*counts)(enum guard_reason))
{
    uint64_t sum = 0;
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++)
        if (!m->snapshot.domains[i].not_coming && counts(m->verdicts[i].reason))
            sum += less(m->snapshot.domains[i].seen.balloon_kib, m->verdicts[i].granted_kib);
    return sum;
}

static inline bool any_reason(enum guard_reason reason)
{
    return reason < GUARD_REASONS_N;
}
static inline bool not_by_guard(enum guard_reason reason)
{
    return reason != GUARD_HOST_SHORT;
}

/* Where what comes back does not suffice, nobody is left who could give. */
static inline void check_healing(const struct model *m)
{
    if (short_kib(m) <= coming_kib(m, any_reason))
        return;
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++)
        holds(m, i, !could_give(m, i), "the host is short, and this one has plenty");
}

/* The guard takes no more than what is short (or what is worth a call), and from those who have most
 * of it. */
static inline void check_own_shrinks(const struct model *m)
{
    const uint64_t missing = less(short_kib(m), coming_kib(m, not_by_guard));
    uint64_t taken = 0, deadband = 0;
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++) {
        const struct memcoord_domain *d = &m->snapshot.domains[i].seen;
        if (m->verdicts[i].reason != GUARD_HOST_SHORT)
            continue;
        holds(m, i, missing > 0, "shrunk without a need");
        if (m->asked_kib[i] >= d->target_kib) /* unknown, too: else some of it is the policy's */
            taken += less(d->target_kib, m->verdicts[i].granted_kib);
        deadband = memcoord_max(deadband, deadband_kib(m, i));
        for (size_t k = 0; k < m->snapshot.seen.n_domains; k++)
            holds(m, k, !could_give(m, k) || plenty_kib(m, k) <= plenty_kib(m, i),
                  "spared, and a poorer one was shrunk");
    }
    holds(m, ALL, taken <= missing + deadband, "more was taken than is short");
}

static inline void check_sharing(const struct model *m)
{
    check_budget(m);
    check_rescue(m);
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++) {
        check_turn(m, i);
        check_refusal(m, i);
    }
    check_healing(m);
    check_own_shrinks(m);
}

#endif
