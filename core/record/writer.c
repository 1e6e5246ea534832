/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "record/database.h"
#include "record/retention.h"
#include "record/run_begin.h"
#include "record/run_copy.h"
#include "record/schema.h"
#include "record/tick_insert.h"
#include "util/complain.h"

struct writer {
    struct writer_options options;
    char *file;
    struct record_run *run;
    sqlite3 *db; /* NULL: closed after trouble */
    struct tick_insert insert;
    struct retention retention;
    dev_t device; /* of the file, to see that it is still there */
    ino_t inode;
    int64_t id; /* of the run; 0: not begun in the file */
};

/* ---- the file */

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

static void close_file(struct writer *w)
{
    tick_insert_finish(&w->insert);
    retention_finish(&w->retention);
    sqlite3_close(w->db);
    w->db = NULL;
}

static int prepare(struct writer *w)
{
    int r = tick_insert_prepare(&w->insert, w->db);

    return r == SQLITE_OK ? retention_prepare(&w->retention, w->db) : r;
}

static int open_file(struct writer *w, char *error, size_t error_size)
{
    int version = 0;
    int r = database_open(w->file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, w->options.busy_ms,
                          &w->db, error, error_size);

    if (r == 0)
        r = version = database_version(w->db, w->file, error, error_size);
    if (r >= 0)
        r = set_sync(w) == SQLITE_OK && run_begin(w->db, w->run, version, &w->id) == SQLITE_OK &&
                    set_mode(w) == SQLITE_OK && prepare(w) == SQLITE_OK
                ? 0
                : database_complain(w->db, w->file, error, error_size);
    if (r < 0)
        close_file(w);
    else
        note_file(w);
    return r;
}

/* ---- batches */

static int write_batch(struct writer *w, const struct tick_copy *batch)
{
    int r = database_run(w->db, "BEGIN IMMEDIATE");
    const struct tick_copy *last = batch;
    uint64_t n = 0;

    for (const struct tick_copy *t = batch; t && r == SQLITE_OK; t = t->next) {
        r = tick_insert(&w->insert, w->id, &t->tick);
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
    tick_insert_forget(&w->insert);
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

void writer_set_run(struct writer *w, struct record_run *run, uint64_t keep_ms)
{
    free(w->run);
    w->run = run;
    w->options.keep_ms = keep_ms;
    w->id = 0;
    tick_insert_forget(&w->insert);
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
    r = w->id != 0 ? SQLITE_OK : run_begin(w->db, w->run, SCHEMA_VERSION, &w->id);
    if (r == SQLITE_OK)
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
