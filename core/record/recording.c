/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/recording.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/database.h"
#include "record/row.h"
#include "record/run_copy.h"
#include "record/tick_rows.h"
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

/* Whether what was written is all in the file, none of it still beside it. */
static bool is_whole(const char *file)
{
    char wal[4200];
    struct stat info;

    snprintf(wal, sizeof(wal), "%s-wal", file);
    return stat(wal, &info) < 0 ? errno == ENOENT : info.st_size == 0;
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
        is_whole(recording->file))
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
    int r = 0;
    int step =
        database_prepare(recording->db, schema_select_sql(&schema_run, "ORDER BY id"), &rows);

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

static int read_span(struct recording *recording, sqlite3_stmt *statement, struct recorded_run *run)
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
    (void)recording;
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
        r = read_span(recording, statement, &recording->runs[i]);
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

/* ---- domains of a run */

struct identity {
    int64_t id;
    struct record_domain domain; /* only uuid, run_id and seen.name */
    char *name;
};

/* One pass over a run. */
struct pass {
    struct recording *recording;
    int64_t run;
    struct identity *identities; /* sorted by id */
    size_t n_identities;
    sqlite3_stmt *ticks, *samples;
    bool has_sample; /* samples stands on a row */
    struct tick_rows rows;
    char *error;
    size_t error_size;
};

static int fail_database(struct pass *p)
{
    return database_complain(p->recording->db, p->recording->file, p->error, p->error_size);
}

static int fail_memory(struct pass *p)
{
    return complain(p->error, p->error_size, -ENOMEM, "%s: out of memory", p->recording->file);
}

static int fail_row(struct pass *p, const char *table, int64_t tick, const char *wrong)
{
    return complain(p->error, p->error_size, -EBADMSG,
                    "%s: the recording is damaged: %s: run %" PRId64 ", tick %" PRId64 ": %s",
                    p->recording->file, table, p->run, tick, wrong);
}

static int add_identity(struct pass *p, sqlite3_stmt *row)
{
    struct identity *list = realloc(p->identities, (p->n_identities + 1) * sizeof(*p->identities));
    struct identity *added;
    char wrong[WRONG_BYTES];

    if (!list)
        return fail_memory(p);
    p->identities = list;
    added = &list[p->n_identities];
    *added = (struct identity){ .id = sqlite3_column_int64(row, 0) };
    if (row_read(row, (int)schema_count(schema_domain.keys), schema_domain.columns, &added->domain,
                 wrong, sizeof(wrong)) < 0)
        return complain(p->error, p->error_size, -EBADMSG,
                        "%s: the recording is damaged: domain: id %" PRId64 ": %s",
                        p->recording->file, added->id, wrong);
    added->name = strdup(added->domain.seen.name);
    added->domain.seen.name = added->name;
    if (!added->name)
        return fail_memory(p);
    p->n_identities++;
    return 0;
}

static int read_identities(struct pass *p)
{
    sqlite3_stmt *rows = NULL;
    int r = 0;
    int step = database_prepare(
        p->recording->db, schema_select_sql(&schema_domain, "WHERE run = ? ORDER BY id"), &rows);

    if (step == SQLITE_OK)
        step = sqlite3_bind_int64(rows, 1, p->run);
    while (r == 0 && (step == SQLITE_OK || step == SQLITE_ROW)) {
        step = sqlite3_step(rows);
        if (step == SQLITE_ROW)
            r = add_identity(p, rows);
    }
    if (r == 0 && step != SQLITE_DONE)
        r = fail_database(p);
    sqlite3_finalize(rows);
    return r;
}

static int compare_ids(const void *a, const void *b)
{
    int64_t x = ((const struct identity *)a)->id, y = ((const struct identity *)b)->id;

    return (x > y) - (x < y);
}

static const struct identity *find_identity(const struct pass *p, int64_t id)
{
    const struct identity key = { .id = id };

    return p->n_identities == 0
               ? NULL
               : bsearch(&key, p->identities, p->n_identities, sizeof(*p->identities), compare_ids);
}

/* ---- ticks */

enum { SAMPLE_TICK = 1, SAMPLE_PLACE = 2, SAMPLE_DOMAIN = 3, SAMPLE_FIRST = 4 };

static int next_sample(struct pass *p)
{
    int step = sqlite3_step(p->samples);

    p->has_sample = step == SQLITE_ROW;
    return step == SQLITE_ROW || step == SQLITE_DONE ? 0 : fail_database(p);
}

static int read_sample(struct pass *p, struct record_domain *domain, struct host_truth *truth,
                       bool *has_truth, char *wrong, size_t wrong_size)
{
    int optional = SAMPLE_FIRST + (int)schema_count(schema_domain_sample.columns);
    int r =
        row_read(p->samples, SAMPLE_FIRST, schema_domain_sample.columns, domain, wrong, wrong_size);

    if (r == 0 && domain->seen.min_kib > domain->seen.max_kib)
        r = complain(wrong, wrong_size, -EBADMSG, "min_kib is above max_kib");
    *has_truth = !row_is_null(p->samples, optional, schema_domain_sample.optional);
    if (r == 0 && *has_truth)
        r = row_read(p->samples, optional, schema_domain_sample.optional, truth, wrong, wrong_size);
    return r;
}

/* The row on which p->samples stands, as a domain of `tick`. */
static int take_sample(struct pass *p, int64_t tick)
{
    const struct identity *identity =
        find_identity(p, sqlite3_column_int64(p->samples, SAMPLE_DOMAIN));
    struct record_domain domain;
    struct host_truth truth;
    bool has_truth;
    char wrong[WRONG_BYTES], named[WRONG_BYTES];
    int r;

    if (!identity)
        return fail_row(p, "domain_sample", tick, "its domain is in no row of domain");
    domain = identity->domain;
    domain.seen.index = (uint32_t)p->rows.n;
    r = read_sample(p, &domain, &truth, &has_truth, wrong, sizeof(wrong));
    if (r == -EBADMSG) {
        snprintf(named, sizeof(named), "%.80s: %.160s", identity->name, wrong);
        return fail_row(p, "domain_sample", tick, named);
    }
    if (r == 0)
        r = tick_rows_add(&p->rows, &domain, has_truth ? &truth : NULL);
    return r < 0 ? fail_memory(p) : 0;
}

static int read_domains(struct pass *p, int64_t tick, size_t n_domains)
{
    int r = 0;

    while (r == 0 && p->has_sample && sqlite3_column_int64(p->samples, SAMPLE_TICK) == tick) {
        r = take_sample(p, tick);
        if (r == 0)
            r = next_sample(p);
    }
    if (r == 0 && p->rows.n != n_domains)
        return fail_row(p, "host_sample", tick,
                        "n_domains is not the number of its rows in domain_sample");
    return r;
}

static int read_tick(struct pass *p)
{
    int optional = 1 + (int)schema_count(schema_host_sample.columns);
    struct record_tick *tick = &p->rows.tick;
    char wrong[WRONG_BYTES];
    int r;

    tick_rows_begin(&p->rows);
    r = row_read(p->ticks, 1, schema_host_sample.columns, tick, wrong, sizeof(wrong));
    if (r == 0 && !row_is_null(p->ticks, optional, schema_host_sample.optional)) {
        r = row_read(p->ticks, optional, schema_host_sample.optional, &p->rows.counts, wrong,
                     sizeof(wrong));
        tick->counts = &p->rows.counts;
    }
    if (r < 0)
        return fail_row(p, "host_sample", sqlite3_column_int64(p->ticks, 1), wrong);
    r = read_domains(p, (int64_t)tick->tick, tick->n_domains);
    if (r == 0)
        tick_rows_end(&p->rows);
    return r;
}

static int begin(struct pass *p)
{
    sqlite3 *db = p->recording->db;
    int r = database_run(db, "BEGIN"); /* all of it as it is at one moment */

    if (r == SQLITE_OK)
        r = database_prepare(
            db, schema_select_sql(&schema_host_sample, "WHERE run = ? ORDER BY tick"), &p->ticks);
    if (r == SQLITE_OK)
        r = database_prepare(
            db, schema_select_sql(&schema_domain_sample, "WHERE run = ? ORDER BY tick, place"),
            &p->samples);
    if (r == SQLITE_OK)
        r = sqlite3_bind_int64(p->ticks, 1, p->run);
    if (r == SQLITE_OK)
        r = sqlite3_bind_int64(p->samples, 1, p->run);
    if (r != SQLITE_OK)
        return fail_database(p);
    r = read_identities(p);
    return r < 0 ? r : next_sample(p);
}

static int hand_over(struct pass *p, const struct record_sink *sink, const bool *stop)
{
    int step = SQLITE_ROW;

    while (!(stop && *stop) && (step = sqlite3_step(p->ticks)) == SQLITE_ROW) {
        int r = read_tick(p);

        if (r < 0)
            return r;
        sink->tick(sink->to, &p->rows.tick);
    }
    if (step != SQLITE_ROW && step != SQLITE_DONE)
        return fail_database(p);
    if (step == SQLITE_DONE && p->has_sample)
        return fail_row(p, "domain_sample", sqlite3_column_int64(p->samples, SAMPLE_TICK),
                        "its tick is in no row of host_sample");
    return 0;
}

static void end(struct pass *p)
{
    sqlite3_finalize(p->ticks);
    sqlite3_finalize(p->samples);
    database_run(p->recording->db, "ROLLBACK");
    for (size_t i = 0; i < p->n_identities; i++)
        free(p->identities[i].name);
    free(p->identities);
    tick_rows_free(&p->rows);
}

int recording_read(struct recording *recording, size_t i, const struct record_sink *sink,
                   const bool *stop, char *error, size_t error_size)
{
    struct pass p = { .recording = recording,
                      .run = recording->runs[i].id,
                      .error = error,
                      .error_size = error_size };
    int r = begin(&p);

    if (r == 0)
        r = hand_over(&p, sink, stop);
    end(&p);
    return r;
}
