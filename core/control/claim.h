/* SPDX-License-Identifier: BSD-3-Clause */
/* One coordinator for each host, whoever runs it: a file that is locked keeps away others of this user, a
 * name that is held (machine_name.h) those of root and of group libvirt. Where MEMCOORD_RUNTIME_DIR names
 * the folder (rundir.h), it is one for each such folder. Another user's coordinator in another network
 * namespace is not noticed. */
#ifndef CORE_CONTROL_CLAIM_H
#define CORE_CONTROL_CLAIM_H

#include <sys/types.h>

struct claim {
    int file_fd, name_fd; /* -1: not held */
};

#define CLAIM_NONE ((struct claim){ -1, -1 })

/* Claims the host `name` for this process until claim_end(). 0; -EBUSY if another has it, and *other is
 * its process (0 if it can't be told); or a negative errno. Logs if somebody who may not coordinate keeps
 * the name from this one: then only the file protects it. */
int claim_host(const char *name, struct claim *claim, pid_t *other);

/* Gives it up; CLAIM_NONE is fine. */
void claim_end(struct claim *claim);

#endif
