/* SPDX-License-Identifier: BSD-3-Clause */
/* memcoord report RECORDING...: pictures and figures of recorded runs. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands/commands.h"
#include "commands/options.h"
#include "report/report.h"
#include "util/log.h"

#define ERROR_BYTES 1024

static const char help[] =
    "usage: memcoord report RECORDING... [-o FILE] [--json]\n"
    "Writes one HTML page about all runs of the recordings, simulated or real: scores, memory over time,\n"
    "what each domain wanted and got, what the runs' settings differ in. The page needs no network.\n"
    "\n"
    "-o, --output FILE  the page (default: report.html here); one that is there is replaced\n"
    "    --json         print the scores instead, as JSON on standard output\n"
    "-h, --help         this text\n"
    "-V, --version      the version\n"
    "\n"
    "Exit status: 0, 1 (failed), 2 (wrong usage, or no recording, a damaged one, or one of a newer\n"
    "version).\n";

struct report_arguments {
    const char *out;
    int json;
};

static int report_failed(int err, const char *error)
{
    fprintf(stderr, "memcoord: %s\n", error);
    return err == -EINVAL || err == -ENOENT || err == -ENOTSUP || err == -EBADMSG || err == -EEXIST
               ? EXIT_USAGE
               : EXIT_FAILURE;
}

static int print_scores(const char *const *files, size_t n)
{
    char error[ERROR_BYTES];
    json_t *scores;
    int r = report_scores(files, n, &scores, error, sizeof(error));

    if (r < 0)
        return report_failed(r, error);
    r = json_dumpf(scores, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    json_decref(scores);
    if (r < 0 || putchar('\n') == EOF || fflush(stdout) != 0)
        return report_failed(-EIO, "standard output can't be written");
    return EXIT_SUCCESS;
}

static int write_page(const char *const *files, size_t n, const char *out)
{
    char error[ERROR_BYTES];
    int r = report_write(files, n, out, error, sizeof(error));

    if (r < 0)
        return report_failed(r, error);
    puts(out);
    return EXIT_SUCCESS;
}

int command_report(int argc, char **argv)
{
    static const struct option options[] = { { "output", required_argument, NULL, 'o' },
                                             { "json", no_argument, NULL, 'j' },
                                             OPTIONS_LONG{ NULL, 0, NULL, 0 } };
    struct report_arguments arguments = { .out = "report.html" };
    const char *const *files;
    int option;

    while ((option = getopt_long(argc, argv, "o:" OPTIONS_SHORT, options, NULL)) != -1) {
        if (option == 'o')
            arguments.out = optarg;
        else if (option == 'j')
            arguments.json = 1;
        else
            return options_other(option, help);
    }
    if (optind == argc) {
        fprintf(stderr, "memcoord: which recording? Want memcoord report RECORDING...\n");
        return EXIT_USAGE;
    }
    log_open(LOG_LEVEL_WARNING);
    files = (const char *const *)&argv[optind];
    if (arguments.json)
        return print_scores(files, (size_t)(argc - optind));
    return write_page(files, (size_t)(argc - optind), arguments.out);
}
