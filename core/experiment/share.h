/* SPDX-License-Identifier: BSD-3-Clause */
/* Divides a sum by weight, and nobody gets more than he wants. */
#ifndef CORE_EXPERIMENT_SHARE_H
#define CORE_EXPERIMENT_SHARE_H

#include <stddef.h>
#include <stdint.h>

struct share {
    uint64_t want_kib, weight; /* 2^34 and 1000000 at most */
    uint64_t given_kib;        /* the result */
    size_t who;                /* the caller's */
};

/* Fills in given_kib: all that is wanted if it fits into `total_kib`, else min(want, weight x L) with the one L
 * that divides the total (what rounding leaves stays). Who weighs nothing gets what is left. Reorders. */
void share_by_weight(struct share *shares, size_t n, uint64_t total_kib);

#endif
