/* SPDX-License-Identifier: BSD-3-Clause */
/* A tick's result in the form in which it is recorded. */
#ifndef CORE_CONTROL_RECORD_TICK_H
#define CORE_CONTROL_RECORD_TICK_H

#include "control/say.h"
#include "control/words.h"
#include "record/tick.h"

/* Memory for it; zero it to begin. */
struct tick_record {
    struct record_domain *domains;
    struct words *words;
    size_t capacity;
};

/* Hands `result` to `sink`. -ENOMEM: not handed over. */
int tick_record_give(struct tick_record *record, const struct tick_result *result,
                     const struct record_sink *sink);

/* The snapshot that `tick` tells of, for another decision on it; `interval_ms` is the run's. Names and texts
 * lie in `tick`, domains have no state. -ENOMEM. */
int tick_record_snapshot(const struct record_tick *tick, uint64_t interval_ms,
                         struct snapshot *snapshot);

/* Frees all; a zeroed one is fine. */
void tick_record_free(struct tick_record *record);

#endif
