/* SPDX-License-Identifier: BSD-3-Clause */
/* Sizes that grow with what they are a part of: "200MiB, 5%". */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "config/values.h"

#define AMOUNT_TEXT_BYTES 64
#define AMOUNT_WANT "want a size, a percentage, or both: '200MiB, 5%%'"

uint64_t amount_of(struct amount amount, uint64_t whole_kib)
{
    uint64_t part_kib = memcoord_mul_div(whole_kib, amount.bp, 10000);

    return memcoord_max(amount.kib, part_kib);
}

/* Copies `length` bytes of `text` without the blanks around them. */
static int copy_trimmed(char *to, size_t size, const char *text, size_t length)
{
    while (length > 0 && *text == ' ') {
        text++;
        length--;
    }
    while (length > 0 && text[length - 1] == ' ')
        length--;
    if (length >= size)
        return -EINVAL;
    memcpy(to, text, length);
    to[length] = '\0';
    return 0;
}

/* One part of an amount: a percentage if it ends so, a size otherwise; each may come once. */
static int parse_part(const char *range, const char *part, struct amount *value, bool seen[2],
                      char *error, size_t error_size)
{
    size_t length = strlen(part);
    bool percent = length > 0 && part[length - 1] == '%';

    if (seen[percent]) {
        snprintf(error, error_size, "'%s' is a second %s: " AMOUNT_WANT, part,
                 percent ? "percentage" : "size");
        return -EINVAL;
    }
    seen[percent] = true;
    if (percent)
        return value_parse(MEMCOORD_TYPE_PERCENT, "0%..100%", part, &value->bp, error, error_size);
    return value_parse(MEMCOORD_TYPE_SIZE, range, part, &value->kib, error, error_size);
}

int amount_parse(const char *range, const char *text, struct amount *value, char *error,
                 size_t error_size)
{
    struct amount amount = { 0 };
    bool seen[2] = { false, false };
    char part[AMOUNT_TEXT_BYTES];

    for (;;) {
        size_t length = strcspn(text, ",");
        if (copy_trimmed(part, sizeof(part), text, length) < 0 || !*part) {
            snprintf(error, error_size, "'%s' makes no sense: " AMOUNT_WANT, text);
            return -EINVAL;
        }
        if (parse_part(range, part, &amount, seen, error, error_size) < 0)
            return -EINVAL;
        if (!text[length])
            break;
        text += length + 1;
    }
    *value = amount;
    return 0;
}

void amount_format(struct amount amount, char *text, size_t size)
{
    char kib[AMOUNT_TEXT_BYTES], percent[AMOUNT_TEXT_BYTES];

    value_format(MEMCOORD_TYPE_SIZE, NULL, amount.kib, kib, sizeof(kib));
    value_format(MEMCOORD_TYPE_PERCENT, NULL, amount.bp, percent, sizeof(percent));
    if (amount.bp == 0)
        snprintf(text, size, "%s", kib);
    else if (amount.kib == 0)
        snprintf(text, size, "%s", percent);
    else
        snprintf(text, size, "%s, %s", kib, percent);
}
