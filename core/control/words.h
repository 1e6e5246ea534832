/* SPDX-License-Identifier: BSD-3-Clause */
/* A decision on one domain in words: what a recording keeps of it, and a replay compares. */
#ifndef CORE_CONTROL_WORDS_H
#define CORE_CONTROL_WORDS_H

#include "control/guard.h"
#include "policy/instance.h"
#include "policy/plan.h"

struct words {
    char why[160];   /* the policy's, with figures; empty: it asked nothing */
    char guard[160]; /* the guard's, where it had a say; else empty */
};

/* Fills in *words for domain `d`, for which `plan` asked and `verdict` was given by a guard with `settings`.
 * `instance` may be NULL. */
void words_fill(const struct guard_settings *settings, const struct snapshot_domain *d,
                const struct plan *plan, const struct guard_verdict *verdict,
                const struct policy_instance *instance, struct words *words);

#endif
