/* SPDX-License-Identifier: BSD-3-Clause */
/* The host and guests for mom. */
#ifndef TESTS_LIB_MOM_FIXTURE_H
#define TESTS_LIB_MOM_FIXTURE_H

#include "lib/policy_fixture.h"

#define NOTHING MEMCOORD_UNKNOWN
#define GIB (1024 * MIB)

/* `free_kib` of `total_kib` are free. */
static inline void set_host(struct fixture *f, uint64_t free_kib, uint64_t total_kib)
{
    f->host.free_kib = free_kib;
    f->host.cached_kib = 0;
    f->host.total_kib = total_kib;
}

static inline void set_free_percent(struct fixture *f, uint64_t percent)
{
    set_host(f, percent * GIB, 100 * GIB);
}

/* A sample of this tick: a guest of the size of its balloon, with that much unused. */
static inline void tell(struct memcoord_domain *d, uint64_t unused_kib)
{
    d->unused_kib = unused_kib;
    d->stats_age_ms = 0;
}

static inline struct memcoord_domain *guest(struct fixture *f, uint64_t min_kib, uint64_t max_kib,
                                            uint64_t balloon_kib, uint64_t unused_kib)
{
    struct memcoord_domain *d = fixture_add(f, min_kib, max_kib, balloon_kib);

    tell(d, unused_kib);
    return d;
}

#endif
