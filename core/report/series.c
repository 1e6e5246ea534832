/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/series.h"

#include "memcoord/policy.h"

size_t series_bucket_of(const struct series_grid *grid, uint64_t now_ms)
{
    uint64_t span_ms = grid->last_ms - grid->first_ms + 1;

    if (now_ms <= grid->first_ms)
        return 0;
    if (now_ms >= grid->last_ms)
        now_ms = grid->last_ms;
    return (size_t)memcoord_mul_div(now_ms - grid->first_ms, SERIES_BUCKETS, span_ms);
}

void series_clear(struct series_bucket *buckets, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buckets[i] = (struct series_bucket){ MEMCOORD_UNKNOWN, MEMCOORD_UNKNOWN, false };
}

void series_add(struct series_bucket *bucket, uint64_t value)
{
    if (value == MEMCOORD_UNKNOWN)
        return;
    if (bucket->low == MEMCOORD_UNKNOWN) {
        bucket->low = bucket->high = value;
    } else if (value < bucket->low) {
        bucket->low = value;
        bucket->high_first = true;
    } else if (value > bucket->high) {
        bucket->high = value;
        bucket->high_first = false;
    }
}

void series_ticks_clear(struct series_ticks *ticks, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ticks[i] = (struct series_ticks){ MEMCOORD_UNKNOWN, MEMCOORD_UNKNOWN, 0 };
}

void series_ticks_add(struct series_ticks *ticks, uint64_t now_ms)
{
    if (ticks->n++ == 0)
        ticks->first_ms = now_ms;
    ticks->last_ms = now_ms;
}

size_t series_per_bucket(const struct series_ticks *ticks, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (ticks[i].n > 1)
            return 2;
    return 1;
}

size_t series_points(const struct series_bucket *buckets, const struct series_ticks *ticks,
                     size_t n, size_t per_bucket, uint64_t *points)
{
    size_t written = 0;

    for (size_t i = 0; i < n; i++) {
        const struct series_bucket *b = &buckets[i];
        if (ticks[i].n == 0)
            continue;
        points[written++] = b->high_first ? b->high : b->low;
        if (per_bucket > 1)
            points[written++] = b->high_first ? b->low : b->high;
    }
    return written;
}

size_t series_highs(const struct series_bucket *buckets, const struct series_ticks *ticks, size_t n,
                    uint64_t *points)
{
    size_t written = 0;

    for (size_t i = 0; i < n; i++)
        if (ticks[i].n > 0)
            points[written++] = buckets[i].high;
    return written;
}

size_t series_times(const struct series_ticks *ticks, size_t n, size_t per_bucket,
                    uint64_t begin_ms, uint64_t *points)
{
    size_t written = 0;

    for (size_t i = 0; i < n; i++) {
        if (ticks[i].n == 0)
            continue;
        points[written++] = ticks[i].first_ms - begin_ms;
        if (per_bucket > 1)
            points[written++] = ticks[i].last_ms - begin_ms;
    }
    return written;
}
