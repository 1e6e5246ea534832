/* SPDX-License-Identifier: BSD-3-Clause */
/* What a policy remembers across a reload. */
#ifndef CORE_POLICY_KEEP_H
#define CORE_POLICY_KEEP_H

#include <stdbool.h>

#include "policy/instance.h"

/* Whether `to` goes on with the states of `from`: they are of the same name, state_version (not 0) and both
 * sizes. */
bool policy_keeps_state(const struct policy *from, const struct policy *to);

/* Makes the state of `from` that of `to`, with the parameters that `to` has, if policy_keeps_state();
 * else `to` is left as it is. */
void policy_instance_keep_state(const struct policy_instance *from, struct policy_instance *to);

#endif
