/* SPDX-License-Identifier: BSD-3-Clause */
/* A tick that lasts longer than the call that hands it over. Of core/record only. */
#ifndef CORE_RECORD_TICK_COPY_H
#define CORE_RECORD_TICK_COPY_H

#include "record/tick.h"

struct tick_copy {
    struct tick_copy *next; /* for lists of them */
    struct record_run
        *run; /* run_copy_new(): the run that begins with it; NULL: it is of the one before */
    uint64_t keep_ms; /* with a run: as in struct recorder_options */
    struct record_tick tick;
    struct host_counts counts;
};

/* A copy of all that `tick` points to, in one piece, without a run; NULL without memory. Free it as a list. */
struct tick_copy *tick_copy_new(const struct record_tick *tick);

/* Frees a list of them, and their runs; NULL is fine. */
void tick_copies_free(struct tick_copy *list);

#endif
