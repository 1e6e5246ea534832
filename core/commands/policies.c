/* SPDX-License-Identifier: BSD-3-Clause */
/* memcoord policies [NAME]: what is installed; one policy's parameters. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"
#include "commands/given.h"
#include "commands/options.h"
#include "commands/policies_show.h"
#include "policy/instance.h"

#define ERROR_BYTES 512

static const char help[] =
    "usage: memcoord policies [NAME] [-c FILE] [--policy-path FOLDERS] [--json]\n"
    "Lists the policies that are installed, or the parameters of the policy NAME.\n"
    "\n"
    "-c, --config FILE          take policy_path from FILE, and show the parameters as FILE sets them\n"
    "    --policy-path FOLDERS  look in these folders (separated by ':')\n"
    "    --json                 print JSON\n"
    "-h, --help                 this text\n"
    "-V, --version              the version\n"
    "\n"
    "Exit status: 0, 1 (there is none, or one that can't be loaded), 2 (wrong usage or configuration,\n"
    "or no policy NAME).\n";

struct request {
    const char *name, *config_file, *policy_path;
    int json;
};

/* The list that policy_list() walks to fill. */
struct listing {
    struct policies_row *rows;
    size_t n;
    int broken;
};

static int add_row(const char *path, void *arg)
{
    struct listing *listing = arg;
    struct policies_row *row, *rows = realloc(listing->rows, (listing->n + 1) * sizeof(*rows));
    char error[ERROR_BYTES] = "";

    if (!rows)
        return -ENOMEM;
    listing->rows = rows;
    row = &rows[listing->n];
    *row = (struct policies_row){ .path = strdup(path) };
    if (!row->path)
        return -ENOMEM;
    listing->n++; /* whatever comes now, listing_free() sees the row */
    if (policy_load(path, "", &row->policy, error, sizeof(error)) == 0)
        return 0;
    listing->broken++;
    row->error = strdup(error);
    return row->error ? 0 : -ENOMEM;
}

static void listing_free(struct listing *listing)
{
    for (size_t i = 0; i < listing->n; i++) {
        policy_unload(listing->rows[i].policy);
        free(listing->rows[i].path);
        free(listing->rows[i].error);
    }
    free(listing->rows);
}

static int list_all(const struct request *request, const struct config *config)
{
    struct listing listing = { 0 };
    int status = EXIT_FAILURE;
    int r = policy_list(config->daemon.policy_path, add_row, &listing);

    if (r) {
        fprintf(stderr, "memcoord: %s\n", strerror(-r));
    } else {
        if (request->json)
            r = policies_print_list_json(listing.rows, listing.n);
        else
            policies_print_list(listing.rows, listing.n);
        if (listing.n == 0)
            fprintf(stderr, "memcoord: no policies in %s\n", config->daemon.policy_path);
        else if (!r && !listing.broken)
            status = EXIT_SUCCESS;
    }
    listing_free(&listing);
    return status;
}

static int show_instance(const struct request *request, const struct config *config,
                         struct policy_instance *instance)
{
    struct problems problems = { 0 };
    int r = 0;

    if (request->config_file && policy_instance_configure(instance, config, &problems))
        return given_problems(&problems);
    if (request->json)
        r = policies_print_one_json(instance);
    else
        policies_print_one(instance, request->config_file != NULL);
    return r ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int show_one(const struct request *request, const struct config *config)
{
    struct policy *policy;
    struct policy_instance *instance;
    char error[ERROR_BYTES];
    int status = EXIT_FAILURE, r;

    r = policy_load(request->name, config->daemon.policy_path, &policy, error, sizeof(error));
    if (r < 0) {
        fprintf(stderr, "memcoord: %s\n", error);
        return r == -ENOENT ? EXIT_USAGE : EXIT_FAILURE;
    }
    if (policy_instance_new(policy, &instance)) {
        fprintf(stderr, "memcoord: out of memory\n");
    } else {
        status = show_instance(request, config, instance);
        policy_instance_free(instance);
    }
    policy_unload(policy);
    return status;
}

/* 0, or 1 with *status to exit with. */
static int parse_options(int argc, char **argv, struct request *request, int *status)
{
    static const struct option options[] = { { "policy-path", required_argument, NULL, 'P' },
                                             { "json", no_argument, NULL, 'j' },
                                             OPTIONS_CONFIG_LONG{ NULL, 0, NULL, 0 } };
    int option;

    while ((option = getopt_long(argc, argv, OPTIONS_CONFIG_SHORT, options, NULL)) != -1) {
        switch (option) {
        case 'c':
            request->config_file = optarg;
            break;
        case 'P':
            request->policy_path = optarg;
            break;
        case 'j':
            request->json = 1;
            break;
        default:
            *status = options_other(option, help);
            return 1;
        }
    }
    if (optind < argc)
        request->name = argv[optind++];
    if (optind < argc) {
        *status = options_too_many(argv[optind], help);
        return 1;
    }
    return 0;
}

int command_policies(int argc, char **argv)
{
    struct request request = { 0 };
    struct config config = { 0 };
    int status = 0;

    if (parse_options(argc, argv, &request, &status))
        return status;
    status = given_config(request.config_file, request.policy_path, &config);
    if (status)
        return status;
    status = request.name ? show_one(&request, &config) : list_all(&request, &config);
    config_free(&config);
    return status;
}
