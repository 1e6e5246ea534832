/* SPDX-License-Identifier: BSD-3-Clause */
/* memcoord compare */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/commands.h"
#include "commands/compare_folder.h"
#include "commands/compare_show.h"
#include "commands/options.h"
#include "experiment/results.h"
#include "report/report.h"
#include "util/complain.h"
#include "util/log.h"

#define TEXT_BYTES 8192
#define JOBS_MOST 1024

static const char help[] =
    "usage: memcoord compare EXPERIMENT.ini -o DIR [-j N] [--json] [--force]\n"
    "Runs policies side by side on the same scenarios, and scores them. Prints a table for each\n"
    "scenario: a line for each variant, the means over its seeds.\n"
    "\n"
    "-o, --output DIR   what is written: results.csv (a row a run, all scores; the same each time),\n"
    "                   timings.csv, recordings/VARIANT--SCENARIO--SEED.db, report.html (pictures\n"
    "                   of them), logs/ (of runs with errors) and experiment.ini, a copy of the\n"
    "                   experiment\n"
    "-j, --jobs N       so many runs at once (default: one for each processor)\n"
    "    --json         all scores, as JSON\n"
    "    --force        replace the results of another experiment\n"
    "-h, --help         this text\n"
    "-V, --version      the version\n"
    "\n"
    "A DIR that is there must be empty or hold results of the same file, which are replaced; those of\n"
    "another are replaced with --force only.\n"
    "SIGINT and SIGTERM end it: what is done until then is kept.\n"
    "Exit status: 0, 1 (interrupted, or a run failed), 2 (wrong usage, or something is wrong with the\n"
    "experiment: nothing is written then).\n";

struct arguments {
    const char *file, *folder;
    size_t jobs;
    bool json, force;
};

static volatile sig_atomic_t stop;

static void handle_stop(int signal)
{
    (void)signal;
    stop = 1;
}

/* ---- arguments */

static size_t processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof(set), &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
}

static int parse_jobs(const char *text, size_t *jobs)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end || n < 1 || n > JOBS_MOST) {
        fprintf(stderr, "memcoord: '%s' is no number of jobs: want 1 to %d\n", text, JOBS_MOST);
        return -EINVAL;
    }
    *jobs = n;
    return 0;
}

/* -1 to go on, else the status to exit with. */
static int check_arguments(int argc, char **argv, struct arguments *arguments)
{
    if (optind < argc)
        arguments->file = argv[optind++];
    if (optind < argc)
        return options_too_many(argv[optind], help);
    if (!arguments->file)
        fprintf(stderr, "memcoord: compare: which experiment? want a file\n");
    else if (!arguments->folder)
        fprintf(stderr, "memcoord: compare: where to? want -o DIR\n");
    else
        return -1;
    return EXIT_USAGE;
}

static int parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = { { "output", required_argument, NULL, 'o' },
                                             { "jobs", required_argument, NULL, 'j' },
                                             { "json", no_argument, NULL, 'J' },
                                             { "force", no_argument, NULL, 'f' },
                                             OPTIONS_LONG{ NULL, 0, NULL, 0 } };
    int option;

    while ((option = getopt_long(argc, argv, "o:j:" OPTIONS_SHORT, options, NULL)) != -1) {
        if (option == 'o')
            arguments->folder = optarg;
        else if (option == 'J')
            arguments->json = true;
        else if (option == 'f')
            arguments->force = true;
        else if (option != 'j')
            return options_other(option, help);
        else if (parse_jobs(optarg, &arguments->jobs) < 0)
            return EXIT_USAGE;
    }
    return check_arguments(argc, argv, arguments);
}

/* ---- what becomes of it */

static size_t count(const struct run_result *results, size_t n, bool failed)
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++)
        found += failed ? *results[i].failed != '\0' : results[i].done;
    return found;
}

static int show(const struct experiment *e, const struct run_result *results, bool json)
{
    if (!json)
        compare_show_text(e, results);
    else if (compare_show_json(e, results) < 0)
        return -ENOMEM;
    return fflush(stdout) == 0 ? 0 : -errno;
}

/* The recordings of the runs that are done; *n of them. NULL without memory. */
static char **list_recordings(const struct pool *pool, size_t *n)
{
    size_t n_runs = experiment_n_runs(pool->experiment);
    char **files = calloc(n_runs + 1, sizeof(char *));

    *n = 0;
    for (size_t i = 0; files && i < n_runs; i++)
        if (pool->results[i].done && (files[*n] = pool_recording(pool, i)))
            ++*n;
    return files;
}

static int write_report(const struct pool *pool, char *error, size_t error_size)
{
    size_t n = 0;
    char **files = list_recordings(pool, &n), *out = NULL;
    int r = 0;

    if (!files || asprintf(&out, "%s/report.html", pool->folder) < 0)
        r = complain(error, error_size, -ENOMEM, "out of memory");
    else if (n > 0)
        r = report_write((const char *const *)files, n, out, error, error_size);
    for (size_t i = 0; i < n; i++)
        free(files[i]);
    free(files);
    free(out);
    return r;
}

/* Whatever happened, what is done is kept and told. */
static int conclude(const struct arguments *arguments, const struct pool *pool, int ended)
{
    const struct experiment *e = pool->experiment;
    const struct run_result *results = pool->results;
    size_t n = experiment_n_runs(e), n_done = count(results, n, false);
    char error[TEXT_BYTES];
    int r = results_write(e, results, arguments->folder, error, sizeof(error));

    if (r == 0 && e->recordings)
        r = write_report(pool, error, sizeof(error));
    if (r < 0)
        fprintf(stderr, "memcoord: %s\n", error);
    compare_folder_end(arguments->folder);
    if (show(e, results, arguments->json) < 0)
        r = -EIO;
    compare_show_failures(e, results);
    if (ended == -EINTR)
        fprintf(stderr, "memcoord: interrupted: %zu of %zu runs are done, and in %s/results.csv\n",
                n_done, n, arguments->folder);
    else if (ended < 0)
        fprintf(stderr, "memcoord: %zu of %zu runs are done; then: %s\n", n_done, n,
                strerror(-ended));
    return r < 0 || n_done < n ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_all(const struct arguments *arguments, const struct experiment *e)
{
    struct sigaction action = { .sa_handler = handle_stop };
    struct pool pool = { .experiment = e, .folder = arguments->folder, .jobs = arguments->jobs };
    sigset_t signals;
    int status, r;

    pool.results = calloc(experiment_n_runs(e), sizeof(*pool.results));
    if (!pool.results) {
        fprintf(stderr, "memcoord: out of memory\n");
        return EXIT_FAILURE;
    }
    if (isatty(STDERR_FILENO))
        pool.progress = compare_show_progress;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    r = pool_run(&pool, &signals, &stop);
    if (pool.progress && r < 0)
        fputc('\n', stderr);
    status = conclude(arguments, &pool, r);
    free(pool.results);
    return status;
}

static int compare(const struct arguments *arguments)
{
    struct problems problems = { 0 };
    struct experiment e;
    char error[TEXT_BYTES];
    int status, r;

    if (experiment_load(arguments->file, &e, &problems) < 0) {
        problems_print(&problems, stderr);
        problems_free(&problems);
        return EXIT_USAGE;
    }
    r = compare_folder_begin(arguments->folder, arguments->file, arguments->force, error,
                             sizeof(error));
    if (r < 0)
        fprintf(stderr, "memcoord: %s\n", error);
    status = r == 0 ? run_all(arguments, &e) : r == -EEXIST ? EXIT_USAGE : EXIT_FAILURE;
    experiment_free(&e);
    return status;
}

int command_compare(int argc, char **argv)
{
    struct arguments arguments = { .jobs = processors() };
    int status = parse(argc, argv, &arguments);

    if (status >= 0)
        return status;
    log_open(LOG_LEVEL_ERROR);
    return compare(&arguments);
}
