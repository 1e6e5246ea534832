/* SPDX-License-Identifier: BSD-3-Clause */
/* All that is wrong with a configuration, gathered before anything is said or done. */
#ifndef CORE_CONFIG_PROBLEMS_H
#define CORE_CONFIG_PROBLEMS_H

#include <stddef.h>
#include <stdio.h>

struct problem {
    char *text; /* "file:line: what" */
    size_t file_length;
    int line;
};

/* Zero it to begin. Files are in the order in which they were first named, the problems of a file in
 * the order of its lines, those of one line (and those of none, which come last) as they were found. */
struct problems {
    struct problem *list; /* NULL where n only says that a problem could not be kept */
    size_t n;
    int out_of_memory; /* a problem could not be kept; then n counts one at least */
};

/* Adds "file:line: text", or "file: text" where `line` is 0, or the bare text where file is NULL. */
void problems_add(struct problems *problems, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Writes one line each to `out`. */
void problems_print(const struct problems *problems, FILE *out);

/* Frees the lines; `problems` is empty then and can be used again. */
void problems_free(struct problems *problems);

#endif
