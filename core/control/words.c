/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/words.h"

#include "control/why.h"

/* Most domains are left as they are at most ticks: nothing is formatted then. */
void words_fill(const struct guard_settings *settings, const struct snapshot_domain *d,
                const struct plan *plan, const struct guard_verdict *verdict,
                const struct policy_instance *instance, struct words *words)
{
    words->why[0] = words->guard[0] = '\0';
    if (verdict->asked_kib != MEMCOORD_UNKNOWN)
        why_expand(plan->entries[d->seen.index].why, &d->seen, instance, words->why,
                   sizeof(words->why));
    if (verdict->reason != GUARD_NOT_ASKED && verdict->reason != GUARD_AS_ASKED &&
        verdict->reason != GUARD_NO_CHANGE)
        guard_explain(settings, d, verdict, words->guard, sizeof(words->guard));
}
