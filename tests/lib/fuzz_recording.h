/* SPDX-License-Identifier: BSD-3-Clause */
/* A recording that input spoils. Its first byte chooses what is done with it; then come changes:
 *
 *     'b' OFFSET(2) BYTE          this byte of the file
 *     't' LENGTH(2)               the file ends here
 *     'r' TABLE COLUMN ROW TYPE VALUE(8)   this field, in tables that take whatever they are given
 */
#ifndef TESTS_LIB_FUZZ_RECORDING_H
#define TESTS_LIB_FUZZ_RECORDING_H

#include "lib/fuzz.h"

#include <sqlite3.h>

#include "control/coordinator.h"
#include "host/sim_host.h"
#include "policy/settings.h"
#include "record/recorder.h"
#include "record/recording.h"
#include "record/schema.h"

#define FUZZ_RECORDED_TICKS 4
#define FUZZ_TABLES 4

struct fuzz_template {
    uint8_t *data;
    size_t size;
};

static const char *const fuzz_tables[FUZZ_TABLES] = { "run", "domain", "host_sample",
                                                      "domain_sample" };
static char *fuzz_columns[FUZZ_TABLES][64];
static size_t fuzz_n_columns[FUZZ_TABLES];

static inline void fuzz_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    char *error = NULL;

    if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, sql, NULL, NULL, &error))
        fuzz_fail("%s: %s", sql, error ? error : "can't be opened");
    sqlite3_close(db);
}

static inline struct fuzz_template fuzz_take_file(const char *path)
{
    struct fuzz_template taken = { malloc(1 << 20), 0 };
    FILE *in = fopen(path, "re");

    fuzz_assert(taken.data && in);
    taken.size = fread(taken.data, 1, 1 << 20, in);
    fuzz_assert(taken.size > 0 && feof(in));
    fclose(in);
    return taken;
}

static inline struct host *fuzz_host(void)
{
    static const char text[] = "[scenario]\nduration = 10s\n[host]\nmemory = 4GiB\n[guests]\n"
                               "max = 1GiB\nballoon = 512MiB\n[guest a]\nload = take 450MiB\n"
                               "[guest b]\nload = ramp 90MiB/s to 900MiB\nstart = 1s\nboot = 1s\n";
    struct fuzz_file file = fuzz_file("recorded.ini");
    struct problems problems = { 0 };
    struct scenario scenario;
    struct host *host = NULL;

    fuzz_fill(&file, text, strlen(text));
    close(file.fd);
    fuzz_assert(scenario_load(file.path, &scenario, &problems) == 0);
    fuzz_assert(sim_host_open_scenario(&scenario, "sim:recorded.ini", &host) == 0);
    return host;
}

/* Two guests, one of which comes later, in as many ticks. */
static inline void fuzz_record(const char *path)
{
    static volatile sig_atomic_t never;
    const struct recorder_options options = { .file = path, .must = true };
    char error[512];
    struct config config;
    struct policy_instance *instance;
    struct recorder *recorder;
    struct record_run run = {
        "sim:recorded.ini", "threshold", NULL, 1000, "v", "s", 7, 1700000000
    };
    struct record_sink sink;
    struct coordinator c = { .host = fuzz_host(), .config = &config, .sink = &sink };
    char *settings;

    fuzz_assert(config_defaults(&config) == 0);
    fuzz_assert(policy_instance_new(fuzz_policies[1], &instance) == 0);
    run.settings = settings = settings_text(&config, instance);
    fuzz_assert(settings);
    if (recorder_open(&options, &run, &recorder, error, sizeof(error)) < 0)
        fuzz_fail("%s", error);
    sink = recorder_sink(recorder);
    c.instance = instance;
    coordinator_run(&c, FUZZ_RECORDED_TICKS, &never);
    fuzz_assert(recorder_close(recorder) == 0);
    free(settings);
    host_close(c.host);
    coordinator_free(&c);
    policy_instance_free(instance);
    config_free(&config);
}

static inline int fuzz_note_column(void *table, int n, char **values, char **names)
{
    size_t *count = table;

    (void)n;
    (void)names;
    fuzz_assert(*count < 64 && values[1]);
    fuzz_columns[count - fuzz_n_columns][(*count)++] = strdup(values[1]);
    return 0;
}

static inline void fuzz_note_columns(const char *path)
{
    sqlite3 *db = NULL;
    char sql[64];

    fuzz_assert(sqlite3_open(path, &db) == SQLITE_OK);
    for (size_t i = 0; i < FUZZ_TABLES; i++) {
        snprintf(sql, sizeof(sql), "PRAGMA table_info(%s)", fuzz_tables[i]);
        fuzz_assert(sqlite3_exec(db, sql, fuzz_note_column, &fuzz_n_columns[i], NULL) == 0);
    }
    sqlite3_close(db);
}

/* The file as the recorder makes it, but in small pages, and one without any constraint. */
static inline void fuzz_make_templates(const char *path, struct fuzz_template *strict,
                                       struct fuzz_template *loose)
{
    char sql[512];

    fuzz_record(path);
    fuzz_sql(path, "PRAGMA page_size = 1024; VACUUM");
    *strict = fuzz_take_file(path);
    fuzz_note_columns(path);
    for (size_t i = 0; i < FUZZ_TABLES; i++) {
        snprintf(sql, sizeof(sql),
                 "CREATE TABLE n AS SELECT * FROM %s; DROP TABLE %s; ALTER TABLE n RENAME TO %s",
                 fuzz_tables[i], fuzz_tables[i], fuzz_tables[i]);
        fuzz_sql(path, sql);
    }
    fuzz_sql(path, "VACUUM");
    *loose = fuzz_take_file(path);
}

/* ---- the file that is spoilt: SQLite's own in memory, under the name of one that is as long. A third of the time
 * would go into system calls else. */

struct fuzz_database {
    const char *path;
    int fd; /* of the one that is as long */
    sqlite3_file *file;
};

static inline struct fuzz_database fuzz_database(const struct fuzz_file *named)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find("memdb");
    struct fuzz_database database = { .path = named->path, .fd = named->fd };

    fuzz_assert(vfs && sqlite3_vfs_register(vfs, 1) == SQLITE_OK);
    database.file = calloc(1, (size_t)vfs->szOsFile);
    fuzz_assert(database.file);
    fuzz_assert(vfs->xOpen(vfs, database.path, database.file,
                           SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB,
                           NULL) == SQLITE_OK);
    return database;
}

static inline size_t fuzz_size(const struct fuzz_database *database)
{
    sqlite3_int64 size;

    fuzz_assert(database->file->pMethods->xFileSize(database->file, &size) == SQLITE_OK);
    return (size_t)size;
}

static inline void fuzz_truncate(const struct fuzz_database *database, size_t size)
{
    if (size < fuzz_size(database))
        fuzz_assert(database->file->pMethods->xTruncate(database->file, (sqlite3_int64)size) ==
                    SQLITE_OK);
}

static inline void fuzz_write(const struct fuzz_database *database, const void *bytes, size_t size,
                              size_t at)
{
    fuzz_assert(database->file->pMethods->xWrite(database->file, bytes, (int)size,
                                                 (sqlite3_int64)at) == SQLITE_OK);
}

/* ---- changes */

struct fuzz_changes {
    const uint8_t *at, *end;
};

static inline uint64_t fuzz_number(struct fuzz_changes *c, unsigned bytes)
{
    uint64_t value = 0;

    for (; bytes > 0; bytes--)
        value = value << 8 | (c->at < c->end ? *c->at++ : 0);
    return value;
}

static inline void fuzz_bind(sqlite3_stmt *update, struct fuzz_changes *c)
{
    uint64_t type = fuzz_number(c, 1) % 6, value = fuzz_number(c, 8);

    if (type == 0)
        sqlite3_bind_null(update, 1);
    else if (type == 1)
        sqlite3_bind_double(update, 1, (double)value);
    else if (type == 2)
        sqlite3_bind_text(update, 1, (const char *)&value, 8, SQLITE_TRANSIENT);
    else if (type == 3)
        sqlite3_bind_blob(update, 1, &value, 1 + (int)(value % 7), SQLITE_TRANSIENT);
    else if (type == 4) /* a small one, or one less than 0 */
        sqlite3_bind_int64(update, 1, (int8_t)value);
    else
        sqlite3_bind_int64(update, 1, (sqlite3_int64)value);
}

static inline void fuzz_change_row(sqlite3 *db, struct fuzz_changes *c)
{
    size_t table = fuzz_number(c, 1) % FUZZ_TABLES;
    const char *column = fuzz_columns[table][fuzz_number(c, 1) % fuzz_n_columns[table]];
    sqlite3_stmt *update = NULL;
    char sql[160];

    snprintf(sql, sizeof(sql), "UPDATE %s SET %s = ? WHERE rowid = %u", fuzz_tables[table], column,
             (unsigned)fuzz_number(c, 1) % 8 + 1);
    fuzz_assert(sqlite3_prepare_v2(db, sql, -1, &update, NULL) == SQLITE_OK);
    fuzz_bind(update, c);
    fuzz_assert(sqlite3_step(update) == SQLITE_DONE);
    sqlite3_finalize(update);
}

/* Writes the loose one with other fields. */
static inline void fuzz_change_rows(const struct fuzz_database *database, struct fuzz_changes *c)
{
    sqlite3 *db = NULL;

    fuzz_assert(sqlite3_open(database->path, &db) == SQLITE_OK);
    fuzz_assert(sqlite3_exec(db,
                             "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN IMMEDIATE",
                             NULL, NULL, NULL) == SQLITE_OK);
    for (unsigned n = 0; n < 8 && c->at < c->end && *c->at == 'r'; n++) {
        c->at++;
        fuzz_change_row(db, c);
    }
    fuzz_assert(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
}

static inline void fuzz_change_bytes(const struct fuzz_database *database, struct fuzz_changes *c,
                                     size_t size)
{
    while (c->at < c->end) {
        uint8_t what = (uint8_t)fuzz_number(c, 1);
        size_t at = fuzz_number(c, 2) % size;

        if (what == 't') {
            fuzz_truncate(database, at);
        } else {
            uint8_t byte = (uint8_t)fuzz_number(c, 1);
            fuzz_write(database, &byte, 1, at);
        }
    }
    fuzz_assert(ftruncate(database->fd, (off_t)fuzz_size(database)) == 0);
}

#endif
