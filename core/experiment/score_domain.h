/* SPDX-License-Identifier: BSD-3-Clause */
/* What is counted of one domain. Of core/experiment/score*.c only. */
#ifndef CORE_EXPERIMENT_SCORE_DOMAIN_H
#define CORE_EXPERIMENT_SCORE_DOMAIN_H

#include "experiment/quantiles.h"
#include "record/tick.h"

/* One run of a domain. */
struct score_domain {
    uint8_t uuid[HOST_UUID_BYTES];
    int64_t run_id;
    uint64_t tick; /* at which it was seen last, by the scorer's count; 0: not yet */
    uint64_t balloon_kib, weight;
    int direction;          /* of its balloon's last move: -1, 1; 0: none yet */
    struct host_truth last; /* zeros before the first */
    uint64_t demand_kib_s, short_kib_s;
    uint64_t rise_ms; /* so long memory lacked in the rise that is not over */
    bool rises;
};

/* The sums of all domains. */
struct score_sums {
    bool knows_truth, knows_swap;
    uint64_t demand_kib_s, short_kib_s, short_ms, domain_ms;
    uint64_t kills, swapped_kib;
    uint64_t moved_kib, reversals;
    struct quantiles *reaction; /* ms */
};

/* When a domain is seen. */
struct score_time {
    uint64_t tick;       /* by the scorer's count, from 1 */
    uint64_t elapsed_ms; /* since the tick before */
};

/* Counts what `seen` adds since it was seen last. The first tick of all only says where sums stand; who comes
 * later began since, and counts from zero. */
void score_domain_see(struct score_domain *domain, const struct record_domain *seen,
                      struct score_time time, struct score_sums *sums);

/* The part of its demand that was not held, in millionths; MEMCOORD_UNKNOWN if it wanted nothing. */
uint64_t score_domain_short_ppm(const struct score_domain *domain);

#endif
