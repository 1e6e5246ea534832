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

int given_config(const char *file, const char *policy_path, struct config *config)
{
    struct problems problems = { 0 };
    char *path = NULL;
    int r = file ? config_load(file, config, &problems) : config_defaults(config);

    if (problems.n)
        return given_problems(&problems);
    if (r) {
        fprintf(stderr, "memcoord: %s: %s\n", file ? file : "defaults", strerror(-r));
        return file ? EXIT_USAGE : EXIT_FAILURE;
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
