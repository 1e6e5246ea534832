/* SPDX-License-Identifier: BSD-3-Clause */
/* All runs of some recordings, one after the other. */
#ifndef CORE_REPORT_EACH_H
#define CORE_REPORT_EACH_H

#include "record/recording.h"

/* One run that has ticks. Nothing is owned; valid only as long as the call that hands it over. */
struct report_run {
    const char *file;
    struct recording *recording;
    size_t number, n_runs; /* which of its runs, from 0, and of how many */
    const struct record_run *about;
    struct record_span span;
};

/* 0, or a negative errno with the reason in `error`. */
typedef int report_run_fn(void *to, const struct report_run *run, char *error, size_t error_size);

/* Calls `each` for every run with ticks, in the order of files and time, until one fails. 0; what `each`
 * returned; as recording_open(); or -ENODATA if no run has a tick. */
int report_each_run(const char *const *files, size_t n, report_run_fn *each, void *to, char *error,
                    size_t error_size);

#endif
