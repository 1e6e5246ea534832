/* SPDX-License-Identifier: BSD-3-Clause */
/* How well a run went, from its ticks alone: simulated or real, live or read back from a recording. Pure: no
 * I/O, no clock; integers only, so that every machine comes to the same. conf/experiments/README.md has
 * the formulas. */
#ifndef CORE_EXPERIMENT_SCORE_H
#define CORE_EXPERIMENT_SCORE_H

#include "record/tick.h"

struct scorer;

/* NULL when there is no memory. Memory grows with domains, not with time. */
struct scorer *scorer_new(void);

/* Takes the ticks of one run, in the order of time. */
struct record_sink scorer_sink(struct scorer *scorer);

/* The scores of what it took: one value for each row of score_columns, MEMCOORD_UNKNOWN where it can't be
 * known (demand on a real host, means over no time). More ticks may follow. -ENOMEM if a tick could not
 * be counted. */
int scorer_scores(const struct scorer *scorer, uint64_t *values);

void scorer_free(struct scorer *scorer); /* NULL is fine */

/* Where a score stands in score_columns and among the values. */
enum score_id {
    SCORE_SHORTFALL,
    SCORE_SHORTFALL_PART,
    SCORE_SHORTAGE_TIME,
    SCORE_WORST_SHORTFALL,
    SCORE_OOM_KILLS,
    SCORE_HOST_KILLS,
    SCORE_GUEST_SWAP,
    SCORE_HOST_SWAP,
    SCORE_NEEDED_MEAN,
    SCORE_NEEDED_P99,
    SCORE_NEEDED_PEAK,
    SCORE_SAVED,
    SCORE_RESERVE_BROKEN,
    SCORE_CHURN,
    SCORE_REVERSALS,
    SCORE_REACTION_P50,
    SCORE_REACTION_P99,
    SCORE_FAIRNESS,
    SCORE_POLICY_FAILURES,
    SCORES
};

/* One score: what tables, results.csv, the report and the docs show. */
struct score_column {
    const char *key;   /* in results.csv: "shortfall_gib_s" */
    const char *title; /* for people: "shortfall" */
    const char *unit;  /* "GiB s", "%", "s", "" */
    const char *help;  /* one line */
    uint64_t per_unit; /* so much of the value is one unit */
    unsigned decimals; /* that are shown */
    bool more_is_better;
};

/* Ended by a row without a key. */
extern const struct score_column score_columns[];
#define SCORES_MAX 32 /* room for the values of any version */

/* The value as it is shown, without its unit: "12.345"; "" if it is unknown. Rounds half up. */
void score_format(const struct score_column *column, uint64_t value, char *text, size_t size);

#endif
