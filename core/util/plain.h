/* SPDX-License-Identifier: BSD-3-Clause */
/* Text that somebody else wrote, on its way into logs and JSON. */
#ifndef CORE_UTIL_PLAIN_H
#define CORE_UTIL_PLAIN_H

#include <stddef.h>

/* Copies `text` (NULL: nothing) into `to`, cut to `size`, always terminated, in printable ASCII: control characters
 * become blanks, all else '?'. Reads at most `size` - 1 characters. */
void plain_copy(char *to, size_t size, const char *text);

/* Makes `length` bytes of text harmless to a terminal that knows UTF-8: control characters, those of 8 bits too, become
 * blanks, what is no UTF-8 becomes '?'. */
void plain_clean(char *text, size_t length);

#endif
