/* SPDX-License-Identifier: BSD-3-Clause */
/* What `memcoord decide` prints: one line of JSON for each line that it read. */
#ifndef CORE_COMMANDS_DECIDE_WRITE_H
#define CORE_COMMANDS_DECIDE_WRITE_H

#include "control/guard.h"
#include "policy/plan.h"

/* Writes the decision on `snapshot` to standard output, and flushes it. 0, -ENOMEM, or -EIO. */
int decide_write(const struct guard_settings *guard, const struct snapshot *snapshot,
                 const struct plan *plan, const struct guard_verdict *verdicts);

/* Writes that the policy failed, and why. */
int decide_write_error(const struct snapshot *snapshot, const char *why);

#endif
