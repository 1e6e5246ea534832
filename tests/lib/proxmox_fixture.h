/* SPDX-License-Identifier: BSD-3-Clause */
/* The host and guests for proxmox. */
#ifndef TESTS_LIB_PROXMOX_FIXTURE_H
#define TESTS_LIB_PROXMOX_FIXTURE_H

#include "lib/policy_fixture.h"

#define NOTHING MEMCOORD_UNKNOWN

/* The host uses so much of 10^10 KiB that `goal_kib` are missing to 80% of it. */
static inline void set_goal(struct fixture *f, int64_t goal_kib)
{
    int64_t used_kib = INT64_C(8000000000) - goal_kib;

    f->host.total_kib = UINT64_C(10000000000);
    f->host.available_kib = f->host.total_kib - (uint64_t)used_kib;
}

static inline struct memcoord_domain *add(struct fixture *f, uint64_t weight, uint64_t min_mib,
                                          uint64_t max_mib, uint64_t balloon_mib,
                                          uint64_t unused_mib)
{
    struct memcoord_domain *d = fixture_add(f, min_mib * MIB, max_mib * MIB, balloon_mib * MIB);

    d->weight = weight;
    d->unused_kib = unused_mib * MIB;
    return d;
}

/* What is asked in MiB, 0 if nothing is. */
static inline uint64_t asked_mib(const struct fixture *f, const struct memcoord_domain *d)
{
    uint64_t kib = fixture_asked(f, d);

    assert_true(kib == NOTHING || kib % MIB == 0);
    return kib == NOTHING ? 0 : kib / MIB;
}

static inline void decide_goal(struct fixture *f, int64_t goal_mib)
{
    set_goal(f, goal_mib * (int64_t)MIB);
    fixture_decide(f);
}

/* The balloons go where they were told, and the host's use with them; unused memory follows, as in the
 * original's own simulation. Returns the sum of all changes. */
static inline int64_t apply(struct fixture *f)
{
    int64_t sum_kib = 0;

    for (size_t i = 0; i < f->snapshot.n_domains; i++) {
        struct memcoord_domain *d = &f->domains[i];
        uint64_t to_kib = fixture_size(f, d);
        uint64_t grown_kib = d->unused_kib + to_kib;
        d->unused_kib = grown_kib > d->balloon_kib ? grown_kib - d->balloon_kib : 0;
        sum_kib += (int64_t)to_kib - (int64_t)d->balloon_kib;
        d->balloon_kib = d->target_kib = to_kib;
    }
    return sum_kib;
}

#endif
