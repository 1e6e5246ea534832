/* SPDX-License-Identifier: BSD-3-Clause */
/* A packed series is read back as it was, to within its unit. */
#include "lib/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "lib/random.h"
#include "memcoord/policy.h"
#include "report/pack.h"

#define UNKNOWN MEMCOORD_UNKNOWN
#define N 1000

/* Reads what pack.h describes, as page.js does. */
static uint64_t number(const char **at)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint64_t value = 0, digit = 32;

    for (unsigned shift = 0; digit >= 32; shift += 5) {
        const char *found = strchr(digits, *(*at)++);
        assert_non_null(found);
        digit = (uint64_t)(found - digits);
        value |= (digit % 32) << shift;
    }
    return value;
}

static size_t unpack(const char *text, uint64_t *unit, uint64_t *values)
{
    uint64_t last = 0, mark = 0, times;
    int unknown = 0;
    size_t n = 0;

    *unit = number(&text);
    while (*text) {
        times = 1;
        if (*text == '*') {
            text++;
            times = number(&text);
        } else if (*text == '.') {
            text++;
            unknown = 1;
        } else {
            mark = number(&text);
            unknown = 0;
        }
        for (; times > 0; times--) {
            assert_true(n < N);
            if (!unknown)
                last = mark % 2 ? last - (mark + 1) / 2 : last + mark / 2;
            values[n++] = unknown ? UNKNOWN : last * *unit;
        }
    }
    return n;
}

static void is_packed_as(const uint64_t *values, size_t n, uint64_t unit, const char *want)
{
    char *text = pack_series(values, n, unit);

    assert_string_equal(text, want);
    free(text);
}

static void the_form_is_as_described(void **state)
{
    const uint64_t values[] = { 0, 0, 0, 0, 5, 3, UNKNOWN, UNKNOWN, UNKNOWN, 3, 4, 5, 6, 100 };

    (void)state;
    is_packed_as(values, 0, 1, "B");
    is_packed_as(values, 4, 1, "BA*D");
    is_packed_as(values, 10, 1, "BA*DKD.*CA");
    is_packed_as(values + 9, 5, 1, "BGC*C8F");
}

static void what_is_packed_is_read_back(void **state)
{
    struct random random = { 7 };
    uint64_t values[N], back[N], unit;

    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        size_t n = below(&random, N);
        uint64_t most = UINT64_C(1) << below(&random, 40);
        char *text;
        for (size_t i = 0; i < n; i++) {
            values[i] = i > 0 && below(&random, 2) ? values[i - 1] : below(&random, most);
            if (below(&random, 10) == 0)
                values[i] = UNKNOWN;
        }
        text = pack_series(values, n, round % 2);
        assert_non_null(text);
        assert_int_equal(unpack(text, &unit, back), n);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(values[i] == UNKNOWN, back[i] == UNKNOWN);
            assert_int_equal(values[i] == 0, back[i] == 0);
            if (values[i] >= unit && values[i] != UNKNOWN)
                assert_true(back[i] + unit / 2 >= values[i] && values[i] + unit / 2 >= back[i]);
        }
        free(text);
    }
}

static void the_unit_follows_the_largest(void **state)
{
    const uint64_t small[] = { 16384 }, large[] = { UINT64_C(1) << 34, 1 };
    uint64_t back[N], unit;
    char *text = pack_series(small, 1, 0);

    (void)state;
    unpack(text, &unit, back);
    assert_int_equal(unit, 1);
    free(text);
    text = pack_series(large, 2, 0);
    assert_int_equal(unpack(text, &unit, back), 2);
    assert_int_equal(unit, UINT64_C(1) << 20);
    assert_int_equal(back[0], UINT64_C(1) << 34);
    assert_int_equal(back[1], unit); /* small, but not nothing */
    free(text);
}

static void what_does_not_change_costs_nothing(void **state)
{
    uint64_t values[N];
    char *text;

    (void)state;
    for (size_t i = 0; i < N; i++)
        values[i] = 655360;
    text = pack_series(values, N, 0);
    assert_in_range(strlen(text), 1, 12);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_form_is_as_described),
        cmocka_unit_test(what_is_packed_is_read_back),
        cmocka_unit_test(the_unit_follows_the_largest),
        cmocka_unit_test(what_does_not_change_costs_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
