/* SPDX-License-Identifier: BSD-3-Clause */
/* Downsampling keeps what lasted one tick, and tells what is unknown from 0. */
#include "lib/cmocka.h"

#include "memcoord/policy.h"
#include "report/series.h"

#define N SERIES_BUCKETS
#define UNKNOWN MEMCOORD_UNKNOWN

static struct series_bucket buckets[N];
static struct series_ticks ticks[N];
static uint64_t points[2 * N];

/* A run with a tick each `interval_ms`, n of them, whose values `value_of` tells. */
static struct series_grid fill(size_t n, uint64_t interval_ms, uint64_t (*value_of)(size_t))
{
    struct series_grid grid = { 5000, 5000 + (n - 1) * interval_ms };

    series_clear(buckets, N);
    series_ticks_clear(ticks, N);
    for (size_t i = 0; i < n; i++) {
        uint64_t now_ms = 5000 + i * interval_ms;
        size_t at = series_bucket_of(&grid, now_ms);
        assert_in_range(at, 0, N - 1);
        series_ticks_add(&ticks[at], now_ms);
        series_add(&buckets[at], value_of(i));
    }
    return grid;
}

static uint64_t count_up(size_t i)
{
    return i;
}

static void a_short_run_is_kept_tick_by_tick(void **state)
{
    size_t n;

    (void)state;
    fill(60, 1000, count_up);
    assert_int_equal(series_per_bucket(ticks, N), 1);
    n = series_points(buckets, ticks, N, 1, points);
    assert_int_equal(n, 60);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(points[i], i);
    assert_int_equal(series_times(ticks, N, 1, 5000, points), 60);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(points[i], i * 1000);
}

static uint64_t one_spike(size_t i)
{
    return i == 43210 ? 777 : i == 60001 ? 3 : 100;
}

static void what_lasts_one_tick_stays(void **state)
{
    size_t n, spikes = 0, dips = 0;

    (void)state;
    fill(86400, 1000, one_spike);
    assert_int_equal(series_per_bucket(ticks, N), 2);
    n = series_points(buckets, ticks, N, 2, points);
    assert_int_equal(n, 2 * N);
    for (size_t i = 0; i < n; i++) {
        spikes += points[i] == 777;
        dips += points[i] == 3;
    }
    assert_int_equal(spikes, 1);
    assert_int_equal(dips, 1);
    assert_int_equal(series_highs(buckets, ticks, N, points), N);
    assert_int_equal(points[43210 * N / 86400], 777);
}

static void times_stand_in_order_and_within_the_run(void **state)
{
    size_t n;

    (void)state;
    fill(86400, 1000, count_up);
    n = series_times(ticks, N, 2, 5000, points);
    assert_int_equal(n, 2 * N);
    assert_int_equal(points[0], 0);
    assert_int_equal(points[n - 1], 86399000);
    for (size_t i = 1; i < n; i++)
        assert_true(points[i] > points[i - 1]);
}

static void extremes_come_as_they_came(void **state)
{
    struct series_bucket rises, falls;
    struct series_ticks two = { 0, 1000, 2 };

    (void)state;
    series_clear(&rises, 1);
    series_add(&rises, 1);
    series_add(&rises, 9);
    series_clear(&falls, 1);
    series_add(&falls, 9);
    series_add(&falls, 5);
    series_add(&falls, 1);
    series_points(&rises, &two, 1, 2, points);
    assert_int_equal(points[0], 1);
    assert_int_equal(points[1], 9);
    series_points(&falls, &two, 1, 2, points);
    assert_int_equal(points[0], 9);
    assert_int_equal(points[1], 1);
}

static uint64_t unknown_then_zero(size_t i)
{
    return i < 3000 ? UNKNOWN : 0;
}

static void unknown_is_no_zero(void **state)
{
    (void)state;
    fill(6000, 1000, unknown_then_zero);
    assert_int_equal(series_points(buckets, ticks, N, 2, points), 2 * N);
    for (size_t i = 0; i < 2 * N; i++)
        assert_int_equal(points[i], i < N ? UNKNOWN : 0);
}

static void a_known_value_wins_over_unknown_ones_beside_it(void **state)
{
    struct series_bucket b;

    (void)state;
    series_clear(&b, 1);
    series_add(&b, UNKNOWN);
    series_add(&b, 7);
    series_add(&b, UNKNOWN);
    assert_int_equal(b.low, 7);
    assert_int_equal(b.high, 7);
}

static void buckets_without_a_tick_are_left_out(void **state)
{
    (void)state;
    fill(3, 1000000, count_up);
    assert_int_equal(series_points(buckets, ticks, N, 1, points), 3);
    assert_int_equal(series_times(ticks, N, 1, 5000, points), 3);
    assert_int_equal(points[1], 1000000);
}

static void every_time_has_a_bucket(void **state)
{
    const struct series_grid one = { 100, 100 }, endless = { 0, UINT64_MAX - 1 };

    (void)state;
    assert_int_equal(series_bucket_of(&one, 0), 0);
    assert_int_equal(series_bucket_of(&one, 100), 0);
    assert_int_equal(series_bucket_of(&one, 5000), 0);
    assert_int_equal(series_bucket_of(&endless, 0), 0);
    assert_int_equal(series_bucket_of(&endless, UINT64_MAX - 1), N - 1);
    assert_int_equal(series_bucket_of(&endless, UINT64_MAX / 2), N / 2 - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_run_is_kept_tick_by_tick),
        cmocka_unit_test(what_lasts_one_tick_stays),
        cmocka_unit_test(times_stand_in_order_and_within_the_run),
        cmocka_unit_test(extremes_come_as_they_came),
        cmocka_unit_test(unknown_is_no_zero),
        cmocka_unit_test(a_known_value_wins_over_unknown_ones_beside_it),
        cmocka_unit_test(buckets_without_a_tick_are_left_out),
        cmocka_unit_test(every_time_has_a_bucket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
