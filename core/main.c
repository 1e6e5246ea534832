/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "commands/commands.h"

static const struct {
    const char *name;
    int (*call)(int argc, char **argv);
} commands[] = {
    { "run", command_run },           { "release", command_release }, { "check", command_check },
    { "policies", command_policies }, { "decide", command_decide },
};

/* Without the name of a command it runs: `memcoord -c coord.ini 2`. */
int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (!strcmp(argv[1], commands[i].name))
            return commands[i].call(argc - 1, argv + 1);
    return command_run(argc, argv);
}
