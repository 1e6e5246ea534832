/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/values.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "config/choice.h"
#include "util/complain.h"

#define VALUES_MAX_SIZE_KIB (UINT64_C(1) << 34)
/* So that a number times the largest unit stays far from 2^128, and an integer below UNKNOWN. */
#define VALUES_MAX_DIGITS 18
/* The longest value that is looked at; longer ones can't be right. */
#define VALUES_TEXT_BYTES 128

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit size_units[] = {
    { "KiB", 1 }, { "MiB", 1 << 10 }, { "GiB", 1 << 20 }, { "TiB", 1 << 30 }, { NULL, 0 }
};
static const struct unit duration_units[] = { { "ms", 1 },      { "s", 1000 },     { "min", 60000 },
                                              { "h", 3600000 }, { "d", 86400000 }, { NULL, 0 } };
static const struct unit percent_units[] = { { "%", 100 }, { NULL, 0 } };
static const struct unit integer_units[] = { { "", 1 }, { NULL, 0 } };

/* What there is to know of a type that is written as a number. */
struct number_type {
    const char *name;
    const struct unit *units; /* from the smallest */
    const char *want;
    uint64_t max;
    bool bare_zero; /* 0 needs no unit */
};

static const struct number_type number_types[] = {
    [MEMCOORD_TYPE_SIZE] = { "size", size_units, "a size such as 100MiB (KiB, MiB, GiB, TiB)",
                             VALUES_MAX_SIZE_KIB, true },
    [MEMCOORD_TYPE_PERCENT] = { "percent", percent_units, "a percentage such as 25% or 0.5%",
                                UINT64_MAX / 2, false },
    [MEMCOORD_TYPE_DURATION] = { "duration", duration_units,
                                 "a duration such as 2s (ms, s, min, h, d)", UINT64_MAX / 2, true },
    [MEMCOORD_TYPE_INTEGER] = { "integer", integer_units, "a whole number", UINT64_MAX / 2, true },
};

static const struct number_type *number_type(uint32_t type)
{
    return type >= MEMCOORD_TYPE_SIZE && type <= MEMCOORD_TYPE_INTEGER ? &number_types[type] : NULL;
}

/* ---- numbers */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "12.50": digits and at most one point between them, as digits * 10^-decimals. Returns where it
 * ends, or NULL. */
static const char *scan_decimal(const char *text, uint64_t *digits, unsigned *decimals)
{
    unsigned n = 0, after_point = 0;
    bool point = false;
    const char *p;

    *digits = 0;
    for (p = text; is_digit(*p) || (*p == '.' && !point && p > text); p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        if (++n > VALUES_MAX_DIGITS)
            return NULL;
        *digits = *digits * 10 + (uint64_t)(*p - '0');
        after_point += point;
    }
    *decimals = after_point;
    return n > 0 && is_digit(p[-1]) ? p : NULL;
}

/* digits * 10^-decimals * factor, where that is whole and at most `max`. NULL, or what is wrong. */
static const char *scale(uint64_t digits, unsigned decimals, uint64_t factor, uint64_t max,
                         uint64_t *value)
{
    __extension__ unsigned __int128 product = (unsigned __int128)digits * factor, ten = 1;

    while (decimals-- > 0)
        ten *= 10;
    if (product % ten != 0)
        return "is too fine";
    if (product / ten > max)
        return "is too large";
    *value = (uint64_t)(product / ten);
    return NULL;
}

/* Parses `text`, regardless of a range. NULL, or what is wrong with it ("has no unit"). */
static const char *parse_number(const struct number_type *type, const char *text, uint64_t *value)
{
    const struct unit *unit = type->units;
    uint64_t digits;
    unsigned decimals;
    const char *rest = scan_decimal(text, &digits, &decimals);

    if (!rest)
        return "is not a plain number";
    rest += strspn(rest, " ");
    while (unit->name && strcmp(unit->name, rest) != 0)
        unit++;
    if (unit->name)
        return scale(digits, decimals, unit->factor, type->max, value);
    if (*rest)
        return "has an unknown unit";
    if (digits != 0 || !type->bare_zero)
        return "has no unit";
    *value = 0;
    return NULL;
}

/* Copies the parts of "LOW..HIGH". */
static bool split_range(const char *range, char *low, char *high, size_t size)
{
    const char *dots = strstr(range, "..");

    if (!dots || (size_t)(dots - range) >= size || strlen(dots + 2) >= size)
        return false;
    memcpy(low, range, (size_t)(dots - range));
    low[dots - range] = '\0';
    strcpy(high, dots + 2);
    return true;
}

static int parse_range(const struct number_type *type, const char *range, uint64_t *low,
                       uint64_t *high)
{
    char low_text[VALUES_TEXT_BYTES], high_text[VALUES_TEXT_BYTES];

    if (!range || !split_range(range, low_text, high_text, sizeof(low_text)) ||
        parse_number(type, low_text, low) || parse_number(type, high_text, high) || *low > *high)
        return -EINVAL;
    return 0;
}

static int parse_number_in_range(const struct number_type *type, const char *range,
                                 const char *text, uint64_t *value, char *error, size_t error_size)
{
    const char *range_text = range ? range : "any";
    const char *wrong;
    uint64_t number = 0, low = 0, high = UINT64_MAX;

    wrong = parse_number(type, text, &number);
    if (!wrong && range && parse_range(type, range, &low, &high) < 0)
        return complain(error, error_size, -EINVAL, "its range '%s' makes no sense", range);
    if (!wrong && number < low)
        wrong = "is too small";
    if (!wrong && number > high)
        wrong = "is too large";
    if (wrong)
        return complain(error, error_size, -EINVAL, "'%s' %s: want %s, %s", text, wrong, type->want,
                        range_text);
    *value = number;
    return 0;
}

/* ---- words */

static int parse_choice(const char *range, const char *text, uint64_t *value, char *error,
                        size_t error_size)
{
    int index = choice_find(range, text);

    if (index < 0 || !*text)
        return complain(error, error_size, -EINVAL, "'%s' is not one of %s", text, range);
    *value = (uint64_t)index;
    return 0;
}

static int parse_boolean(const char *text, uint64_t *value, char *error, size_t error_size)
{
    int index = choice_find("no|yes|off|on|false|true", text);

    if (index < 0)
        return complain(error, error_size, -EINVAL, "'%s' is neither yes nor no", text);
    *value = (uint64_t)index & 1;
    return 0;
}

/* ---- the interface */

int value_parse(uint32_t type, const char *range, const char *text, uint64_t *value, char *error,
                size_t error_size)
{
    if (!*text)
        return complain(error, error_size, -EINVAL, "the value is empty: want %s",
                        number_type(type) ? number_type(type)->want
                        : range           ? range
                                          : "yes or no");
    if (type == MEMCOORD_TYPE_BOOLEAN)
        return parse_boolean(text, value, error, error_size);
    if (type == MEMCOORD_TYPE_CHOICE)
        return parse_choice(range, text, value, error, error_size);
    if (!number_type(type))
        return complain(error, error_size, -EINVAL,
                        "there is no type of values with the number %" PRIu32, type);
    return parse_number_in_range(number_type(type), range, text, value, error, error_size);
}

int value_check_range(uint32_t type, const char *range, char *error, size_t error_size)
{
    uint64_t low, high;

    if (type == MEMCOORD_TYPE_BOOLEAN)
        return 0; /* there is but one */
    if (type == MEMCOORD_TYPE_CHOICE)
        return choice_check(range, error, error_size);
    if (!number_type(type))
        return complain(error, error_size, -EINVAL,
                        "there is no type of values with the number %" PRIu32, type);
    if (parse_range(number_type(type), range, &low, &high) < 0)
        return complain(error, error_size, -EINVAL, "the range '%s' is not LOW..HIGH, each %s",
                        range ? range : "", number_type(type)->want);
    return 0;
}

static void format_number(const struct number_type *type, uint64_t value, char *text, size_t size)
{
    const struct unit *unit = type->units;

    for (const struct unit *u = unit; u->name; u++)
        if (value % u->factor == 0)
            unit = u;
    if (value == 0 && type->bare_zero)
        snprintf(text, size, "0");
    else
        snprintf(text, size, "%" PRIu64 "%s", value / unit->factor, unit->name);
}

/* The one unit that is larger than what is counted in: 750 basis points are 7.5%. */
static void format_percent(uint64_t bp, char *text, size_t size)
{
    unsigned hundredths = (unsigned)(bp % 100);

    if (hundredths == 0)
        snprintf(text, size, "%" PRIu64 "%%", bp / 100);
    else if (hundredths % 10 == 0)
        snprintf(text, size, "%" PRIu64 ".%u%%", bp / 100, hundredths / 10);
    else
        snprintf(text, size, "%" PRIu64 ".%02u%%", bp / 100, hundredths);
}

void value_format(uint32_t type, const char *range, uint64_t value, char *text, size_t size)
{
    if (type == MEMCOORD_TYPE_BOOLEAN)
        snprintf(text, size, "%s", value ? "yes" : "no");
    else if (type == MEMCOORD_TYPE_PERCENT)
        format_percent(value, text, size);
    else if (number_type(type))
        format_number(number_type(type), value, text, size);
    else if (type != MEMCOORD_TYPE_CHOICE || !choice_copy(range, value, text, size))
        snprintf(text, size, "%" PRIu64, value);
}

const char *value_type_name(uint32_t type)
{
    if (number_type(type))
        return number_type(type)->name;
    switch (type) {
    case MEMCOORD_TYPE_BOOLEAN:
        return "yes or no";
    case MEMCOORD_TYPE_CHOICE:
        return "choice";
    case VALUE_TEXT:
        return "text";
    case VALUE_AMOUNT:
        return "size and percent";
    default:
        return "unknown";
    }
}
