/* SPDX-License-Identifier: BSD-3-Clause */
/* The host that a configuration names. */
#ifndef CORE_COMMANDS_HOST_OF_H
#define CORE_COMMANDS_HOST_OF_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "host/host.h"

/* Opens the host of `config` (memory figures from `proc`; `watch_only`: as in host_options). 0 and
 * *host; or a negative errno, and `error` says why, after the place where the URI stands if it is
 * about that. */
int host_of(const struct config *config, const char *proc, bool watch_only, struct host **host,
            char *error, size_t error_size);

#endif
