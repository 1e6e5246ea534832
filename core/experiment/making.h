/* SPDX-License-Identifier: BSD-3-Clause */
/* A section of an experiment that becomes variants. Of core/experiment/ only. */
#ifndef CORE_EXPERIMENT_MAKING_H
#define CORE_EXPERIMENT_MAKING_H

#include "experiment/axis.h"
#include "experiment/experiment_read.h"

struct making {
    struct experiment_read *read;
    const struct variant_section *section;
    struct policy *policy; /* NULL: it could not be loaded */
    struct axis *axes; /* one for each setting; that of `policy` is empty. The caller's to free */
    uint64_t n;        /* combinations */
};

/* Loads the policy, takes the values apart and tries each. 0 (problems said) or -ENOMEM. */
int making_examine(struct making *m);

/* The configuration that all variants begin with; the caller's to free, also on failure. -ENOMEM. */
int making_config(const struct experiment *experiment, struct config *config);

/* The same, and the policy with its parameters from there; the caller's to free, also on failure.
 * -ENOMEM. */
int making_base(struct making *m, struct config *config, struct policy_instance **instance,
                struct problems *problems);

/* Sets `key` where it belongs. As policy_instance_set(); `error` names the key. */
int making_apply(struct config *config, struct policy_instance *instance, const char *key,
                 const char *value, char *error, size_t error_size);

#endif
