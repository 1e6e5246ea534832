/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints policies and their parameters on standard output, for people and as JSON. */
#ifndef CORE_COMMANDS_POLICIES_SHOW_H
#define CORE_COMMANDS_POLICIES_SHOW_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/instance.h"

/* One installed policy: loaded, or why it can't be. */
struct policies_row {
    char *path;
    struct policy *policy; /* NULL: see error */
    char *error;           /* names the file itself */
};

void policies_print_list(const struct policies_row *rows, size_t n);
void policies_print_one(const struct policy_instance *instance, bool with_values);

/* The same as JSON; -ENOMEM with nothing printed. */
int policies_print_list_json(const struct policies_row *rows, size_t n);
int policies_print_one_json(const struct policy_instance *instance);

#endif
