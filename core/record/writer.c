/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "record/database.h"
#include "record/retention.h"
#include "record/row.h"
#include "record/run_copy.h"
#include "util/complain.h"

/* The domain that had this place at the last tick: mostly it has it again. */
struct known {
    uint8_t uuid[HOST_UUID_BYTES];
    int64_t run_id, id;
    char *name;
};

struct writer {
    struct writer_options options;
    char *file;
    struct record_run *run;
    sqlite3 *db; /* NULL: closed after trouble */
    sqlite3_stmt *host_sample, *domain_sample, *domain, *find_domain, *first;
    struct retention retention;
    dev_t device; /* of the file, to see that it is still there */
    ino_t inode;
    int64_t id; /* of the run; 0: not begun */
    bool has_first;
    struct known *known;
    size_t n_known;
};

/* ---- the file */

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

static int prepare(struct writer *w)
{
    int r = database_prepare(w->db, schema_insert_sql(&schema_host_sample), &w->host_sample);

    if (r == SQLITE_OK)
        r = database_prepare(w->db, schema_insert_sql(&schema_domain_sample), &w->domain_sample);
    if (r == SQLITE_OK)
        r = database_prepare(w->db, schema_insert_sql(&schema_domain), &w->domain);
    if (r == SQLITE_OK)
        r = database_prepare(w->db,
                             strdup("SELECT id FROM domain WHERE run = ? AND uuid = ? AND "
                                    "run_id = ? AND name = ?"),
                             &w->find_domain);
    if (r == SQLITE_OK)
        r = database_prepare(
            w->db, strdup("UPDATE run SET first_ms = ? WHERE id = ? AND first_ms IS NULL"),
            &w->first);
    return r == SQLITE_OK ? retention_prepare(&w->retention, w->db) : r;
}

/* Whether the run that we began is in this file: it may be another one by now. */
static int find_run(struct writer *w, bool *found)
{
    sqlite3_stmt *statement = NULL;
    int r = database_prepare(
        w->db, strdup("SELECT 1 FROM run WHERE id = ? AND host IS ? AND started_unix_ms IS ?"),
        &statement);

    if (r == SQLITE_OK)
        r = sqlite3_bind_int64(statement, 1, w->id);
    if (r == SQLITE_OK && w->run->host)
        r = sqlite3_bind_text(statement, 2, w->run->host, -1, SQLITE_STATIC);
    if (r == SQLITE_OK && w->run->started_unix_ms != MEMCOORD_UNKNOWN)
        r = sqlite3_bind_int64(statement, 3, (int64_t)w->run->started_unix_ms);
    if (r == SQLITE_OK)
        r = sqlite3_step(statement);
    *found = r == SQLITE_ROW;
    sqlite3_finalize(statement);
    return r == SQLITE_ROW || r == SQLITE_DONE ? SQLITE_OK : r;
}

static int add_run(struct writer *w)
{
    sqlite3_stmt *statement = NULL;
    int r = database_prepare(w->db, schema_insert_sql(&schema_run), &statement);

    if (r == SQLITE_OK) /* id and first_ms stay NULL: SQLite numbers it */
        r = row_bind(statement, 1 + (int)schema_count(schema_run.keys), schema_run.columns, w->run);
    if (r == SQLITE_OK)
        r = sqlite3_step(statement);
    if (r == SQLITE_DONE) {
        w->id = sqlite3_last_insert_rowid(w->db);
        w->has_first = false;
        r = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return r;
}

static int begin_run(struct writer *w, int version)
{
    bool found = false;
    int r = database_run(w->db, "BEGIN IMMEDIATE");

    if (r == SQLITE_OK && version < SCHEMA_VERSION)
        r = make_tables(w->db, version);
    if (r == SQLITE_OK && w->id != 0)
        r = find_run(w, &found);
    if (r == SQLITE_OK && !found)
        r = add_run(w);
    return r == SQLITE_OK ? database_run(w->db, "COMMIT") : r;
}

static int set_sync(const struct writer *w)
{
    return database_run(w->db, w->options.careful ? "PRAGMA synchronous = NORMAL"
                                                  : "PRAGMA synchronous = OFF");
}

/* Readers and the writer don't wait for each other in this mode. Where a reader holds the file just now it
 * stays in the other one, and the next start tries again. */
static int set_mode(const struct writer *w)
{
    int r = database_run(w->db, "PRAGMA journal_mode = WAL");

    if (r == SQLITE_BUSY)
        r = SQLITE_OK;
    return r == SQLITE_OK ? database_run(w->db, "PRAGMA journal_size_limit = 16777216") : r;
}

static void note_file(struct writer *w)
{
    struct stat info;

    if (stat(w->file, &info) == 0) {
        w->device = info.st_dev;
        w->inode = info.st_ino;
    }
}

static bool is_in_place(const struct writer *w)
{
    struct stat info;

    return stat(w->file, &info) == 0 && info.st_dev == w->device && info.st_ino == w->inode;
}

static void forget_domains(struct writer *w)
{
    for (size_t i = 0; i < w->n_known; i++)
        free(w->known[i].name);
    free(w->known);
    w->known = NULL;
    w->n_known = 0;
}

static void close_file(struct writer *w)
{
    sqlite3_stmt **const statements[] = { &w->host_sample, &w->domain_sample, &w->domain,
                                          &w->find_domain, &w->first };

    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        sqlite3_finalize(*statements[i]);
        *statements[i] = NULL;
    }
    retention_finish(&w->retention);
    sqlite3_close(w->db);
    w->db = NULL;
    forget_domains(w);
}

static int open_file(struct writer *w, char *error, size_t error_size)
{
    int version = 0;
    int r = database_open(w->file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, w->options.busy_ms,
                          &w->db, error, error_size);

    if (r == 0)
        r = version = database_version(w->db, w->file, error, error_size);
    if (r >= 0)
        r = set_sync(w) == SQLITE_OK && begin_run(w, version) == SQLITE_OK &&
                    set_mode(w) == SQLITE_OK && prepare(w) == SQLITE_OK
                ? 0
                : database_complain(w->db, w->file, error, error_size);
    if (r < 0)
        close_file(w);
    else
        note_file(w);
    return r;
}

/* ---- rows */

static int step_once(sqlite3_stmt *statement)
{
    int r = sqlite3_step(statement);

    sqlite3_reset(statement);
    return r == SQLITE_DONE ? SQLITE_OK : r;
}

static int bind_keys(sqlite3_stmt *statement, const int64_t *keys, int n)
{
    int r = SQLITE_OK;

    for (int i = 0; i < n && r == SQLITE_OK; i++)
        r = sqlite3_bind_int64(statement, i + 1, keys[i]);
    return r;
}

/* The id of a domain that is in the file; 0 if it is not. */
static int find_domain(struct writer *w, const struct record_domain *d, int64_t *id)
{
    int r = sqlite3_bind_int64(w->find_domain, 1, w->id);

    *id = 0;
    if (r == SQLITE_OK)
        r = row_bind(w->find_domain, 2, schema_domain.columns, d);
    if (r == SQLITE_OK)
        r = sqlite3_step(w->find_domain);
    if (r == SQLITE_ROW)
        *id = sqlite3_column_int64(w->find_domain, 0);
    sqlite3_reset(w->find_domain);
    return r == SQLITE_ROW || r == SQLITE_DONE ? SQLITE_OK : r;
}

static int add_domain(struct writer *w, const struct record_domain *d, int64_t *id)
{
    int r = sqlite3_bind_int64(w->domain, 2, w->id); /* its id stays NULL: SQLite numbers it */

    if (r == SQLITE_OK)
        r = row_bind(w->domain, 3, schema_domain.columns, d);
    if (r == SQLITE_OK)
        r = step_once(w->domain);
    if (r == SQLITE_OK)
        *id = sqlite3_last_insert_rowid(w->db);
    return r;
}

static int reserve_known(struct writer *w, size_t n)
{
    struct known *known;

    if (n <= w->n_known)
        return SQLITE_OK;
    known = realloc(w->known, n * sizeof(*known));
    if (!known)
        return SQLITE_NOMEM;
    memset(known + w->n_known, 0, (n - w->n_known) * sizeof(*known));
    w->known = known;
    w->n_known = n;
    return SQLITE_OK;
}

static bool is_same(const struct known *known, const struct record_domain *d)
{
    return known->name && known->run_id == d->run_id &&
           memcmp(known->uuid, d->uuid, sizeof(known->uuid)) == 0 &&
           strcmp(known->name, d->seen.name) == 0;
}

static int remember(struct known *known, const struct record_domain *d, int64_t id)
{
    free(known->name);
    *known = (struct known){ .run_id = d->run_id, .id = id, .name = strdup(d->seen.name) };
    memcpy(known->uuid, d->uuid, sizeof(known->uuid));
    return known->name ? SQLITE_OK : SQLITE_NOMEM;
}

static int id_of(struct writer *w, const struct record_domain *d, struct known *known, int64_t *id)
{
    int r;

    if (d->seen.name && is_same(known, d)) {
        *id = known->id;
        return SQLITE_OK;
    }
    if (!d->seen.name)
        return SQLITE_CONSTRAINT;
    r = find_domain(w, d, id);
    if (r == SQLITE_OK && *id == 0)
        r = add_domain(w, d, id);
    return r == SQLITE_OK ? remember(known, d, *id) : r;
}

static int write_domain(struct writer *w, const struct record_tick *tick, size_t place)
{
    const struct record_domain *d = &tick->domains[place];
    int64_t keys[] = { w->id, (int64_t)tick->tick, (int64_t)place, 0 };
    int first = 1 + (int)(sizeof(keys) / sizeof(keys[0]));
    int r = id_of(w, d, &w->known[place], &keys[3]);

    if (r == SQLITE_OK)
        r = bind_keys(w->domain_sample, keys, first - 1);
    if (r == SQLITE_OK)
        r = row_bind(w->domain_sample, first, schema_domain_sample.columns, d);
    if (r == SQLITE_OK)
        r = row_bind(w->domain_sample, first + (int)schema_count(schema_domain_sample.columns),
                     schema_domain_sample.optional, d->truth);
    return r == SQLITE_OK ? step_once(w->domain_sample) : r;
}

static int write_first(struct writer *w, const struct record_tick *tick)
{
    int r;

    if (w->has_first)
        return SQLITE_OK;
    r = bind_keys(w->first, (const int64_t[]){ (int64_t)tick->now_ms, w->id }, 2);
    if (r == SQLITE_OK)
        r = step_once(w->first);
    w->has_first = r == SQLITE_OK;
    return r;
}

static int write_tick(struct writer *w, const struct record_tick *tick)
{
    int r = write_first(w, tick);

    if (r == SQLITE_OK)
        r = reserve_known(w, tick->n_domains);
    if (r == SQLITE_OK)
        r = sqlite3_bind_int64(w->host_sample, 1, w->id);
    if (r == SQLITE_OK)
        r = row_bind(w->host_sample, 2, schema_host_sample.columns, tick);
    if (r == SQLITE_OK)
        r = row_bind(w->host_sample, 2 + (int)schema_count(schema_host_sample.columns),
                     schema_host_sample.optional, tick->counts);
    if (r == SQLITE_OK)
        r = step_once(w->host_sample);
    for (size_t i = 0; i < tick->n_domains && r == SQLITE_OK; i++)
        r = write_domain(w, tick, i);
    return r;
}

/* ---- batches */

static int write_batch(struct writer *w, const struct tick_copy *batch)
{
    int r = database_run(w->db, "BEGIN IMMEDIATE");
    const struct tick_copy *last = batch;
    uint64_t n = 0;

    for (const struct tick_copy *t = batch; t && r == SQLITE_OK; t = t->next) {
        r = write_tick(w, &t->tick);
        last = t;
        n++;
    }
    if (r == SQLITE_OK && w->options.keep_ms > 0)
        r = retention_apply(&w->retention, w->id, last->tick.now_ms, w->options.keep_ms, n);
    return r == SQLITE_OK ? database_run(w->db, "COMMIT") : r;
}

/* What was rolled back is not in the file: neither its domains nor its beginning. */
static void roll_back(struct writer *w)
{
    database_run(w->db, "ROLLBACK");
    forget_domains(w);
    w->has_first = false;
}

static bool is_passing(int code)
{
    return code == SQLITE_BUSY || code == SQLITE_LOCKED || code == SQLITE_FULL ||
           code == SQLITE_NOMEM || code == SQLITE_CONSTRAINT;
}

static int fail(struct writer *w, int code, char *error, size_t error_size)
{
    int r = code == SQLITE_CONSTRAINT
                ? complain(error, error_size, -EDOM, "%s: a tick makes no sense: %s", w->file,
                           sqlite3_errmsg(w->db))
                : database_complain(w->db, w->file, error, error_size);

    roll_back(w);
    if (!is_passing(code))
        close_file(w);
    return r;
}

/* ---- the interface */

int writer_open(const struct writer_options *options, const struct record_run *run,
                struct writer **writer, char *error, size_t error_size)
{
    struct writer *w = calloc(1, sizeof(*w));
    int r = -ENOMEM;

    if (w) {
        w->options = *options;
        w->file = strdup(options->file);
        w->run = run_copy_new(run);
    }
    if (w && w->file && w->run)
        r = open_file(w, error, error_size);
    else
        complain(error, error_size, r, "%s: out of memory", options->file);
    if (r < 0)
        writer_close(w, NULL, 0);
    else
        *writer = w;
    return r;
}

int writer_write(struct writer *w, const struct tick_copy *batch, char *error, size_t error_size)
{
    int r;

    if (w->db && !is_in_place(w)) {
        database_run(w->db, "PRAGMA wal_checkpoint(TRUNCATE)");
        close_file(w);
    }
    if (!w->db) {
        r = open_file(w, error, error_size);
        if (r < 0)
            return r;
    }
    r = write_batch(w, batch);
    return r == SQLITE_OK ? 0 : fail(w, r & 0xff, error, error_size);
}

int writer_close(struct writer *w, char *error, size_t error_size)
{
    int r = 0;

    if (!w)
        return 0;
    if (w->db && database_run(w->db, "PRAGMA journal_mode = DELETE") != SQLITE_OK)
        r = database_complain(w->db, w->file, error, error_size);
    close_file(w);
    free(w->run);
    free(w->file);
    free(w);
    return r;
}
