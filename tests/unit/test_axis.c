/* SPDX-License-Identifier: BSD-3-Clause */
/* Several values in one text: lists, ranges, seeds, and what is refused. */
#include "lib/cmocka.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/values.h"
#include "experiment/axis.h"

struct row {
    uint32_t type;
    const char *text, *want; /* the values with '/' between, or what is said */
};

static void lists_and_ranges_come_apart(void **state)
{
    static const struct row rows[] = {
        { MEMCOORD_TYPE_SIZE, "64MiB", "64MiB" },
        { MEMCOORD_TYPE_SIZE, "64MiB | 1GiB|2GiB", "64MiB/1GiB/2GiB" },
        { MEMCOORD_TYPE_SIZE, "64MiB..192MiB step 64MiB", "64MiB/128MiB/192MiB" },
        { MEMCOORD_TYPE_SIZE, "64MiB .. 200MiB step 64MiB | 1GiB", "64MiB/128MiB/192MiB/1GiB" },
        { MEMCOORD_TYPE_SIZE, "0..1GiB step 512MiB", "0/512MiB/1GiB" },
        { MEMCOORD_TYPE_PERCENT, "5%..10% step 2.5%", "5%/7.5%/10%" },
        { MEMCOORD_TYPE_DURATION, "1s..2s step 500ms", "1s/1500ms/2s" },
        { MEMCOORD_TYPE_INTEGER, "3..3 step 1", "3" },
        { MEMCOORD_TYPE_CHOICE, "keep | share", "keep/share" },
        { VALUE_AMOUNT, "50MiB, 10%", "50MiB, 10%" },
        { VALUE_AMOUNT, "50MiB, 10% | 100MiB, 20%", "50MiB, 10%/100MiB, 20%" },
        { VALUE_TEXT, "any..thing", "any..thing" },
        { MEMCOORD_TYPE_SIZE, "not a size", "not a size" }, /* who sets it says so */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct axis axis;
        char error[256] = "", got[256] = "";

        if (axis_parse(rows[i].text, rows[i].type, &axis, error, sizeof(error)) != 0)
            fail_msg("%s: %s", rows[i].text, error);
        for (size_t k = 0; k < axis.n; k++) {
            size_t used = strlen(got);
            snprintf(got + used, sizeof(got) - used, "%s%s", k ? "/" : "", axis.values[k]);
        }
        assert_string_equal(got, rows[i].want);
        axis_free(&axis);
    }
}

static void what_makes_no_sense_is_refused(void **state)
{
    static const struct row rows[] = {
        { MEMCOORD_TYPE_SIZE, "1MiB |", "an empty value before or behind a '|'" },
        { MEMCOORD_TYPE_SIZE, "1MiB | 1MiB", "'1MiB' stands twice in it" },
        { MEMCOORD_TYPE_SIZE, "1MiB..3MiB step 1MiB | 2MiB", "'2MiB' stands twice in it" },
        { MEMCOORD_TYPE_SIZE, "1MiB..3MiB", "'1MiB..3MiB' has no step: want LOW..HIGH step STEP" },
        { MEMCOORD_TYPE_SIZE, "3MiB..1MiB step 1MiB",
          "the range has its low end above its high end: want LOW..HIGH step STEP, upwards" },
        { MEMCOORD_TYPE_SIZE, "1MiB..3MiB step 0",
          "the range has a step of 0: want LOW..HIGH step STEP, upwards" },
        { MEMCOORD_TYPE_SIZE, "1MiB..x step 1MiB",
          "'x' is not a plain number: want a size such as 100MiB (KiB, MiB, GiB, TiB), any" },
        { MEMCOORD_TYPE_SIZE, "0..16TiB step 1KiB", "more than 10000 values" },
        { VALUE_AMOUNT, "1MiB..3MiB step 1MiB",
          "'1MiB..3MiB step 1MiB' is a range: size and percent has none; write the values with '|' "
          "between" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct axis axis = { 0 };
        char error[256] = "";

        assert_int_equal(axis_parse(rows[i].text, rows[i].type, &axis, error, sizeof(error)),
                         -EINVAL);
        assert_string_equal(error, rows[i].want);
        assert_null(axis.values);
    }
}

static void seeds_are_numbers_and_ranges(void **state)
{
    static const struct row rows[] = {
        { 0, "1..5", "1 2 3 4 5 " },
        { 0, "1, 2,7", "1 2 7 " },
        { 0, "9, 1..3", "9 1 2 3 " },
        { (uint32_t)-EINVAL, "5..1", "5 is above 1" },
        { (uint32_t)-EINVAL, "1, 1..2", "1 stands twice in it" },
        { (uint32_t)-EINVAL, "1..2000000000",
          "'2000000000' is too large: want a whole number, 0..1000000000" },
        { (uint32_t)-EINVAL, "0..1000000000", "more than 10000 seeds" },
        { (uint32_t)-EINVAL, "1,", "the value is empty: want a whole number" },
        { (uint32_t)-EINVAL, "-1",
          "'-1' is not a plain number: want a whole number, 0..1000000000" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t *seeds = NULL;
        size_t n = 0;
        char got[256] = "";

        assert_int_equal(seeds_parse(rows[i].text, &seeds, &n, got, sizeof(got)),
                         (int)rows[i].type);
        for (size_t k = 0; k < n; k++) {
            size_t used = k ? strlen(got) : 0;
            snprintf(got + used, sizeof(got) - used, "%" PRIu64 " ", seeds[k]);
        }
        assert_string_equal(got, rows[i].want);
        free(seeds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_and_ranges_come_apart),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(seeds_are_numbers_and_ranges),
    };
    return cmocka_run_group_tests_name("axis", tests, NULL, NULL);
}
