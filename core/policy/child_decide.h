/* SPDX-License-Identifier: BSD-3-Clause */
/* A decision in a policy's process: a question becomes a snapshot, and the plan an answer. */
#ifndef CORE_POLICY_CHILD_DECIDE_H
#define CORE_POLICY_CHILD_DECIDE_H

#include "policy/plan.h"
#include "policy/wire.h"

/* Zero it to begin; it is used again for each question. */
struct child_decide {
    struct memcoord_domain *domains;
    const struct memcoord_domain **list;
    size_t capacity, n; /* n: of the last question */
    struct plan plan;
    struct plan_line lines[PLAN_LOG_LIMITS];
};

/* Lets the policy decide, and writes its answer, for which there is room: the bytes of it. A question that
 * contradicts itself, or want of memory, ends the process. */
size_t child_decide(struct child_decide *decide, const struct memcoord_policy *policy,
                    const struct wire_question *question, char *answer);

#endif
