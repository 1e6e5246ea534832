/* SPDX-License-Identifier: BSD-3-Clause */
#include "experiment/experiment.h"

#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/key_table.h"
#include "experiment/axis.h"
#include "experiment/experiment_read.h"
#include "util/path.h"

#define TEXT_BYTES 512

/* ---- scenarios */

/* "demo" of "../scenarios/demo.ini" */
static char *name_of(const char *path)
{
    const char *base = basename(path);
    size_t length = strlen(base);

    if (length > 4 && strcmp(base + length - 4, ".ini") == 0)
        length -= 4;
    return strndup(base, length);
}

/* Takes a scenario that was read; it is the experiment's then. */
static int keep_scenario(struct experiment_read *read, const char *stands, struct scenario scenario)
{
    struct experiment *e = &read->experiment;
    struct experiment_scenario *list = realloc(e->scenarios, (e->n_scenarios + 1) * sizeof(*list));
    char *name = name_of(stands), *uri = NULL;

    if (list)
        e->scenarios = list;
    if (!list || !name || asprintf(&uri, "sim:%s", stands) < 0) {
        free(name);
        scenario_free(&scenario);
        return -ENOMEM;
    }
    for (size_t i = 0; i < e->n_scenarios; i++)
        if (strcmp(list[i].name, name) == 0)
            experiment_problem(read, e->scenarios_line,
                               "scenarios: two are called %s: want each name once", name);
    scenario.speed = 0;
    if (e->duration_ms > 0)
        scenario.duration_ms = e->duration_ms;
    list[e->n_scenarios++] = (struct experiment_scenario){ name, uri, scenario };
    return 0;
}

/* `stands`: the path as it stands in the experiment. */
static int read_scenario(struct experiment_read *read, const char *path, const char *stands)
{
    struct scenario scenario;
    int r;

    for (size_t i = 0; i < read->experiment.n_scenarios; i++)
        if (strcmp(read->experiment.scenarios[i].scenario.file, path) == 0)
            return 0; /* another pattern meant it, too */
    r = scenario_load(path, &scenario, read->problems);
    if (r == 0)
        return keep_scenario(read, stands, scenario);
    return r == -ENOMEM ? r : 0;
}

static int read_pattern(struct experiment_read *read, const char *pattern)
{
    const char *file = *pattern == '/' ? "" : read->experiment.file;
    char *path = path_beside(file, pattern);
    glob_t files = { 0 };
    int r = path ? glob(path, strpbrk(path, "*?[") ? 0 : GLOB_NOCHECK | GLOB_NOMAGIC, NULL, &files)
                 : GLOB_NOSPACE;

    if (r == GLOB_NOMATCH)
        experiment_problem(read, read->experiment.scenarios_line, "scenarios: no file matches %s",
                           path);
    else if (r && r != GLOB_NOSPACE)
        experiment_problem(read, read->experiment.scenarios_line, "scenarios: %s can't be read",
                           path);
    r = r == GLOB_NOSPACE ? -ENOMEM : 0;
    for (size_t i = 0; r == 0 && i < files.gl_pathc; i++)
        r = read_scenario(read, files.gl_pathv[i], path_as_in(file, files.gl_pathv[i]));
    globfree(&files);
    free(path);
    return r;
}

static int read_scenarios(struct experiment_read *read)
{
    char *copy, *rest, *pattern;
    int r = 0;

    if (!read->experiment.scenarios_text)
        return 0;
    copy = rest = strdup(read->experiment.scenarios_text);
    while (r == 0 && (pattern = strsep(&rest, ","))) {
        pattern += strspn(pattern, " \t");
        pattern[strcspn(pattern, " \t")] = '\0';
        if (*pattern)
            r = read_pattern(read, pattern);
        else
            experiment_problem(read, read->experiment.scenarios_line,
                               "scenarios: an empty name before or behind a ','");
    }
    free(copy);
    return copy ? r : -ENOMEM;
}

/* ---- the rest of [experiment] */

static int read_seeds(struct experiment_read *read)
{
    struct experiment *e = &read->experiment;
    char error[TEXT_BYTES];
    int r = seeds_parse(e->seeds_text, &e->seeds, &e->n_seeds, error, sizeof(error));

    if (r == -EINVAL)
        experiment_problem(read, e->seeds_line, "seeds: %s", error);
    return r == -ENOMEM ? r : 0;
}

static int read_config(struct experiment_read *read)
{
    struct experiment *e = &read->experiment;
    int r;

    if (!e->config_text)
        return config_defaults(&e->config);
    e->config_file = path_beside(e->file, e->config_text);
    if (!e->config_file)
        return -ENOMEM;
    r = config_load(e->config_file, &e->config, read->problems);
    if (r == -ENOMEM)
        return r;
    return r < 0 ? config_defaults(&e->config) : 0; /* so that more mistakes can be looked for */
}

static int set_defaults(struct experiment *e)
{
    char error[TEXT_BYTES];
    int r = 0;

    for (const struct config_key *row = experiment_keys; row->section && r == 0; row++)
        if (row->initial)
            r = key_parse(row, row->initial, e, error, sizeof(error));
    return r;
}

static void check_whole(struct experiment_read *read)
{
    if (!read->experiment.scenarios_text)
        experiment_problem(read, 0, "[experiment] scenarios is missing: which files");
    if (read->experiment.n_sections == 0)
        experiment_problem(read, 0,
                           "there is no variant: want a [variant NAME] with policy = NAME");
}

static int read_whole(struct experiment_read *read, const char *file)
{
    struct experiment *e = &read->experiment;
    int r = set_defaults(e);

    if (r == 0 && !(e->file = strdup(file)))
        r = -ENOMEM;
    if (r == 0)
        r = reader_read(file, read->problems, experiment_entry, read);
    if (r < 0)
        return r;
    check_whole(read);
    r = read_seeds(read);
    if (r == 0)
        r = read_config(read);
    if (r == 0 && e->interval_ms > 0)
        config_set_interval(&e->config, e->interval_ms);
    if (r == 0)
        r = read_scenarios(read);
    if (r == 0)
        r = experiment_make_variants(read);
    if (r < 0)
        return r;
    return read->problems->n > read->n_problems ? -EINVAL : 0;
}

/* ---- the interface */

int experiment_load(const char *file, struct experiment *experiment, struct problems *problems)
{
    struct experiment_read read = { .problems = problems, .n_problems = problems->n };
    int r = read_whole(&read, file);

    if (r == -ENOMEM)
        problems_add(problems, file, 0, "out of memory");
    if (r < 0)
        experiment_free(&read.experiment);
    else
        *experiment = read.experiment;
    return r;
}

size_t experiment_n_runs(const struct experiment *e)
{
    return e->n_variants * e->n_scenarios * e->n_seeds;
}

static void free_sections(struct experiment *e)
{
    for (size_t i = 0; i < e->n_sections; i++) {
        for (size_t k = 0; k < e->sections[i].n; k++) {
            free(e->sections[i].settings[k].key);
            free(e->sections[i].settings[k].value);
        }
        free(e->sections[i].settings);
        free(e->sections[i].name);
    }
    free(e->sections);
}

static void free_variants(struct experiment *e)
{
    for (size_t i = 0; i < e->n_variants; i++) {
        free(e->variants[i].name);
        free(e->variants[i].file_name);
        config_free(&e->variants[i].config);
        policy_instance_free(e->variants[i].instance);
    }
    free(e->variants);
    for (size_t i = 0; i < e->n_policies; i++)
        policy_unload(e->policies[i]);
    free(e->policies);
}

void experiment_free(struct experiment *e)
{
    free_variants(e);
    free_sections(e);
    for (size_t i = 0; i < e->n_scenarios; i++) {
        free(e->scenarios[i].name);
        free(e->scenarios[i].uri);
        scenario_free(&e->scenarios[i].scenario);
    }
    free(e->scenarios);
    free(e->seeds);
    free(e->scenarios_text);
    free(e->seeds_text);
    free(e->config_text);
    free(e->config_file);
    free(e->file);
    config_free(&e->config);
    *e = (struct experiment){ 0 };
}
