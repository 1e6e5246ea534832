/* SPDX-License-Identifier: BSD-3-Clause */
/* Judges what a policy declares of itself, once, when it is loaded. */
#ifndef CORE_POLICY_VET_H
#define CORE_POLICY_VET_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/loader.h"

#define VET_MAX_PARAMS 256
#define VET_MAX_STATE_BYTES ((size_t)1 << 30)
#define VET_MAX_DOMAIN_STATE_BYTES ((size_t)1 << 20) /* there is one for each of 10,000 domains */

/* Whether `name` can be a policy's: 1 to 40 of a-z, 0-9 and '-', so that [policy NAME] fits. */
bool vet_name(const char *name);

/* Copies `declared` into policy->table and policy->params, as far as it says that it reaches, and
 * checks all of it: ABI, sizes, names, each parameter with its range and default, and that check()
 * likes the defaults. policy->path names the file. 0; or -ENOTSUP (newer ABI), -EINVAL, -ENOMEM, and
 * `error` names the file, the parameter and what is wrong. policy->params is the caller's to free in
 * any case. */
int vet_policy(struct policy *policy, const struct memcoord_policy *declared, char *error,
               size_t error_size);

/* Writes the default of every parameter of a vetted policy into `state`, table.state_size bytes. */
void vet_write_defaults(const struct policy *policy, void *state);

#endif
