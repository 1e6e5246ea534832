/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/suggest.h"

#include <stddef.h>
#include <string.h>

#define SUGGEST_MAX_LETTERS 40

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* The optimal string alignment distance, a row of the matrix for each letter of `a`. */
static unsigned align(const char *a, size_t n_a, const char *b, size_t n_b)
{
    unsigned d[SUGGEST_MAX_LETTERS + 1][SUGGEST_MAX_LETTERS + 1];

    for (size_t i = 0; i <= n_a; i++)
        d[i][0] = (unsigned)i;
    for (size_t j = 0; j <= n_b; j++)
        d[0][j] = (unsigned)j;
    for (size_t i = 1; i <= n_a; i++) {
        for (size_t j = 1; j <= n_b; j++) {
            unsigned change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            d[i][j] = least(change, least(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[n_a][n_b];
}

unsigned suggest_distance(const char *a, const char *b)
{
    size_t n_a = strlen(a), n_b = strlen(b), longer = n_a > n_b ? n_a : n_b;
    unsigned distance;

    if (longer > SUGGEST_MAX_LETTERS)
        return UINT_MAX;
    distance = align(a, n_a, b, n_b);
    return distance <= (longer + 2) / 3 ? distance : UINT_MAX;
}

void suggest_consider(struct suggestion *best, const char *written, const char *candidate)
{
    unsigned distance = suggest_distance(written, candidate);

    if (distance < best->distance)
        *best = (struct suggestion){ candidate, distance };
}
