/* SPDX-License-Identifier: BSD-3-Clause */
/* hold: changes nothing. The smallest policy, and the one to compare others with. */
#include "memcoord/policy.h"

static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    (void)state;
    (void)s;
    (void)plan;
    return 0;
}

MEMCOORD_POLICY(.name = "hold", .summary = "changes nothing", .decide = decide);
