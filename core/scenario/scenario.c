/* SPDX-License-Identifier: BSD-3-Clause */
#include "scenario/scenario.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/scenario_read.h"
#include "util/path.h"

/* ---- loads and traces */

static struct trace *add_trace(struct scenario *scenario, struct trace read)
{
    struct trace **traces =
        realloc(scenario->traces, (scenario->n_traces + 1) * sizeof(struct trace *));
    struct trace *trace = malloc(sizeof(*trace));

    if (traces)
        scenario->traces = traces;
    if (!traces || !trace) {
        free(trace);
        return NULL;
    }
    *trace = read;
    traces[scenario->n_traces++] = trace;
    return trace;
}

struct trace *scenario_trace(struct scenario_read *read, const struct guest_settings *settings,
                             int *error)
{
    struct scenario *scenario = &read->scenario;
    char *path = path_beside(scenario->file, settings->source.trace);
    struct trace *trace = NULL, fresh = { 0 };
    int r = path ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < scenario->n_traces; i++)
        if (strcmp(scenario->traces[i]->path, path) == 0)
            trace = scenario->traces[i];
    if (r == 0 && !trace) {
        r = trace_read(path, settings->max_gap_ms, scenario->file, settings->source.line, &fresh,
                       read->problems);
        if (r == 0 && !(trace = add_trace(scenario, fresh))) {
            trace_free(&fresh);
            r = -ENOMEM;
        }
    }
    free(path);
    *error = r == -ENOMEM ? r : 0;
    return trace;
}

const struct load *scenario_load_of(struct scenario_read *read,
                                    const struct guest_settings *settings,
                                    const struct series *series, int *error)
{
    struct scenario *scenario = &read->scenario;
    struct load **loads, *load;

    if (!series)
        return settings->source.load;
    loads = realloc(scenario->loads, (scenario->n_loads + 1) * sizeof(struct load *));
    load = calloc(1, sizeof(*load));
    if (loads)
        scenario->loads = loads;
    if (!loads || !load) {
        free(load);
        *error = -ENOMEM;
        return NULL;
    }
    *load = (struct load){ .rounds = 1, .series = series, .linear = settings->linear };
    loads[scenario->n_loads++] = load;
    return load;
}

/* ---- the whole */

static void check_whole(struct scenario_read *read)
{
    const char *file = read->scenario.file;

    if (!read->has_duration)
        problems_add(read->problems, file, 0, "[scenario] duration is missing: how long it lasts");
    if (!read->has_memory)
        problems_add(read->problems, file, 0, "[host] memory is missing: what the host has");
    if (read->n_sections == 0)
        problems_add(read->problems, file, 0, "there is no guest: want a [guest NAME]");
    if (read->scenario.used.trace)
        problems_add(read->problems, file, read->scenario.used.line,
                     "used: want a script, not a trace");
}

static int read_whole(struct scenario_read *read, const char *file)
{
    const size_t n_problems = read->problems->n;
    int r = scenario_defaults(read, "guest", &read->usual);

    if (r == 0)
        r = scenario_defaults(read, "scenario", &read->scenario);
    if (r == 0)
        r = scenario_defaults(read, "host", &read->scenario);
    if (r == 0 && !(read->scenario.file = strdup(file)))
        r = -ENOMEM;
    if (r == 0)
        r = reader_read(file, read->problems, scenario_entry, read);
    if (r == 0)
        r = scenario_make_guests(read);
    if (r < 0)
        return r;
    check_whole(read);
    return read->problems->n > n_problems ? -EINVAL : 0;
}

int scenario_load(const char *file, struct scenario *scenario, struct problems *problems)
{
    struct scenario_read read = { .problems = problems };
    int r = read_whole(&read, file);

    load_source_free(&read.usual.source);
    for (size_t i = 0; i < read.n_sections; i++) {
        load_source_free(&read.sections[i].settings.source);
        free(read.sections[i].name);
    }
    free(read.sections);
    if (r < 0)
        scenario_free(&read.scenario);
    else
        *scenario = read.scenario;
    return r;
}

void scenario_free(struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->n_guests; i++)
        free(scenario->guests[i].name);
    for (size_t i = 0; i < scenario->n_loads; i++) {
        load_free(scenario->loads[i]);
        free(scenario->loads[i]);
    }
    for (size_t i = 0; i < scenario->n_traces; i++) {
        trace_free(scenario->traces[i]);
        free(scenario->traces[i]);
    }
    load_source_free(&scenario->used);
    free(scenario->guests);
    free(scenario->loads);
    free(scenario->traces);
    free(scenario->file);
    *scenario = (struct scenario){ 0 };
}
