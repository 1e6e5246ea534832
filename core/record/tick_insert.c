/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/tick_insert.h"

#include <string.h>

#include "record/database.h"
#include "record/row.h"

int tick_insert_prepare(struct tick_insert *t, sqlite3 *db)
{
    int r = database_prepare(db, schema_insert_sql(&schema_host_sample), &t->host_sample);

    if (r == SQLITE_OK)
        r = database_prepare(db, schema_insert_sql(&schema_domain_sample), &t->domain_sample);
    if (r == SQLITE_OK)
        r = database_prepare(
            db, strdup("UPDATE run SET first_ms = ? WHERE id = ? AND first_ms IS NULL"), &t->first);
    return r == SQLITE_OK ? domain_ids_prepare(&t->ids, db) : r;
}

static int bind_keys(sqlite3_stmt *statement, const int64_t *keys, int n)
{
    int r = SQLITE_OK;

    for (int i = 0; i < n && r == SQLITE_OK; i++)
        r = sqlite3_bind_int64(statement, i + 1, keys[i]);
    return r;
}

static int write_domain(struct tick_insert *t, int64_t run, const struct record_tick *tick,
                        size_t place)
{
    const struct record_domain *d = &tick->domains[place];
    int64_t keys[] = { run, (int64_t)tick->tick, (int64_t)place, 0 };
    int first = 1 + (int)(sizeof(keys) / sizeof(keys[0]));
    int r = domain_ids_find(&t->ids, run, d, place, &keys[3]);

    if (r == SQLITE_OK)
        r = bind_keys(t->domain_sample, keys, first - 1);
    if (r == SQLITE_OK)
        r = row_bind(t->domain_sample, first, schema_domain_sample.columns, d);
    if (r == SQLITE_OK)
        r = row_bind(t->domain_sample, first + (int)schema_count(schema_domain_sample.columns),
                     schema_domain_sample.optional, d->truth);
    return r == SQLITE_OK ? database_step(t->domain_sample) : r;
}

static int write_first(struct tick_insert *t, int64_t run, const struct record_tick *tick)
{
    int r;

    if (t->has_first)
        return SQLITE_OK;
    r = bind_keys(t->first, (const int64_t[]){ (int64_t)tick->now_ms, run }, 2);
    if (r == SQLITE_OK)
        r = database_step(t->first);
    t->has_first = r == SQLITE_OK;
    return r;
}

int tick_insert(struct tick_insert *t, int64_t run, const struct record_tick *tick)
{
    int r = write_first(t, run, tick);

    if (r == SQLITE_OK)
        r = domain_ids_reserve(&t->ids, tick->n_domains);
    if (r == SQLITE_OK)
        r = sqlite3_bind_int64(t->host_sample, 1, run);
    if (r == SQLITE_OK)
        r = row_bind(t->host_sample, 2, schema_host_sample.columns, tick);
    if (r == SQLITE_OK)
        r = row_bind(t->host_sample, 2 + (int)schema_count(schema_host_sample.columns),
                     schema_host_sample.optional, tick->counts);
    if (r == SQLITE_OK)
        r = database_step(t->host_sample);
    for (size_t i = 0; i < tick->n_domains && r == SQLITE_OK; i++)
        r = write_domain(t, run, tick, i);
    return r;
}

void tick_insert_forget(struct tick_insert *t)
{
    domain_ids_forget(&t->ids);
    t->has_first = false;
}

void tick_insert_finish(struct tick_insert *t)
{
    sqlite3_finalize(t->host_sample);
    sqlite3_finalize(t->domain_sample);
    sqlite3_finalize(t->first);
    domain_ids_finish(&t->ids);
    *t = (struct tick_insert){ 0 };
}
