/* SPDX-License-Identifier: BSD-3-Clause */
/* What differs between two configurations, for people. */
#ifndef CORE_CONFIG_CHANGES_H
#define CORE_CONFIG_CHANGES_H

#include "config/config.h"

/* Gets a line for each change, without a newline: "guard.max_shrink: 50MiB -> 100MiB". */
typedef void changes_each(void *context, const char *line);

/* Tells `each` of every key with another value than before; a key that a [domain GLOB] does not give is "not
 * set" ("domain db-*.min: not set -> 4GiB"). What [policy NAME] sections give is the policy's to tell. */
void config_changes(const struct config *from, const struct config *to, changes_each *each,
                    void *context);

/* Tells `each` that `key` has gone from one value to another, if they differ. */
void changes_tell(const char *key, const char *from, const char *to, changes_each *each,
                  void *context);

#endif
