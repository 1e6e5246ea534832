/* SPDX-License-Identifier: BSD-3-Clause */
/* The recording that a configuration asks for. */
#ifndef CORE_COMMANDS_RECORDING_OF_H
#define CORE_COMMANDS_RECORDING_OF_H

#include "commands/setup.h"
#include "record/recorder.h"

/* Whether `config` asks for a recording. */
bool recording_is_wanted(const struct config *config);

/* Opens the recorder that `setup` asks for, of a run on `host` (its name). 0 and *recorder; or a negative errno
 * with the reason in `error`. */
int recording_open_for(const struct setup *setup, const char *host, struct recorder **recorder,
                       char *error, size_t error_size);

/* Opens the recorder that `setup` asks for, of a run on `host` (its name); *recorder is NULL if it asks for
 * none. Only a simulated run depends on it: on a real host what is wrong is logged, and 0 returned with
 * NULL. A negative errno (logged). */
int recording_begin(const struct setup *setup, const char *host, struct recorder **recorder);

/* Begins a run of `setup` on `host` in a recorder that stays as it is. -ENOMEM, logged: ticks are of the run
 * before. */
int recording_go_on(const struct setup *setup, const char *host, struct recorder *recorder);

/* Adds to `problems` why the recording that `config` asks for could not be written. */
void recording_check(const struct config *config, struct problems *problems);

#endif
