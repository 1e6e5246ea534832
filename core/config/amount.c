/* SPDX-License-Identifier: BSD-3-Clause */
/* Sizes that grow with what they are a part of: "200MiB, 5%". */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "config/values.h"
#include "util/complain.h"

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

static int parse_parts(const char *range, const char *text, struct amount *value, bool seen[2],
                       char *error, size_t error_size)
{
    char part[AMOUNT_TEXT_BYTES];

    for (;;) {
        size_t length = strcspn(text, ",");
        if (copy_trimmed(part, sizeof(part), text, length) < 0 || !*part) {
            snprintf(error, error_size, "'%s' makes no sense: " AMOUNT_WANT, text);
            return -EINVAL;
        }
        if (parse_part(range, part, value, seen, error, error_size) < 0)
            return -EINVAL;
        if (!text[length])
            return 0;
        text += length + 1;
    }
}

/* LOW of "LOW..HIGH". */
static uint64_t range_low_kib(const char *range)
{
    char low[AMOUNT_TEXT_BYTES], error[AMOUNT_TEXT_BYTES];
    uint64_t low_kib = 0;

    snprintf(low, sizeof(low), "%.*s", (int)(strstr(range, "..") - range), range);
    value_parse(MEMCOORD_TYPE_SIZE, NULL, low, &low_kib, error, sizeof(error));
    return low_kib;
}

/* A percentage alone keeps to LOW, too: of a small whole it may come to less, and 0% always does. */
static int bound_percentage(const char *range, const char *text, struct amount *value, char *error,
                            size_t error_size)
{
    uint64_t low_kib = range_low_kib(range);

    if (low_kib > 0 && value->bp == 0)
        return complain(error, error_size, -EINVAL, "'%s' is too small: " AMOUNT_WANT ", %s", text,
                        range);
    value->kib = low_kib;
    return 0;
}

int amount_parse(const char *range, const char *text, struct amount *value, char *error,
                 size_t error_size)
{
    struct amount amount = { 0 };
    bool seen[2] = { false, false };
    int r = parse_parts(range, text, &amount, seen, error, error_size);

    if (r == 0 && !seen[false])
        r = bound_percentage(range, text, &amount, error, error_size);
    if (r == 0)
        *value = amount;
    return r;
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
