/* SPDX-License-Identifier: BSD-3-Clause */
/* Random numbers that are the same everywhere: splitmix64. */
#ifndef TESTS_LIB_RANDOM_H
#define TESTS_LIB_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* 0..n-1 */
static inline uint64_t below(struct random *r, uint64_t n)
{
    return random_next(r) % n;
}

/* low..high, both included */
static inline uint64_t between(struct random *r, uint64_t low, uint64_t high)
{
    return low + below(r, high - low + 1);
}

static inline bool one_in(struct random *r, uint64_t n)
{
    return below(r, n) == 0;
}

#endif
