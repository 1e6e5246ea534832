/* SPDX-License-Identifier: BSD-3-Clause */
/* Text of others as JSON. */
#ifndef CORE_UTIL_JSON_TEXT_H
#define CORE_UTIL_JSON_TEXT_H

#include <jansson.h>

/* `text` as a JSON string (a new reference), null for NULL. Where it is not UTF-8, what is not ASCII
 * becomes '?': a policy's odd byte must not cost the whole output. NULL: out of memory. */
json_t *json_text(const char *text);

#endif
