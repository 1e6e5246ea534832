/* SPDX-License-Identifier: BSD-3-Clause */
/* A configuration with the policies that it names: what `check` verifies and `run` runs. */
#ifndef CORE_COMMANDS_SETUP_H
#define CORE_COMMANDS_SETUP_H

#include <stdbool.h>

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

/* The same for who has something else to do meanwhile; zero it to begin. */
struct setup_reading {
    struct setup setup; /* so far */
    bool begun;
    size_t next; /* of the configuration's policy_entries */
    /* the policy that is looked at: the one that runs, then those of other sections */
    const char *name;
    int line;
    struct policy *policy;
    bool loaded;
    struct policy_instance *instance;
};

/* Reads on without waiting for any policy: -EINPROGRESS, call it again soon with the same arguments. Else as
 * setup_load(), and *reading is freed. */
int setup_read(const char *file, uint64_t interval_ms, struct setup_reading *reading,
               struct setup *setup, struct problems *problems);

/* Frees it before its end; a zeroed one is fine. */
void setup_reading_free(struct setup_reading *reading);

/* Frees what *setup points to, not *setup itself; a zeroed one is fine. */
void setup_free(struct setup *setup);

#endif
