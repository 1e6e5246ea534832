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

/* Loads it, or begins to where that is done in a process of its own. */
static int setup_load_code(const struct config *config, const char *name, struct policy **policy,
                           char *error, size_t error_size)
{
    const struct process_options options = process_options_of(config);
    const char *path = config->daemon.policy_path;
    bool apart =
        config->process.isolate == ISOLATE_YES ||
        (config->process.isolate == ISOLATE_AUTO && !host_is_simulated(config->daemon.uri));

    return apart ? policy_load_begin(name, path, &options, policy, error, error_size)
                 : policy_load(name, path, policy, error, error_size);
}

/* -EINPROGRESS: not yet. */
static int setup_loaded(struct setup_reading *reading, bool wait, char *error, size_t error_size)
{
    const struct config *config = &reading->setup.config;
    int r = reading->policy
                ? 0
                : setup_load_code(config, reading->name, &reading->policy, error, error_size);

    if (r == 0 && reading->policy->process)
        r = policy_load_end(reading->policy, wait, error, error_size);
    reading->loaded = r == 0;
    if (r < 0 && r != -EINPROGRESS) {
        policy_unload(reading->policy);
        reading->policy = NULL;
    }
    return r;
}

/* Loads the policy reading->name that stands in line reading->line, or says why not. */
static int setup_load_policy(struct setup_reading *reading, bool wait, struct problems *problems)
{
    struct nearest nearest = { .written = reading->name, .distance = UINT_MAX };
    const struct config *config = &reading->setup.config;
    char error[SETUP_TEXT_BYTES];
    int r = setup_loaded(reading, wait, error, sizeof(error));

    if (r == -ENOENT)
        policy_list(config->daemon.policy_path, setup_consider, &nearest);
    if (r < 0 && r != -EINPROGRESS)
        problems_add(problems, config->file, reading->line, "%s%s%s%s", error,
                     *nearest.name ? "; did you mean '" : "", nearest.name,
                     *nearest.name ? "'?" : "");
    return r;
}

/* ---- a policy, with its parameters */

/* The one that runs, or would: it is kept. One that can't be loaded is known by its name. */
static void setup_keep(struct setup_reading *reading, bool whole)
{
    reading->setup.policy = reading->policy;
    if (whole) {
        reading->setup.instance = reading->instance;
        reading->instance = NULL;
    }
    reading->policy = NULL;
}

static void setup_let_go(struct setup_reading *reading)
{
    policy_instance_free(reading->instance);
    policy_unload(reading->policy);
    reading->instance = NULL;
    reading->policy = NULL;
    reading->loaded = false;
    reading->name = NULL;
}

/* -EINPROGRESS: not yet. What is wrong is in `problems`. */
static int setup_look_at(struct setup_reading *reading, bool wait, struct problems *problems)
{
    int r = reading->loaded ? 0 : setup_load_policy(reading, wait, problems);

    if (r == 0 && !reading->instance)
        r = policy_instance_new(reading->policy, &reading->instance);
    if (r == 0)
        r = policy_instance_configure_soon(reading->instance, &reading->setup.config, wait,
                                           problems);
    return r;
}

/* Goes on to the next section [policy NAME] of a policy that does not run, if there is one: it is checked only for
 * its mistakes. */
static void setup_next(struct setup_reading *reading)
{
    const struct config *config = &reading->setup.config;
    const struct policy *runs = reading->setup.policy;
    char name[NAME_MAX + 1];

    setup_base_name(config->daemon.policy, name, sizeof(name));
    while (!reading->name && reading->next < config->n_policy_entries) {
        const struct policy_entry *entry = &config->policy_entries[reading->next++];

        if (entry->key || strcmp(entry->policy, runs ? runs->table.name : name) == 0)
            continue;
        reading->name = entry->policy;
        reading->line = entry->line;
    }
}

/* -EINPROGRESS: not yet. 0 also where something is wrong. */
static int setup_policies(struct setup_reading *reading, bool wait, struct problems *problems)
{
    const struct config *config = &reading->setup.config;

    while (reading->name) {
        int r = setup_look_at(reading, wait, problems);

        if (r == -EINPROGRESS || r == -ENOMEM)
            return r;
        if (reading->name == config->daemon.policy)
            setup_keep(reading, r == 0);
        setup_let_go(reading);
        setup_next(reading);
    }
    return 0;
}

/* ---- the interface */

static void setup_check_remote(const struct config *config, struct problems *problems)
{
    if (!config->daemon.dry_run && host_is_remote(config->daemon.uri))
        problems_add(problems, config->file, config->uri_line,
                     "uri: %s leads to another machine, which can be watched only, for its free "
                     "memory can't be known: set dry_run = yes, or run memcoord there",
                     config->daemon.uri);
}

static int setup_begin(const char *file, uint64_t interval_ms, struct setup_reading *reading,
                       struct problems *problems)
{
    struct config *config = &reading->setup.config;
    int r = config_examine(file, config, problems);

    reading->begun = true;
    if (r < 0 && (r != -EINVAL || !config->file))
        return r;
    if (interval_ms > 0) /* before the policy is loaded: its deadline follows from it */
        config_set_interval(config, interval_ms);
    setup_check_remote(config, problems);
    host_check(config->daemon.uri, config->file, config->uri_line, problems);
    reading->name = config->daemon.policy;
    /* a policy that is nobody's choice is missing because somebody chose where to look */
    reading->line = config->policy_line > 0 ? config->policy_line : config->policy_path_line;
    return 0;
}

/* `problems` has nothing but what is wrong here. */
static int setup_go_on(const char *file, uint64_t interval_ms, struct setup_reading *reading,
                       bool wait, struct setup *setup, struct problems *problems)
{
    int r = reading->begun ? 0 : setup_begin(file, interval_ms, reading, problems);

    if (r == 0)
        r = setup_policies(reading, wait, problems);
    if (r == -EINPROGRESS)
        return r;
    if (r == 0 && problems->n > 0)
        r = -EINVAL;
    if (r == -ENOMEM)
        problems_add(problems, file, 0, "out of memory");
    if (r == 0) {
        *setup = reading->setup;
        reading->setup = (struct setup){ 0 };
    }
    setup_reading_free(reading);
    return r;
}

int setup_read(const char *file, uint64_t interval_ms, struct setup_reading *reading,
               struct setup *setup, struct problems *problems)
{
    return setup_go_on(file, interval_ms, reading, false, setup, problems);
}

int setup_load(const char *file, uint64_t interval_ms, struct setup *setup,
               struct problems *problems)
{
    struct setup_reading reading = { 0 };

    return setup_go_on(file, interval_ms, &reading, true, setup, problems);
}

void setup_reading_free(struct setup_reading *reading)
{
    setup_let_go(reading);
    setup_free(&reading->setup);
    *reading = (struct setup_reading){ 0 };
}

void setup_free(struct setup *setup)
{
    policy_instance_free(setup->instance);
    policy_unload(setup->policy);
    config_free(&setup->config);
    *setup = (struct setup){ 0 };
}
