/* SPDX-License-Identifier: BSD-3-Clause */
/* A policy that a command tries without a host, with its parameters from a configuration and from --set. */
#ifndef CORE_COMMANDS_TRIED_H
#define CORE_COMMANDS_TRIED_H

#include <stdbool.h>

#include "config/config.h"
#include "policy/instance.h"

struct tried {
    const char *name; /* NULL: the one that the configuration names */
    char **sets;      /* KEY=VALUE; cut in place */
    size_t n_sets;
    bool isolate; /* in a process of its own */
};

/* Loads it, sets its parameters ([policy NAME] of `config`, then `sets`), and returns what `with` returns
 * for it; or the status to exit with, after it has said why. */
int tried_policy(const struct tried *tried, const struct config *config,
                 int (*with)(void *arg, struct policy_instance *instance), void *arg);

#endif
