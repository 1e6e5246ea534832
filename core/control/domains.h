/* SPDX-License-Identifier: BSD-3-Clause */
/* All domains that run: remembered by UUID from tick to tick. */
#ifndef CORE_CONTROL_DOMAINS_H
#define CORE_CONTROL_DOMAINS_H

#include "control/domain.h"

/* Zero it to begin. */
struct domains {
    struct domain **list; /* in the order of the last view */
    size_t n, capacity;
    struct domain **before; /* the list before, while a view is being matched */
    void *tree;             /* by UUID and run, for when the order has changed */
    size_t policy_state_size;
    uint64_t tick;
};

/* Matches a view with what is remembered: new domains are added, those that stopped (or run anew)
 * are forgotten. Logs who came and went. 0; or -ENOMEM, and then the domains for which there was no
 * memory are left out until the next view. */
int domains_see(struct domains *domains, const struct host_view *view, const struct config *config);

/* This run of the domain; NULL if it is not among those of the last view. */
struct domain *domains_find(const struct domains *domains, const uint8_t uuid[HOST_UUID_BYTES],
                            int64_t run_id);

/* Gives each domain zeroed state of `size` bytes for the policy (memcoord_domain.state). -ENOMEM, and all
 * have what they had. */
int domains_set_policy_state(struct domains *domains, size_t size);

/* Gives each the settings that `config` has for it. */
void domains_configure(struct domains *domains, const struct config *config);

/* Fills a snapshot with them: domain i of the list is domain i of the snapshot. Completes the
 * host's figures. -ENOMEM. */
int domains_snapshot(struct domains *domains, const struct host_view *view,
                     const struct config *config, struct snapshot *snapshot);

/* The same with the settings that `config` has for them, and nothing is remembered of it. Their states
 * are NULL. */
int domains_preview(const struct domains *domains, const struct host_view *view,
                    const struct config *config, struct snapshot *snapshot);

/* Forgets and frees all; a zeroed one is fine. */
void domains_free(struct domains *domains);

#endif
