/* SPDX-License-Identifier: BSD-3-Clause */
/* The folder of an experiment's results. Of core/commands/compare*.c only. */
#ifndef CORE_COMMANDS_COMPARE_FOLDER_H
#define CORE_COMMANDS_COMPARE_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

/* Makes `folder` (and recordings and logs in it) ready for the results of the experiment in `file`. One that is
 * there must be empty, or hold results of the same file, or of any with `force`: these are removed. It gets
 * experiment.ini, a copy of `file`. 0; -EEXIST: it holds something else; another negative errno; `error` says
 * what. */
int compare_folder_begin(const char *folder, const char *file, bool force, char *error,
                         size_t error_size);

/* Removes what is empty in it. */
void compare_folder_end(const char *folder);

#endif
