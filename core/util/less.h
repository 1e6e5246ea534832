/* SPDX-License-Identifier: BSD-3-Clause */
/* Subtraction that stops at nothing. */
#ifndef CORE_UTIL_LESS_H
#define CORE_UTIL_LESS_H

#include <stdint.h>

/* a - b; 0 if b is more. */
static inline uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

#endif
