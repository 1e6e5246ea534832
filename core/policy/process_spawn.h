/* SPDX-License-Identifier: BSD-3-Clause */
/* Starts a policy's process: with two open files, and nothing else of this one. */
#ifndef CORE_POLICY_PROCESS_SPAWN_H
#define CORE_POLICY_PROCESS_SPAWN_H

#include <sys/types.h>

/* Starts `executable` (NULL: this program, even if its file has been replaced since) as the leader of a session of
 * its own, with CHILD_ARGUMENT, `socket` as CHILD_SOCKET and `object` as CHILD_OBJECT; /dev/null as standard input,
 * output and error; signals as they are by default; none of the environment but where libraries are. 0 and *pid,
 * or a negative errno. */
int process_spawn(const char *executable, int socket, int object, pid_t *pid);

#endif
