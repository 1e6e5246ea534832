/* SPDX-License-Identifier: BSD-3-Clause */
/* memcoord check: say what is wrong, or what would run. */
#include <stdio.h>
#include <stdlib.h>

#include "commands/check_show.h"
#include "commands/commands.h"
#include "commands/options.h"
#include "commands/recording_of.h"
#include "util/log.h"

static const char help[] =
    "usage: memcoord check [-c FILE] [--json] [--proc DIR]\n"
    "Says all that is wrong with a configuration and with the parameters of its policies; or, if\n"
    "nothing is, what would run: every key in effect, the host, and its domains with their bounds.\n"
    "Changes nothing.\n"
    "\n"
    "-c, --config FILE  the configuration (default: coord.ini here, else /etc/memcoord/coord.ini)\n"
    "    --json         print JSON\n"
    "    --proc DIR     read the host's memory from DIR/meminfo instead of /proc/meminfo\n"
    "-h, --help         this text\n"
    "-V, --version      the version\n"
    "\n"
    "Exit status: 0, 1 (the host can't be reached), 2 (wrong usage or configuration).\n";

struct check_arguments {
    const char *file, *proc;
    int json;
};

/* The configuration is right: shows it, and what of the host can be seen. */
static int check_right(const struct check_arguments *arguments, const struct setup *setup)
{
    const struct problems none = { 0 };
    struct check_host seen = { 0 };
    int status = EXIT_SUCCESS;

    if (check_host_see(&setup->config, arguments->proc, &seen) < 0)
        status = EXIT_FAILURE;
    if (!arguments->json)
        check_show_setup(setup);
    if (!arguments->json && status == EXIT_SUCCESS)
        check_show_host(&seen);
    if (arguments->json && check_show_json(arguments->file, &none, setup, &seen) < 0)
        status = EXIT_FAILURE;
    fflush(stdout);
    if (*seen.error)
        log_error("%s", seen.error);
    check_host_free(&seen);
    return status;
}

static int check(const struct check_arguments *arguments)
{
    struct problems problems = { 0 };
    struct setup setup = { 0 };
    int status = EXIT_USAGE;

    if (setup_load(arguments->file, 0, &setup, &problems) == 0)
        recording_check(&setup.config, &problems);
    if (problems.n == 0) {
        status = check_right(arguments, &setup);
    } else {
        problems_print(&problems, stderr);
        if (arguments->json)
            check_show_json(arguments->file, &problems, NULL, NULL);
    }
    setup_free(&setup);
    problems_free(&problems);
    return status;
}

int command_check(int argc, char **argv)
{
    static const struct option options[] = { { "json", no_argument, NULL, 'j' },
                                             { "proc", required_argument, NULL, 'p' },
                                             OPTIONS_CONFIG_LONG{ NULL, 0, NULL, 0 } };
    struct check_arguments arguments = { .proc = "/proc" };
    int option;

    while ((option = getopt_long(argc, argv, OPTIONS_CONFIG_SHORT, options, NULL)) != -1) {
        if (option == 'c')
            arguments.file = optarg;
        else if (option == 'j')
            arguments.json = 1;
        else if (option == 'p')
            arguments.proc = optarg;
        else
            return options_other(option, help);
    }
    if (optind < argc)
        return options_too_many(argv[optind], help);
    log_open(LOG_LEVEL_WARNING); /* which domains run is shown, not logged */
    arguments.file = options_config(arguments.file);
    return check(&arguments);
}
