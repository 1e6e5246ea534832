/* SPDX-License-Identifier: BSD-3-Clause */
#include "experiment/share.h"

#include <stdlib.h>

#include "memcoord/policy.h"

/* Who wants the least for his weight first; who weighs nothing last. */
static int by_want(const void *a, const void *b)
{
    const struct share *x = a, *y = b;
    uint64_t left = x->want_kib * y->weight, right = y->want_kib * x->weight;

    if (!x->weight != !y->weight)
        return x->weight ? -1 : 1;
    if (left != right)
        return left < right ? -1 : 1;
    return (x->who > y->who) - (x->who < y->who);
}

void share_by_weight(struct share *shares, size_t n, uint64_t total_kib)
{
    uint64_t weight = 0, part_kib;

    if (n > 0)
        qsort(shares, n, sizeof(*shares), by_want);
    for (size_t i = 0; i < n; i++)
        weight += shares[i].weight;
    for (size_t i = 0; i < n; i++) {
        part_kib = weight ? memcoord_mul_div(total_kib, shares[i].weight, weight) : total_kib;
        shares[i].given_kib = memcoord_min(shares[i].want_kib, part_kib);
        total_kib -= shares[i].given_kib;
        weight -= shares[i].weight;
    }
}
