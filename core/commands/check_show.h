/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints what `check` found out on standard output. */
#ifndef CORE_COMMANDS_CHECK_SHOW_H
#define CORE_COMMANDS_CHECK_SHOW_H

#include "commands/check_host.h"
#include "commands/setup.h"

/* The configuration in effect, written as a configuration: its output can be read by `check` again,
 * and what differs from a default says so. */
void check_show_setup(const struct setup *setup);

/* The host and its domains, as comments below it. */
void check_show_host(const struct check_host *seen);

/* All of it as one JSON object; `setup` is NULL where the configuration is wrong, `seen` is NULL
 * where the host was not asked. -ENOMEM with nothing printed. */
int check_show_json(const char *file, const struct problems *problems, const struct setup *setup,
                    const struct check_host *seen);

#endif
