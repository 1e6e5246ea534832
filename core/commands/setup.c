/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/setup.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "policy/process.h"
#include "util/suggest.h"

#define SETUP_TEXT_BYTES 768

/* "threshold" of "threshold" and of "/usr/lib/memcoord/threshold.so". */
static void setup_base_name(const char *name, char *base, size_t size)
{
    const char *slash = strrchr(name, '/');
    size_t length;

    snprintf(base, size, "%s", slash ? slash + 1 : name);
    length = strlen(base);
    if (slash && length > 3 && strcmp(base + length - 3, ".so") == 0)
        base[length - 3] = '\0';
}

/* ---- a policy that can't be loaded */

struct nearest {
    const char *written;
    char name[NAME_MAX + 1]; /* empty: none is near */
    unsigned distance;
};

static int setup_consider(const char *path, void *arg)
{
    struct nearest *nearest = arg;
    char name[NAME_MAX + 1];
    unsigned distance;

    setup_base_name(path, name, sizeof(name));
    distance = suggest_distance(nearest->written, name);
    if (distance < nearest->distance) {
        memcpy(nearest->name, name, sizeof(name));
        nearest->distance = distance;
    }
    return 0;
}

static int setup_load_code(const struct config *config, const char *name, struct policy **policy,
                           char *error, size_t error_size)
{
    const struct process_options options = process_options_of(config);
    const char *path = config->daemon.policy_path;
    bool apart =
        config->process.isolate == ISOLATE_YES ||
        (config->process.isolate == ISOLATE_AUTO && !host_is_simulated(config->daemon.uri));

    return apart ? policy_load_apart(name, path, &options, policy, error, error_size)
                 : policy_load(name, path, policy, error, error_size);
}

/* Loads the policy `name` that stands in line `line`, or says why not. */
static int setup_load_policy(const struct config *config, const char *name, int line,
                             struct policy **policy, struct problems *problems)
{
    struct nearest nearest = { .written = name, .distance = UINT_MAX };
    char error[SETUP_TEXT_BYTES];
    int r = setup_load_code(config, name, policy, error, sizeof(error));

    if (r == -ENOENT)
        policy_list(config->daemon.policy_path, setup_consider, &nearest);
    if (r < 0)
        problems_add(problems, config->file, line, "%s%s%s%s", error,
                     *nearest.name ? "; did you mean '" : "", nearest.name,
                     *nearest.name ? "'?" : "");
    return r;
}

/* ---- parameters */

static int setup_configure(const struct config *config, const struct policy *policy,
                           struct policy_instance **instance, struct problems *problems)
{
    struct policy_instance *made = NULL;
    int r = policy_instance_new(policy, &made);

    if (r == 0)
        r = policy_instance_configure(made, config, problems);
    if (r < 0)
        policy_instance_free(made);
    else
        *instance = made;
    return r;
}

/* Checks the section [policy NAME] of a policy that does not run, only for its mistakes. */
static int setup_check_section(const struct config *config, const struct policy_entry *section,
                               struct problems *problems)
{
    struct policy_instance *instance = NULL;
    struct policy *policy = NULL;
    int r = setup_load_policy(config, section->policy, section->line, &policy, problems);

    if (r < 0)
        return r;
    r = setup_configure(config, policy, &instance, problems);
    policy_instance_free(instance);
    policy_unload(policy);
    return r;
}

/* `running` is the name of the policy that runs, or would: it has been looked at. */
static int setup_check_sections(const struct config *config, const char *running,
                                struct problems *problems)
{
    for (size_t i = 0; i < config->n_policy_entries; i++) {
        const struct policy_entry *entry = &config->policy_entries[i];
        if (entry->key || strcmp(entry->policy, running) == 0)
            continue;
        if (setup_check_section(config, entry, problems) == -ENOMEM)
            return -ENOMEM;
    }
    return 0;
}

/* ---- the interface */

static int setup_policies(struct setup *setup, struct problems *problems)
{
    const struct config *config = &setup->config;
    char name[NAME_MAX + 1];
    /* a policy that is nobody's choice is missing because somebody chose where to look */
    int line = config->policy_line > 0 ? config->policy_line : config->policy_path_line;
    int r = setup_load_policy(config, config->daemon.policy, line, &setup->policy, problems);

    if (r == 0)
        r = setup_configure(config, setup->policy, &setup->instance, problems);
    if (r == -ENOMEM)
        return r;
    setup_base_name(config->daemon.policy, name, sizeof(name));
    return setup_check_sections(config, setup->policy ? setup->policy->table.name : name, problems);
}

static void setup_check_remote(const struct config *config, struct problems *problems)
{
    if (!config->daemon.dry_run && host_is_remote(config->daemon.uri))
        problems_add(problems, config->file, config->uri_line,
                     "uri: %s leads to another machine, which can be watched only, for its free "
                     "memory can't be known: set dry_run = yes, or run memcoord there",
                     config->daemon.uri);
}

int setup_load(const char *file, uint64_t interval_ms, struct setup *setup,
               struct problems *problems)
{
    const size_t n_problems = problems->n;
    struct setup loaded = { 0 };
    int r = config_examine(file, &loaded.config, problems);

    if (r == 0 || (r == -EINVAL && loaded.config.file)) {
        if (interval_ms > 0) /* before the policy is loaded: its deadline follows from it */
            config_set_interval(&loaded.config, interval_ms);
        setup_check_remote(&loaded.config, problems);
        host_check(loaded.config.daemon.uri, loaded.config.file, loaded.config.uri_line, problems);
        r = setup_policies(&loaded, problems);
    }
    if (r == 0 && problems->n > n_problems)
        r = -EINVAL;
    if (r == -ENOMEM)
        problems_add(problems, file, 0, "out of memory");
    if (r < 0)
        setup_free(&loaded);
    else
        *setup = loaded;
    return r;
}

void setup_free(struct setup *setup)
{
    policy_instance_free(setup->instance);
    policy_unload(setup->policy);
    config_free(&setup->config);
    *setup = (struct setup){ 0 };
}
