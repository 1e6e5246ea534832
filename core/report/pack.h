/* SPDX-License-Identifier: BSD-3-Clause */
/* A series as short text: a page of 500 domains holds more than a million numbers. Pure.
 *
 * The text is a row of marks. A number is written in digits of 5 bits, the lowest first, A..Z a..z 0..9 + / for
 * 0..63; 32 is added to all but the last digit. The first number is the unit; then comes for each value its
 * difference to the last known one, in units, d >= 0 as 2d and d < 0 as -2d - 1; "." is an unknown value, and
 * "*" with a number repeats the mark before it so many times more. page.js reads it. */
#ifndef CORE_REPORT_PACK_H
#define CORE_REPORT_PACK_H

#include <stddef.h>
#include <stdint.h>

/* `values` (at most 2^61, or MEMCOORD_UNKNOWN) in `unit`s; 0: the power of two that tells 1/16384 of the
 * largest. They are rounded, but what is not 0 does not become 0. The text is the caller's to free(); NULL:
 * out of memory. */
char *pack_series(const uint64_t *values, size_t n, uint64_t unit);

#endif
