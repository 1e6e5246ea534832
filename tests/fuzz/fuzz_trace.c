/* SPDX-License-Identifier: BSD-3-Clause */
/* A trace, of either kind. What is taken is in order and in the range of what a simulated guest may want. */
#include "lib/fuzz.h"

#include "scenario/load.h"
#include "scenario/trace.h"

#define STEPS 64

static struct fuzz_file file;

static void fuzz_begin(void)
{
    file = fuzz_file("108.csv");
}

static void check_series(const struct series *series, uint64_t *first_ms)
{
    fuzz_assert(*series->name && series->n > 0);
    for (size_t i = 0; i < series->n; i++)
        fuzz_assert(series->samples[i].demand_kib <= UINT64_C(1) << 34);
    for (size_t i = 1; i < series->n; i++)
        fuzz_assert(series->samples[i - 1].at_ms < series->samples[i].at_ms);
    *first_ms = memcoord_min(*first_ms, series->samples[0].at_ms);
}

/* A load that follows it goes from one to the next, and ends at what it said. */
static void follow(const struct series *series, bool linear)
{
    const struct load load = { .rounds = 1, .series = series, .linear = linear };
    struct load_cursor cursor;

    load_begin(&cursor, &load, 1, 0);
    for (unsigned i = 0; i < STEPS && cursor.now.end_ms != LOAD_FOREVER; i++) {
        uint64_t end_ms = cursor.now.end_ms;

        fuzz_assert(load_kib(&cursor.now, end_ms) == cursor.now.to_kib);
        load_next(&cursor);
        fuzz_assert(cursor.now.end_ms == LOAD_FOREVER || cursor.now.end_ms >= end_ms);
    }
}

static void check(const struct trace *trace)
{
    uint64_t first_ms = UINT64_MAX;

    fuzz_assert(trace->n > 0);
    for (size_t i = 0; i < trace->n; i++) {
        check_series(&trace->series[i], &first_ms);
        fuzz_assert(trace_find(trace, trace->series[i].name) == &trace->series[i]);
        follow(&trace->series[i], false);
        follow(&trace->series[i], true);
    }
    fuzz_assert(first_ms == 0);
}

static int fuzz_one(const uint8_t *data, size_t size)
{
    struct problems problems = { 0 };
    struct trace trace = { 0 };
    int r;

    fuzz_fill(&file, data, size);
    r = trace_read(file.path, UINT64_C(600000000000), "scenario.ini", 1, &trace, &problems);
    fuzz_assert(r == 0 || r == -EINVAL);
    fuzz_assert((r == 0) == (problems.n == 0) && (r == 0) == (trace.path != NULL));
    if (r == 0)
        check(&trace);
    trace_free(&trace);
    problems_free(&problems);
    return 0;
}
