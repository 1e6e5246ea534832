/* SPDX-License-Identifier: BSD-3-Clause */
/* What `memcoord decide` and `memcoord replay` print: one line of JSON for each decision. */
#ifndef CORE_COMMANDS_DECIDE_WRITE_H
#define CORE_COMMANDS_DECIDE_WRITE_H

#include "control/guard.h"
#include "policy/plan.h"
#include "record/tick.h"

/* Writes the decision on `snapshot` to standard output, and flushes it. Where `recorded` is not NULL, with
 * when it was and what was asked and granted then. 0, -ENOMEM, or -EIO. */
int decide_write(const struct guard_settings *guard, const struct snapshot *snapshot,
                 const struct plan *plan, const struct guard_verdict *verdicts,
                 const struct record_tick *recorded);

/* Writes that the policy failed, and why. */
int decide_write_error(const struct snapshot *snapshot, const char *why);

#endif
