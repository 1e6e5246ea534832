/* SPDX-License-Identifier: BSD-3-Clause */
/* Domains for fair-share. */
#ifndef TESTS_LIB_FAIR_SHARE_FIXTURE_H
#define TESTS_LIB_FAIR_SHARE_FIXTURE_H

#include "lib/policy_fixture.h"

/* Bounds that bind nobody; active memory is used memory (the first look at a domain). */
static inline struct memcoord_domain *add(struct fixture *f, uint64_t weight, uint64_t used_kib)
{
    struct memcoord_domain *d = fixture_guest(f, 0, 16384 * MIB, 1000, used_kib);

    d->used_kib = used_kib;
    d->weight = weight;
    return d;
}

/* Forgets all domains and what the policy keeps of them. */
static inline void start_anew(struct fixture *f)
{
    f->snapshot.n_domains = 0;
    memset(f->states, 0, FIXTURE_DOMAINS * (f->policy->table.domain_state_size + 8));
}

static inline void open_shared(struct fixture *f, const char *tax)
{
    fixture_open(f, "fair-share");
    fixture_set(f, "surplus", "share");
    fixture_set(f, "tax", tax);
}

#endif
