/* SPDX-License-Identifier: BSD-3-Clause */
/* The signals that a daemon is told by. */
#ifndef CORE_COMMANDS_SIGNALS_H
#define CORE_COMMANDS_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "host/host.h"

/* Catches SIGHUP: from here on it ends nothing, but is remembered. */
void signals_catch_reload(void);

/* Catches SIGINT and SIGTERM too, and has all of them wake `host` from its sleep; called again, another
 * one. */
void signals_catch(struct host *host);

/* No host is to be woken any more. */
void signals_leave_host(void);

/* Not 0 once SIGINT or SIGTERM has come. */
extern volatile sig_atomic_t signals_stop;

/* Whether a SIGHUP has come since the last call. */
bool signals_take_reload(void);

#endif
