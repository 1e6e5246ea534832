/* SPDX-License-Identifier: BSD-3-Clause */
/* The folder for files that live as long as the machine is up. */
#ifndef CORE_UTIL_RUNDIR_H
#define CORE_UTIL_RUNDIR_H

#include <stdbool.h>

/* The path of `stem` + `suffix` there, with characters that a file name should not have made '_', into
 * *path (malloc'ed). The folder is $MEMCOORD_RUNTIME_DIR, /run/memcoord for root, else
 * $XDG_RUNTIME_DIR/memcoord or /tmp/memcoord-UID; it is made (0700) if it is missing. 0; -ENOMEM; -EPERM
 * if it is not a folder of this user's own that nobody else can write; or another negative errno. */
int rundir_file(const char *stem, const char *suffix, char **path);

/* Whether $MEMCOORD_RUNTIME_DIR says where it is. */
bool rundir_is_given(void);

#endif
