/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads a JSON object into a struct by a table, and refuses what the table does not know. */
#ifndef CORE_UTIL_JSON_FIELDS_H
#define CORE_UTIL_JSON_FIELDS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum json_field_type {
    JSON_FIELD_NUMBER = 1, /* a uint64_t, 0..max */
    JSON_FIELD_SIGNED,     /* an int64_t, -max..max */
    JSON_FIELD_BOOL,       /* a bool */
    JSON_FIELD_OTHER       /* known, and read by the caller */
};

/* One key; a table ends with a row without one. */
struct json_field {
    const char *key;
    enum json_field_type type;
    size_t offset;
    uint64_t max;
    uint64_t absent; /* what the field becomes where the key is missing or null */
};

/* Reads each field of the table into the struct at `to`. 0; or -EINVAL, and `error` names the key,
 * what it is and what would be right; then `to` is partly written. */
int json_fields_read(json_t *object, const struct json_field *fields, void *to, char *error,
                     size_t error_size);

#endif
