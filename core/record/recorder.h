/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes recordings: SQLite files (record/schema.sql) that report, replay, scores and anybody's SQL read. */
#ifndef CORE_RECORD_RECORDER_H
#define CORE_RECORD_RECORDER_H

#include "record/tick.h"

struct recorder;

struct recorder_options {
    const char *file;
    uint64_t keep_ms; /* older ticks are deleted; 0: none are */
    bool must; /* simulated: nothing may be lost, and the writer is waited for. Else what can't be
                         written is lost, said once, and tried again: coordination does not wait. */
};

/* Opens or makes `file`, and begins `run` in it. 0 and *recorder; or a negative errno with the reason in
 * `error` ("x.db: is no recording of memcoord"). A file of a newer schema is not touched (-ENOTSUP). */
int recorder_open(const struct recorder_options *options, const struct record_run *run,
                  struct recorder **recorder, char *error, size_t error_size);

/* Ticks that it takes from now on are of `run`, which begins in the file with the first of them, and kept for
 * `keep_ms`: whoever keeps the file from being written is not waited for. -ENOMEM: they are of the run before. */
int recorder_begin_run(struct recorder *recorder, const struct record_run *run, uint64_t keep_ms);

/* Takes a tick, copies what it needs and returns at once; a thread of its own writes it with others. */
struct record_sink recorder_sink(struct recorder *recorder);

/* Writes what is left and closes the file; NULL is fine. 0; or, where `must`, a negative errno if anything
 * was lost (logged). */
int recorder_close(struct recorder *recorder);

#endif
