/* SPDX-License-Identifier: BSD-3-Clause */
/* memcoord replay: what would another policy have decided on what was recorded. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"
#include "commands/given.h"
#include "commands/options.h"
#include "commands/replay_run.h"
#include "commands/tried.h"
#include "record/recording.h"

#define ERROR_BYTES 1024

static const char help[] =
    "usage: memcoord replay RECORDING [-p NAME] [-c FILE] [--run N] [--set KEY=VALUE]... [--no-guard]\n"
    "Shows a policy each tick of a recorded run, and tells where it would have decided otherwise than was\n"
    "decided then. Nothing is changed anywhere.\n"
    "\n"
    "It is open-loop: what the other decisions would have changed has no effect on what was seen. The\n"
    "policy sees guests that did what the recorded one told them, so this compares decisions, not\n"
    "outcomes: for these, run the policies on the same scenario. State is kept from tick to tick; where\n"
    "the beginning of a run has been deleted (`keep`), it begins anew.\n"
    "\n"
    "-p, --policy NAME          the policy; the one that was recorded if it is not given\n"
    "    --run N                which run of the recording, from 1; must be given if there are several\n"
    "-c, --config FILE          take [guard] and [policy NAME] from FILE, not from the recorded run's\n"
    "                           settings; bounds, weights and what the host can give stay as they were\n"
    "    --policy-path FOLDERS  look for the policy in these folders (separated by ':')\n"
    "    --set KEY=VALUE        set a parameter of the policy\n"
    "    --no-guard             grant what the policy asks, whatever it is\n"
    "    --json                 one line of JSON a tick, as `decide` prints it, with what was recorded\n"
    "-h, --help                 this text\n"
    "-V, --version              the version\n"
    "\n"
    "Exit status: 0, 1 (the policy failed on a tick, or something else did), 2 (wrong usage or\n"
    "configuration, a policy that can't be loaded, no recording, a damaged one, one of a newer version,\n"
    "or no such run).\n";

struct request {
    const char *file, *config_file, *policy_path;
    uint64_t number; /* of the run, from 1; 0: not given */
    struct tried tried;
    bool no_guard, json;
    /* what follows from them */
    struct recording *recording;
    size_t run;
    struct config config;
};

/* ---- replaying */

static int failed(int err, const char *error)
{
    fprintf(stderr, "memcoord: %s\n", *error ? error : strerror(-err));
    return err == -ENOMEM || err == -EIO ? EXIT_FAILURE : EXIT_USAGE;
}

static void print_head(const struct request *request, const struct policy_instance *instance)
{
    const struct record_run *run = recording_run(request->recording, request->run);

    printf("%s, run %zu: %s, policy %s, every %" PRIu64 " ms; now policy %s%s\n", request->file,
           request->run + 1, run->host ? run->host : "?", run->policy, run->interval_ms,
           instance->policy->table.name, request->no_guard ? " without the guard" : "");
}

static int replay_whole(const struct request *request, struct replay_run *run)
{
    const struct record_sink sink = replay_run_sink(run);
    const bool *stop = &run->stop;
    char error[ERROR_BYTES] = "";
    int r = recording_read(request->recording, request->run, &sink, stop, error, sizeof(error));

    if (run->err < 0)
        return failed(run->err, run->error);
    if (r < 0)
        return failed(r, error);
    if (!request->json) {
        print_head(request, run->decision.instance);
        replay_tally_print(&run->tally, stdout);
    }
    if (fflush(stdout) != 0)
        return failed(-EIO, "standard output can't be written");
    if (run->failed > 0)
        fprintf(stderr, "memcoord: the policy failed on %" PRIu64 " ticks: %s\n", run->failed,
                run->why_failed);
    return run->failed > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int replay_with(void *arg, struct policy_instance *instance)
{
    const struct request *request = arg;
    struct replay_run run = {
        .decision = { .guard = request->config.guard,
                      .no_guard = request->no_guard,
                      .instance = instance },
        .interval_ms = recording_run(request->recording, request->run)->interval_ms,
        .other_guard = request->config_file || request->no_guard,
        .json = request->json,
    };
    int status;

    if (request->no_guard)
        run.decision.guard.rescue = 0;
    status = replay_whole(request, &run);
    replay_run_free(&run);
    return status;
}

/* ---- which run, with which settings */

static void list_runs(const struct recording *recording)
{
    for (size_t i = 0; i < recording_n_runs(recording); i++) {
        const struct record_run *run = recording_run(recording, i);

        fprintf(stderr, "  --run %zu: %s, policy %s, %" PRIu64 " ticks\n", i + 1,
                run->host ? run->host : "?", run->policy, recording_span(recording, i).n_ticks);
    }
}

static int choose_run(struct request *request)
{
    size_t n = recording_n_runs(request->recording);

    if (n == 0) {
        fprintf(stderr, "memcoord: %s: there is no run in it\n", request->file);
        return EXIT_USAGE;
    }
    if (request->number > n || (request->number == 0 && n > 1)) {
        fprintf(stderr, "memcoord: %s has %zu run%s: want --run %s%zu\n", request->file, n,
                n > 1 ? "s" : "", n > 1 ? "1.." : "", n);
        list_runs(request->recording);
        return EXIT_USAGE;
    }
    request->run = request->number ? (size_t)request->number - 1 : 0;
    return 0;
}

/* The run's own settings, or FILE's. */
static int read_settings(struct request *request)
{
    const struct record_run *run = recording_run(request->recording, request->run);
    char name[ERROR_BYTES];

    if (request->config_file)
        return given_config(request->config_file, request->policy_path, &request->config);
    snprintf(name, sizeof(name), "%s: settings of run %zu", request->file, request->run + 1);
    return given_config_text(run->settings ? run->settings : "", name, request->policy_path,
                             &request->config);
}

static int replay_run_of(struct request *request)
{
    int status = choose_run(request);

    if (status == 0)
        status = read_settings(request);
    if (status != 0)
        return status;
    status = tried_policy(&request->tried, &request->config, replay_with, request);
    config_free(&request->config);
    return status;
}

static int replay(struct request *request)
{
    char error[ERROR_BYTES] = "";
    int status, r = recording_open(request->file, &request->recording, error, sizeof(error));

    if (r < 0)
        return failed(r, error);
    status = replay_run_of(request);
    recording_close(request->recording);
    return status;
}

/* ---- the command line */

static int parse_run(const char *text, uint64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && !*end && !errno && *number > 0)
        return 0;
    fprintf(stderr, "memcoord: --run: '%s' is no number of a run: want 1 or more\n", text);
    return EXIT_USAGE;
}

/* 0, or 1 with *status to exit with. */
static int parse_options(int argc, char **argv, struct request *request, int *status)
{
    static const struct option options[] = {
        { "policy", required_argument, NULL, 'p' }, { "policy-path", required_argument, NULL, 'P' },
        { "set", required_argument, NULL, 's' },    { "no-guard", no_argument, NULL, 'n' },
        { "run", required_argument, NULL, 'r' },    { "json", no_argument, NULL, 'j' },
        OPTIONS_CONFIG_LONG{ NULL, 0, NULL, 0 }
    };
    int option;

    *status = 0;
    while ((option = getopt_long(argc, argv, "p:" OPTIONS_CONFIG_SHORT, options, NULL)) != -1) {
        if (option == 'p')
            request->tried.name = optarg;
        else if (option == 'P')
            request->policy_path = optarg;
        else if (option == 's')
            request->tried.sets[request->tried.n_sets++] = optarg;
        else if (option == 'n')
            request->no_guard = true;
        else if (option == 'j')
            request->json = true;
        else if (option == 'c')
            request->config_file = optarg;
        else if (option != 'r') {
            *status = options_other(option, help);
            return 1;
        } else if ((*status = parse_run(optarg, &request->number)) != 0) {
            return 1;
        }
    }
    if (optind < argc)
        request->file = argv[optind++];
    if (optind < argc)
        *status = options_too_many(argv[optind], help);
    if (!*status && !request->file) {
        fprintf(stderr, "memcoord: replay: which recording? Want memcoord replay RECORDING\n");
        *status = EXIT_USAGE;
    }
    return *status != 0;
}

int command_replay(int argc, char **argv)
{
    struct request request = { .tried.sets = calloc((size_t)argc + 1, sizeof(char *)) };
    int status = EXIT_FAILURE;

    if (!request.tried.sets)
        fprintf(stderr, "memcoord: out of memory\n");
    else if (!parse_options(argc, argv, &request, &status))
        status = replay(&request);
    free(request.tried.sets);
    return status;
}
