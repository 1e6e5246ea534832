/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/plain.h"

void plain_copy(char *to, size_t size, const char *text)
{
    size_t i = 0;

    for (; text && i + 1 < size && text[i]; i++) {
        unsigned char c = (unsigned char)text[i];
        to[i] = c >= 0x80 ? '?' : c < ' ' || c == 0x7f ? ' ' : (char)c;
    }
    to[i] = '\0';
}
