/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/json_fields.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/complain.h"

static const struct json_field *find_field(const struct json_field *fields, const char *key)
{
    for (; fields->key; fields++)
        if (strcmp(fields->key, key) == 0)
            return fields;
    return NULL;
}

static void store(const struct json_field *field, void *to, int64_t value)
{
    char *at = (char *)to + field->offset;

    if (field->type == JSON_FIELD_BOOL)
        *(bool *)at = value != 0;
    else if (field->type != JSON_FIELD_OTHER)
        memcpy(at, &value, sizeof(value)); /* the same bytes, signed or not */
}

static int wrong_value(const struct json_field *field, json_t *value, char *error,
                       size_t error_size)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

    if (field->type == JSON_FIELD_BOOL)
        complain(error, error_size, 0, "%s is %.40s; want true or false", field->key,
                 text ? text : "?");
    else
        complain(error, error_size, 0,
                 "%s is %.40s; want a whole number, %s%" PRIu64 " to %" PRIu64, field->key,
                 text ? text : "?", field->type == JSON_FIELD_SIGNED ? "-" : "",
                 field->type == JSON_FIELD_SIGNED ? field->max : 0, field->max);
    free(text);
    return -EINVAL;
}

static int wrong_kind(json_t *value, char *error, size_t error_size)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

    complain(error, error_size, 0, "want a JSON object, not %.40s", text ? text : "?");
    free(text);
    return -EINVAL;
}

static int read_field(const struct json_field *field, json_t *value, void *to, char *error,
                      size_t error_size)
{
    int64_t number = json_is_true(value), high = (int64_t)field->max, low = 0;
    bool right = json_is_boolean(value);

    if (field->type != JSON_FIELD_BOOL) {
        number = json_integer_value(value);
        if (field->type == JSON_FIELD_SIGNED)
            low = -high;
        right = json_is_integer(value) && number >= low && number <= high;
    }
    if (!right)
        return wrong_value(field, value, error, error_size);
    store(field, to, number);
    return 0;
}

int json_fields_read(json_t *object, const struct json_field *fields, void *to, char *error,
                     size_t error_size)
{
    const char *key;
    json_t *value;

    if (!json_is_object(object))
        return wrong_kind(object, error, error_size);
    for (const struct json_field *field = fields; field->key; field++)
        store(field, to, (int64_t)field->absent);
    json_object_foreach(object, key, value)
    {
        const struct json_field *field = find_field(fields, key);
        int r = 0;
        if (!field)
            return complain(error, error_size, -EINVAL, "unknown key '%.60s'", key);
        if (field->type != JSON_FIELD_OTHER && !json_is_null(value))
            r = read_field(field, value, to, error, error_size);
        if (r)
            return r;
    }
    return 0;
}
