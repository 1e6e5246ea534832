/* SPDX-License-Identifier: BSD-3-Clause */
/* What `memcoord compare` prints. Of core/commands/compare*.c only. */
#ifndef CORE_COMMANDS_COMPARE_SHOW_H
#define CORE_COMMANDS_COMPARE_SHOW_H

#include "experiment/pool.h"

/* A table for each scenario on standard output: a line for each variant, the means over its seeds. */
void compare_show_text(const struct experiment *experiment, const struct run_result *results);

/* The same with all scores, as JSON. -ENOMEM. */
int compare_show_json(const struct experiment *experiment, const struct run_result *results);

/* One line on standard error for each run that failed. */
void compare_show_failures(const struct experiment *experiment, const struct run_result *results);

/* For pool.progress: a bar on standard error, which must be a terminal. */
void compare_show_progress(const struct pool *pool, size_t n_ended);

#endif
