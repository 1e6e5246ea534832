/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/keep.h"

#include <string.h>

#include "policy/vet.h"

bool policy_keeps_state(const struct policy *from, const struct policy *to)
{
    const struct memcoord_policy *a = &from->table, *b = &to->table;

    return strcmp(a->name, b->name) == 0 && a->state_version != 0 &&
           a->state_version == b->state_version && a->state_size == b->state_size &&
           a->domain_state_size == b->domain_state_size;
}

void policy_instance_keep_state(const struct policy_instance *from, struct policy_instance *to)
{
    const struct policy *policy = to->policy;
    uint64_t values[VET_MAX_PARAMS];

    if (!policy_keeps_state(from->policy, policy))
        return;
    for (size_t i = 0; i < policy->n_params; i++)
        values[i] = policy_instance_value(to, i);
    memcpy(to->state, from->state, policy->table.state_size);
    for (size_t i = 0; i < policy->n_params; i++)
        memcpy((char *)to->state + policy->params[i].offset, &values[i], sizeof(values[i]));
}
