/* SPDX-License-Identifier: BSD-3-Clause */
/* Does the runs of an experiment side by side, each in a process of its own: what a policy breaks is one run. */
#ifndef CORE_EXPERIMENT_POOL_H
#define CORE_EXPERIMENT_POOL_H

#include <signal.h>

#include "experiment/run.h"

struct pool {
    const struct experiment *experiment;
    const char *folder;         /* with `recordings` and `logs` in it: a file for each run */
    size_t jobs;                /* so many at once */
    struct run_result *results; /* of all runs, zeroed; filled in */
    /* at the beginning, and after each run that ended; NULL: nobody is told */
    void (*progress)(const struct pool *pool, size_t n_ended);
};

/* Does them all, or until *stop is set by a signal of `signals` (blocked but for the waiting): then those that
 * run are killed, and what they wrote is removed. 0; -EINTR; or another negative errno, after which no run
 * is left either. */
int pool_run(struct pool *pool, const sigset_t *signals, const volatile sig_atomic_t *stop);

/* The recording of run number `run`, if it was done and recordings are kept. malloc'ed; NULL without memory. */
char *pool_recording(const struct pool *pool, size_t run);

#endif
