/* SPDX-License-Identifier: BSD-3-Clause */
/* Quantiles of a stream of numbers in memory that does not grow: numbers that differ by less than 1/128 share
 * a bucket, and the largest of them stands for all. */
#ifndef CORE_EXPERIMENT_QUANTILES_H
#define CORE_EXPERIMENT_QUANTILES_H

#include <stdint.h>

/* Up to 128 each has its own; from there on 128 for each power of two. */
#define QUANTILES_PARTS 128
#define QUANTILES_BUCKETS ((64 - 7 + 1) * QUANTILES_PARTS)

/* Zero it to begin. */
struct quantiles {
    uint64_t weight; /* of all */
    struct {
        uint64_t weight, largest;
    } buckets[QUANTILES_BUCKETS];
};

/* Counts `value` as `weight` values. */
void quantiles_add(struct quantiles *quantiles, uint64_t value, uint64_t weight);

/* The least value that at least `bp` of all (by weight) are not above, too large by less than 1/128 of it;
 * MEMCOORD_UNKNOWN if there are none. */
uint64_t quantiles_at(const struct quantiles *quantiles, uint64_t bp);

#endif
