/* SPDX-License-Identifier: BSD-3-Clause */
#include "experiment/quantiles.h"

#include <stddef.h>

#include "memcoord/policy.h"

static size_t bucket_of(uint64_t value)
{
    unsigned power;

    if (value < QUANTILES_PARTS)
        return (size_t)value;
    power = 63 - (unsigned)__builtin_clzll(value); /* 7 or more */
    return (power - 7) * QUANTILES_PARTS + (size_t)(value >> (power - 7));
}

void quantiles_add(struct quantiles *quantiles, uint64_t value, uint64_t weight)
{
    size_t i = bucket_of(value);

    if (weight == 0)
        return;
    quantiles->weight += weight;
    quantiles->buckets[i].weight += weight;
    quantiles->buckets[i].largest = memcoord_max(quantiles->buckets[i].largest, value);
}

uint64_t quantiles_at(const struct quantiles *quantiles, uint64_t bp)
{
    uint64_t rank = memcoord_mul_div(quantiles->weight, bp, 10000), passed = 0;

    if (memcoord_mul_div(rank, 10000, 1) < memcoord_mul_div(quantiles->weight, bp, 1))
        rank++; /* rounded up */
    rank = memcoord_max(rank, 1);
    for (size_t i = 0; i < QUANTILES_BUCKETS; i++) {
        passed += quantiles->buckets[i].weight;
        if (passed >= rank)
            return quantiles->buckets[i].largest;
    }
    return MEMCOORD_UNKNOWN;
}
