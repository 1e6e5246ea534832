/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/decision.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int make_room(struct decision *d, size_t n)
{
    if (n <= d->capacity)
        return 0;
    uint64_t *asked_kib = malloc(n * sizeof(*asked_kib));
    struct guard_verdict *verdicts = malloc(n * sizeof(*verdicts));
    if (!asked_kib || !verdicts) {
        free(asked_kib);
        free(verdicts);
        return -ENOMEM;
    }
    free(d->asked_kib);
    free(d->verdicts);
    d->asked_kib = asked_kib;
    d->verdicts = verdicts;
    d->capacity = n;
    return 0;
}

/* The verdicts on the plan, or the plan itself where there is no guard. */
static int judge(struct decision *d)
{
    const struct snapshot *snapshot = &d->snapshot;

    for (size_t i = 0; i < snapshot->seen.n_domains; i++) {
        uint64_t asked_kib = d->plan.failed ? MEMCOORD_UNKNOWN : d->plan.entries[i].asked_kib;
        bool asked = asked_kib != MEMCOORD_UNKNOWN;
        d->asked_kib[i] = asked_kib;
        d->verdicts[i] = (struct guard_verdict){
            .asked_kib = asked_kib,
            .granted_kib = asked ? asked_kib : snapshot->domains[i].seen.target_kib,
            .reason = asked ? GUARD_OFF : GUARD_NOT_ASKED,
        };
    }
    if (d->no_guard)
        return 0;
    return guard_apply(&d->guard, snapshot, d->asked_kib, d->verdicts);
}

int decision_make(struct decision *decision)
{
    const struct memcoord_snapshot *seen = &decision->snapshot.seen;
    int r = make_room(decision, seen->n_domains);

    if (r == 0)
        r = plan_begin(&decision->plan, seen, decision->instance->policy->table.name);
    if (r < 0)
        return r;
    policy_instance_decide(decision->instance, seen, &decision->plan);
    r = judge(decision);
    plan_end(&decision->plan);
    return r;
}

void decision_free(struct decision *decision)
{
    snapshot_free(&decision->snapshot);
    plan_free(&decision->plan);
    free(decision->asked_kib);
    free(decision->verdicts);
    memset(decision, 0, sizeof(*decision));
}
