/* SPDX-License-Identifier: BSD-3-Clause */
/* A tick that is put together row by row. Of core/record only. */
#ifndef CORE_RECORD_TICK_ROWS_H
#define CORE_RECORD_TICK_ROWS_H

#include "record/tick.h"

/* Zero it to begin; it is used again for each tick. */
struct tick_rows {
    struct record_tick tick;
    struct host_counts counts;
    struct record_domain *domains;
    struct host_truth *truths;
    size_t n, capacity;
    char *texts; /* copies of the other texts, one after the other */
    size_t n_texts, texts_capacity;
    size_t *at; /* where each domain's texts are, TICK_ROWS_TEXTS of them; 0: NULL */
};

#define TICK_ROWS_TEXTS 4

/* Forgets all rows. */
void tick_rows_begin(struct tick_rows *rows);

/* Adds a domain with copies of its texts but the name, which must last; `truth` is NULL or copied, too.
 * -ENOMEM. */
int tick_rows_add(struct tick_rows *rows, const struct record_domain *domain,
                  const struct host_truth *truth);

/* Points rows->tick to what was added; valid until the next begin. */
void tick_rows_end(struct tick_rows *rows);

void tick_rows_free(struct tick_rows *rows);

#endif
