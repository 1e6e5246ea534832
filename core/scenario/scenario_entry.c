/* SPDX-License-Identifier: BSD-3-Clause */
/* Takes in what stands in a scenario's file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/key_table.h"
#include "scenario/scenario_read.h"
#include "util/suggest.h"

#define ENTRY_BYTES 512

#define problem(read, entry, ...) \
    problems_add((read)->problems, (read)->scenario.file, (entry)->line, __VA_ARGS__)

/* [guests] has the keys of [guest NAME]. */
static const char *keys_of(const char *kind)
{
    return strcmp(kind, "guests") == 0 ? "guest" : kind;
}

static void unknown_key(struct scenario_read *read, const struct reader_entry *entry)
{
    char hint[ENTRY_BYTES], allowed[ENTRY_BYTES];

    key_suggest(scenario_keys, keys_of(entry->kind), entry->key, hint, sizeof(hint), allowed,
                sizeof(allowed));
    problem(read, entry, "unknown key '%s' in [%s]: %sallowed are %s", entry->key, entry->kind,
            hint, allowed);
}

static int value(struct scenario_read *read, const struct reader_entry *entry,
                 const struct config_key *row, void *base)
{
    char error[ENTRY_BYTES];
    int r = scenario_value(read, row, entry->value, entry->line, base, error, sizeof(error));

    if (r == -EINVAL)
        problem(read, entry, "%s: %s", entry->key, error);
    if (row->type == SCENARIO_LOAD && entry->comment && load_begins_step(entry->comment))
        problem(
            read, entry,
            "%s: a ';' with a blank before it begins a comment, and '%s' would be no step: want "
            "no blank there, or a comment in a line of its own",
            entry->key, entry->comment);
    return r == -ENOMEM ? r : 0;
}

static int guest_value(struct scenario_read *read, const struct reader_entry *entry,
                       const struct config_key *row, struct guest_settings *settings)
{
    int r = value(read, entry, row, settings);

    if (row->offset == offsetof(struct guest_settings, max_kib))
        settings->max_is_wrong = settings->max_kib == MEMCOORD_UNKNOWN;
    return r;
}

/* ---- sections */

/* Copies what it points to, too. */
static int inherit(struct guest_settings *to, const struct guest_settings *from)
{
    *to = *from;
    to->source.trace = from->source.trace ? strdup(from->source.trace) : NULL;
    to->source.column = from->source.column ? strdup(from->source.column) : NULL;
    return (from->source.trace && !to->source.trace) || (from->source.column && !to->source.column)
               ? -ENOMEM
               : 0;
}

static int begin_guest(struct scenario_read *read, const struct reader_entry *entry)
{
    struct guest_section *sections =
        realloc(read->sections, (read->n_sections + 1) * sizeof(*sections));

    if (!sections)
        return -ENOMEM;
    read->sections = sections;
    sections += read->n_sections++;
    *sections = (struct guest_section){ .name = strdup(entry->name ? entry->name : ""),
                                        .line = entry->line };
    if (!sections->name)
        return -ENOMEM;
    if (!entry->name)
        problem(read, entry, "[guest] names no guest: want [guest NAME]");
    return inherit(&sections->settings, &read->usual);
}

static int begin_section(struct scenario_read *read, const struct reader_entry *entry)
{
    static const char *const kinds[] = { "scenario", "host", "guests", "guest" };
    struct suggestion best = { NULL, UINT_MAX };

    if (strcmp(entry->kind, "guest") == 0)
        return begin_guest(read, entry);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        suggest_consider(&best, entry->kind, kinds[i]);
        if (strcmp(entry->kind, kinds[i]) != 0)
            continue;
        if (entry->name)
            problem(read, entry, "[%s %s]: want [%s] alone", entry->kind, entry->name, entry->kind);
        if (strcmp(entry->kind, "guests") == 0 && read->n_sections > 0)
            problem(read, entry,
                    "[guests] stands after a [guest]: it is for those that follow, "
                    "and must be the first");
        return 0;
    }
    problem(read, entry,
            "unknown section [%s]: %s%s%sallowed are [scenario], [host], [guests], "
            "[guest NAME]",
            entry->kind, best.word ? "did you mean [" : "", best.word ? best.word : "",
            best.word ? "]? " : "");
    return 0;
}

static void note(struct scenario_read *read, const struct config_key *row)
{
    read->has_duration |= row->offset == offsetof(struct scenario, duration_ms);
    read->has_memory |= row->offset == offsetof(struct scenario, memory_kib);
}

int scenario_entry(void *arg, const struct reader_entry *entry)
{
    struct scenario_read *read = arg;
    const struct config_key *row;

    if (!entry->key)
        return begin_section(read, entry);
    row = key_find(scenario_keys, keys_of(entry->kind), entry->key);
    if (strcmp(entry->kind, "guest") == 0) {
        struct guest_section *section = &read->sections[read->n_sections - 1];

        if (row)
            return guest_value(read, entry, row, &section->settings);
    } else if (strcmp(entry->kind, "guests") == 0) {
        if (row)
            return guest_value(read, entry, row, &read->usual);
    } else if (row) {
        note(read, row);
        return value(read, entry, row, &read->scenario);
    } else if (strcmp(entry->kind, "scenario") != 0 && strcmp(entry->kind, "host") != 0) {
        return 0; /* its section was told of */
    }
    unknown_key(read, entry);
    return 0;
}
