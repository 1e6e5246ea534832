/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "commands/commands.h"
#include "policy/child.h"

/* Turns `memcoord help [COMMAND]` into `memcoord [COMMAND] --help`. */
static void turn_help(int argc, char **argv)
{
    static char option[] = "--help";

    if (argc < 2 || strcmp(argv[1], "help") != 0)
        return;
    if (argc > 2)
        argv[1] = argv[2];
    argv[argc > 2 ? 2 : 1] = option;
}

/* Without the name of a command it runs: `memcoord -c coord.ini 2`. */
int main(int argc, char **argv)
{
    static char name[] = "memcoord";

    if (argc == 2 && strcmp(argv[1], CHILD_ARGUMENT) == 0)
        return child_main(); /* nobody types that */
    turn_help(argc, argv);
    for (const struct command *command = commands; argc > 1 && command->name; command++) {
        if (strcmp(argv[1], command->name) != 0)
            continue;
        argv[1] = name;
        return command->call(argc - 1, argv + 1);
    }
    if (argc > 0)
        argv[0] = name;
    return command_run(argc, argv);
}
