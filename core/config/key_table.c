/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/key_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/complain.h"
#include "util/suggest.h"

const struct config_key *key_find(const struct config_key *table, const char *section,
                                  const char *key)
{
    for (const struct config_key *row = table; row->section; row++)
        if (strcmp(row->section, section) == 0 && strcmp(row->key, key) == 0)
            return row;
    return NULL;
}

void key_suggest(const struct config_key *table, const char *section, const char *key, char *hint,
                 size_t hint_size, char *allowed, size_t allowed_size)
{
    struct suggestion best = { NULL, UINT_MAX };
    size_t used = 0;

    allowed[0] = hint[0] = '\0';
    for (const struct config_key *row = table; row->section; row++) {
        if (strcmp(row->section, section) != 0)
            continue;
        suggest_consider(&best, key, row->key);
        snprintf(allowed + used, allowed_size - used, "%s%s", used ? ", " : "", row->key);
        used = strlen(allowed);
    }
    if (best.word)
        snprintf(hint, hint_size, "did you mean '%s'? ", best.word);
}

static int parse_text(const char *text, char **field, char *error, size_t error_size)
{
    char *copy = strdup(text);

    if (!copy)
        return complain(error, error_size, -ENOMEM, "out of memory");
    free(*field);
    *field = copy;
    return 0;
}

int key_parse(const struct config_key *row, const char *text, void *base, char *error,
              size_t error_size)
{
    void *field = (char *)base + row->offset;

    if (row->type == VALUE_TEXT)
        return parse_text(text, field, error, error_size);
    if (row->type == VALUE_AMOUNT)
        return amount_parse(row->range, text, field, error, error_size);
    return value_parse(row->type, row->range, text, field, error, error_size);
}
