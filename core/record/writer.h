/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes a run's ticks into a file, one transaction a batch; knows nothing of threads. Of core/record only. */
#ifndef CORE_RECORD_WRITER_H
#define CORE_RECORD_WRITER_H

#include <sqlite3.h>

#include "record/tick_copy.h"

struct writer_options {
    const char *file;
    uint64_t keep_ms; /* older ticks are deleted; 0: none are */
    int busy_ms;      /* so long others' locks are waited for */
    bool careful; /* what is written outlives a crash of the machine, but for the last seconds */
};

struct writer;

/* Opens or makes the file, and begins `run` in it; copies both. 0 and *writer; or a negative errno, as
 * recorder_open(). */
int writer_open(const struct writer_options *options, const struct record_run *run,
                struct writer **writer, char *error, size_t error_size);

/* What is written from now on is of `run` (run_copy_new()), which is the writer's then, and kept for `keep_ms`. It is
 * begun in the file with the next batch. */
void writer_set_run(struct writer *writer, struct record_run *run, uint64_t keep_ms);

/* Writes all of `batch` or nothing. 0; or a negative errno with `error`: -EDOM if it can't ever be written,
 * else it may be tried again. A file that is gone or was damaged is opened or made again then. */
int writer_write(struct writer *writer, const struct tick_copy *batch, char *error,
                 size_t error_size);

/* Makes the file whole: one file that can be copied, and read from where nothing can be written. NULL is
 * fine. 0; or a negative errno with `error`: what was written is there, but still in two files. */
int writer_close(struct writer *writer, char *error, size_t error_size);

#endif
