/* SPDX-License-Identifier: BSD-3-Clause */
/* Random numbers that are the same on every machine: splitmix64 (Steele, Lea and Flood, "Fast splittable
 * pseudorandom number generators", OOPSLA 2014). The state is one number, so that whoever has it can
 * be copied, and go on from the copy. */
#ifndef CORE_UTIL_RANDOM_H
#define CORE_UTIL_RANDOM_H

#include <stdint.h>

/* The next of a sequence; any start is as good as another. */
static inline uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* One of low..high, both included; low if high is not above it. */
static inline uint64_t random_between(uint64_t *state, uint64_t low, uint64_t high)
{
    return high > low ? low + random_next(state) % (high - low + 1) : low;
}

/* The start of a sequence of its own for each `index` of each `seed`. */
static inline uint64_t random_start(uint64_t seed, uint64_t index)
{
    uint64_t state = seed;

    state = random_next(&state) ^ index * UINT64_C(0xd1342543de82ef95);
    return random_next(&state);
}

#endif
