/* SPDX-License-Identifier: BSD-3-Clause */
/* What `check` learns of the host: one whole look at it, with nothing changed. */
#ifndef CORE_COMMANDS_CHECK_HOST_H
#define CORE_COMMANDS_CHECK_HOST_H

#include "config/config.h"
#include "config/problems.h"
#include "control/domains.h"
#include "control/snapshot.h"
#include "host/host.h"

#define CHECK_ERROR_BYTES 1024

struct check_host {
    struct host *host;
    char error[CHECK_ERROR_BYTES]; /* why it can't be reached; empty: it was seen */
    struct domains domains;
    struct snapshot snapshot; /* domain i is domains.list[i] */
    struct problems warnings; /* what will go wrong, though it is allowed */
    struct problems notes;    /* what may be a slip, or may be as it should be */
};

/* Looks at the host of `config` (memory figures from `proc`) into *seen, which is zeroed. 0, or a
 * negative errno with seen->error set. Free with check_host_free() in any case. */
int check_host_see(const struct config *config, const char *proc, struct check_host *seen);

void check_host_free(struct check_host *seen);

/* Adds to `warnings` that some domains are not known yet: they would pass for what can't be managed. */
void check_unread(const struct host_view *view, struct problems *warnings);

/* Adds to `warnings` where what is promised to the domains of `snapshot` can't be kept: minima,
 * overheads and the reserve against the host's memory, minima against [host] limit. Pure. */
void check_sums(const struct config *config, const struct snapshot *snapshot,
                struct problems *warnings);

#endif
