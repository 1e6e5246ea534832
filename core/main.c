/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "commands/commands.h"

/* Without the name of a command it runs: `memcoord -c coord.ini 2`. */
int main(int argc, char **argv)
{
    static char name[] = "memcoord";

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
