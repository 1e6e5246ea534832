/* SPDX-License-Identifier: BSD-3-Clause */
/* A tick that lasts longer than the call that hands it over. Of core/record only. */
#ifndef CORE_RECORD_TICK_COPY_H
#define CORE_RECORD_TICK_COPY_H

#include "record/tick.h"

struct tick_copy {
    struct tick_copy *next; /* for lists of them */
    struct record_tick tick;
    struct host_counts counts;
};

/* A copy of all that `tick` points to, in one piece; NULL without memory. free() it. */
struct tick_copy *tick_copy_new(const struct record_tick *tick);

/* Frees a list of them; NULL is fine. */
void tick_copies_free(struct tick_copy *list);

#endif
