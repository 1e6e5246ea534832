/* SPDX-License-Identifier: BSD-3-Clause */
/* Downsampling: a run of any length becomes at most SERIES_BUCKETS stretches of time, of which the smallest and
 * the largest value are kept, so that what lasted one tick stays visible. Pure. */
#ifndef CORE_REPORT_SERIES_H
#define CORE_REPORT_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIES_BUCKETS 600

/* Which time belongs to which bucket: all of first_ms..last_ms is divided evenly. */
struct series_grid {
    uint64_t first_ms, last_ms;
};

/* 0..SERIES_BUCKETS-1; what lies outside of the grid belongs to its nearest end. */
size_t series_bucket_of(const struct series_grid *grid, uint64_t now_ms);

/* One bucket of one series. Both are MEMCOORD_UNKNOWN until a known value comes. */
struct series_bucket {
    uint64_t low, high;
    bool high_first; /* the largest came before the smallest */
};

/* Makes `n` buckets empty. */
void series_clear(struct series_bucket *buckets, size_t n);

/* Counts a value; MEMCOORD_UNKNOWN changes nothing. */
void series_add(struct series_bucket *bucket, uint64_t value);

/* When the first and the last tick of a bucket were; no tick: first_ms is MEMCOORD_UNKNOWN. */
struct series_ticks {
    uint64_t first_ms, last_ms, n;
};

void series_ticks_clear(struct series_ticks *ticks, size_t n);
void series_ticks_add(struct series_ticks *ticks, uint64_t now_ms);

/* How many points each bucket with a tick is drawn as: 1 if none of `n` has more than one tick, else 2. */
size_t series_per_bucket(const struct series_ticks *ticks, size_t n);

/* Writes the points of a series in the order of time: of each of `n` buckets that has a tick, its two
 * extremes as they came, or with `per_bucket` 1 its only value. Returns how many: at most 2 x n. */
size_t series_points(const struct series_bucket *buckets, const struct series_ticks *ticks,
                     size_t n, size_t per_bucket, uint64_t *points);

/* Writes only the largest value of each bucket that has a tick; returns how many: at most `n`. */
size_t series_highs(const struct series_bucket *buckets, const struct series_ticks *ticks, size_t n,
                    uint64_t *points);

/* Writes when the points of series_points() were, in ms since `begin_ms`; as many. */
size_t series_times(const struct series_ticks *ticks, size_t n, size_t per_bucket,
                    uint64_t begin_ms, uint64_t *points);

#endif
