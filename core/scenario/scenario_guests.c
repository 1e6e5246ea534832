/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes guests of the sections of a scenario. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/measured.h"
#include "scenario/scenario_read.h"

#define UNKNOWN MEMCOORD_UNKNOWN
#define MIB UINT64_C(1024)
/* How many samples may be on their way at once. */
#define SAMPLES_ON_THE_WAY 6

#define problem(read, line, ...) \
    problems_add((read)->problems, (read)->scenario.file, line, __VA_ARGS__)

/* ---- what follows from max */

static void complete(struct guest_settings *s, const struct series *series)
{
    struct measured like;

    if (s->max_kib == UNKNOWN && series && series->provisioned_kib > 0)
        s->max_kib = memcoord_max((series->provisioned_kib + MIB - 1) / MIB * MIB, 32 * MIB);
    if (s->max_kib == UNKNOWN)
        return;
    if (s->balloon_kib == UNKNOWN)
        s->balloon_kib = s->max_kib;
    like = measured_guest(s->max_kib);
    if (s->kernel_kib == UNKNOWN)
        s->kernel_kib = like.kernel_kib;
    if (s->watermark_kib == UNKNOWN)
        s->watermark_kib = like.watermark_kib;
    if (s->lists_kib == UNKNOWN)
        s->lists_kib = like.lists_kib;
}

static void check(struct scenario_read *read, const char *name, int line,
                  const struct guest_settings *s)
{
    uint64_t needs_kib;

    if (s->max_kib == UNKNOWN) {
        if (!s->max_is_wrong)
            problem(read, line, "guest %s has no max, and no trace tells what it was given", name);
        return;
    }
    needs_kib = s->kernel_kib + s->system_kib + s->watermark_kib;
    if (s->balloon_kib > s->max_kib)
        problem(read, line, "guest %s: balloon is above max", name);
    if (s->min_kib != UNKNOWN && s->min_kib > s->max_kib)
        problem(read, line, "guest %s: min is above max", name);
    if (amount_of(s->cache_used, s->max_kib) > amount_of(s->cache, s->max_kib))
        problem(read, line, "guest %s: cache_used is above cache, of which it is a part", name);
    if (needs_kib > s->balloon_kib)
        problem(read, line,
                "guest %s: kernel, system and watermark need %" PRIu64
                " MiB, more than its balloon: it can't boot",
                name, (needs_kib + MIB - 1) / MIB);
    if (s->stop_ms > 0 && s->stop_ms <= s->start_ms)
        problem(read, line, "guest %s: stop is not after start", name);
    if (s->silent_for_ms > 0 && s->silent_at_ms == 0)
        problem(read, line, "guest %s: silent_for without silent_at: when does it begin?", name);
    if (s->lag_ms + s->jitter_ms > SAMPLES_ON_THE_WAY * s->period_ms)
        problem(read, line, "guest %s: lag and jitter are more than %d times period", name,
                SAMPLES_ON_THE_WAY);
}

/* ---- names */

/* The `*` of the section's name becomes `what`; without one, it is put at the end. */
static int make_name(char *name, size_t size, const char *section, const char *what)
{
    const char *star = strchr(section, '*');
    int before = star ? (int)(star - section) : (int)strlen(section);

    return snprintf(name, size, "%.*s%s%s", before, section, what, star ? star + 1 : "");
}

static int by_name(const void *a, const void *b)
{
    const struct guest *const *x = a, *const *y = b;
    int r = strcmp((*x)->name, (*y)->name);

    return r ? r : ((*x)->line > (*y)->line) - ((*x)->line < (*y)->line);
}

static int check_names(struct scenario_read *read)
{
    size_t n = read->scenario.n_guests;
    const struct guest **list = calloc(n + 1, sizeof(struct guest *));

    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        list[i] = &read->scenario.guests[i];
    qsort(list, n, sizeof(struct guest *), by_name);
    for (size_t i = 1; i < n; i++)
        if (strcmp(list[i - 1]->name, list[i]->name) == 0)
            problem(read, list[i]->line, "a second guest is called %s; the first is of line %d",
                    list[i]->name, list[i - 1]->line);
    free(list);
    return 0;
}

/* ---- guests */

static int add(struct scenario_read *read, const struct guest_section *section, const char *name,
               const struct series *series)
{
    struct scenario *s = &read->scenario;
    struct guest *guest;
    int r = 0;

    if (s->n_guests == s->capacity) {
        size_t capacity = s->capacity ? 2 * s->capacity : 16;
        guest = realloc(s->guests, capacity * sizeof(*guest));
        if (!guest)
            return -ENOMEM;
        s->guests = guest;
        s->capacity = capacity;
    }
    guest = &s->guests[s->n_guests];
    *guest = (struct guest){ .name = strdup(name),
                             .line = section->line,
                             .settings = section->settings };
    if (!guest->name)
        return -ENOMEM;
    s->n_guests++;
    guest->settings.source = (struct load_source){ .line = section->settings.source.line };
    guest->load = scenario_load_of(read, &section->settings, series, &r);
    complete(&guest->settings, series);
    check(read, name, section->line, &guest->settings);
    return r;
}

/* One guest whose load is one series, or a script. */
static int add_one(struct scenario_read *read, const struct guest_section *section,
                   const struct trace *trace)
{
    const struct load_source *source = &section->settings.source;
    const struct series *series = NULL;

    if (trace && source->column)
        series = trace_find(trace, source->column);
    else if (trace && !(series = trace_find(trace, section->name)) && trace->n == 1)
        series = &trace->series[0];
    if (trace && !series) {
        problem(read, source->line,
                "load: there is no domain '%s' in the trace %s, which has %zu (%s%s)",
                source->column ? source->column : section->name, trace->path, trace->n,
                trace->series[0].name, trace->n > 1 ? ", ..." : "");
        return 0;
    }
    return add(read, section, section->name, series);
}

/* Numbered guests, or one for each series. */
static int add_many(struct scenario_read *read, const struct guest_section *section,
                    const struct trace *trace, uint64_t count)
{
    bool each = trace && !section->settings.source.column;
    const struct series *series = NULL;
    int r = 0;

    if (each && count > trace->n) {
        problem(read, section->line, "count is %" PRIu64 ", and the trace %s has %zu domains",
                count, trace->path, trace->n);
        return 0;
    }
    if (trace && !each && !(series = trace_find(trace, section->settings.source.column))) {
        problem(read, section->settings.source.line,
                "load: there is no domain '%s' in the trace %s", section->settings.source.column,
                trace->path);
        return 0;
    }
    for (uint64_t i = 0; i < count && r == 0; i++) {
        char number[24], name[256];

        snprintf(number, sizeof(number), "%" PRIu64, i + 1);
        if (each)
            series = &trace->series[i];
        make_name(name, sizeof(name), section->name, each ? series->name : number);
        r = add(read, section, name, series);
    }
    return r;
}

static int make(struct scenario_read *read, const struct guest_section *section)
{
    const struct guest_settings *s = &section->settings;
    struct trace *trace = NULL;
    int r = 0;

    if (s->source.trace && !(trace = scenario_trace(read, s, &r)))
        return r;
    if (s->count != UNKNOWN)
        return add_many(read, section, trace, s->count);
    if (strchr(section->name, '*') && trace && !s->source.column)
        return add_many(read, section, trace, trace->n);
    if (strchr(section->name, '*')) {
        problem(read, section->line, "the name has a '*': want count, or a trace of many domains");
        return 0;
    }
    return add_one(read, section, trace);
}

int scenario_make_guests(struct scenario_read *read)
{
    int r = 0;

    for (size_t i = 0; i < read->n_sections && r == 0; i++)
        if (*read->sections[i].name) /* else it has been told of */
            r = make(read, &read->sections[i]);
    return r < 0 ? r : check_names(read);
}
