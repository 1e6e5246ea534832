/* SPDX-License-Identifier: BSD-3-Clause */
/* memcoord decide: drives a policy over snapshots, one a line. */
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"
#include "commands/decide_read.h"
#include "commands/decide_states.h"
#include "commands/decide_write.h"
#include "commands/decision.h"
#include "commands/given.h"
#include "commands/options.h"
#include "commands/tried.h"

#define ERROR_BYTES 512
#define BOM "\xEF\xBB\xBF" /* editors begin UTF-8 with it */

static const char help[] =
    "usage: memcoord decide -p NAME [-c FILE] [--set KEY=VALUE]... [--no-guard] [--isolate] [SNAPSHOTS]\n"
    "Reads snapshots, one JSON object a line, from the file SNAPSHOTS or standard input, lets the\n"
    "policy NAME decide on each, and prints each decision as one line of JSON. The policy's state\n"
    "is kept from line to line. Nothing is changed anywhere.\n"
    "\n"
    "  in:  {\"interval_ms\":1000, \"host\":{\"total_kib\":..,\"available_kib\":..,\"free_kib\":..},\n"
    "        \"domains\":[{\"name\":\"a\",\"min_kib\":..,\"max_kib\":..,\"balloon_kib\":..,\n"
    "                    \"unused_kib\":..,\"usable_kib\":..,\"weight\":1000,\"flags\":[\"settling\"]}]}\n"
    "  out: {\"tick\":1, \"host\":{\"grantable_kib\":..,\"pool_kib\":..},\n"
    "        \"domains\":[{\"name\":\"a\",\"balloon_kib\":..,\"asked_kib\":..,\"granted_kib\":..,\n"
    "                    \"why\":\"..\",\"guard\":\"..\",\"guard_text\":\"..\"}]}\n"
    "\n"
    "The keys are the field names of memcoord/policy.h. What is absent is unknown; but statistics\n"
    "then count as fresh, the target as the balloon, used as balloon - usable; min, max, weight and\n"
    "interval are the configuration's. grantable_kib and pool_kib of the host are derived if they\n"
    "are not given. In the output null says that no change was asked; where the policy failed, the\n"
    "line is {\"tick\":..,\"error\":\"..\"}.\n"
    "\n"
    "-p, --policy NAME          the policy; the one that FILE names if it is not given\n"
    "-c, --config FILE          take [host], [guard], [domain] and [policy NAME] from FILE\n"
    "    --policy-path FOLDERS  look for the policy in these folders (separated by ':')\n"
    "    --set KEY=VALUE        set a parameter of the policy\n"
    "    --no-guard             grant what the policy asks, whatever it is\n"
    "    --isolate              run the policy in a process of its own, as the daemon does\n"
    "    --json                 print JSON, as it always does\n"
    "-h, --help                 this text\n"
    "-V, --version              the version\n"
    "\n"
    "Exit status: 0, 1 (the policy failed on a line), 2 (wrong usage or configuration, a policy that\n"
    "can't be loaded, or a line that is no snapshot, where it stops).\n";

struct request {
    const char *config_file, *policy_path, *snapshots;
    struct tried tried;
    bool no_guard;
    const struct config *config;
};

/* All that lives from line to line. */
struct session {
    const struct config *config;
    struct decision decision;
    bool failed; /* the policy, on some line */
    struct decide_states states;
};

/* Decides on the snapshot and prints. 0, or what went wrong with us, not with the policy. */
static int decide_and_write(struct session *session)
{
    struct decision *d = &session->decision;
    int r = decision_make(d);

    if (r < 0)
        return r;
    if (!d->plan.failed)
        return decide_write(&d->guard, &d->snapshot, &d->plan, d->verdicts, NULL);
    session->failed = true;
    return decide_write_error(&d->snapshot, d->plan.error);
}

/* One line of text; 0, -EINVAL with `error` about the line, or another negative errno. */
static int run_line(struct session *session, const char *text, size_t length, char *error,
                    size_t error_size)
{
    json_error_t json_error;
    json_t *line = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &json_error);
    int r;

    if (!line) {
        snprintf(error, error_size, "not JSON: %s (column %d)", json_error.text, json_error.column);
        return -EINVAL;
    }
    r = decide_read(line, session->config, &session->decision.guard, &session->decision.snapshot,
                    error, error_size);
    if (!r)
        r = decide_states_attach(&session->states, &session->decision.snapshot, NULL,
                                 session->decision.instance->policy->table.domain_state_size, error,
                                 error_size);
    if (!r) {
        r = decide_and_write(session);
        if (r)
            snprintf(error, error_size, "%s", strerror(-r));
    }
    json_decref(line);
    return r;
}

static int run_lines(struct session *session, FILE *in, const char *name)
{
    char *text = NULL, error[ERROR_BYTES] = "";
    size_t size = 0, number = 0, start;
    ssize_t length;
    int r = 0;

    while (!r && (length = getline(&text, &size, in)) >= 0) {
        number++;
        start = number == 1 && strncmp(text, BOM, strlen(BOM)) == 0 ? strlen(BOM) : 0;
        if (start + strspn(text + start, " \t\r\n") < (size_t)length)
            r = run_line(session, text + start, (size_t)length - start, error, sizeof(error));
    }
    free(text);
    if (r)
        fprintf(stderr, "%s:%zu: %s\n", name, number, error);
    else if (ferror(in))
        fprintf(stderr, "%s: %s\n", name, strerror(errno));
    if (r == -EINVAL)
        return EXIT_USAGE;
    return r || ferror(in) || session->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_session(void *arg, struct policy_instance *instance)
{
    const struct request *request = arg;
    struct session session = { .config = request->config,
                               .decision = { .guard = request->config->guard,
                                             .no_guard = request->no_guard,
                                             .instance = instance } };
    bool is_file = request->snapshots && strcmp(request->snapshots, "-") != 0;
    FILE *in = is_file ? fopen(request->snapshots, "re") : stdin;
    int status;

    if (!in) {
        fprintf(stderr, "memcoord: %s: %s\n", request->snapshots, strerror(errno));
        return EXIT_USAGE;
    }
    if (request->no_guard)
        session.decision.guard.rescue = 0;
    status = run_lines(&session, in, is_file ? request->snapshots : "stdin");
    if (is_file)
        fclose(in);
    decision_free(&session.decision);
    decide_states_free(&session.states);
    return status;
}

/* 0, or 1 with *status to exit with. */
static int parse_options(int argc, char **argv, struct request *request, int *status)
{
    static const struct option options[] = {
        { "policy", required_argument, NULL, 'p' }, { "policy-path", required_argument, NULL, 'P' },
        { "set", required_argument, NULL, 's' },    { "no-guard", no_argument, NULL, 'n' },
        { "isolate", no_argument, NULL, 'i' },      { "json", no_argument, NULL, 'j' },
        OPTIONS_CONFIG_LONG{ NULL, 0, NULL, 0 }
    };
    int option;

    while ((option = getopt_long(argc, argv, "p:" OPTIONS_CONFIG_SHORT, options, NULL)) != -1) {
        switch (option) {
        case 'p':
            request->tried.name = optarg;
            break;
        case 'P':
            request->policy_path = optarg;
            break;
        case 's':
            request->tried.sets[request->tried.n_sets++] = optarg;
            break;
        case 'n':
            request->no_guard = true;
            break;
        case 'i':
            request->tried.isolate = true;
            break;
        case 'j': /* there is nothing else to print */
            break;
        case 'c':
            request->config_file = optarg;
            break;
        default:
            *status = options_other(option, help);
            return 1;
        }
    }
    if (optind < argc)
        request->snapshots = argv[optind++];
    *status = optind < argc ? options_too_many(argv[optind], help) : 0;
    if (!*status && !request->tried.name && !request->config_file) {
        fprintf(stderr, "memcoord: decide: which policy? want -p NAME, or -c FILE\n");
        *status = EXIT_USAGE;
    }
    return *status != 0;
}

int command_decide(int argc, char **argv)
{
    struct request request = { .tried.sets = calloc((size_t)argc + 1, sizeof(char *)) };
    struct config config = { 0 };
    int status = EXIT_FAILURE;

    if (!request.tried.sets) {
        fprintf(stderr, "memcoord: out of memory\n");
    } else if (!parse_options(argc, argv, &request, &status)) {
        status = given_config(request.config_file, request.policy_path, &config);
        if (!status) {
            request.config = &config;
            if (config.process.isolate == ISOLATE_YES)
                request.tried.isolate = true;
            status = tried_policy(&request.tried, &config, run_session, &request);
            config_free(&config);
        }
    }
    free(request.tried.sets);
    return status;
}
