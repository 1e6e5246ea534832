/* SPDX-License-Identifier: BSD-3-Clause */
/* The guard's two halves, between themselves: each domain is judged alone (rules 1-5 and 7), then the
 * host's memory is shared out among them (rule 6). Pure. */
#ifndef CORE_CONTROL_GUARD_CANDIDATE_H
#define CORE_CONTROL_GUARD_CANDIDATE_H

#include <stdbool.h>

#include "control/guard.h"

/* One domain while it is judged. */
struct candidate {
    const struct snapshot_domain *d;
    struct guard_verdict *verdict;
    uint64_t floor_kib;             /* the lowest target that rules 1-5 allow now */
    uint64_t wanted_kib;            /* grow: what the policy wants, within max; else 0 */
    uint64_t rescue_kib;            /* grow: what a rescue wants, within max; else 0 */
    enum guard_reason floor_reason; /* what made the floor */
    bool in_need;                   /* rule 5 */
    bool own;                       /* wanted_kib is what memcoord itself asks */
};

/* a - b, and 0 where b is more. */
static inline uint64_t guard_less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* Rule 7: whether a change to `to_kib` is worth a call. */
bool guard_worth_a_call(const struct guard_settings *settings, const struct snapshot_domain *d,
                        uint64_t to_kib);

/* Judges one domain for itself: c->d and c->verdict->asked_kib are given. A shrink and a recall are
 * granted here, as far as they may be; what is wanted more (c->wanted_kib, c->rescue_kib) is not. */
void guard_judge(const struct guard_settings *settings, uint64_t interval_ms, struct candidate *c);

/* Grants the grows of all `n` candidates within `grantable_kib`, and shrinks where that is short.
 * `list` has room for n pointers. */
void guard_share_out(const struct guard_settings *settings, int64_t grantable_kib,
                     struct candidate *all, size_t n, struct candidate **list);

#endif
