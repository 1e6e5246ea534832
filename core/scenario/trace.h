/* SPDX-License-Identifier: BSD-3-Clause */
/* Traces: how much memory domains needed, sample by sample, from files. */
#ifndef CORE_SCENARIO_TRACE_H
#define CORE_SCENARIO_TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "config/problems.h"

struct sample {
    uint64_t at_ms; /* since the earliest sample of the trace */
    uint64_t demand_kib;
};

/* The samples of one domain, ordered by time, none at the same moment. */
struct series {
    char *name;
    struct sample *samples;
    size_t n, capacity;
    uint64_t provisioned_kib; /* the most memory that it was given; 0: the trace does not tell */
    int line;                 /* of its last sample, while it is read */
    const char *file;         /* where that is */
};

struct trace {
    char *path;
    struct series *series; /* ordered by name: names that end in numbers by these */
    size_t n, capacity;
    size_t hint; /* while it is read: where the last row's series is */
};

/* Reads `path`: a file, a folder (its *.csv), or a pattern with * and ?. Each file is GWA-T-12's (one
 * domain, named as the file; `;` between columns, KB, seconds) or a plain CSV whose first line is
 * "time_s,domain,demand_kib". Rows further apart than `max_gap_ms` are refused. Adds all that is wrong
 * to `problems`, with the file and its line, or `at_file` and `at_line` where no file is to blame, and
 * returns -EINVAL then; -ENOMEM; *trace is untouched. Free with trace_free(). */
int trace_read(const char *path, uint64_t max_gap_ms, const char *at_file, int at_line,
               struct trace *trace, struct problems *problems);

/* The series called `name`; NULL if there is none. */
const struct series *trace_find(const struct trace *trace, const char *name);

/* Frees what it points to; a zeroed one is fine. */
void trace_free(struct trace *trace);

#endif
