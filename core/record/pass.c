/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/pass.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "record/database.h"
#include "record/row.h"
#include "record/tick_rows.h"
#include "util/complain.h"

#define WRONG_BYTES 256

/* ---- domains of the run */

struct identity {
    int64_t id;
    struct record_domain domain; /* only uuid, run_id and seen.name */
    char *name;
};

/* One pass over a run. */
struct pass {
    sqlite3 *db;
    const char *file;
    int64_t run, version;        /* of the schema */
    struct identity *identities; /* sorted by id */
    size_t n_identities;
    sqlite3_stmt *ticks, *samples;
    bool has_sample; /* samples stands on a row */
    uint64_t last_tick, last_ms;
    struct tick_rows rows;
    char *error;
    size_t error_size;
};

static int fail_database(struct pass *p)
{
    return database_complain(p->db, p->file, p->error, p->error_size);
}

static int fail_memory(struct pass *p)
{
    return complain(p->error, p->error_size, -ENOMEM, "%s: out of memory", p->file);
}

static int fail_row(struct pass *p, const char *table, int64_t tick, const char *wrong)
{
    return complain(p->error, p->error_size, -EBADMSG,
                    "%s: the recording is damaged: %s: run %" PRId64 ", tick %" PRId64 ": %s",
                    p->file, table, p->run, tick, wrong);
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
                        "%s: the recording is damaged: domain: id %" PRId64 ": %s", p->file,
                        added->id, wrong);
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
        p->db, schema_select_sql(&schema_domain, (int)p->version, "WHERE run = ? ORDER BY id"),
        &rows);

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

static int fail_orphan(struct pass *p)
{
    return fail_row(p, "domain_sample", sqlite3_column_int64(p->samples, SAMPLE_TICK),
                    "its tick is in no row of host_sample");
}

static int read_domains(struct pass *p, int64_t tick, size_t n_domains)
{
    int r = 0;

    if (p->has_sample && sqlite3_column_int64(p->samples, SAMPLE_TICK) < tick)
        return fail_orphan(p);
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

/* Who reads ticks may rely on their order. */
static int check_order(struct pass *p, const struct record_tick *tick)
{
    if (tick->tick <= p->last_tick || tick->now_ms < p->last_ms)
        return fail_row(p, "host_sample", (int64_t)tick->tick, "it is not after the tick before");
    p->last_tick = tick->tick;
    p->last_ms = tick->now_ms;
    return 0;
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
    r = check_order(p, tick);
    if (r == 0)
        r = read_domains(p, (int64_t)tick->tick, tick->n_domains);
    if (r == 0)
        tick_rows_end(&p->rows);
    return r;
}

static int begin(struct pass *p)
{
    int r = database_run(p->db, "BEGIN"); /* all of it as it is at one moment */

    if (r == SQLITE_OK)
        r = database_ask(p->db, "PRAGMA user_version", &p->version);
    if (r == SQLITE_OK)
        r = database_prepare(
            p->db,
            schema_select_sql(&schema_host_sample, (int)p->version, "WHERE run = ? ORDER BY tick"),
            &p->ticks);
    if (r == SQLITE_OK)
        r = database_prepare(p->db,
                             schema_select_sql(&schema_domain_sample, (int)p->version,
                                               "WHERE run = ? ORDER BY tick, place"),
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
        return fail_orphan(p);
    return 0;
}

static void end(struct pass *p)
{
    sqlite3_finalize(p->ticks);
    sqlite3_finalize(p->samples);
    database_run(p->db, "ROLLBACK");
    for (size_t i = 0; i < p->n_identities; i++)
        free(p->identities[i].name);
    free(p->identities);
    tick_rows_free(&p->rows);
}

int pass_over(sqlite3 *db, const char *file, int64_t run, const struct record_sink *sink,
              const bool *stop, char *error, size_t error_size)
{
    struct pass p = {
        .db = db, .file = file, .run = run, .error = error, .error_size = error_size
    };
    int r = begin(&p);

    if (r == 0)
        r = hand_over(&p, sink, stop);
    end(&p);
    return r;
}
