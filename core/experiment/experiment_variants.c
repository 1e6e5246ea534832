/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes variants of the sections of an experiment: one for each combination of their values. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiment/making.h"

#define TEXT_BYTES 640
#define NAME_BYTES 512

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
        if (making_apply(&v->config, v->instance, m->section->settings[i].key, value, error,
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
    int r = v ? making_base(m, &v->config, &v->instance, &unsaid) : -ENOMEM;

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
    char error[TEXT_BYTES];
    int r = 0;

    for (int limit = 0; r == 0 && e->limits && limit < LIMITS; limit++) {
        struct variant *v = add_variant(e);

        if (!v)
            return -ENOMEM;
        v->is_limit = true;
        v->limit = (enum limit)limit;
        r = making_config(e, &v->config);
        if (r == 0)
            r = set_names(e, v, limit_name(v->limit));
        if (r == 0)
            r = config_set(&v->config, "memcoord", "policy", v->name, error, sizeof(error));
        e->n_variants++;
    }
    return r;
}

/* ---- sections */

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
        r = making_examine(&making[i]);
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
