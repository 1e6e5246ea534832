/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys of which one must not be above the other. Of core/config only. */
#ifndef CORE_CONFIG_ORDER_H
#define CORE_CONFIG_ORDER_H

#include <stdbool.h>

#include "config/config.h"

#define ORDERS 2

/* Where the two keys of each order stand in the file; 0: nowhere, a default holds. Zero it to begin. */
struct order_lines {
    int low[ORDERS], high[ORDERS];
};

/* Notes that `row` stands at `line`, if it is one of them. */
void order_note(struct order_lines *lines, const struct config_key *row, int line);

/* Adds each pair that is out of order in `config` to `problems`, with the later line in `file`. Where
 * `other_problems` were found, a default may only stand in for a value that could not be read: then it
 * conflicts with nothing. `lines` NULL: there is no file, and nothing is said to be a default. */
void order_check(const struct order_lines *lines, const struct config *config, bool other_problems,
                 const char *file, struct problems *problems);

#endif
