/* SPDX-License-Identifier: BSD-3-Clause */
/* A run as JSON: what it is, how well it went, and what is drawn of it. All return new references, NULL if
 * there is no memory. */
#ifndef CORE_REPORT_RUN_JSON_H
#define CORE_REPORT_RUN_JSON_H

#include <jansson.h>

#include "report/collect.h"
#include "report/each.h"

/* Where it comes from, host, policy, variant, ...; null where there is none. */
json_t *run_json_about(const struct report_run *run);

/* {"KEY of score_columns": number in its unit or null, ...} */
json_t *run_json_scores(const uint64_t *values);

/* [[raw value, "as shown"] or null, ...], in the order of score_columns. */
json_t *run_json_score_cells(const uint64_t *values);

/* Adds to `run` what was gathered: series as pack.h has them, memory in KiB, time in ms since the run's first
 * tick. 0 or -ENOMEM. */
int run_json_add_series(json_t *run, const struct collector *collector);

#endif
