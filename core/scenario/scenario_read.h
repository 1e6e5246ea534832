/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading a scenario, entry by entry. Of core/scenario/scenario*.c only. */
#ifndef CORE_SCENARIO_SCENARIO_READ_H
#define CORE_SCENARIO_SCENARIO_READ_H

#include "config/reader.h"
#include "scenario/scenario.h"

/* What stands in the file of one [guest NAME]. */
struct guest_section {
    char *name;
    int line;
    struct guest_settings settings;
};

struct scenario_read {
    struct scenario scenario;
    struct guest_settings usual; /* [guests] */
    struct guest_section *sections;
    size_t n_sections;
    bool has_duration, has_memory;
    struct problems *problems;
};

/* One entry of the file, for reader_read(). 0 or -ENOMEM. */
int scenario_entry(void *arg, const struct reader_entry *entry);

/* Parses `text` as the value of `row` into its field of `base` (struct scenario or guest_settings). 0;
 * -EINVAL with `error`; -ENOMEM. Loads become the scenario's. */
int scenario_value(struct scenario_read *read, const struct config_key *row, const char *text,
                   int line, void *base, char *error, size_t error_size);

/* Fills the fields of `section` in `base` with the defaults of the table. -ENOMEM. */
int scenario_defaults(struct scenario_read *read, const char *section, void *base);

/* Makes guests of the sections: reads traces, numbers, completes, checks. 0 (problems said) or -ENOMEM. */
int scenario_make_guests(struct scenario_read *read);

/* The load of a guest: its script, or one that follows `series` if that is not NULL. NULL without memory,
 * with *error set to -ENOMEM. */
const struct load *scenario_load_of(struct scenario_read *read,
                                    const struct guest_settings *settings,
                                    const struct series *series, int *error);

/* The trace that the settings name, read if it is new. NULL: *error is -ENOMEM, or 0 with problems said. */
struct trace *scenario_trace(struct scenario_read *read, const struct guest_settings *settings,
                             int *error);

void load_source_free(struct load_source *source);

#endif
