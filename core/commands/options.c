/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void options_say_usage(const char *help)
{
    fprintf(stderr, "%.*s\n", (int)strcspn(help, "\n"), help);
}

int options_other(int option, const char *help)
{
    switch (option) {
    case 'h':
        fputs(help, stdout);
        return EXIT_SUCCESS;
    case 'V':
        puts("memcoord " MEMCOORD_VERSION);
        return EXIT_SUCCESS;
    default:
        options_say_usage(help);
        return EXIT_USAGE;
    }
}

int options_too_many(const char *argument, const char *help)
{
    fprintf(stderr, "memcoord: '%s' is one argument too many\n", argument);
    options_say_usage(help);
    return EXIT_USAGE;
}

const char *options_config(const char *given)
{
    static const char here[] = "coord.ini", installed[] = "/etc/memcoord/coord.ini";

    if (given)
        return given;
    if (access(here, F_OK) == 0)
        return here;
    if (access(installed, F_OK) != 0)
        fprintf(stderr, "memcoord: there is no ./%s: want one, %s, or -c FILE\n", here, installed);
    return installed;
}
