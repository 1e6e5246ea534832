/* SPDX-License-Identifier: BSD-3-Clause */
/* memcoord -c FILE [INTERVAL] */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"
#include "commands/daemon.h"
#include "commands/options.h"
#include "commands/signals.h"
#include "util/log.h"
#include "util/suggest.h"

static const char help[] =
    "usage: memcoord [run] [-c FILE] [-v] [--ticks N] [--speed N] [--proc DIR] [INTERVAL]\n"
    "       memcoord COMMAND [--help]\n"
    "       memcoord help [COMMAND]\n"
    "Coordinates the memory of all running domains of a libvirt host.\n"
    "\n"
    "INTERVAL           seconds between two ticks, 0.1 to 3600; wins over `interval` in FILE\n"
    "-c, --config FILE  the configuration (default: coord.ini here, else /etc/memcoord/coord.ini)\n"
    "-v, --verbose      debug lines, too\n"
    "    --ticks N      end after N ticks\n"
    "    --speed N      a simulated host goes N times as fast as real time\n"
    "    --proc DIR     read the host's memory from DIR/meminfo instead of /proc/meminfo\n"
    "-h, --help         this text\n"
    "-V, --version      the version\n"
    "\n"
    "Commands:\n"
    "  run       coordinate (the default)\n"
    "  release   give managed domains back what they had\n"
    "  check     say what is wrong with a configuration, or what would run\n"
    "  policies  list the policies, or the parameters of one\n"
    "  decide    let a policy decide on snapshots written in JSON\n"
    "  compare   run policies side by side on scenarios, and score them\n"
    "  replay    tell what another policy would have decided on a recorded run\n"
    "  report    show recorded runs: pictures and scores\n"
    "\n"
    "SIGHUP has it read FILE again, and go on with that if all of it is right (the log tells).\n"
    "SIGINT and SIGTERM end it; `on_exit` in FILE says what becomes of the balloons then.\n"
    "Exit status: 0, 1 (failed), 2 (wrong usage or configuration).\n";

#define SPEED_MAX 100000 /* as a scenario's */

static int refuse_late_command(const char *name)
{
    fprintf(stderr,
            "memcoord: '%s' stands too late: a command comes first, as in memcoord %s -c FILE\n",
            name, name);
    return -EINVAL;
}

static int refuse_interval(const char *text)
{
    struct suggestion best = { NULL, UINT_MAX };

    for (const struct command *command = commands; command->name; command++)
        suggest_consider(&best, text, command->name);
    if (best.word && best.distance == 0)
        return refuse_late_command(text);
    fprintf(
        stderr,
        "memcoord: '%s' is neither a command nor an interval: %s%s%swant seconds, 0.1 to 3600\n",
        text, best.word ? "did you mean " : "", best.word ? best.word : "",
        best.word ? "? Or " : "");
    return -EINVAL;
}

/* strtod() alone would also take "0x1", "1e0", " 1" and "inf". */
static bool is_plain_decimal(const char *text)
{
    static const char digits[] = "0123456789";
    size_t whole = strspn(text, digits);

    if (whole > 0 && text[whole] == '.') {
        text += whole + 1;
        whole = strspn(text, digits);
    }
    return whole > 0 && !text[whole];
}

static int parse_interval(const char *text, uint64_t *interval_ms)
{
    double seconds = is_plain_decimal(text) ? strtod(text, NULL) : 0;

    if (!(seconds >= 0.1 && seconds <= 3600))
        return refuse_interval(text);
    *interval_ms = (uint64_t)(seconds * 1000 + 0.5);
    return 0;
}

static int parse_count(const char *what, const char *text, uint64_t max, uint64_t *count)
{
    char *end;

    errno = 0;
    *count = strtoull(text, &end, 10);
    if (!errno && !*end && end != text && *text != '-' && *count > 0 && *count <= max)
        return 0;
    fprintf(stderr, "memcoord: '%s' is no %s: want 1 or more", text, what);
    if (max < UINT64_MAX)
        fprintf(stderr, ", at most %" PRIu64, max);
    fputc('\n', stderr);
    return -EINVAL;
}

/* -1 to go on, else the status to exit with. */
static int parse(int argc, char **argv, struct run_arguments *arguments)
{
    static const struct option options[] = { { "verbose", no_argument, NULL, 'v' },
                                             { "ticks", required_argument, NULL, 't' },
                                             { "speed", required_argument, NULL, 's' },
                                             { "proc", required_argument, NULL, 'p' },
                                             OPTIONS_CONFIG_LONG{ NULL, 0, NULL, 0 } };
    int option;

    while ((option = getopt_long(argc, argv, OPTIONS_CONFIG_SHORT "v", options, NULL)) != -1) {
        if (option == 'c')
            arguments->file = optarg;
        else if (option == 'v')
            arguments->verbose = 1;
        else if (option == 'p')
            arguments->proc = optarg;
        else if (option != 't' && option != 's')
            return options_other(option, help);
        else if (option == 't'
                     ? parse_count("number of ticks", optarg, UINT64_MAX, &arguments->ticks)
                     : parse_count("speed", optarg, SPEED_MAX, &arguments->speed))
            return EXIT_USAGE;
    }
    if (optind < argc && parse_interval(argv[optind], &arguments->interval_ms) < 0)
        return EXIT_USAGE;
    return optind + 1 < argc ? options_too_many(argv[optind + 1], help) : -1;
}

int command_run(int argc, char **argv)
{
    struct run_arguments arguments = { .proc = "/proc" };
    struct problems problems = { 0 };
    struct setup setup = { 0 };
    int status = parse(argc, argv, &arguments);

    if (status >= 0)
        return status;
    log_open(arguments.verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
    signals_catch_reload();
    arguments.file = options_config(arguments.file);
    if (setup_load(arguments.file, arguments.interval_ms, &setup, &problems) < 0) {
        problems_print(&problems, stderr);
        problems_free(&problems);
        return EXIT_USAGE;
    }
    return daemon_run(&setup, &arguments);
}
