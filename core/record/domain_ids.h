/* SPDX-License-Identifier: BSD-3-Clause */
/* The numbers that domains have in the file of a recording. Of core/record only. */
#ifndef CORE_RECORD_DOMAIN_IDS_H
#define CORE_RECORD_DOMAIN_IDS_H

#include <sqlite3.h>

#include "record/tick.h"

struct domain_ids {
    sqlite3 *db;
    sqlite3_stmt *find, *add;
    struct known_id *known; /* by place in a tick */
    size_t n_known;
};

/* For the file `db`. SQLITE_OK or what SQLite says; domain_ids_finish() in any case. */
int domain_ids_prepare(struct domain_ids *ids, sqlite3 *db);

/* Makes room for `n` domains in a tick. SQLITE_OK or SQLITE_NOMEM. */
int domain_ids_reserve(struct domain_ids *ids, size_t n);

/* The number of a domain of the run `run`, at `place` in a tick for which there is room; it is added if it is
 * not there. SQLITE_OK or what SQLite says; SQLITE_CONSTRAINT: it has no name. */
int domain_ids_find(struct domain_ids *ids, int64_t run, const struct record_domain *domain,
                    size_t place, int64_t *id);

/* What was added may not be there: it is looked for again. */
void domain_ids_forget(struct domain_ids *ids);

void domain_ids_finish(struct domain_ids *ids);

#endif
