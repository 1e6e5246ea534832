/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/guard.h"

#include <errno.h>
#include <stdlib.h>

#include "control/guard_candidate.h"

int guard_apply(const struct guard_settings *settings, const struct snapshot *snapshot,
                const uint64_t *asked_kib, struct guard_verdict *verdicts)
{
    size_t n = snapshot->seen.n_domains;
    struct candidate *all;
    struct candidate **list;

    if (n == 0)
        return 0;
    all = calloc(n, sizeof(*all));
    list = calloc(n, sizeof(struct candidate *));
    if (!all || !list) {
        free(all);
        free(list);
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        all[i].d = &snapshot->domains[i];
        all[i].verdict = &verdicts[i];
        verdicts[i].asked_kib = asked_kib[i];
        guard_judge(settings, snapshot->seen.interval_ms, &all[i]);
    }
    guard_share_out(settings, snapshot->host.grantable_kib, all, n, list);
    free(all);
    free(list);
    return 0;
}
