/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/commands.h"

#include <stddef.h>

const struct command commands[] = {
    { "run", command_run },
    { "release", command_release },
    { "check", command_check },
    { "policies", command_policies },
    { "decide", command_decide },
    { "compare", command_compare },
    { "replay", command_replay },
    { "report", command_report },
    { NULL, NULL },
};
