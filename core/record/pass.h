/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads the ticks of one run from the file. Of core/record only. */
#ifndef CORE_RECORD_PASS_H
#define CORE_RECORD_PASS_H

#include <sqlite3.h>

#include "record/tick.h"

/* As recording_read(), of the run with the id `run` in `db`, which is `file`. */
int pass_over(sqlite3 *db, const char *file, int64_t run, const struct record_sink *sink,
              const bool *stop, char *error, size_t error_size);

#endif
