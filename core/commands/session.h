/* SPDX-License-Identifier: BSD-3-Clause */
/* A host that this process may change: opened, claimed for it alone, and with what its domains had
 * before. */
#ifndef CORE_COMMANDS_SESSION_H
#define CORE_COMMANDS_SESSION_H

#include <stdbool.h>

#include "config/config.h"
#include "control/claim.h"
#include "control/origins.h"
#include "host/host.h"

struct session {
    struct host *host;
    struct claim claim;
    struct origins origins;
    bool origins_lost; /* they could not be read (logged) */
};

/* Opens the host of `config` (memory figures from `proc`), and claims it unless it is only watched or
 * nobody else can see it. Its memory figures must be readable now; if they are not later, that is a
 * state. Returns the status to exit with, 0 if all is well; logs why not. */
int session_open(const struct config *config, const char *proc, struct session *session);

/* Closes it; one that could not be opened is fine. */
void session_close(struct session *session);

#endif
