/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/domain_ids.h"

#include <stdlib.h>
#include <string.h>

#include "record/database.h"
#include "record/row.h"

/* The domain that had this place at the last tick: mostly it has it again. */
struct known_id {
    uint8_t uuid[HOST_UUID_BYTES];
    int64_t run_id, id;
    char *name;
};

int domain_ids_prepare(struct domain_ids *ids, sqlite3 *db)
{
    int r = database_prepare(db, schema_insert_sql(&schema_domain), &ids->add);

    ids->db = db;
    if (r == SQLITE_OK)
        r = database_prepare(db,
                             strdup("SELECT id FROM domain WHERE run = ? AND uuid = ? AND "
                                    "run_id = ? AND name = ?"),
                             &ids->find);
    return r;
}

int domain_ids_reserve(struct domain_ids *ids, size_t n)
{
    struct known_id *known;

    if (n <= ids->n_known)
        return SQLITE_OK;
    known = realloc(ids->known, n * sizeof(*known));
    if (!known)
        return SQLITE_NOMEM;
    memset(known + ids->n_known, 0, (n - ids->n_known) * sizeof(*known));
    ids->known = known;
    ids->n_known = n;
    return SQLITE_OK;
}

/* The id of a domain that is in the file; 0 if it is not. */
static int find_in_file(struct domain_ids *ids, int64_t run, const struct record_domain *d,
                        int64_t *id)
{
    int r = sqlite3_bind_int64(ids->find, 1, run);

    *id = 0;
    if (r == SQLITE_OK)
        r = row_bind(ids->find, 2, schema_domain.columns, d);
    if (r == SQLITE_OK)
        r = sqlite3_step(ids->find);
    if (r == SQLITE_ROW)
        *id = sqlite3_column_int64(ids->find, 0);
    sqlite3_reset(ids->find);
    return r == SQLITE_ROW || r == SQLITE_DONE ? SQLITE_OK : r;
}

static int add_to_file(struct domain_ids *ids, int64_t run, const struct record_domain *d,
                       int64_t *id)
{
    int r = sqlite3_bind_int64(ids->add, 2, run); /* its id stays NULL: SQLite numbers it */

    if (r == SQLITE_OK)
        r = row_bind(ids->add, 3, schema_domain.columns, d);
    if (r == SQLITE_OK)
        r = database_step(ids->add);
    if (r == SQLITE_OK)
        *id = sqlite3_last_insert_rowid(ids->db);
    return r;
}

static bool is_same(const struct known_id *known, const struct record_domain *d)
{
    return known->name && known->run_id == d->run_id &&
           memcmp(known->uuid, d->uuid, sizeof(known->uuid)) == 0 &&
           strcmp(known->name, d->seen.name) == 0;
}

static int remember(struct known_id *known, const struct record_domain *d, int64_t id)
{
    free(known->name);
    *known = (struct known_id){ .run_id = d->run_id, .id = id, .name = strdup(d->seen.name) };
    memcpy(known->uuid, d->uuid, sizeof(known->uuid));
    return known->name ? SQLITE_OK : SQLITE_NOMEM;
}

int domain_ids_find(struct domain_ids *ids, int64_t run, const struct record_domain *domain,
                    size_t place, int64_t *id)
{
    struct known_id *known = &ids->known[place];
    int r;

    if (!domain->seen.name)
        return SQLITE_CONSTRAINT;
    if (is_same(known, domain)) {
        *id = known->id;
        return SQLITE_OK;
    }
    r = find_in_file(ids, run, domain, id);
    if (r == SQLITE_OK && *id == 0)
        r = add_to_file(ids, run, domain, id);
    return r == SQLITE_OK ? remember(known, domain, *id) : r;
}

void domain_ids_forget(struct domain_ids *ids)
{
    for (size_t i = 0; i < ids->n_known; i++)
        free(ids->known[i].name);
    free(ids->known);
    ids->known = NULL;
    ids->n_known = 0;
}

void domain_ids_finish(struct domain_ids *ids)
{
    sqlite3_finalize(ids->find);
    sqlite3_finalize(ids->add);
    domain_ids_forget(ids);
    *ids = (struct domain_ids){ 0 };
}
