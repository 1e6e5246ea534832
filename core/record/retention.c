/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/retention.h"

#include <stdbool.h>
#include <string.h>

#include "record/database.h"

/* Deleted ticks for each that is added: what has gathered, because `keep` was longer, goes soon. */
#define FOR_EACH 4

/* Each run with the time on its own clock before which its ticks are too old; ?2 is that time for the run
 * ?1. Others are dated by when they started; what has no date is left out. A run that never had a tick
 * is too old if it started before. */
static const char runs_sql[] =
    "SELECT r.id, CASE WHEN r.id = own.id THEN ?2 ELSE ?2 - own.first_ms + own.started_unix_ms"
    " - r.started_unix_ms + coalesce(r.first_ms, 0) END AS before_ms"
    " FROM run r, run own WHERE own.id = ?1 AND before_ms IS NOT NULL"
    " AND (r.first_ms IS NOT NULL OR before_ms > 0) ORDER BY r.id";

int retention_prepare(struct retention *t, sqlite3 *db)
{
    const struct {
        sqlite3_stmt **statement;
        const char *sql;
    } all[] = {
        { &t->runs, runs_sql },
        { &t->ticks, "SELECT tick, now_ms FROM host_sample WHERE run = ? ORDER BY tick LIMIT ?" },
        { &t->drop_domain_samples, "DELETE FROM domain_sample WHERE run = ? AND tick <= ?" },
        { &t->drop_host_samples, "DELETE FROM host_sample WHERE run = ? AND tick <= ?" },
        { &t->drop_domains, "DELETE FROM domain WHERE run = ?" },
        { &t->drop_run, "DELETE FROM run WHERE id = ?" },
    };
    int r = SQLITE_OK;

    t->db = db;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && r == SQLITE_OK; i++)
        r = database_prepare(db, strdup(all[i].sql), all[i].statement);
    return r;
}

static int run_with(sqlite3_stmt *statement, int64_t first, const int64_t *second)
{
    int r = sqlite3_bind_int64(statement, 1, first);

    if (r == SQLITE_OK && second)
        r = sqlite3_bind_int64(statement, 2, *second);
    return r == SQLITE_OK ? database_step(statement) : r;
}

/* The last of the first `limit` ticks of a run that is before `before_ms`, in *tick, -1 if none is; *left is
 * whether others remain. */
static int find_old(struct retention *t, int64_t run, int64_t before_ms, int64_t limit,
                    int64_t *tick, bool *left)
{
    int r = sqlite3_bind_int64(t->ticks, 1, run);

    *tick = -1;
    *left = false;
    if (r == SQLITE_OK)
        r = sqlite3_bind_int64(t->ticks, 2, limit + 1);
    for (int64_t i = 0; r == SQLITE_OK; i++) {
        r = sqlite3_step(t->ticks);
        if (r != SQLITE_ROW)
            break;
        *left = i == limit || sqlite3_column_int64(t->ticks, 1) >= before_ms;
        if (*left)
            break;
        *tick = sqlite3_column_int64(t->ticks, 0);
        r = SQLITE_OK;
    }
    sqlite3_reset(t->ticks);
    return r == SQLITE_ROW || r == SQLITE_DONE ? SQLITE_OK : r;
}

static int drop_old(struct retention *t, int64_t run, bool is_own, int64_t before_ms, int64_t limit)
{
    int64_t tick;
    bool left;
    int r = find_old(t, run, before_ms, limit, &tick, &left);

    if (r == SQLITE_OK && tick >= 0)
        r = run_with(t->drop_domain_samples, run, &tick);
    if (r == SQLITE_OK && tick >= 0)
        r = run_with(t->drop_host_samples, run, &tick);
    if (r != SQLITE_OK || left || is_own)
        return r;
    r = run_with(t->drop_domains, run, NULL);
    return r == SQLITE_OK ? run_with(t->drop_run, run, NULL) : r;
}

int retention_apply(struct retention *t, int64_t run, uint64_t now_ms, uint64_t keep_ms, uint64_t n)
{
    int64_t limit = (int64_t)(FOR_EACH * n);
    int r = sqlite3_bind_int64(t->runs, 1, run), step = SQLITE_DONE;

    if (r == SQLITE_OK)
        r = sqlite3_bind_int64(t->runs, 2, (int64_t)now_ms - (int64_t)keep_ms);
    while (r == SQLITE_OK && (step = sqlite3_step(t->runs)) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(t->runs, 0);
        r = drop_old(t, id, id == run, sqlite3_column_int64(t->runs, 1), limit);
    }
    sqlite3_reset(t->runs);
    return r != SQLITE_OK || step == SQLITE_DONE ? r : step;
}

void retention_finish(struct retention *t)
{
    sqlite3_stmt *const all[] = {
        t->runs,         t->ticks,   t->drop_domain_samples, t->drop_host_samples,
        t->drop_domains, t->drop_run
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        sqlite3_finalize(all[i]);
    *t = (struct retention){ 0 };
}
