/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads an INI file through inih, and refuses everything that inih would accept silently and
 * understand otherwise than it was meant. */
#ifndef CORE_CONFIG_READER_H
#define CORE_CONFIG_READER_H

#include "config/problems.h"

/* A `key = value`, or the line of a section itself. Valid during the call only. */
struct reader_entry {
    const char *kind;  /* "domain" of [domain web*] */
    const char *name;  /* "web*"; NULL if the section has but one word */
    const char *key;   /* NULL: the section's own line */
    const char *value; /* never empty; NULL for the section's own line */
    const char
        *comment; /* what stands behind the value after a blank and ';'; NULL if nothing does */
    int line;
};

/* Calls `each` for every section and for every key in it, in the file's order; it returns 0, or a
 * negative errno, after which nothing more is read. Lines that are wrong are added to `problems`,
 * and reading goes on; keys of a section whose line is wrong are left out. Returns 0 even then;
 * or a negative errno: the file can't be read or is no text (`problems` says so), -ENOMEM, or
 * `each`'s. */
int reader_read(const char *file, struct problems *problems,
                int (*each)(void *arg, const struct reader_entry *entry), void *arg);

/* The same with what stands in `text`; `name` is said instead of a file's. */
int reader_read_text(const char *text, const char *name, struct problems *problems,
                     int (*each)(void *arg, const struct reader_entry *entry), void *arg);

#endif
