/* SPDX-License-Identifier: BSD-3-Clause */
/* What a table of keys is good for, whosever it is: the configuration's, a scenario's, an experiment's. */
#ifndef CORE_CONFIG_KEY_TABLE_H
#define CORE_CONFIG_KEY_TABLE_H

#include "config/config.h"

/* The row of `table` (ended by one without a section) for `key` of `section`; NULL if there is none. */
const struct config_key *key_find(const struct config_key *table, const char *section,
                                  const char *key);

/* For a message about a key that `section` does not have: "did you mean 'low'? " or nothing into `hint`, the
 * section's keys with ", " between into `allowed`. Both always terminated. */
void key_suggest(const struct config_key *table, const char *section, const char *key, char *hint,
                 size_t hint_size, char *allowed, size_t allowed_size);

/* Parses `text` into the row's field of `base`; a text takes the place of the one before. -EINVAL with `error`
 * and the field untouched; -ENOMEM. */
int key_parse(const struct config_key *row, const char *text, void *base, char *error,
              size_t error_size);

#endif
