/* SPDX-License-Identifier: BSD-3-Clause */
/* Looks at a section of an experiment: its policy, and what its values come to, each tried alone. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiment/making.h"
#include "util/complain.h"
#include "util/path.h"

#define TEXT_BYTES 640
#define NAME_BYTES 512

/* ---- policies */

struct names {
    char text[TEXT_BYTES];
};

static int add_name(const char *path, void *arg)
{
    struct names *names = arg;
    const char *base = basename(path);
    size_t used = strlen(names->text);

    snprintf(names->text + used, sizeof(names->text) - used, "%s%.*s", used ? ", " : "",
             (int)strlen(base) - 3, base);
    return 0;
}

static void no_such_policy(struct experiment_read *read, int line, const char *error)
{
    struct names names = { "" };

    policy_list(read->experiment.config.daemon.policy_path, add_name, &names);
    experiment_problem(read, line, "policy: %s; allowed are %s, or the path of a .so", error,
                       *names.text ? names.text : "none that are installed");
}

static int keep_policy(struct experiment *e, struct policy *policy)
{
    struct policy **list = realloc(e->policies, (e->n_policies + 1) * sizeof(struct policy *));

    if (!list)
        return -ENOMEM;
    e->policies = list;
    list[e->n_policies++] = policy;
    return 0;
}

/* Each section loads its own; a relative path begins at the experiment's folder. */
static int load_policy(struct making *m, const struct setting *setting)
{
    struct experiment *e = &m->read->experiment;
    char *name =
        strchr(setting->value, '/') ? path_beside(e->file, setting->value) : strdup(setting->value);
    char error[TEXT_BYTES];
    int r;

    if (!name)
        return -ENOMEM;
    r = policy_load(name, e->config.daemon.policy_path, &m->policy, error, sizeof(error));
    free(name);
    if (r == -ENOENT)
        no_such_policy(m->read, setting->line, error);
    else if (r < 0 && r != -ENOMEM)
        experiment_problem(m->read, setting->line, "policy: %s", error);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    r = keep_policy(e, m->policy);
    if (r < 0)
        policy_unload(m->policy);
    return r;
}

static const struct setting *policy_setting(const struct variant_section *section)
{
    for (size_t i = 0; i < section->n; i++)
        if (strcmp(section->settings[i].key, "policy") == 0)
            return &section->settings[i];
    return NULL;
}

/* ---- settings */

/* Splits "guard.max_shrink"; NULL: it is a parameter of the policy. */
static const char *config_key_of(const char *key, char *section, size_t size)
{
    const char *dot = strchr(key, '.');

    if (!dot)
        return NULL;
    snprintf(section, size, "%.*s", (int)(dot - key), key);
    return dot + 1;
}

int making_apply(struct config *config, struct policy_instance *instance, const char *key,
                 const char *value, char *error, size_t error_size)
{
    char section[NAME_BYTES], why[TEXT_BYTES];
    const char *inner = config_key_of(key, section, sizeof(section));
    int r;

    if (!inner) {
        r = policy_instance_set(instance, key, value, why, sizeof(why));
    } else if (strcmp(section, "guard") != 0 && strcmp(section, "host") != 0 &&
               strcmp(key, "memcoord.interval") != 0) {
        r = complain(why, sizeof(why), -ENOENT,
                     "unknown key '%s': allowed are guard.KEY, host.KEY, memcoord.interval and the "
                     "policy's parameters",
                     key);
    } else {
        r = config_set(config, section, inner, value, why, sizeof(why));
    }
    if (r < 0)
        complain(error, error_size, r, "%s%s%s", r == -EINVAL ? key : "", r == -EINVAL ? ": " : "",
                 why);
    return r;
}

/* What a value of that key is written as; VALUE_TEXT where there is no such key. */
static uint32_t type_of(const struct policy *policy, const char *key)
{
    char section[NAME_BYTES];
    const char *inner = config_key_of(key, section, sizeof(section));
    const struct config_key *row = inner ? config_find_key(section, inner) : NULL;

    if (row)
        return row->type;
    for (size_t i = 0; !inner && policy && i < policy->n_params; i++)
        if (strcmp(policy->params[i].key, key) == 0)
            return policy->params[i].type;
    return VALUE_TEXT;
}

int making_config(const struct experiment *e, struct config *config)
{
    struct problems unsaid = { 0 }; /* it has been said when it was read first */
    int r;

    *config = (struct config){ 0 };
    r = e->config_file ? config_load(e->config_file, config, &unsaid) : -EINVAL;
    problems_free(&unsaid);
    if (r == -EINVAL || r == -ENOENT)
        r = config_defaults(config);
    if (r == 0 && e->interval_ms > 0)
        config_set_interval(config, e->interval_ms);
    return r;
}

int making_base(struct making *m, struct config *config, struct policy_instance **instance,
                struct problems *problems)
{
    int r = making_config(&m->read->experiment, config);

    *instance = NULL;
    if (r == 0 && m->policy)
        r = policy_instance_new(m->policy, instance);
    if (r == 0 && m->policy && policy_instance_configure(*instance, config, problems) == -ENOMEM)
        r = -ENOMEM;
    return r;
}

/* Takes the values of a setting apart, and tries each. */
static int read_axis(struct making *m, size_t i, struct config *config,
                     struct policy_instance *instance)
{
    const struct setting *setting = &m->section->settings[i];
    char error[TEXT_BYTES];
    int r = axis_parse(setting->value, type_of(m->policy, setting->key), &m->axes[i], error,
                       sizeof(error));

    if (r == -EINVAL)
        experiment_problem(m->read, setting->line, "%s: %s", setting->key, error);
    for (size_t k = 0; r == 0 && k < m->axes[i].n; k++) {
        r = making_apply(config, instance, setting->key, m->axes[i].values[k], error,
                         sizeof(error));
        if (r < 0 && r != -ENOMEM)
            experiment_problem(m->read, setting->line, "%s", error);
        if (r == -EINVAL)
            r = 0; /* the next value may be wrong, too */
    }
    m->n = memcoord_mul_div(m->n, memcoord_max(m->axes[i].n, 1), 1);
    return r == -ENOMEM ? r : 0;
}

/* Without the policy nobody knows its parameters. */
static bool is_read(const struct making *m, const char *key)
{
    return strcmp(key, "policy") != 0 && (m->policy || strchr(key, '.'));
}

static int read_axes(struct making *m)
{
    struct config config;
    struct policy_instance *instance;
    int r = making_base(m, &config, &instance, m->read->problems);

    for (size_t i = 0; r == 0 && i < m->section->n; i++)
        if (is_read(m, m->section->settings[i].key))
            r = read_axis(m, i, &config, instance);
    policy_instance_free(instance);
    config_free(&config);
    return r;
}

/* ---- the interface */

int making_examine(struct making *m)
{
    const struct setting *policy = policy_setting(m->section);
    int r;

    m->n = 1;
    m->axes = calloc(m->section->n + 1, sizeof(*m->axes));
    if (!m->axes)
        return -ENOMEM;
    if (!policy)
        experiment_problem(m->read, m->section->line,
                           "[variant %s] has no policy: want policy = NAME", m->section->name);
    r = policy ? load_policy(m, policy) : 0;
    return r == 0 ? read_axes(m) : r;
}
