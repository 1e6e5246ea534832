/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/run_begin.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/database.h"
#include "record/row.h"

/* Makes the tables, or, of a file of an older schema, what they lack. */
static int make_tables(sqlite3 *db, int version)
{
    static const struct schema_table *const tables[] = { &schema_run, &schema_domain,
                                                         &schema_host_sample,
                                                         &schema_domain_sample };
    char numbers[80];
    int r = SQLITE_OK;

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && r == SQLITE_OK; i++) {
        char *sql =
            version == 0 ? schema_create_sql(tables[i]) : schema_upgrade_sql(tables[i], version);
        r = sql ? database_run(db, sql) : SQLITE_NOMEM;
        free(sql);
    }
    snprintf(numbers, sizeof(numbers), "PRAGMA application_id = %d; PRAGMA user_version = %d",
             SCHEMA_APPLICATION_ID, SCHEMA_VERSION);
    return r == SQLITE_OK ? database_run(db, numbers) : r;
}

/* Whether the run that was begun before is in this file: it may be another one by now. */
static int find_run(sqlite3 *db, const struct record_run *run, int64_t id, bool *found)
{
    sqlite3_stmt *statement = NULL;
    int r = database_prepare(
        db, strdup("SELECT 1 FROM run WHERE id = ? AND host IS ? AND started_unix_ms IS ?"),
        &statement);

    if (r == SQLITE_OK)
        r = sqlite3_bind_int64(statement, 1, id);
    if (r == SQLITE_OK && run->host)
        r = sqlite3_bind_text(statement, 2, run->host, -1, SQLITE_STATIC);
    if (r == SQLITE_OK && run->started_unix_ms != MEMCOORD_UNKNOWN)
        r = sqlite3_bind_int64(statement, 3, (int64_t)run->started_unix_ms);
    if (r == SQLITE_OK)
        r = sqlite3_step(statement);
    *found = r == SQLITE_ROW;
    sqlite3_finalize(statement);
    return r == SQLITE_ROW || r == SQLITE_DONE ? SQLITE_OK : r;
}

static int add_run(sqlite3 *db, const struct record_run *run, int64_t *id)
{
    sqlite3_stmt *statement = NULL;
    int r = database_prepare(db, schema_insert_sql(&schema_run), &statement);

    if (r == SQLITE_OK) /* id and first_ms stay NULL: SQLite numbers it */
        r = row_bind(statement, 1 + (int)schema_count(schema_run.keys), schema_run.columns, run);
    if (r == SQLITE_OK)
        r = sqlite3_step(statement);
    if (r == SQLITE_DONE) {
        *id = sqlite3_last_insert_rowid(db);
        r = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return r;
}

int run_begin(sqlite3 *db, const struct record_run *run, int version, int64_t *id)
{
    bool found = false;
    int64_t number = *id;
    int r = database_run(db, "BEGIN IMMEDIATE");

    if (r == SQLITE_OK && version < SCHEMA_VERSION)
        r = make_tables(db, version);
    if (r == SQLITE_OK && number != 0)
        r = find_run(db, run, number, &found);
    if (r == SQLITE_OK && !found)
        r = add_run(db, run, &number);
    if (r == SQLITE_OK)
        r = database_run(db, "COMMIT");
    if (r == SQLITE_OK)
        *id = number;
    return r;
}
