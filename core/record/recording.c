/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/recording.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/database.h"
#include "record/pass.h"
#include "record/row.h"
#include "record/run_copy.h"
#include "util/complain.h"

#define WRONG_BYTES 256
static const int busy_ms = 5000;

struct recorded_run {
    int64_t id;
    struct record_run *run;
    struct record_span span;
};

struct recording {
    char *file;
    sqlite3 *db;
    struct recorded_run *runs;
    size_t n_runs;
};

/* ---- opening */

static int open_plainly(struct recording *recording, char *error, size_t error_size)
{
    int r = database_open(recording->file, SQLITE_OPEN_READONLY, busy_ms, &recording->db, error,
                          error_size);

    return r < 0 ? r : database_version(recording->db, recording->file, error, error_size);
}

/* "file:x%3f.db?immutable=1": nothing is made beside it, which a folder that can't be written needs. */
static char *immutable_uri(const char *file)
{
    char *uri = NULL;
    size_t size;
    FILE *out = open_memstream(&uri, &size);

    if (!out)
        return NULL;
    fputs("file:", out);
    for (const char *p = file; *p; p++)
        fprintf(out, strchr("%?#", *p) ? "%%%02x" : "%c", (unsigned char)*p);
    fputs("?immutable=1", out);
    if (fclose(out) == 0)
        return uri;
    free(uri);
    return NULL;
}

static int open_immutable(struct recording *recording, char *error, size_t error_size)
{
    char *uri = immutable_uri(recording->file);
    int r = -ENOMEM;

    sqlite3_close(recording->db);
    recording->db = NULL;
    if (uri)
        r = database_open(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, busy_ms, &recording->db,
                          error, error_size);
    free(uri);
    return r < 0 ? r : database_version(recording->db, recording->file, error, error_size);
}

static int open_file(struct recording *recording, char *error, size_t error_size)
{
    struct stat info;
    int r;

    if (stat(recording->file, &info) < 0)
        return complain(error, error_size, -errno, "%s: can't be opened: %s", recording->file,
                        strerror(errno));
    if (!S_ISREG(info.st_mode))
        return complain(error, error_size, -EINVAL,
                        "%s: is no recording of memcoord, nor any file: want a file",
                        recording->file);
    if (access(recording->file, R_OK) < 0)
        return complain(error, error_size, -errno, "%s: can't be opened: %s", recording->file,
                        strerror(errno));
    r = open_plainly(recording, error, error_size);
    if (r < 0 && r != -EINVAL && r != -ENOTSUP && r != -EBADMSG && r != -EBUSY && r != -ENOMEM &&
        database_is_whole(recording->file))
        r = open_immutable(recording, error, error_size);
    if (r == 0)
        return complain(error, error_size, -EINVAL, "%s: is no recording of memcoord: it is empty",
                        recording->file);
    return r < 0 ? r : 0;
}

/* ---- runs */

static int add_run(struct recording *recording, int64_t id, const struct record_run *run)
{
    struct recorded_run *runs = realloc(recording->runs, (recording->n_runs + 1) * sizeof(*runs));

    if (!runs)
        return -ENOMEM;
    recording->runs = runs;
    runs[recording->n_runs] = (struct recorded_run){ .id = id, .run = run_copy_new(run) };
    return runs[recording->n_runs++].run ? 0 : -ENOMEM;
}

static int read_run(struct recording *recording, sqlite3_stmt *row, char *error, size_t error_size)
{
    struct record_run run;
    char wrong[WRONG_BYTES];
    int64_t id = sqlite3_column_int64(row, 0);
    int r = row_read(row, (int)schema_count(schema_run.keys), schema_run.columns, &run, wrong,
                     sizeof(wrong));

    if (r < 0)
        return complain(error, error_size, r, "%s: run %" PRId64 ": %s", recording->file, id,
                        wrong);
    r = add_run(recording, id, &run);
    return r < 0 ? complain(error, error_size, r, "%s: out of memory", recording->file) : 0;
}

static int read_runs(struct recording *recording, char *error, size_t error_size)
{
    sqlite3_stmt *rows = NULL;
    int64_t version;
    int r = 0, step = database_ask(recording->db, "PRAGMA user_version", &version);

    if (step == SQLITE_OK)
        step = database_prepare(recording->db,
                                schema_select_sql(&schema_run, (int)version, "ORDER BY id"), &rows);
    while (r == 0 && (step == SQLITE_OK || step == SQLITE_ROW)) {
        step = sqlite3_step(rows);
        if (step == SQLITE_ROW)
            r = read_run(recording, rows, error, error_size);
    }
    if (r == 0 && step != SQLITE_DONE)
        r = database_complain(recording->db, recording->file, error, error_size);
    sqlite3_finalize(rows);
    return r;
}

static int read_span(sqlite3_stmt *statement, struct recorded_run *run)
{
    int r = sqlite3_bind_int64(statement, 1, run->id);

    if (r == SQLITE_OK)
        r = sqlite3_step(statement);
    if (r == SQLITE_ROW)
        run->span = (struct record_span){
            .first_ms = (uint64_t)sqlite3_column_int64(statement, 0),
            .last_ms = (uint64_t)sqlite3_column_int64(statement, 1),
            .n_ticks = (uint64_t)sqlite3_column_int64(statement, 2),
        };
    sqlite3_reset(statement);
    return r == SQLITE_ROW || r == SQLITE_DONE ? SQLITE_OK : r;
}

static int read_spans(struct recording *recording, char *error, size_t error_size)
{
    sqlite3_stmt *statement = NULL;
    int r = database_prepare(
        recording->db,
        strdup("SELECT min(now_ms), max(now_ms), count(*) FROM host_sample WHERE run = ?"),
        &statement);

    for (size_t i = 0; i < recording->n_runs && r == SQLITE_OK; i++)
        r = read_span(statement, &recording->runs[i]);
    if (r != SQLITE_OK)
        r = database_complain(recording->db, recording->file, error, error_size);
    sqlite3_finalize(statement);
    return r;
}

int recording_open(const char *file, struct recording **recording, char *error, size_t error_size)
{
    struct recording *opened = calloc(1, sizeof(*opened));
    int r = -ENOMEM;

    if (opened)
        opened->file = strdup(file);
    if (!opened || !opened->file)
        complain(error, error_size, r, "%s: out of memory", file);
    else
        r = open_file(opened, error, error_size);
    if (r == 0)
        r = read_runs(opened, error, error_size);
    if (r == 0)
        r = read_spans(opened, error, error_size);
    if (r < 0)
        recording_close(opened);
    else
        *recording = opened;
    return r;
}

size_t recording_n_runs(const struct recording *recording)
{
    return recording->n_runs;
}

const struct record_run *recording_run(const struct recording *recording, size_t i)
{
    return recording->runs[i].run;
}

struct record_span recording_span(const struct recording *recording, size_t i)
{
    return recording->runs[i].span;
}

void recording_close(struct recording *recording)
{
    if (!recording)
        return;
    for (size_t i = 0; i < recording->n_runs; i++)
        free(recording->runs[i].run);
    free(recording->runs);
    free(recording->file);
    sqlite3_close(recording->db);
    free(recording);
}

int recording_read(struct recording *recording, size_t i, const struct record_sink *sink,
                   const bool *stop, char *error, size_t error_size)
{
    return pass_over(recording->db, recording->file, recording->runs[i].id, sink, stop, error,
                     error_size);
}
