/* SPDX-License-Identifier: BSD-3-Clause */
/* What a policy decides on one snapshot after the other, and what the guard makes of it: for `decide` and
 * `replay`. */
#ifndef CORE_COMMANDS_DECISION_H
#define CORE_COMMANDS_DECISION_H

#include <stdbool.h>

#include "control/guard.h"
#include "policy/instance.h"
#include "policy/plan.h"

/* Zero it, set the first three, and fill `snapshot` before each decision. */
struct decision {
    struct guard_settings guard; /* without a guard, rescue is 0: it keeps nothing for that */
    bool no_guard;               /* what is asked is granted */
    struct policy_instance *instance;
    struct snapshot snapshot;
    struct plan plan;               /* plan.failed: the policy failed, and asked for nothing */
    struct guard_verdict *verdicts; /* one for each domain of the snapshot */
    uint64_t *asked_kib;
    size_t capacity;
};

/* Lets the policy decide on decision->snapshot, and judges that into decision->verdicts. 0, also where the
 * policy failed; -ENOMEM. */
int decision_make(struct decision *decision);

/* Frees all but the instance; a zeroed one is fine. */
void decision_free(struct decision *decision);

#endif
