/* SPDX-License-Identifier: BSD-3-Clause */
/* Values of a scenario's keys. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/key_table.h"
#include "scenario/scenario_read.h"
#include "util/complain.h"

#define VALUE_BYTES 256

/* ---- tempers */

static int parse_sticks(const char *text, struct temper *temper, char *error, size_t error_size)
{
    static const char range[] = "1ms..60min";
    char part[VALUE_BYTES], *every;

    snprintf(part, sizeof(part), "%s", text);
    every = strstr(part, " every ");
    if (!every)
        return complain(error, error_size, -EINVAL, "want 'sticks TIME every TIME'");
    *every = '\0';
    every += strlen(" every ");
    if (value_parse(MEMCOORD_TYPE_DURATION, range, part, &temper->sticks_ms, error, error_size) <
            0 ||
        value_parse(MEMCOORD_TYPE_DURATION, range, every, &temper->every_ms, error, error_size) < 0)
        return -EINVAL;
    if (temper->sticks_ms >= temper->every_ms)
        return complain(error, error_size, -EINVAL,
                        "it sticks all the time: want less than every, or 'stuck'");
    return 0;
}

static int parse_temper(const char *text, struct temper *temper, char *error, size_t error_size)
{
    static const char *const words[] = {
        [TEMPER_WORKS] = "works", [TEMPER_LIMIT] = "limit ", [TEMPER_STICKS] = "sticks ",
        [TEMPER_STUCK] = "stuck", [TEMPER_DEAD] = "dead",    [TEMPER_NO_DRIVER] = "no driver"
    };
    struct temper parsed = { 0 };
    int r = -ENOENT;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        bool takes_more = words[i][strlen(words[i]) - 1] == ' ';
        if (takes_more ? strncmp(text, words[i], strlen(words[i])) : strcmp(text, words[i]))
            continue;
        parsed.kind = (enum temper_kind)i;
        r = 0;
    }
    if (r < 0)
        return complain(error, error_size, -EINVAL,
                        "'%s' is none of: works; limit SIZE; sticks TIME every TIME; stuck; dead; "
                        "no driver",
                        text);
    if (parsed.kind == TEMPER_LIMIT)
        r = value_parse(MEMCOORD_TYPE_SIZE, "1MiB..16TiB", text + strlen("limit "),
                        &parsed.limit_kib, error, error_size);
    if (parsed.kind == TEMPER_STICKS)
        r = parse_sticks(text + strlen("sticks "), &parsed, error, error_size);
    if (r == 0)
        *temper = parsed;
    return r;
}

/* ---- loads */

/* "trace PATH [COLUMN]": a path with blanks can't be told from one with a column. */
static int parse_trace(const char *text, struct load_source *source, char *error, size_t error_size)
{
    char copy[VALUE_BYTES], *rest = copy, *path, *column;

    snprintf(copy, sizeof(copy), "%s", text + strlen("trace"));
    rest += strspn(rest, " ");
    path = strsep(&rest, " ");
    column = rest ? rest + strspn(rest, " ") : NULL;
    if (!*path || (column && strchr(column, ' ')))
        return complain(error, error_size, -EINVAL, "want trace PATH [COLUMN]");
    source->trace = strdup(path);
    source->column = column && *column ? strdup(column) : NULL;
    return source->trace && (!column || !*column || source->column) ? 0 : -ENOMEM;
}

static struct load *new_load(struct scenario *scenario)
{
    struct load **loads = realloc(scenario->loads, (scenario->n_loads + 1) * sizeof(struct load *));
    struct load *load = calloc(1, sizeof(*load));

    if (loads)
        scenario->loads = loads;
    if (!loads || !load) {
        free(load);
        return NULL;
    }
    loads[scenario->n_loads++] = load;
    return load;
}

static int parse_load(struct scenario_read *read, const char *text, int line,
                      struct load_source *source, char *error, size_t error_size)
{
    struct load_source parsed = { .line = line };
    struct load *load;
    int r;

    if (strcmp(text, "trace") == 0 || strncmp(text, "trace ", 6) == 0) {
        r = parse_trace(text, &parsed, error, error_size);
    } else {
        load = new_load(&read->scenario);
        r = load ? load_parse(text, load, error, error_size) : -ENOMEM;
        parsed.load = load;
    }
    if (r < 0) {
        load_source_free(&parsed);
        return r;
    }
    load_source_free(source);
    *source = parsed;
    return 0;
}

void load_source_free(struct load_source *source)
{
    free(source->trace);
    free(source->column);
    *source = (struct load_source){ 0 };
}

/* ---- the interface */

int scenario_value(struct scenario_read *read, const struct config_key *row, const char *text,
                   int line, void *base, char *error, size_t error_size)
{
    void *field = (char *)base + row->offset;

    switch (row->type) {
    case SCENARIO_RATE:
        return rate_parse(text, field, error, error_size);
    case SCENARIO_TEMPER:
        return parse_temper(text, field, error, error_size);
    case SCENARIO_LOAD:
        return parse_load(read, text, line, field, error, error_size);
    default:
        return key_parse(row, text, base, error, error_size);
    }
}

int scenario_defaults(struct scenario_read *read, const char *section, void *base)
{
    char error[VALUE_BYTES];

    for (const struct config_key *row = scenario_keys; row->section; row++) {
        int r = 0;

        if (strcmp(row->section, section) != 0)
            continue;
        if (row->initial)
            r = scenario_value(read, row, row->initial, 0, base, error, sizeof(error));
        else
            *(uint64_t *)(void *)((char *)base + row->offset) = MEMCOORD_UNKNOWN;
        if (r < 0)
            return r;
    }
    return 0;
}
