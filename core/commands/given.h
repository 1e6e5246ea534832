/* SPDX-License-Identifier: BSD-3-Clause */
/* What commands that need no configuration take from one if it is given. */
#ifndef CORE_COMMANDS_GIVEN_H
#define CORE_COMMANDS_GIVEN_H

#include "config/config.h"

/* Reads `file`, or the defaults if it is NULL, into *config; `policy_path`, if not NULL, wins over
 * the configuration's. Says itself what is wrong. 0, and *config is the caller's to config_free();
 * or the status to exit with. */
int given_config(const char *file, const char *policy_path, struct config *config);

/* The same with what config_print() wrote instead of a file; `name` says for people what it is. */
int given_config_text(const char *text, const char *name, const char *policy_path,
                      struct config *config);

/* Prints `problems` and frees them; returns EXIT_USAGE. */
int given_problems(struct problems *problems);

#endif
