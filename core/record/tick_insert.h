/* SPDX-License-Identifier: BSD-3-Clause */
/* Puts ticks into the tables of a recording. Of core/record only. */
#ifndef CORE_RECORD_TICK_INSERT_H
#define CORE_RECORD_TICK_INSERT_H

#include <stdbool.h>

#include "record/domain_ids.h"

struct tick_insert {
    sqlite3_stmt *host_sample, *domain_sample, *first;
    struct domain_ids ids;
    bool has_first; /* the run has the time of its first tick */
};

/* For the file `db`. SQLITE_OK or what SQLite says; tick_insert_finish() in any case. */
int tick_insert_prepare(struct tick_insert *insert, sqlite3 *db);

/* Adds a tick of the run `run`. SQLITE_OK or what SQLite says: then only a part of it may be there. */
int tick_insert(struct tick_insert *insert, int64_t run, const struct record_tick *tick);

/* What was added last was rolled back. */
void tick_insert_forget(struct tick_insert *insert);

void tick_insert_finish(struct tick_insert *insert);

#endif
