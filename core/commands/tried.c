/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/tried.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/given.h"
#include "commands/options.h"
#include "policy/process.h"
#include "util/plain.h"

#define ERROR_BYTES 512

/* What is wrong, in words that may be the policy's: one line, without escape sequences. */
static void complain_of(const char *what, const char *wrong)
{
    char text[ERROR_BYTES];

    snprintf(text, sizeof(text), "%s%s", what, wrong);
    plain_clean(text, strlen(text));
    fprintf(stderr, "memcoord: %s\n", text);
}

/* Sets the parameters: [policy NAME] first, then --set. 0, or the status to exit with. */
static int set_parameters(const struct tried *tried, const struct config *config,
                          struct policy_instance *instance)
{
    struct problems problems = { 0 };
    char error[ERROR_BYTES];
    const char *wrong;
    int status = 0;

    if (policy_instance_configure(instance, config, &problems))
        return given_problems(&problems);
    for (size_t i = 0; i < tried->n_sets; i++) {
        char *equals = strchr(tried->sets[i], '=');
        if (equals)
            *equals = '\0';
        if (!equals)
            snprintf(error, sizeof(error), "want KEY=VALUE");
        if (!equals ||
            policy_instance_set(instance, tried->sets[i], equals + 1, error, sizeof(error))) {
            plain_clean(error, strlen(error));
            fprintf(stderr, "memcoord: --set %s: %s\n", tried->sets[i], error);
            status = EXIT_USAGE;
        }
    }
    wrong = status ? NULL : policy_instance_check(instance);
    if (wrong)
        complain_of("--set: ", wrong);
    return wrong ? EXIT_USAGE : status;
}

static int load(const struct tried *tried, const struct config *config, struct policy **policy,
                char *error, size_t error_size)
{
    const struct process_options options = process_options_of(config);
    const char *name = tried->name ? tried->name : config->daemon.policy;
    const char *path = config->daemon.policy_path;

    return tried->isolate ? policy_load_apart(name, path, &options, policy, error, error_size)
                          : policy_load(name, path, policy, error, error_size);
}

int tried_policy(const struct tried *tried, const struct config *config,
                 int (*with)(void *arg, struct policy_instance *instance), void *arg)
{
    struct policy *policy;
    struct policy_instance *instance;
    char error[ERROR_BYTES];
    int status = EXIT_FAILURE;

    if (load(tried, config, &policy, error, sizeof(error))) {
        complain_of("", error);
        return EXIT_USAGE;
    }
    if (policy_instance_new(policy, &instance)) {
        fprintf(stderr, "memcoord: out of memory\n");
    } else {
        status = set_parameters(tried, config, instance);
        if (!status)
            status = with(arg, instance);
        policy_instance_free(instance);
    }
    policy_unload(policy);
    return status;
}
