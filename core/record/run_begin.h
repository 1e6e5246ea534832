/* SPDX-License-Identifier: BSD-3-Clause */
/* Begins a run in the file of a recording. Of core/record only. */
#ifndef CORE_RECORD_RUN_BEGIN_H
#define CORE_RECORD_RUN_BEGIN_H

#include <sqlite3.h>

#include "record/tick.h"

/* Makes the tables of a file whose schema is `version` (0: it has none), or what they lack, and adds `run` unless
 * it is there as number *id (0: it never was): all or nothing. SQLITE_OK with its number in *id; or what SQLite
 * says. */
int run_begin(sqlite3 *db, const struct record_run *run, int version, int64_t *id);

#endif
