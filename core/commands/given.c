/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/given.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/options.h"

int given_problems(struct problems *problems)
{
    problems_print(problems, stderr);
    problems_free(problems);
    return EXIT_USAGE;
}

/* What was read with result `r`, or why it was not. */
static int given_read(int r, const char *name, struct problems *problems, const char *policy_path,
                      struct config *config)
{
    char *path = NULL;

    if (problems->n)
        return given_problems(problems);
    if (r) {
        fprintf(stderr, "memcoord: %s: %s\n", name ? name : "defaults", strerror(-r));
        return name ? EXIT_USAGE : EXIT_FAILURE;
    }
    if (policy_path) {
        path = strdup(policy_path);
        if (!path) {
            fprintf(stderr, "memcoord: out of memory\n");
            config_free(config);
            return EXIT_FAILURE;
        }
        free(config->daemon.policy_path);
        config->daemon.policy_path = path;
    }
    return 0;
}

int given_config(const char *file, const char *policy_path, struct config *config)
{
    struct problems problems = { 0 };
    int r = file ? config_load(file, config, &problems) : config_defaults(config);

    return given_read(r, file, &problems, policy_path, config);
}

int given_config_text(const char *text, const char *name, const char *policy_path,
                      struct config *config)
{
    struct problems problems = { 0 };
    int r = config_load_text(text, name, config, &problems);

    return given_read(r, name, &problems, policy_path, config);
}
