/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "commands/host_of.h"
#include "commands/options.h"
#include "util/log.h"
#include "util/rundir.h"

static int open_host(const struct config *config, const char *proc, struct host **host)
{
    char error[1024];

    if (host_of(config, proc, config->daemon.dry_run, host, error, sizeof(error)) < 0) {
        log_error("%s", error);
        return EXIT_FAILURE;
    }
    if (!(*host)->remote || config->daemon.dry_run)
        return EXIT_SUCCESS;
    log_error("%s: a remote host can be watched only, for its free memory can't be known: set "
              "dry_run = yes, or run memcoord there",
              config->daemon.uri);
    host_close(*host);
    *host = NULL;
    return EXIT_USAGE;
}

static int claim(struct session *session)
{
    pid_t other = 0;
    int r = claim_host(session->host->name, &session->claim, &other);

    if (r == -EBUSY && other > 0)
        log_error("%s is coordinated already, by process %ld: stop that one first",
                  session->host->name, (long)other);
    else if (r == -EBUSY)
        log_error("%s is coordinated already, by another process: stop that one first",
                  session->host->name);
    else if (r < 0)
        log_error("%s can't be claimed: its lock file can't be written: %s (the folder is "
                  "$MEMCOORD_RUNTIME_DIR, /run/memcoord, $XDG_RUNTIME_DIR/memcoord or "
                  "/tmp/memcoord-UID; it must be this user's alone)",
                  session->host->name, strerror(-r));
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The coordination does not depend on it. */
static void load_origins(struct session *session)
{
    char *file = NULL;
    int r = rundir_file(session->host->name, ".origins", &file);

    if (r == 0)
        r = origins_load(file, &session->origins);
    session->origins_lost = r < 0;
    if (r < 0)
        log_warning("%s: what domains had before can't be read: %s", file ? file : "origins",
                    strerror(-r));
    free(file);
}

int session_open(const struct config *config, const char *proc, struct session *session)
{
    int status;

    *session = (struct session){ .claim = CLAIM_NONE };
    status = open_host(config, proc, &session->host);
    if (status != EXIT_SUCCESS || config->daemon.dry_run || !session->host->shared)
        return status;
    status = claim(session);
    if (status == EXIT_SUCCESS)
        load_origins(session);
    else
        session_close(session);
    return status;
}

void session_close(struct session *session)
{
    host_close(session->host);
    session->host = NULL;
    origins_free(&session->origins);
    claim_end(&session->claim);
}
