/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands: each takes its own arguments (argv[0] is "memcoord", with which getopt's messages
 * begin), and returns the status to exit with: 0, 1 (failed), or 2 (wrong usage or configuration).
 * Results go to standard output, all else to standard error. */
#ifndef CORE_COMMANDS_COMMANDS_H
#define CORE_COMMANDS_COMMANDS_H

/* memcoord -c FILE [INTERVAL]: coordinate. */
int command_run(int argc, char **argv);
/* memcoord release: give managed domains back what they had. */
int command_release(int argc, char **argv);
/* memcoord check: say what is wrong, or what would run. */
int command_check(int argc, char **argv);
/* memcoord policies: what is installed. */
int command_policies(int argc, char **argv);
/* memcoord decide: decisions on snapshots from JSON lines. */
int command_decide(int argc, char **argv);
/* memcoord compare: policies side by side on scenarios. */
int command_compare(int argc, char **argv);
/* memcoord report: pictures and figures of recordings. */
int command_report(int argc, char **argv);
/* memcoord replay: what another policy would have decided on a recorded run. */
int command_replay(int argc, char **argv);

struct command {
    const char *name;
    int (*call)(int argc, char **argv);
};

/* All of them, ended by one without a name. */
extern const struct command commands[];

#endif
