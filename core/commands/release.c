/* SPDX-License-Identifier: BSD-3-Clause */
/* memcoord release */
#include <stdio.h>
#include <stdlib.h>

#include "commands/commands.h"
#include "commands/options.h"
#include "commands/session.h"
#include "control/coordinator.h"
#include "util/log.h"

static const char help[] =
    "usage: memcoord release [-c FILE] [--proc DIR]\n"
    "Gives every managed domain that has less memory than it had before memcoord changed it that\n"
    "size back, as far as the host can. Refuses while a daemon coordinates the host.\n"
    "\n"
    "-c, --config FILE the configuration (default: coord.ini here, else /etc/memcoord/coord.ini)\n"
    "    --proc DIR    read the host's memory from DIR/meminfo instead of /proc/meminfo\n"
    "-h, --help        this text\n"
    "-V, --version     the version\n"
    "\n"
    "Exit status: 0, 1 (failed, or not all could be given back), 2 (wrong usage or\n"
    "configuration).\n";

static int release(const struct config *config, const char *proc)
{
    struct session session;
    int status = session_open(config, proc, &session);
    struct coordinator c = { .config = config, .origins = &session.origins };

    if (status != EXIT_SUCCESS)
        return status;
    c.host = session.host;
    if (session.origins_lost || coordinator_restore(&c) != 0)
        status = EXIT_FAILURE;
    coordinator_free(&c);
    session_close(&session);
    return status;
}

int command_release(int argc, char **argv)
{
    static const struct option options[] = { { "proc", required_argument, NULL, 'p' },
                                             OPTIONS_CONFIG_LONG{ NULL, 0, NULL, 0 } };
    const char *file = NULL, *proc = "/proc";
    struct problems problems = { 0 };
    struct config config = { 0 };
    int option, status;

    while ((option = getopt_long(argc, argv, OPTIONS_CONFIG_SHORT, options, NULL)) != -1) {
        if (option == 'c')
            file = optarg;
        else if (option == 'p')
            proc = optarg;
        else
            return options_other(option, help);
    }
    if (optind < argc)
        return options_too_many(argv[optind], help);
    log_open(LOG_LEVEL_INFO);
    if (config_load(options_config(file), &config, &problems) < 0) {
        problems_print(&problems, stderr);
        problems_free(&problems);
        return EXIT_USAGE;
    }
    if (config.daemon.dry_run) {
        log_error("%s: dry_run = yes: nothing may be changed, so nothing can be given back",
                  config.file);
        status = EXIT_USAGE;
    } else {
        status = release(&config, proc);
    }
    config_free(&config);
    return status;
}
