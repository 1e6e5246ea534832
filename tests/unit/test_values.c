/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/values.h"

#define UNTOUCHED UINT64_C(0x5eed)

static void good_values_are_read(void **state)
{
    static const struct {
        uint32_t type;
        const char *range, *text;
        uint64_t value;
    } cases[] = {
        { MEMCOORD_TYPE_SIZE, "0..16TiB", "0", 0 },
        { MEMCOORD_TYPE_SIZE, "0..16TiB", "0KiB", 0 },
        { MEMCOORD_TYPE_SIZE, "0..16TiB", "1KiB", 1 },
        { MEMCOORD_TYPE_SIZE, "0..16TiB", "100MiB", 102400 },
        { MEMCOORD_TYPE_SIZE, "0..16TiB", "100 MiB", 102400 },
        { MEMCOORD_TYPE_SIZE, "0..16TiB", "1.5GiB", 1572864 },
        { MEMCOORD_TYPE_SIZE, "0..16TiB", "16TiB", UINT64_C(1) << 34 },
        { MEMCOORD_TYPE_SIZE, "100MiB..100MiB", "100MiB", 102400 },
        { MEMCOORD_TYPE_PERCENT, "0%..100%", "75%", 7500 },
        { MEMCOORD_TYPE_PERCENT, "0%..100%", "0.5%", 50 },
        { MEMCOORD_TYPE_PERCENT, "0%..100%", "0.05%", 5 },
        { MEMCOORD_TYPE_PERCENT, "0%..1000%", "0%", 0 },
        { MEMCOORD_TYPE_PERCENT, "0%..1000%", "250%", 25000 },
        { MEMCOORD_TYPE_DURATION, "0..60min", "0", 0 },
        { MEMCOORD_TYPE_DURATION, "0..60min", "500ms", 500 },
        { MEMCOORD_TYPE_DURATION, "0..60min", "1.5s", 1500 },
        { MEMCOORD_TYPE_DURATION, "0..60min", "60min", 3600000 },
        { MEMCOORD_TYPE_DURATION, "0..60min", "0.5h", 1800000 },
        { MEMCOORD_TYPE_DURATION, "0..10000d", "7d", UINT64_C(604800000) },
        { MEMCOORD_TYPE_INTEGER, "0..1000000", "0012", 12 },
        { MEMCOORD_TYPE_INTEGER, "0..999999999999999999", "999999999999999999",
          UINT64_C(999999999999999999) },
        { MEMCOORD_TYPE_BOOLEAN, "no|yes", "yes", 1 },
        { MEMCOORD_TYPE_BOOLEAN, "no|yes", "on", 1 },
        { MEMCOORD_TYPE_BOOLEAN, "no|yes", "true", 1 },
        { MEMCOORD_TYPE_BOOLEAN, "no|yes", "no", 0 },
        { MEMCOORD_TYPE_BOOLEAN, "no|yes", "off", 0 },
        { MEMCOORD_TYPE_BOOLEAN, "no|yes", "false", 0 },
        { MEMCOORD_TYPE_CHOICE, "keep|share", "keep", 0 },
        { MEMCOORD_TYPE_CHOICE, "keep|share", "share", 1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char error[200] = "";
        uint64_t value = UNTOUCHED;
        int r =
            value_parse(cases[i].type, cases[i].range, cases[i].text, &value, error, sizeof(error));
        if (r != 0 || value != cases[i].value)
            fail_msg("'%s': %d, %" PRIu64 " instead of %" PRIu64 ": %s", cases[i].text, r, value,
                     cases[i].value, error);
    }
}

static void bad_values_are_refused_with_what_is_allowed(void **state)
{
    static const struct {
        uint32_t type;
        const char *range, *text, *says;
    } cases[] = {
        { MEMCOORD_TYPE_SIZE, "0..1TiB", "5",
          "'5' has no unit: want a size such as 100MiB (KiB, MiB, GiB, TiB), 0..1TiB" },
        { MEMCOORD_TYPE_SIZE, "0..1TiB", "5MB", "unknown unit" },
        { MEMCOORD_TYPE_SIZE, "0..1TiB", "5mib", "unknown unit" },
        { MEMCOORD_TYPE_SIZE, "0..1TiB", "5M", "unknown unit" },
        { MEMCOORD_TYPE_SIZE, "0..1TiB", "5MiBs", "unknown unit" },
        { MEMCOORD_TYPE_SIZE, "0..1TiB", "5MiB 3", "unknown unit" },
        { MEMCOORD_TYPE_SIZE, "0..1TiB", "0x10MiB", "unknown unit" },
        { MEMCOORD_TYPE_SIZE, "0..1TiB", "1e3MiB", "unknown unit" },
        { MEMCOORD_TYPE_SIZE, "0..1TiB", "1.2.3MiB", "unknown unit" },
        { MEMCOORD_TYPE_SIZE, "0..1TiB", "-5MiB", "not a plain number" },
        { MEMCOORD_TYPE_SIZE, "0..1TiB", "+5MiB", "not a plain number" },
        { MEMCOORD_TYPE_SIZE, "0..1TiB", "nan", "not a plain number" },
        { MEMCOORD_TYPE_SIZE, "0..1TiB", "inf", "not a plain number" },
        { MEMCOORD_TYPE_SIZE, "0..1TiB", ".5MiB", "not a plain number" },
        { MEMCOORD_TYPE_SIZE, "0..1TiB", "5.MiB", "not a plain number" },
        { MEMCOORD_TYPE_SIZE, "0..1TiB", "18446744073709551616KiB", "not a plain number" },
        { MEMCOORD_TYPE_SIZE, "0..1TiB", "0.5KiB", "too fine" },
        { MEMCOORD_TYPE_SIZE, "0..1TiB", "1.00001KiB", "too fine" },
        { MEMCOORD_TYPE_SIZE, "0..1TiB", "1025GiB", "too large" },
        { MEMCOORD_TYPE_SIZE, "0..1TiB", "999999999999999999TiB", "too large" },
        { MEMCOORD_TYPE_SIZE, NULL, "17TiB", "too large" },
        { MEMCOORD_TYPE_SIZE, "4MiB..1TiB", "3MiB", "too small" },
        { MEMCOORD_TYPE_SIZE, "0..1TiB", "", "empty" },
        { MEMCOORD_TYPE_SIZE, "1TiB..0", "5MiB", "makes no sense" },
        { MEMCOORD_TYPE_PERCENT, "0%..100%", "0", "no unit" },
        { MEMCOORD_TYPE_PERCENT, "0%..100%", "101%", "too large" },
        { MEMCOORD_TYPE_PERCENT, "0%..100%", "0.001%", "too fine" },
        { MEMCOORD_TYPE_PERCENT, "0%..100%", "5MiB", "unknown unit" },
        { MEMCOORD_TYPE_DURATION, "100ms..60min", "0", "too small" },
        { MEMCOORD_TYPE_DURATION, "100ms..60min", "5", "no unit" },
        { MEMCOORD_TYPE_DURATION, "100ms..60min", "5sec", "unknown unit" },
        { MEMCOORD_TYPE_DURATION, "100ms..60min", "5 D", "unknown unit" },
        { MEMCOORD_TYPE_DURATION, "100ms..60min", "2h", "too large" },
        { MEMCOORD_TYPE_DURATION, "100ms..60min", "0.0001s", "too fine" },
        { MEMCOORD_TYPE_INTEGER, "0..10", "1.5", "too fine" },
        { MEMCOORD_TYPE_INTEGER, "0..10", "11", "too large" },
        { MEMCOORD_TYPE_INTEGER, "0..10", "5 apples", "unknown unit" },
        { MEMCOORD_TYPE_BOOLEAN, "no|yes", "maybe", "'maybe' is neither yes nor no" },
        { MEMCOORD_TYPE_BOOLEAN, "no|yes", "1", "neither yes nor no" },
        { MEMCOORD_TYPE_BOOLEAN, "no|yes", "", "empty" },
        { MEMCOORD_TYPE_CHOICE, "keep|share", "kee", "'kee' is not one of keep|share" },
        { MEMCOORD_TYPE_CHOICE, "keep|share", "keep|share", "not one of" },
        { MEMCOORD_TYPE_CHOICE, "keep|share", "", "empty" },
        { 0, "0..1", "1", "no type" },
        { 99, "0..1", "1", "no type" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char error[200] = "";
        uint64_t value = UNTOUCHED;
        int r =
            value_parse(cases[i].type, cases[i].range, cases[i].text, &value, error, sizeof(error));
        if (r != -EINVAL || value != UNTOUCHED || !strstr(error, cases[i].says))
            fail_msg("'%s': %d, %" PRIu64 ", says '%s', not '%s'", cases[i].text, r, value, error,
                     cases[i].says);
    }
}

/* What value_format() writes is read back as the same value, whatever the value. */
static void formatted_values_read_back(void **state)
{
    static const struct {
        uint32_t type;
        uint64_t max;
    } types[] = { { MEMCOORD_TYPE_SIZE, UINT64_C(1) << 34 },
                  { MEMCOORD_TYPE_PERCENT, 1000000 },
                  { MEMCOORD_TYPE_DURATION, 100000000 },
                  { MEMCOORD_TYPE_INTEGER, UINT64_C(999999999999999999) },
                  { MEMCOORD_TYPE_BOOLEAN, 1 } };

    (void)state;
    srand(1);
    for (int round = 0; round < 20000; round++) {
        uint32_t type = types[round % 5].type;
        uint64_t random = ((uint64_t)rand() << 31 | (uint64_t)rand()) >> (rand() % 62);
        uint64_t value = random % (types[round % 5].max + 1), back = UNTOUCHED;
        char text[64], error[200] = "";
        value_format(type, NULL, value, text, sizeof(text));
        if (value_parse(type, NULL, text, &back, error, sizeof(error)) != 0 || back != value)
            fail_msg("type %u: %" PRIu64 " is written '%s' and read %" PRIu64 ": %s", type, value,
                     text, back, error);
    }
}

static void values_are_formatted_in_the_largest_exact_unit(void **state)
{
    static const struct {
        uint32_t type;
        uint64_t value;
        const char *text;
    } cases[] = { { MEMCOORD_TYPE_SIZE, 0, "0" },
                  { MEMCOORD_TYPE_SIZE, 1023, "1023KiB" },
                  { MEMCOORD_TYPE_SIZE, 102400, "100MiB" },
                  { MEMCOORD_TYPE_SIZE, UINT64_C(1) << 30, "1TiB" },
                  { MEMCOORD_TYPE_PERCENT, 0, "0%" },
                  { MEMCOORD_TYPE_PERCENT, 750, "7.5%" },
                  { MEMCOORD_TYPE_PERCENT, 705, "7.05%" },
                  { MEMCOORD_TYPE_PERCENT, 10000, "100%" },
                  { MEMCOORD_TYPE_DURATION, 0, "0" },
                  { MEMCOORD_TYPE_DURATION, 1500, "1500ms" },
                  { MEMCOORD_TYPE_DURATION, 300000, "5min" },
                  { MEMCOORD_TYPE_DURATION, 5400000, "90min" },
                  { MEMCOORD_TYPE_DURATION, 7200000, "2h" },
                  { MEMCOORD_TYPE_DURATION, UINT64_C(604800000), "7d" },
                  { MEMCOORD_TYPE_INTEGER, 0, "0" },
                  { MEMCOORD_TYPE_BOOLEAN, 1, "yes" },
                  { MEMCOORD_TYPE_CHOICE, 1, "share" },
                  { MEMCOORD_TYPE_CHOICE, 7, "7" } };
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        value_format(cases[i].type, "keep|share", cases[i].value, text, sizeof(text));
        assert_string_equal(text, cases[i].text);
    }
    value_format(MEMCOORD_TYPE_SIZE, NULL, 102400, text, 4);
    assert_string_equal(text, "100");
}

static void amounts_are_a_size_a_percentage_or_both(void **state)
{
    static const struct {
        const char *text;
        struct amount amount;
        const char *written;
    } cases[] = { { "200MiB, 5%", { 204800, 500 }, "200MiB, 5%" },
                  { "5%,200MiB", { 204800, 500 }, "200MiB, 5%" },
                  { "200MiB", { 204800, 0 }, "200MiB" },
                  { "5%", { 0, 500 }, "5%" },
                  { "0", { 0, 0 }, "0" } };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct amount amount = { UNTOUCHED, UNTOUCHED };
        char error[200] = "", text[64];
        int r = amount_parse("0..1TiB", cases[i].text, &amount, error, sizeof(error));
        assert_int_equal(r, 0);
        assert_int_equal(amount.kib, cases[i].amount.kib);
        assert_int_equal(amount.bp, cases[i].amount.bp);
        amount_format(amount, text, sizeof(text));
        assert_string_equal(text, cases[i].written);
    }
}

static void bad_amounts_are_refused(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = { { "", "makes no sense" },        { "5%,", "makes no sense" },
                  { ",5%", "makes no sense" },     { "5%, 6%", "second percentage" },
                  { "1MiB, 2MiB", "second size" }, { "1MiB, 2%, 3MiB", "second size" },
                  { "101%", "too large" },         { "5", "no unit" },
                  { "200MiB 5%", "unknown unit" }, { "2TiB", "too large" } };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct amount amount = { UNTOUCHED, UNTOUCHED };
        char error[200] = "";
        int r = amount_parse("0..1TiB", cases[i].text, &amount, error, sizeof(error));
        assert_int_equal(r, -EINVAL);
        assert_int_equal(amount.kib, UNTOUCHED);
        assert_int_equal(amount.bp, UNTOUCHED);
        if (!strstr(error, cases[i].says))
            fail_msg("'%s' says '%s'", cases[i].text, error);
    }
}

/* Or "0.01%" would slip under the range. */
static void a_percentage_alone_keeps_to_the_least_size(void **state)
{
    static const struct {
        const char *text, *written;
    } cases[] = { { "0.01%", "1536KiB, 0.01%" },
                  { "10%", "1536KiB, 10%" },
                  { "1536KiB, 10%", "1536KiB, 10%" },
                  { "2MiB, 10%", "2MiB, 10%" },
                  { "2MiB, 0%", "2MiB" } };
    struct amount amount = { UNTOUCHED, UNTOUCHED };
    char error[200] = "", text[64];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(amount_parse("1.5MiB..1TiB", cases[i].text, &amount, error, sizeof(error)),
                         0);
        amount_format(amount, text, sizeof(text));
        assert_string_equal(text, cases[i].written);
    }
    amount = (struct amount){ UNTOUCHED, UNTOUCHED };
    assert_int_equal(amount_parse("1.5MiB..1TiB", "0%", &amount, error, sizeof(error)), -EINVAL);
    assert_string_equal(error, "'0%' is too small: want a size, a percentage, or both: "
                               "'200MiB, 5%', 1.5MiB..1TiB");
    assert_int_equal(amount.bp, UNTOUCHED);
}

static void an_amount_is_the_larger_of_its_parts(void **state)
{
    (void)state;
    assert_int_equal(amount_of((struct amount){ 204800, 500 }, 1048576), 204800);
    assert_int_equal(amount_of((struct amount){ 204800, 500 }, 104857600), 5242880);
    assert_int_equal(amount_of((struct amount){ 0, 10000 }, UINT64_C(1) << 34), UINT64_C(1) << 34);
    assert_int_equal(amount_of((struct amount){ 0, 0 }, 12345), 0);
}

static void ranges_are_checked(void **state)
{
    static const struct {
        uint32_t type;
        const char *range;
        int result;
    } cases[] = { { MEMCOORD_TYPE_SIZE, "0..1TiB", 0 },
                  { MEMCOORD_TYPE_SIZE, "1TiB..0", -EINVAL },
                  { MEMCOORD_TYPE_SIZE, "0..1", -EINVAL },
                  { MEMCOORD_TYPE_SIZE, "0-1TiB", -EINVAL },
                  { MEMCOORD_TYPE_SIZE, "", -EINVAL },
                  { MEMCOORD_TYPE_SIZE, NULL, -EINVAL },
                  { MEMCOORD_TYPE_PERCENT, "0%..99%", 0 },
                  { MEMCOORD_TYPE_PERCENT, "0..99%", -EINVAL },
                  { MEMCOORD_TYPE_DURATION, "0..1min", 0 },
                  { MEMCOORD_TYPE_INTEGER, "1..1", 0 },
                  { MEMCOORD_TYPE_BOOLEAN, "no|yes", 0 },
                  { MEMCOORD_TYPE_CHOICE, "keep|share", 0 },
                  { MEMCOORD_TYPE_CHOICE, "keep", -EINVAL },
                  { MEMCOORD_TYPE_CHOICE, "keep|keep", -EINVAL },
                  { MEMCOORD_TYPE_CHOICE, "keep||share", -EINVAL },
                  { MEMCOORD_TYPE_CHOICE, "keep|", -EINVAL },
                  { MEMCOORD_TYPE_CHOICE, "", -EINVAL },
                  { MEMCOORD_TYPE_CHOICE, NULL, -EINVAL },
                  { 77, "0..1", -EINVAL } };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char error[200] = "";
        int r = value_check_range(cases[i].type, cases[i].range, error, sizeof(error));
        if (r != cases[i].result || (r < 0 && !*error))
            fail_msg("type %u, range '%s': %d, '%s'", cases[i].type,
                     cases[i].range ? cases[i].range : "(null)", r, error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_values_are_read),
        cmocka_unit_test(bad_values_are_refused_with_what_is_allowed),
        cmocka_unit_test(formatted_values_read_back),
        cmocka_unit_test(values_are_formatted_in_the_largest_exact_unit),
        cmocka_unit_test(amounts_are_a_size_a_percentage_or_both),
        cmocka_unit_test(bad_amounts_are_refused),
        cmocka_unit_test(a_percentage_alone_keeps_to_the_least_size),
        cmocka_unit_test(an_amount_is_the_larger_of_its_parts),
        cmocka_unit_test(ranges_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
