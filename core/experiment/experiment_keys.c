/* SPDX-License-Identifier: BSD-3-Clause */
/* Takes in what stands in an experiment's file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiment/experiment_read.h"
#include "util/suggest.h"

#define ENTRY_BYTES 512
#define OF(field) offsetof(struct experiment, field)

/* clang-format off */
const struct config_key experiment_keys[] = {
    { "experiment", "scenarios", VALUE_TEXT, NULL, NULL,
      "files or patterns with * and ?, from this file's folder, ',' between; must be given",
      OF(scenarios_text) },
    { "experiment", "seeds", VALUE_TEXT, "1", NULL,
      "each run is done with each of them: 1..5, or 1, 2, 7", OF(seeds_text) },
    { "experiment", "interval", MEMCOORD_TYPE_DURATION, NULL, "100ms..60min",
      "between two ticks; wins over that of config", OF(interval_ms) },
    { "experiment", "duration", MEMCOORD_TYPE_DURATION, NULL, "1ms..10000000min",
      "of each run; default: the scenario's", OF(duration_ms) },
    { "experiment", "recordings", MEMCOORD_TYPE_BOOLEAN, "yes", "no|yes",
      "write a recording of each run", OF(recordings) },
    { "experiment", "limits", MEMCOORD_TYPE_BOOLEAN, "yes", "no|yes",
      "add static and oracle, with which policies are compared", OF(limits) },
    { "experiment", "config", VALUE_TEXT, NULL, NULL,
      "a configuration for all variants, from this file's folder; its uri and policy do not count",
      OF(config_text) },
    { "experiment", "max_runs", MEMCOORD_TYPE_INTEGER, "1000", "1..1000000",
      "an experiment of more runs is refused", OF(max_runs) },
    { NULL, NULL, 0, NULL, NULL, NULL, 0 }
};
/* clang-format on */

static const struct config_key *find_key(const char *key)
{
    for (const struct config_key *row = experiment_keys; row->section; row++)
        if (strcmp(row->key, key) == 0)
            return row;
    return NULL;
}

static void unknown_key(struct experiment_read *read, const struct reader_entry *entry)
{
    struct suggestion best = { NULL, UINT_MAX };
    char allowed[ENTRY_BYTES] = "";

    for (const struct config_key *row = experiment_keys; row->section; row++) {
        size_t n = strlen(allowed);

        suggest_consider(&best, entry->key, row->key);
        snprintf(allowed + n, sizeof(allowed) - n, "%s%s", n ? ", " : "", row->key);
    }
    experiment_problem(read, entry->line, "unknown key '%s' in [experiment]: %s%s%sallowed are %s",
                       entry->key, best.word ? "did you mean '" : "", best.word ? best.word : "",
                       best.word ? "'? " : "", allowed);
}

static int take_value(struct experiment_read *read, const struct reader_entry *entry,
                      const struct config_key *row)
{
    void *field = (char *)&read->experiment + row->offset;
    char error[ENTRY_BYTES];

    if (row->type == VALUE_TEXT) {
        free(*(char **)field);
        *(char **)field = strdup(entry->value);
        return *(char **)field ? 0 : -ENOMEM;
    }
    if (value_parse(row->type, row->range, entry->value, field, error, sizeof(error)) < 0)
        experiment_problem(read, entry->line, "%s: %s", entry->key, error);
    return 0;
}

static int take_key(struct experiment_read *read, const struct reader_entry *entry)
{
    struct experiment *e = &read->experiment;
    const struct config_key *row = find_key(entry->key);

    if (!row) {
        unknown_key(read, entry);
        return 0;
    }
    if (row->offset == OF(scenarios_text))
        e->scenarios_line = entry->line;
    else if (row->offset == OF(seeds_text))
        e->seeds_line = entry->line;
    else if (row->offset == OF(config_text))
        e->config_line = entry->line;
    return take_value(read, entry, row);
}

/* ---- [variant NAME] */

static bool name_is_good(const char *name)
{
    for (const char *p = name; *p; p++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-", *p))
            return false;
    return *name && *name != '.' && strcmp(name, "static") != 0 && strcmp(name, "oracle") != 0;
}

static int begin_variant(struct experiment_read *read, const struct reader_entry *entry)
{
    struct experiment *e = &read->experiment;
    const char *name = entry->name ? entry->name : "";
    struct variant_section *sections =
        realloc(e->sections, (e->n_sections + 1) * sizeof(*sections));

    if (!sections)
        return -ENOMEM;
    e->sections = sections;
    sections[e->n_sections] = (struct variant_section){ .name = strdup(name), .line = entry->line };
    if (!sections[e->n_sections].name)
        return -ENOMEM;
    e->n_sections++;
    if (!name_is_good(name))
        experiment_problem(read, entry->line,
                           "[variant%s%s]: want [variant NAME], a name of letters, digits, '.', "
                           "'_', '+' and '-', other than static and oracle, which are limits",
                           *name ? " " : "", name);
    return 0;
}

static int take_setting(struct experiment_read *read, const struct reader_entry *entry)
{
    struct experiment *e = &read->experiment;
    struct variant_section *section = &e->sections[e->n_sections - 1];
    struct setting *settings = realloc(section->settings, (section->n + 1) * sizeof(*settings));

    if (!settings)
        return -ENOMEM;
    section->settings = settings;
    settings += section->n++;
    *settings = (struct setting){ strdup(entry->key), strdup(entry->value), entry->line };
    return settings->key && settings->value ? 0 : -ENOMEM;
}

int experiment_entry(void *arg, const struct reader_entry *entry)
{
    struct experiment_read *read = arg;

    if (strcmp(entry->kind, "variant") == 0)
        return entry->key ? take_setting(read, entry) : begin_variant(read, entry);
    if (strcmp(entry->kind, "experiment") == 0) {
        if (entry->key)
            return take_key(read, entry);
        if (entry->name)
            experiment_problem(read, entry->line, "[experiment %s]: want [experiment] alone",
                               entry->name);
    } else if (!entry->key) {
        experiment_problem(
            read, entry->line,
            "unknown section [%s%s%s]: allowed are [experiment], [variant NAME]; settings of a "
            "variant's guard and host are written guard.KEY and host.KEY in it",
            entry->kind, entry->name ? " " : "", entry->name ? entry->name : "");
    }
    return 0;
}
