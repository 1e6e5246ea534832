/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/json_text.h"

#include <stdlib.h>
#include <string.h>

json_t *json_text(const char *text)
{
    json_t *json = text ? json_string(text) : json_null();
    char *plain;

    if (json)
        return json;
    plain = strdup(text);
    if (!plain)
        return NULL;
    for (char *c = plain; *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    json = json_string(plain);
    free(plain);
    return json;
}
