/* SPDX-License-Identifier: BSD-3-Clause */
/* The policy's state of each domain, kept from decision to decision: by name, or by what the caller knows it
 * by. */
#ifndef CORE_COMMANDS_DECIDE_STATES_H
#define CORE_COMMANDS_DECIDE_STATES_H

#include <stddef.h>

#include "control/snapshot.h"

/* Zero it to begin. */
struct decide_states {
    struct decide_state *list; /* sorted by name */
    size_t n;
};

/* Gives each domain of `snapshot` its state of `size` bytes: the one it had, or a zeroed one; states
 * of domains that are gone are forgotten. `keys` has a key for each domain by index; NULL: its name. 0; or
 * -EINVAL if two domains have the same key, -ENOMEM, and `error` says so. */
int decide_states_attach(struct decide_states *states, struct snapshot *snapshot,
                         const char *const *keys, size_t size, char *error, size_t error_size);

/* Frees all; a zeroed one is fine. */
void decide_states_free(struct decide_states *states);

#endif
