/* SPDX-License-Identifier: BSD-3-Clause */
/* SIGHUP: the configuration is read again while the daemon runs. */
#ifndef CORE_COMMANDS_RELOAD_H
#define CORE_COMMANDS_RELOAD_H

#include "commands/daemon.h"

/* Reads the daemon's file anew, with the policy that it names, and has that policy decide once for a trial. If
 * all is right the daemon goes on with it from the next tick on; else with what it has, and nothing is
 * applied by halves. Logs what is wrong, or what has changed. Between two ticks only. */
void reload(struct daemon *daemon);

#endif
