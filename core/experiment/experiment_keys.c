/* SPDX-License-Identifier: BSD-3-Clause */
/* Takes in what stands in an experiment's file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/key_table.h"
#include "experiment/experiment_read.h"

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

static void unknown_key(struct experiment_read *read, const struct reader_entry *entry)
{
    char hint[ENTRY_BYTES], allowed[ENTRY_BYTES];

    key_suggest(experiment_keys, entry->kind, entry->key, hint, sizeof(hint), allowed,
                sizeof(allowed));
    experiment_problem(read, entry->line, "unknown key '%s' in [experiment]: %sallowed are %s",
                       entry->key, hint, allowed);
}

static int take_value(struct experiment_read *read, const struct reader_entry *entry,
                      const struct config_key *row)
{
    char error[ENTRY_BYTES];
    int r = key_parse(row, entry->value, &read->experiment, error, sizeof(error));

    if (r == 0 || r == -ENOMEM)
        return r;
    experiment_problem(read, entry->line, "%s: %s", entry->key, error);
    return 0;
}

static int take_key(struct experiment_read *read, const struct reader_entry *entry)
{
    struct experiment *e = &read->experiment;
    const struct config_key *row = key_find(experiment_keys, entry->kind, entry->key);

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
