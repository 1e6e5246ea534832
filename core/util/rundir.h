/* SPDX-License-Identifier: BSD-3-Clause */
/* The folder for files that live as long as the machine is up. */
#ifndef CORE_UTIL_RUNDIR_H
#define CORE_UTIL_RUNDIR_H

/* The path of `stem` + `suffix` there, with characters that a file name should not have made '_':
 * malloc'ed, NULL when there is no memory. The folder is $MEMCOORD_RUNTIME_DIR, /run/memcoord for
 * root, else $XDG_RUNTIME_DIR/memcoord or /tmp/memcoord-UID; it is made (0700) if it is missing. */
char *rundir_file(const char *stem, const char *suffix);

#endif
