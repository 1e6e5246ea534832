/* SPDX-License-Identifier: BSD-3-Clause */
/* What a tick says: one line for each change, each thing refused, and a summary. */
#ifndef CORE_CONTROL_SAY_H
#define CORE_CONTROL_SAY_H

#include "config/config.h"
#include "control/domains.h"
#include "control/guard.h"
#include "host/host.h"
#include "policy/instance.h"
#include "util/log.h"

/* All that a tick ends with. Nothing is owned. */
struct tick_result {
    const struct config *config;
    const struct snapshot *snapshot;
    const struct policy_instance *instance;
    const struct plan *plan;
    const struct guard_verdict *verdicts;
    struct domains *domains; /* of the snapshot, in its order */
    const struct host_view *view;
};

/* `web1: 512 -> 612 MiB (usable 61 MiB below low 100 MiB)` for each domain whose target changes
 * ("would go ..." in a dry run, once for each target); refusals with the guard's reason, each at most
 * once a minute and 20 lines a tick; who is not managed, and why, when that changes. */
void say_changes(const struct tick_result *result);

/* The summary line: domains, host memory, what is granted and reclaimed. RPCs at debug level. */
void say_summary(const struct tick_result *result);

/* Who does not follow, or gives nothing, when a run ends: a line each. */
void say_uncooperative(const struct domains *domains);

/* Two sizes with `between` them, in KiB where MiB would show them equal: "512 -> 612 MiB". */
void say_sizes(uint64_t from_kib, const char *between, uint64_t to_kib, char *text, size_t size);

/* A warning while the host's available memory is at or below warn_free, at most once a minute, and
 * a line when that is over. */
struct say_host {
    struct log_limit limit;
    bool short_now;
};
void say_host_memory(struct say_host *state, const struct tick_result *result);

#endif
