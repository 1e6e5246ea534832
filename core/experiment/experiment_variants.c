/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes variants of the sections of an experiment: one for each combination of their values. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiment/axis.h"
#include "experiment/experiment_read.h"
#include "util/complain.h"

#define TEXT_BYTES 640
#define NAME_BYTES 512

/* A section with what its values come to. */
struct making {
    struct experiment_read *read;
    const struct variant_section *section;
    struct policy *policy;
    struct axis *axes; /* one for each setting; that of `policy` is empty */
    uint64_t n;        /* combinations */
};

/* ---- policies */

struct names {
    char text[TEXT_BYTES];
};

static int add_name(const char *path, void *arg)
{
    struct names *names = arg;
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
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
        strchr(setting->value, '/') ? experiment_path(e, setting->value) : strdup(setting->value);
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

/* Sets it where it belongs. As policy_instance_set(); `error` names the key. */
static int apply(struct config *config, struct policy_instance *instance, const char *key,
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
    for (size_t i = 0; !inner && i < policy->n_params; i++)
        if (strcmp(policy->params[i].key, key) == 0)
            return policy->params[i].type;
    return VALUE_TEXT;
}

/* The configuration of all, and the policy with its parameters from there. */
static int base_of(struct making *m, struct config *config, struct policy_instance **instance,
                   struct problems *problems)
{
    const struct experiment *e = &m->read->experiment;
    struct problems unsaid = { 0 }; /* it has been said when it was read first */
    int r;

    *config = (struct config){ 0 };
    *instance = NULL;
    r = e->config_file ? config_load(e->config_file, config, &unsaid) : -EINVAL;
    problems_free(&unsaid);
    if (r == -EINVAL || r == -ENOENT)
        r = config_defaults(config);
    if (r == 0 && e->interval_ms > 0)
        config_set_interval(config, e->interval_ms);
    if (r == 0)
        r = policy_instance_new(m->policy, instance);
    if (r == 0 && policy_instance_configure(*instance, config, problems) == -ENOMEM)
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
        r = apply(config, instance, setting->key, m->axes[i].values[k], error, sizeof(error));
        if (r < 0 && r != -ENOMEM)
            experiment_problem(m->read, setting->line, "%s", error);
        if (r == -EINVAL)
            r = 0; /* the next value may be wrong, too */
    }
    m->n = memcoord_mul_div(m->n, memcoord_max(m->axes[i].n, 1), 1);
    return r == -ENOMEM ? r : 0;
}

static int read_axes(struct making *m)
{
    struct config config;
    struct policy_instance *instance;
    int r = base_of(m, &config, &instance, m->read->problems);

    for (size_t i = 0; r == 0 && i < m->section->n; i++)
        if (strcmp(m->section->settings[i].key, "policy") != 0)
            r = read_axis(m, i, &config, instance);
    policy_instance_free(instance);
    config_free(&config);
    return r;
}

/* ---- names */

/* What could be anything else than a part of a name in a path becomes %XX, blanks go. */
static void file_name_of(const char *name, char *text, size_t size)
{
    size_t used = 0;

    for (; *name && used + 4 < size; name++) {
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+=,-", *name))
            text[used++] = *name;
        else if (*name == ' ')
            text[used++] = '_';
        else
            used += (size_t)snprintf(text + used, size - used, "%%%02X", (unsigned char)*name);
    }
    text[used] = '\0';
}

static bool file_name_is_taken(const struct experiment *e, const char *text)
{
    for (size_t i = 0; i < e->n_variants; i++)
        if (strcmp(e->variants[i].file_name, text) == 0)
            return true;
    return false;
}

static int set_names(const struct experiment *e, struct variant *v, const char *name)
{
    char text[NAME_BYTES], more[NAME_BYTES + 16];

    file_name_of(name, text, 150); /* a file's name has 255 bytes, the scenario's among them */
    snprintf(more, sizeof(more), "%s", text);
    for (unsigned i = 2; file_name_is_taken(e, more); i++)
        snprintf(more, sizeof(more), "%s~%u", text, i);
    v->name = strdup(name);
    v->file_name = strdup(more);
    return v->name && v->file_name ? 0 : -ENOMEM;
}

/* ---- variants */

static struct variant *add_variant(struct experiment *e)
{
    struct variant *list = realloc(e->variants, (e->n_variants + 1) * sizeof(*list));

    if (!list)
        return NULL;
    e->variants = list;
    list[e->n_variants] = (struct variant){ 0 };
    return &list[e->n_variants];
}

/* Sets the values of combination number `at`, the last setting's changing first, and names the variant. */
static int choose(const struct making *m, uint64_t at, struct variant *v, char *name, size_t size)
{
    char error[TEXT_BYTES];
    uint64_t left = m->n;

    snprintf(name, size, "%s", m->section->name);
    for (size_t i = 0; i < m->section->n; i++) {
        const struct axis *axis = &m->axes[i];
        size_t used = strlen(name);
        const char *value;

        if (axis->n == 0)
            continue;
        left /= axis->n;
        value = axis->values[at / left % axis->n];
        if (axis->n > 1)
            snprintf(name + used, size - used, " %s=%s", m->section->settings[i].key, value);
        if (apply(&v->config, v->instance, m->section->settings[i].key, value, error,
                  sizeof(error)) == -ENOMEM)
            return -ENOMEM;
    }
    return 0;
}

/* What is wrong between its values; false if nothing. */
static bool is_wrong(const struct variant *v, char *error, size_t error_size)
{
    const char *wrong = policy_instance_check(v->instance);

    if (wrong)
        snprintf(error, error_size, "%s", wrong);
    return wrong || config_check(&v->config, error, error_size) < 0;
}

/* Combination number `at`; *n_wrong counts those that contradict themselves, and the first is told. */
static int make_variant(struct making *m, uint64_t at, uint64_t *n_wrong)
{
    struct experiment *e = &m->read->experiment;
    struct problems unsaid = { 0 };
    struct variant *v = add_variant(e);
    char name[NAME_BYTES], error[TEXT_BYTES];
    int r = v ? base_of(m, &v->config, &v->instance, &unsaid) : -ENOMEM;

    problems_free(&unsaid);
    if (!v)
        return -ENOMEM;
    if (r == 0)
        r = choose(m, at, v, name, sizeof(name));
    if (r == 0)
        r = config_set(&v->config, "memcoord", "policy", m->policy->table.name, error,
                       sizeof(error));
    if (r == 0)
        r = set_names(e, v, name);
    e->n_variants++;
    if (r == 0 && is_wrong(v, error, sizeof(error)) && (*n_wrong)++ == 0)
        experiment_problem(m->read, m->section->line, "variant %s: %s", name, error);
    return r;
}

static int make_all(struct making *m)
{
    uint64_t n_wrong = 0;
    int r = 0;

    for (uint64_t at = 0; r == 0 && at < m->n; at++)
        r = make_variant(m, at, &n_wrong);
    if (n_wrong > 1)
        experiment_problem(m->read, m->section->line,
                           "%" PRIu64 " of %" PRIu64
                           " variants of this section are wrong like that",
                           n_wrong, m->n);
    return r;
}

static int make_limits(struct experiment *e)
{
    struct problems unsaid = { 0 };
    char error[TEXT_BYTES];
    int r = 0;

    for (int limit = 0; r == 0 && e->limits && limit < LIMITS; limit++) {
        struct variant *v = add_variant(e);

        if (!v)
            return -ENOMEM;
        v->is_limit = true;
        v->limit = (enum limit)limit;
        r = e->config_file ? config_load(e->config_file, &v->config, &unsaid) : -EINVAL;
        if (r == -EINVAL || r == -ENOENT)
            r = config_defaults(&v->config);
        if (r == 0 && e->interval_ms > 0)
            config_set_interval(&v->config, e->interval_ms);
        if (r == 0)
            r = set_names(e, v, limit_name(v->limit));
        if (r == 0)
            r = config_set(&v->config, "memcoord", "policy", v->name, error, sizeof(error));
        e->n_variants++;
    }
    problems_free(&unsaid);
    return r;
}

/* ---- sections */

static int examine(struct making *m)
{
    const struct setting *policy = policy_setting(m->section);
    int r;

    m->n = 1;
    m->axes = calloc(m->section->n + 1, sizeof(*m->axes));
    if (!m->axes)
        return -ENOMEM;
    if (!policy) {
        experiment_problem(m->read, m->section->line,
                           "[variant %s] has no policy: want policy = NAME", m->section->name);
        return 0;
    }
    r = load_policy(m, policy);
    return r == 0 && m->policy ? read_axes(m) : r;
}

static bool too_many(struct experiment_read *read, uint64_t n_variants)
{
    const struct experiment *e = &read->experiment;
    uint64_t n = memcoord_mul_div(n_variants, e->n_scenarios * e->n_seeds, 1);

    if (n <= e->max_runs)
        return false;
    experiment_problem(read, 0,
                       "%" PRIu64 " variants x %zu scenarios x %zu seeds are %" PRIu64
                       " runs, more than max_runs, %" PRIu64 ": want fewer, or max_runs = %" PRIu64,
                       n_variants, e->n_scenarios, e->n_seeds, n, e->max_runs, n);
    return true;
}

/* All sections are examined before anything is made of them. */
static int make(struct experiment_read *read, struct making *making)
{
    struct experiment *e = &read->experiment;
    uint64_t n = e->limits ? LIMITS : 0;
    int r = 0;

    for (size_t i = 0; r == 0 && i < e->n_sections; i++) {
        making[i] = (struct making){ .read = read, .section = &e->sections[i] };
        r = examine(&making[i]);
        n = making[i].n > UINT64_MAX - n ? UINT64_MAX : n + making[i].n;
    }
    if (r < 0 || read->problems->n > read->n_problems || too_many(read, n))
        return r;
    r = make_limits(e);
    for (size_t i = 0; r == 0 && i < e->n_sections; i++)
        r = make_all(&making[i]);
    return r;
}

int experiment_make_variants(struct experiment_read *read)
{
    size_t n = read->experiment.n_sections;
    struct making *making = calloc(n + 1, sizeof(*making));
    int r = making ? make(read, making) : -ENOMEM;

    for (size_t i = 0; making && i < n; i++) {
        for (size_t k = 0; making[i].axes && k < making[i].section->n; k++)
            axis_free(&making[i].axes[k]);
        free(making[i].axes);
    }
    free(making);
    return r;
}
