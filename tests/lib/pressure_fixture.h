/* SPDX-License-Identifier: BSD-3-Clause */
/* Guests for pressure, on figures made by hand. Ticks are 1 s apart, and each has statistics that are half a second
 * old: the first whose rates are all of the time since a move come at the third tick that sees it, and a guest that is
 * calm from then on is probed 5 ticks later (probe_every = 6s). */
#ifndef TESTS_LIB_PRESSURE_FIXTURE_H
#define TESTS_LIB_PRESSURE_FIXTURE_H

#include "lib/policy_fixture.h"

#define NOTHING MEMCOORD_UNKNOWN
#define PROBE_TICKS 8

/* A host with plenty of room. */
static inline void begin(struct fixture *f)
{
    fixture_open(f, "pressure");
    f->host.pool_kib = 1024 * 1024 * MIB;
}

static inline void rates(struct memcoord_domain *d, uint64_t in, uint64_t faults, uint64_t out)
{
    d->swap_in_kib_per_s = in;
    d->major_faults_per_s = faults;
    d->swap_out_kib_per_s = out;
    d->stats_age_ms = 500;
}

/* A calm guest of 1000 MiB, between 200 and 2048, that says nothing of its memory. */
static inline struct memcoord_domain *calm_guest(struct fixture *f)
{
    struct memcoord_domain *d = fixture_add(f, 200 * MIB, 2048 * MIB, 1000 * MIB);

    rates(d, 0, 0, 0);
    return d;
}

/* What was asked for is there at the next tick. */
static inline void obey(struct fixture *f)
{
    for (size_t i = 0; i < f->snapshot.n_domains; i++) {
        struct memcoord_domain *d = &f->domains[i];

        d->balloon_kib = d->target_kib = fixture_size(f, d);
    }
}

/* Ticks until something is asked of `d`, which is not obeyed yet; at most `most`. */
static inline unsigned ticks_until_asked(struct fixture *f, struct memcoord_domain *d,
                                         unsigned most)
{
    for (unsigned n = 1; n <= most; n++) {
        fixture_decide(f);
        if (fixture_asked(f, d) != NOTHING)
            return n;
    }
    return most + 1;
}

/* The sizes that `d` is asked for in `n` ticks; it obeys, and feels `faults` below `edge_kib`. */
static inline void run(struct fixture *f, struct memcoord_domain *d, unsigned n, uint64_t edge_kib,
                       uint64_t faults)
{
    for (unsigned i = 0; i < n; i++) {
        d->major_faults_per_s = d->target_kib < edge_kib ? faults : 0;
        fixture_decide(f);
        obey(f);
    }
}

#endif
