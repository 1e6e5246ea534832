/* SPDX-License-Identifier: BSD-3-Clause */
/* memcoord -c FILE [INTERVAL] */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"
#include "commands/options.h"
#include "commands/recording_of.h"
#include "commands/session.h"
#include "commands/setup.h"
#include "control/coordinator.h"
#include "host/sim_host.h"
#include "policy/process.h"
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
    "SIGINT and SIGTERM end it; `on_exit` in FILE says what becomes of the balloons then.\n"
    "Exit status: 0, 1 (failed), 2 (wrong usage or configuration).\n";

#define SPEED_MAX 100000 /* as a scenario's */

struct run_arguments {
    const char *file, *proc;
    uint64_t ticks, speed, interval_ms; /* 0: not given */
    int verbose;
};

static volatile sig_atomic_t stop;
static struct host *signalled_host;

static void handle_stop(int signal)
{
    int saved = errno;

    (void)signal;
    stop = 1;
    if (signalled_host)
        signalled_host->ops->wake(signalled_host);
    errno = saved;
}

static void catch_signals(struct host *host)
{
    struct sigaction action = { .sa_handler = handle_stop };

    signalled_host = host;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that must not grow is an error of that file */
}

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

/* What becomes of the balloons. */
static int end(struct coordinator *c)
{
    if (c->config->daemon.dry_run)
        return 0;
    if (c->config->daemon.on_exit == ON_EXIT_RESTORE)
        return coordinator_restore(c);
    log_info("ended: balloons stay as they are (on_exit = hold)");
    return 0;
}

static int coordinate_session(struct setup *setup, const struct run_arguments *arguments,
                              struct session *session, const struct record_sink *sink)
{
    struct coordinator c = { .config = &setup->config,
                             .host = session->host,
                             .instance = setup->instance,
                             .origins = &session->origins,
                             .sink = sink };
    int status = EXIT_SUCCESS;

    if (domains_set_policy_state(&c.domains, setup->policy->table.domain_state_size) < 0)
        status = EXIT_FAILURE;
    log_info("memcoord " MEMCOORD_VERSION ": %s, policy %s, every %" PRIu64 " ms%s",
             session->host->name, setup->policy->table.name, setup->config.daemon.interval_ms,
             setup->config.daemon.dry_run ? ", dry run: nothing is changed" : "");
    policy_process_say(setup->policy);
    coordinator_run(&c, arguments->ticks, &stop);
    if (end(&c) != 0)
        status = EXIT_FAILURE;
    coordinator_free(&c);
    return status;
}

static int set_speed(const struct setup *setup, struct host *host, uint64_t speed)
{
    int r;

    if (speed == 0)
        return EXIT_SUCCESS;
    if (!host_is_simulated(setup->config.daemon.uri)) {
        log_error("--speed is for simulated hosts; %s is none", host->name);
        return EXIT_USAGE;
    }
    r = sim_host_set_speed(host, speed);
    if (r < 0)
        log_error("--speed: %s", strerror(-r));
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int coordinate(struct setup *setup, const struct run_arguments *arguments)
{
    struct session session;
    struct recorder *recorder = NULL;
    int status = session_open(&setup->config, arguments->proc, &session);

    if (status != EXIT_SUCCESS)
        return status;
    catch_signals(session.host);
    status = set_speed(setup, session.host, arguments->speed);
    if (status != EXIT_SUCCESS) {
        /* nothing has begun */
    } else if (recording_begin(setup, session.host->name, &recorder) < 0) {
        status = EXIT_FAILURE;
    } else {
        struct record_sink sink = recorder_sink(recorder);
        status = coordinate_session(setup, arguments, &session, recorder ? &sink : NULL);
    }
    if (recorder_close(recorder) < 0)
        status = EXIT_FAILURE;
    signalled_host = NULL;
    session_close(&session);
    return status;
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
    if (setup_load(options_config(arguments.file), &setup, &problems) < 0) {
        problems_print(&problems, stderr);
        problems_free(&problems);
        return EXIT_USAGE;
    }
    if (arguments.interval_ms > 0)
        config_set_interval(&setup.config, arguments.interval_ms);
    status = coordinate(&setup, &arguments);
    setup_free(&setup);
    return status;
}
