/* SPDX-License-Identifier: BSD-3-Clause */
/* The results of an experiment, as files and as means. */
#ifndef CORE_EXPERIMENT_RESULTS_H
#define CORE_EXPERIMENT_RESULTS_H

#include "experiment/run.h"

/* All seeds of a variant on a scenario. */
struct mean {
    size_t n_done, n_failed;
    uint64_t values[SCORES]; /* of those in which it is known; MEMCOORD_UNKNOWN if it is in none */
};

/* The mean over the seeds of `variant` on `scenario`, by number. `results` are those of all runs. */
struct mean results_mean(const struct experiment *experiment, const struct run_result *results,
                         size_t scenario, size_t variant);

/* Writes results.csv (one row a run that was done or failed; only what is the same each time) and timings.csv into
 * `folder`, each under another name until it is whole. 0; or a negative errno with `error`. */
int results_write(const struct experiment *experiment, const struct run_result *results,
                  const char *folder, char *error, size_t error_size);

#endif
