/* SPDX-License-Identifier: BSD-3-Clause */
/* SIGHUP: the configuration is read again while the daemon runs. */
#ifndef CORE_COMMANDS_RELOAD_H
#define CORE_COMMANDS_RELOAD_H

#include <stdbool.h>

#include "commands/daemon.h"

struct reload;

/* Begins to read the daemon's file anew, with the policy that it names, and to have that policy decide once for a
 * trial. NULL: no memory (logged). */
struct reload *reload_begin(struct daemon *daemon);

/* Goes on with it, between two ticks only, and without waiting for any policy. False: not yet, call it again soon.
 * True: it has come to its end, and is freed. If all is right the daemon goes on with what was read from the next
 * tick on; else with what it has, and nothing is applied by halves. Logs what is wrong, or what has changed. */
bool reload_go_on(struct reload *reload);

/* Gives it up, with nothing said; NULL is fine. */
void reload_free(struct reload *reload);

#endif
