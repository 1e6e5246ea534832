/* SPDX-License-Identifier: BSD-3-Clause */
/* What the options of all commands have in common. A command has its own getopt_long() loop, with
 * these in its tables, and hands what it does not know itself to options_other(). */
#ifndef CORE_COMMANDS_OPTIONS_H
#define CORE_COMMANDS_OPTIONS_H

#include <getopt.h>

#define EXIT_USAGE 2 /* wrong usage, or a wrong configuration */

#define OPTIONS_SHORT "hV"
#define OPTIONS_LONG { "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' },

/* With -c FILE too; keep the argument, and see options_config(). */
#define OPTIONS_CONFIG_SHORT "c:" OPTIONS_SHORT
#define OPTIONS_CONFIG_LONG { "config", required_argument, NULL, 'c' }, OPTIONS_LONG

/* Handles --help ('h'), --version ('V') and what getopt_long() does not know ('?', it has said so).
 * `help` is the command's whole help text; its first line says how it is used. Returns the status to
 * exit with. */
int options_other(int option, const char *help);

/* Says on standard error that `argument` is one too many, and how the command is used; returns
 * EXIT_USAGE. */
int options_too_many(const char *argument, const char *help);

/* The configuration to use: `given` if it is not NULL, else coord.ini in the current folder, else
 * /etc/memcoord/coord.ini, which may be missing, too: then this says where else one could be, and who
 * opens it says that it can't. Static text or `given`. */
const char *options_config(const char *given);

#endif
