/* SPDX-License-Identifier: BSD-3-Clause */
/* A loaded policy with its parameters and its state. */
#ifndef CORE_POLICY_INSTANCE_H
#define CORE_POLICY_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "policy/loader.h"
#include "policy/plan.h"

struct policy_instance {
    const struct policy *policy; /* not owned */
    void *state;                 /* table.state_size bytes */
    void *fresh;                 /* as it begins: zero, and the parameters */
};

/* A state with the default of every parameter. 0 or -ENOMEM; free with policy_instance_free(). */
int policy_instance_new(const struct policy *policy, struct policy_instance **instance);
void policy_instance_free(struct policy_instance *instance); /* NULL is fine */

/* Sets one parameter from text. -ENOENT: no such parameter; -EINVAL: bad value; `error` says what
 * is allowed; the state is untouched then. */
int policy_instance_set(struct policy_instance *instance, const char *key, const char *value,
                        char *error, size_t error_size);

/* Sets every entry of [policy NAME] of `config`, then asks the policy's check(); adds all that is
 * wrong to `problems` as file:line:, and returns -EINVAL then. */
int policy_instance_configure(struct policy_instance *instance, const struct config *config,
                              struct problems *problems);

/* The same; or, with `wait` false, -EINPROGRESS: a policy in a process of its own has not answered yet, look
 * again with the same arguments. */
int policy_instance_configure_soon(struct policy_instance *instance, const struct config *config,
                                   bool wait, struct problems *problems);

/* What check() says is wrong between parameters; NULL if nothing, or without a check(). Of a policy in a
 * process of its own: valid until the next call, and its failure is what is wrong. */
const char *policy_instance_check(const struct policy_instance *instance);

/* The present value of parameter number `i` of the table (KiB, ms, ...). */
uint64_t policy_instance_value(const struct policy_instance *instance, size_t i);

/* Lets the policy decide on `snapshot` into `plan` (plan_begin() was called). 0; or a negative
 * errno, and plan->error says why: the policy failed, or returned an error, or its process failed; then the
 * state, and those of the snapshot's domains, are as in the beginning. */
int policy_instance_decide(struct policy_instance *instance,
                           const struct memcoord_snapshot *snapshot, struct plan *plan);

/* The same for a trial, from which nothing follows: of a process that fails at it no other is started. With `wait`
 * false, -EINPROGRESS as policy_process_try(). The state and those of the domains are used up. */
int policy_instance_try(struct policy_instance *instance, const struct memcoord_snapshot *snapshot,
                        struct plan *plan, bool wait);

#endif
