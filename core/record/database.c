/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/database.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "record/schema.h"
#include "util/complain.h"

#define NO_DATABASE "%s: is no recording of memcoord, nor any database"

/* ---- what went wrong */

static int errno_of(int code, int system)
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_NOTADB:
        return -EINVAL;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return -EACCES;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        return system > 0 ? -system : -EIO;
    default: /* corrupt, or a table that is missing or other than it should be */
        return -EBADMSG;
    }
}

int database_complain(sqlite3 *db, const char *file, char *error, size_t error_size)
{
    int code = db ? sqlite3_extended_errcode(db) : SQLITE_NOMEM;
    int system = db ? sqlite3_system_errno(db) : 0;
    int r = errno_of(code, system);

    if (r == -EINVAL)
        return complain(error, error_size, r, NO_DATABASE, file);
    if (r == -EBADMSG)
        return complain(error, error_size, r, "%s: the recording is damaged: %s", file,
                        sqlite3_errmsg(db));
    if (r == -EBUSY)
        return complain(error, error_size, r, "%s: another process keeps it locked", file);
    if (r == -EACCES)
        return complain(error, error_size, r, "%s: must not be written", file);
    if (r == -ENOSPC)
        return complain(error, error_size, r, "%s: the disk is full", file);
    return complain(error, error_size, r, "%s: %s", file, strerror(-r));
}

/* ---- opening */

int database_open(const char *file, int flags, int busy_ms, sqlite3 **db, char *error,
                  size_t error_size)
{
    sqlite3 *opened = NULL;
    int r = sqlite3_open_v2(file, &opened, flags | SQLITE_OPEN_NOMUTEX, NULL);

    if (r == SQLITE_OK)
        r = sqlite3_busy_timeout(opened, busy_ms);
    /* a damaged file may hold a damaged schema, or somebody's triggers */
    if (r == SQLITE_OK)
        r = sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (r == SQLITE_OK)
        r = sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (r == SQLITE_OK)
        r = sqlite3_db_config(opened, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    if (r == SQLITE_OK)
        r = sqlite3_db_config(opened, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    if (r != SQLITE_OK) {
        r = database_complain(opened, file, error, error_size);
        sqlite3_close(opened);
        return r;
    }
    *db = opened;
    return 0;
}

/* ---- asking */

int database_run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

int database_prepare(sqlite3 *db, char *sql, sqlite3_stmt **statement)
{
    int r = sql ? sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL)
                : SQLITE_NOMEM;

    free(sql);
    return r;
}

int database_step(sqlite3_stmt *statement)
{
    int r = sqlite3_step(statement);

    sqlite3_reset(statement);
    return r == SQLITE_DONE ? SQLITE_OK : r;
}

int database_ask(sqlite3 *db, const char *sql, int64_t *value)
{
    sqlite3_stmt *statement = NULL;
    int r = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

    if (r != SQLITE_OK)
        return r;
    r = sqlite3_step(statement);
    if (r == SQLITE_ROW)
        *value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return r == SQLITE_ROW ? SQLITE_OK : r;
}

static int64_t file_bytes(const char *file)
{
    struct stat info;

    return stat(file, &info) == 0 ? (int64_t)info.st_size : 0;
}

bool database_is_whole(const char *file)
{
    char wal[4200];

    snprintf(wal, sizeof(wal), "%s-wal", file);
    return file_bytes(wal) == 0;
}

/* SQLite takes the end of a page that was cut off for zeros. What is asked first is in the file later. */
static int check_size(sqlite3 *db, const char *file, int64_t pages, char *error, size_t error_size)
{
    int64_t page_bytes = 0;

    if (database_ask(db, "PRAGMA page_size", &page_bytes) != SQLITE_OK)
        return database_complain(db, file, error, error_size);
    if (!database_is_whole(file) || file_bytes(file) / page_bytes >= pages)
        return 0;
    return complain(error, error_size, -EBADMSG, "%s: the recording is damaged: its end is missing",
                    file);
}

int database_version(sqlite3 *db, const char *file, char *error, size_t error_size)
{
    int64_t pages = 0, application = 0, version = 0;
    int r;

    if (database_ask(db, "PRAGMA page_count", &pages) != SQLITE_OK ||
        database_ask(db, "PRAGMA application_id", &application) != SQLITE_OK ||
        database_ask(db, "PRAGMA user_version", &version) != SQLITE_OK)
        return database_complain(db, file, error, error_size);
    if (pages == 0 && file_bytes(file) == 0)
        return 0;
    if (pages == 0)
        return complain(error, error_size, -EINVAL, NO_DATABASE, file);
    if (application != SCHEMA_APPLICATION_ID)
        return complain(error, error_size, -EINVAL,
                        "%s: is no recording of memcoord, but another program's database", file);
    if (version > SCHEMA_VERSION)
        return complain(error, error_size, -ENOTSUP,
                        "%s: has schema %" PRId64 ", from a newer memcoord: this one knows "
                        "schemas up to %d",
                        file, version, SCHEMA_VERSION);
    if (version < 1)
        return complain(error, error_size, -EBADMSG,
                        "%s: the recording is damaged: its schema has the number %" PRId64, file,
                        version);
    r = check_size(db, file, pages, error, error_size);
    return r < 0 ? r : (int)version;
}
