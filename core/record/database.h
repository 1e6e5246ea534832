/* SPDX-License-Identifier: BSD-3-Clause */
/* The SQLite file of a recording: opened, recognised, and what is wrong with it in words. Of core/record
 * only. */
#ifndef CORE_RECORD_DATABASE_H
#define CORE_RECORD_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opens `file` with SQLite's `flags`; waits `busy_ms` for others' locks. 0 and *db; or a negative errno with
 * the reason in `error`, which names the file. */
int database_open(const char *file, int flags, int busy_ms, sqlite3 **db, char *error,
                  size_t error_size);

/* Looks whether it is a recording: its schema's number; 0 if it is wholly empty; or a negative errno with
 * the reason: another program's or no database (-EINVAL), newer than this memcoord (-ENOTSUP), damaged
 * (-EBADMSG), ... */
int database_version(sqlite3 *db, const char *file, char *error, size_t error_size);

/* Whether all that was written is in the file, none of it still beside it. */
bool database_is_whole(const char *file);

/* Runs statements that give no rows. SQLITE_OK or what SQLite says. */
int database_run(sqlite3 *db, const char *sql);

/* Prepares `sql`, frees it, and tells its outcome; NULL is no memory. SQLITE_OK or what SQLite says. */
int database_prepare(sqlite3 *db, char *sql, sqlite3_stmt **statement);

/* Runs a statement that gives no rows, and resets it. SQLITE_OK or what SQLite says. */
int database_step(sqlite3_stmt *statement);

/* The first integer that `sql` gives, in *value. SQLITE_OK or what SQLite says; SQLITE_DONE: no row. */
int database_ask(sqlite3 *db, const char *sql, int64_t *value);

/* Says in `error` what the last call on `db` failed with, after the file's name; returns the errno. */
int database_complain(sqlite3 *db, const char *file, char *error, size_t error_size);

#endif
