/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads recordings. */
#ifndef CORE_RECORD_RECORDING_H
#define CORE_RECORD_RECORDING_H

#include "record/tick.h"

struct recording;

/* Opens `file` to read. 0 and *recording; or a negative errno with the reason in `error`, naming the file:
 * it is none (-EINVAL), of a newer schema (-ENOTSUP), damaged (-EBADMSG; it says what). A recording that is
 * being written may be read. */
int recording_open(const char *file, struct recording **recording, char *error, size_t error_size);

/* How many runs it has: a daemon adds one each time it is started. */
size_t recording_n_runs(const struct recording *recording);

/* Run number `i`, from 0, in the order of time. Valid until it is closed. */
const struct record_run *recording_run(const struct recording *recording, size_t i);

/* Of which time run `i` tells, on the host's clock, and in how many ticks; all 0 if there are none. */
struct record_span {
    uint64_t first_ms, last_ms, n_ticks;
};
struct record_span recording_span(const struct recording *recording, size_t i);

/* Hands each tick of run `i` to `sink`, in the order of time, as it was recorded; stops early when *stop is
 * set (NULL: never). Domains come in the order of the snapshot. 0; or a negative errno with `error`, which
 * names the row that is wrong (a flag of no meaning, a negative size): ticks before it were handed over. */
int recording_read(struct recording *recording, size_t i, const struct record_sink *sink,
                   const bool *stop, char *error, size_t error_size);

/* Closes it; NULL is fine. */
void recording_close(struct recording *recording);

#endif
