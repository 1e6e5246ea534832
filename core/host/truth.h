/* SPDX-License-Identifier: BSD-3-Clause */
/* What really is, where a host can know it: a simulated one. For recordings and scores; nothing that decides
 * looks at it. */
#ifndef CORE_HOST_TRUTH_H
#define CORE_HOST_TRUTH_H

#include <stdint.h>

/* Of one guest. KiB; the sums are KiB x s since the guest was started. */
struct host_truth {
    uint64_t demand_kib;   /* what its load wants, also while it is away because it was killed, and
                              its cache in use */
    uint64_t held_kib;     /* what it holds of that in memory (not in swap) */
    uint64_t demand_kib_s; /* demand over time */
    uint64_t short_kib_s;  /* demand that is not held because memory lacks, over time */
    uint64_t short_ms;     /* so long some was not held */
    uint64_t kills;        /* of its load, by the guest's OOM killer */
    uint64_t swap_in_kib, swap_out_kib; /* by the guest */
};

/* Of the host, since the scenario began. */
struct host_counts {
    uint64_t domain_kills;                    /* by the host's OOM killer */
    uint64_t swapped_out_kib, swapped_in_kib; /* by the host */
    uint64_t short_ms;                        /* so long it was short of memory */
};

#endif
