/* SPDX-License-Identifier: BSD-3-Clause */
/* One line of `memcoord decide`: JSON in, a snapshot out. */
#ifndef CORE_COMMANDS_DECIDE_READ_H
#define CORE_COMMANDS_DECIDE_READ_H

#include <jansson.h>
#include <stddef.h>

#include "control/snapshot.h"

/* Fills `snapshot` from `line`, an object whose keys are the ABI's field names. What is absent is
 * unknown, but: min, max and weight are as [domain] of `config` has them, target is the balloon, used
 * is balloon - usable, statistics are fresh, interval_ms is the configuration's, tick and now_ms
 * follow those that `snapshot` has from the line before. STALE follows from stats_age_ms;
 * grantable_kib and pool_kib win if given, else snapshot_complete() derives them with `guard`. The
 * names lie in `line`. 0; -EINVAL, and `error` says what is wrong; -ENOMEM. */
int decide_read(json_t *line, const struct config *config, const struct guard_settings *guard,
                struct snapshot *snapshot, char *error, size_t error_size);

#endif
