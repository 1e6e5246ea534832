/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of trace files. Of core/scenario/trace*.c only. */
#ifndef CORE_SCENARIO_TRACE_ROWS_H
#define CORE_SCENARIO_TRACE_ROWS_H

#include <stdbool.h>

#include "scenario/trace.h"

/* A file that is being read into a trace; times are as in the file until all files are read. */
struct trace_file {
    struct trace *trace;
    const char *file;
    int line;
    uint64_t max_gap_ms;
    struct problems *problems;
    unsigned n_problems; /* of this file: after some, it is not read on */
};

/* Adds "file:line: ..." */
#define trace_problem(f, ...) \
    ((f)->n_problems++, problems_add((f)->problems, (f)->file, (f)->line, __VA_ARGS__))

/* Parses a number without a sign, with decimals and an exponent ("1.6703488E7"), times `factor`,
 * rounded down. NULL; or what is wrong with it ("is negative", "is too large": above `max`). No
 * floating point: every machine reads the same. */
const char *trace_number(const char *text, uint64_t factor, uint64_t max, uint64_t *value);

/* The series of that name, made if it is new; NULL without memory. */
struct series *trace_series(struct trace *trace, const char *name);

/* Adds a sample, or says why it can't be. -ENOMEM. */
int trace_add(struct trace_file *f, struct series *series, uint64_t at_ms, uint64_t demand_kib);

/* One row of either kind; the first line is not among them. 0 (with problems said) or -ENOMEM. */
int trace_row_bitbrains(struct trace_file *f, char *line);
int trace_row_plain(struct trace_file *f, char *line);

/* Whether the first line of a file begins such a one. */
bool trace_is_bitbrains(const char *first);
bool trace_is_plain(const char *first);

#endif
