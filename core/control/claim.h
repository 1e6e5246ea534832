/* SPDX-License-Identifier: BSD-3-Clause */
/* One coordinator for each host. */
#ifndef CORE_CONTROL_CLAIM_H
#define CORE_CONTROL_CLAIM_H

#include <sys/types.h>

/* Claims the host `name` for this process until `*fd` is closed. 0; -EBUSY if another has it, and
 * *other is its process (0 if it can't be told); or a negative errno. */
int claim_host(const char *name, int *fd, pid_t *other);

#endif
