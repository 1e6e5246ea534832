/* SPDX-License-Identifier: BSD-3-Clause */
/* One run of an experiment: a variant on a scenario with a seed. */
#ifndef CORE_EXPERIMENT_RUN_H
#define CORE_EXPERIMENT_RUN_H

#include "experiment/experiment.h"
#include "experiment/score.h"

/* Which one. All runs are in this order: scenarios, their variants, their seeds. */
struct run {
    const struct experiment_scenario *scenario;
    const struct variant *variant;
    uint64_t seed;
};

struct run run_of(const struct experiment *experiment, size_t i);

#define RUN_FAILED_BYTES 256

/* What it came to; small enough for one write to a pipe. */
struct run_result {
    bool done;                     /* else it has not been, or it failed */
    char failed[RUN_FAILED_BYTES]; /* why; empty if it did not */
    uint64_t ticks, domain_ticks;
    uint64_t wall_us, policy_us, policy_most_us; /* in all; in the policy; in its longest tick */
    uint64_t scores[SCORES];
};

/* Does it, and records it in the file `recording` (NULL: it is not). Uses the scenario and the variant up: call it
 * in a process of its own, which ends then. */
void run_do(const struct run *run, const char *recording, struct run_result *result);

/* "VARIANT--SCENARIO--SEED", malloc'ed; NULL without memory. */
char *run_file_name(const struct run *run);

#endif
