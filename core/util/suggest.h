/* SPDX-License-Identifier: BSD-3-Clause */
/* "Did you mean ...?" */
#ifndef CORE_UTIL_SUGGEST_H
#define CORE_UTIL_SUGGEST_H

#include <limits.h>

/* How many slips turn `a` into `b`: a letter too many, too few, wrong, or two exchanged. UINT_MAX
 * where they are more than can be an accident: more than a third of the letters. */
unsigned suggest_distance(const char *a, const char *b);

/* Keeps the best of several candidates: start with { .distance = UINT_MAX }. */
struct suggestion {
    const char *word; /* NULL: none is near */
    unsigned distance;
};

/* Takes `candidate` into account for what was `written`. */
void suggest_consider(struct suggestion *best, const char *written, const char *candidate);

#endif
