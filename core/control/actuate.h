/* SPDX-License-Identifier: BSD-3-Clause */
/* Hands verdicts to the host. */
#ifndef CORE_CONTROL_ACTUATE_H
#define CORE_CONTROL_ACTUATE_H

#include <stdbool.h>

#include "control/domains.h"
#include "control/guard.h"
#include "control/origins.h"
#include "host/host.h"

/* One tick's changes. Nothing is owned. */
struct actuation {
    struct host *host;
    struct domains *domains; /* of the snapshot, in its order */
    const struct snapshot *snapshot;
    const struct guard_verdict *verdicts;
    struct origins *origins; /* gets what a domain has before its first change; NULL: not kept */
    const struct config *config;
    uint64_t now_ms;
    bool last; /* no tick follows: what is not accepted is said, whatever the reason */
};

/* Sets every target that changes, shrinks before grows, and remembers it; before that it writes down
 * what the domains have. The host works the targets off in its own threads; what failed comes with a
 * later gather. A domain whose last target is still being set keeps it until the next tick. */
void actuate(const struct actuation *actuation);

#endif
