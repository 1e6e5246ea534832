/* SPDX-License-Identifier: BSD-3-Clause */
/* A name that one process of this machine can hold at a time, whoever runs it: that of a socket without
 * a file, which goes with its process, however that ends. A network namespace is a machine of its own. */
#ifndef CORE_UTIL_MACHINE_NAME_H
#define CORE_UTIL_MACHINE_NAME_H

#include <sys/types.h>

/* Takes `name` until *fd is closed. 0; -EBUSY if another process has it, and *holder is that (0 if it
 * can't be told); -EPERM if one has it that does not count: anyone can take any name, so that only
 * root's processes, this user's and those of members of `group` do; or another negative errno. */
int machine_name_take(const char *name, const char *group, int *fd, pid_t *holder);

#endif
