/* SPDX-License-Identifier: BSD-3-Clause */
/* Gathers from a run's ticks what the page draws: host and domains over time, downsampled as they come. */
#ifndef CORE_REPORT_COLLECT_H
#define CORE_REPORT_COLLECT_H

#include "record/recording.h"
#include "report/series.h"

/* One domain, known by its name: on one host no two that run have the same. KiB. */
struct collect_domain {
    char *name;
    uint64_t held_kib;         /* its balloon, added up over all ticks */
    uint64_t last_tick;        /* the last in which it was, ... */
    int64_t last_run_id;       /* ... as this run of it, ... */
    uint64_t last_short_kib_s; /* ... with this shortfall since its start */
    struct series_bucket balloon[SERIES_BUCKETS];
    struct series_bucket need[SERIES_BUCKETS];      /* demand; on a real host what it used */
    struct series_bucket shortfall[SERIES_BUCKETS]; /* mean of each tick's interval */
    uint64_t sum_kib[SERIES_BUCKETS];               /* balloons of the bucket's ticks */
};

struct collector {
    struct series_grid grid;
    struct series_ticks ticks[SERIES_BUCKETS];
    struct series_bucket total[SERIES_BUCKETS]; /* the host's memory */
    struct series_bucket used[SERIES_BUCKETS];  /* what of it is not available */
    struct series_bucket need[SERIES_BUCKETS];  /* of all domains; unknown where it is of one */
    struct collect_domain **domains;
    size_t n_domains, capacity, most_domains; /* most_domains: at once */
    uint64_t n_ticks, last_ms, n_policy_errors;
    bool simulated;     /* some demand is known */
    bool dry_run;       /* of any tick */
    bool out_of_memory; /* a tick could not be taken */
};

/* Makes it ready for a run of that span, which is not empty. */
void collect_begin(struct collector *collector, const struct record_span *span);

/* Takes the run's ticks, in the order of time. Those after the span (the run goes on while it is read) are
 * left out. */
struct record_sink collect_sink(struct collector *collector);

/* Frees what it gathered, not itself. */
void collect_free(struct collector *collector);

#endif
