/* SPDX-License-Identifier: BSD-3-Clause */
/* Deletes what is older than a recording shall keep. Of core/record only. */
#ifndef CORE_RECORD_RETENTION_H
#define CORE_RECORD_RETENTION_H

#include <sqlite3.h>
#include <stdint.h>

struct retention {
    sqlite3 *db;
    sqlite3_stmt *runs, *ticks, *drop_domain_samples, *drop_host_samples, *drop_domains, *drop_run;
};

/* SQLITE_OK or what SQLite says; retention_finish() in any case. */
int retention_prepare(struct retention *retention, sqlite3 *db);

/* Deletes ticks that are more than `keep_ms` older than `now_ms` on the clock of run `run`; at most a few of
 * each run for each of the `n` that were added, so that no transaction takes long. Runs before that one
 * are dated by when they started; simulated ones have no date and stay. A run of which nothing is left
 * goes, too. SQLITE_OK or what SQLite says. */
int retention_apply(struct retention *retention, int64_t run, uint64_t now_ms, uint64_t keep_ms,
                    uint64_t n);

void retention_finish(struct retention *retention);

#endif
