/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/plain.h"

#include <string.h>

void plain_copy(char *to, size_t size, const char *text)
{
    size_t i = 0;

    for (; text && i + 1 < size && text[i]; i++) {
        unsigned char c = (unsigned char)text[i];
        to[i] = c >= 0x80 ? '?' : c < ' ' || c == 0x7f ? ' ' : (char)c;
    }
    to[i] = '\0';
}

/* The bytes of the character at `text`; 0: it is none. */
static size_t character(const unsigned char *text, size_t length)
{
    size_t n = 0;

    if (*text < 0x80)
        n = 1;
    else if (*text >= 0xc2 && *text < 0xf5)
        n = *text < 0xe0 ? 2 : *text < 0xf0 ? 3 : 4;
    if (n > length)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    /* longer than need be: a control character might be in it */
    return (*text == 0xe0 && text[1] < 0xa0) || (*text == 0xf0 && text[1] < 0x90) ? 0 : n;
}

void plain_clean(char *text, size_t length)
{
    unsigned char *at = (unsigned char *)text;
    size_t n;

    for (; length > 0; at += n, length -= n) {
        n = character(at, length);
        if (n == 0) {
            n = 1;
            *at = '?';
        } else if (*at < ' ' || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0)) {
            memset(at, ' ', n);
        }
    }
}
