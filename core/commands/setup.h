/* SPDX-License-Identifier: BSD-3-Clause */
/* A configuration with the policies that it names: what `check` verifies and `run` runs. */
#ifndef CORE_COMMANDS_SETUP_H
#define CORE_COMMANDS_SETUP_H

#include "config/config.h"
#include "policy/instance.h"
#include "policy/loader.h"

struct setup {
    struct config config;
    struct policy *policy; /* the one that `policy =` names */
    struct policy_instance *instance;
};

/* Reads `file`, with `interval_ms` in the place of its interval if that is not 0, loads the policy that it names
 * and sets its parameters; loads the policies of all
 * other [policy NAME] sections too, only to check their parameters. Adds everything that is wrong,
 * of all that, to `problems`, and returns -EINVAL then (-ENOENT, ... if `file` can't be read,
 * -ENOMEM), with *setup untouched. Free with setup_free(). */
int setup_load(const char *file, uint64_t interval_ms, struct setup *setup,
               struct problems *problems);

/* Frees what *setup points to, not *setup itself; a zeroed one is fine. */
void setup_free(struct setup *setup);

#endif
