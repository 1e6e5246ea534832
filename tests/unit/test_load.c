/* SPDX-License-Identifier: BSD-3-Clause */
/* Scripts of loads: what they mean, and what is refused. */
#include "lib/cmocka.h"

#include <errno.h>
#include <string.h>

#include "scenario/load.h"

#define GIB (1024 * MIB)

static struct load parsed(const char *text)
{
    struct load load = { 0 };
    char error[512] = "";

    if (load_parse(text, &load, error, sizeof(error)) != 0)
        fail_msg("%s: %s", text, error);
    return load;
}

/* Demand at `ms` of a load that began at 0. */
static uint64_t at(const char *text, uint64_t seed, uint64_t ms)
{
    struct load load = parsed(text);
    struct load_cursor cursor;
    uint64_t kib;

    load_begin(&cursor, &load, seed, 0);
    while (cursor.now.end_ms <= ms)
        load_next(&cursor);
    kib = load_kib(&cursor.now, ms);
    load_free(&load);
    return kib;
}

static void steps_do_what_they_say(void **state)
{
    static const char text[] = "idle 10s; ramp 15MiB/s to 150MiB; hold 20s; take 1GiB; hold 1s; "
                               "ramp 1GiB/s to 512MiB; free; idle 1s; take 7MiB";
    static const struct {
        uint64_t ms, kib;
    } want[] = { { 0, 0 },
                 { 9999, 0 },
                 { 10000, 0 },
                 { 11000, 15 * MIB },
                 { 15000, 75 * MIB },
                 { 20000, 150 * MIB },
                 { 39999, 150 * MIB },
                 { 40000, GIB },
                 { 41000, GIB },
                 { 41250, 768 * MIB },
                 { 41499, 525337 },
                 { 41500, 0 },
                 { 42500, 7 * MIB },
                 { 1000000000, 7 * MIB } };

    (void)state;
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
        if (at(text, 1, want[i].ms) != want[i].kib)
            fail_msg("at %d ms: %d KiB", (int)want[i].ms, (int)at(text, 1, want[i].ms));
}

static void repeat_counts_all_rounds(void **state)
{
    (void)state;
    assert_int_equal(at("take 1MiB; hold 1s; take 2MiB; hold 1s; repeat 3", 1, 4500), MIB);
    assert_int_equal(at("take 1MiB; hold 1s; take 2MiB; hold 1s; repeat 3", 1, 5500), 2 * MIB);
    assert_int_equal(at("take 1MiB; hold 1s; take 2MiB; hold 1s; repeat 3", 1, 6500), 2 * MIB);
    assert_int_equal(at("take 1MiB; hold 1s; take 2MiB; hold 1s; repeat;", 1, 100000500), MIB);
}

static void drop_is_told_once(void **state)
{
    struct load load = parsed("hold 1s; drop; hold 1s; hold 1s");
    struct load_cursor cursor;

    (void)state;
    load_begin(&cursor, &load, 1, 0);
    assert_false(cursor.now.drops_cache);
    load_next(&cursor);
    assert_true(cursor.now.drops_cache);
    load_next(&cursor);
    assert_false(cursor.now.drops_cache);
    load_free(&load);
}

static void random_loads_stay_in_bounds_and_follow_their_seed(void **state)
{
    static const char *const texts[] = { "walk 100MiB to 500MiB step 100MiB every 2s",
                                         "burst 100MiB to 500MiB every 30s for 5s",
                                         "diurnal 100MiB to 500MiB every 10min" };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        uint64_t low_kib = UINT64_MAX, high_kib = 0;
        int differ = 0;

        for (uint64_t ms = 0; ms < 1200000; ms += 1700) {
            uint64_t kib = at(texts[i], 1, ms);

            low_kib = kib < low_kib ? kib : low_kib;
            high_kib = kib > high_kib ? kib : high_kib;
            assert_int_equal(kib, at(texts[i], 1, ms));
            differ += kib != at(texts[i], 2, ms);
        }
        assert_in_range(low_kib, 100 * MIB, 150 * MIB);
        assert_in_range(high_kib, 400 * MIB, 500 * MIB);
        assert_true(i == 2 ? differ == 0 : differ > 50); /* a day without noise is the same */
    }
}

/* The numbers are the same on every machine: these are from x86-64. */
static void what_is_random_is_known(void **state)
{
    static const uint64_t walk_kib[] = { 307200, 308240, 253831, 188077 };
    static const uint64_t burst_kib[] = { 102400, 102400, 479715, 102400 };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(at("walk 100MiB to 500MiB step 100MiB every 2s", 7, i * 7000),
                         walk_kib[i]);
        assert_int_equal(at("burst 100MiB to 500MiB every 4s for 4s", 7, i * 4000), burst_kib[i]);
    }
}

static void a_day_is_low_then_high_then_low(void **state)
{
    (void)state;
    assert_int_equal(at("diurnal 100MiB to 500MiB every 24s", 1, 0), 100 * MIB);
    assert_int_equal(at("diurnal 100MiB to 500MiB every 24s", 1, 6000), 300 * MIB);
    assert_int_equal(at("diurnal 100MiB to 500MiB every 24s", 1, 12000), 500 * MIB);
    assert_int_equal(at("diurnal 100MiB to 500MiB every 24s", 1, 24000), 100 * MIB);
    assert_int_equal(at("diurnal 100MiB to 500MiB every 24s", 1, 36000), 500 * MIB);
}

static void what_is_random_can_end(void **state)
{
    (void)state;
    assert_int_equal(
        at("walk 1MiB to 9MiB step 9MiB every 3s during 10s; take 1GiB; hold", 1, 9999) / GIB, 0);
    assert_int_equal(
        at("walk 1MiB to 9MiB step 9MiB every 3s during 10s; take 1GiB; hold", 1, 10000), GIB);
}

static void what_is_wrong_is_told_with_its_step(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        { "idle", "step 1, 'idle': want idle TIME" },
        { "idle 10",
          "step 1, 'idle 10': '10' has no unit: want a duration such as 2s (ms, s, min, h, d), "
          "1ms..10000000min" },
        { "idle 1s;; free", "step 2, '': it is empty" },
        { "", "step 1, '': it is empty" },
        { "hold 1s; jump 1GiB",
          "step 2, 'jump 1GiB': 'jump' is no step: want idle, hold, take, ramp, free, drop, burst, "
          "walk, diurnal or repeat" },
        { "ramp 15MiB to 1GiB",
          "step 1, 'ramp 15MiB to 1GiB': '15MiB' is no rate: want one such as 15MiB/s" },
        { "ramp 15MB/s to 1GiB",
          "step 1, 'ramp 15MB/s to 1GiB': in a rate, '15MB' has an unknown unit: want a size such as "
          "100MiB (KiB, MiB, GiB, TiB), 1KiB..1TiB a second" },
        { "ramp 0MiB/s to 1GiB",
          "step 1, 'ramp 0MiB/s to 1GiB': in a rate, '0MiB' is too small: want a size such as 100MiB "
          "(KiB, MiB, GiB, TiB), 1KiB..1TiB a second" },
        { "ramp 1MiB/s 1GiB", "step 1, 'ramp 1MiB/s 1GiB': want ramp RATE to SIZE" },
        { "take -1GiB", "step 1, 'take -1GiB': '-1GiB' is not a plain number: want a size such as "
                        "100MiB (KiB, MiB, GiB, TiB), 0..16TiB" },
        { "take 17TiB",
          "step 1, 'take 17TiB': '17TiB' is too large: want a size such as 100MiB (KiB, "
          "MiB, GiB, TiB), 0..16TiB" },
        { "free 1GiB", "step 1, 'free 1GiB': want free" },
        { "walk 2GiB to 1GiB step 1MiB every 1s",
          "step 1, 'walk 2GiB to 1GiB step 1MiB every 1s': it goes from more to less: want less to "
          "more" },
        { "walk 1GiB to 2GiB every 1s",
          "step 1, 'walk 1GiB to 2GiB every 1s': want walk SIZE to SIZE step SIZE every TIME [during "
          "TIME]" },
        { "hold; free", "step 2, 'free': the step before has no end: give it a time (hold TIME)" },
        { "burst 1MiB to 2MiB every 1s for 1s; free",
          "step 2, 'free': the step before has no end: give it a time (during TIME)" },
        { "repeat", "step 1, 'repeat': the steps before it take no time" },
        { "ramp 5MiB/s to 1GiB; repeat", "step 2, 'repeat': the steps before it take no time" },
        { "take 2MiB; ramp 5MiB/s to 2MiB; drop; repeat",
          "step 4, 'repeat': the steps before it take no time" },
        { "take 1GiB; free; repeat 2", "step 3, 'repeat 2': the steps before it take no time" },
        { "idle 1s; repeat 2; free",
          "step 3, 'free': it comes after repeat, which must be the last" },
        { "idle 1s; repeat 0",
          "step 2, 'repeat 0': '0' is too small: want a whole number, 1..1000000" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct load load = { .rounds = 77 };
        char error[512] = "";

        assert_int_equal(load_parse(cases[i].text, &load, error, sizeof(error)), -EINVAL);
        assert_string_equal(error, cases[i].says);
        assert_int_equal(load.rounds, 77); /* untouched */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_do_what_they_say),
        cmocka_unit_test(repeat_counts_all_rounds),
        cmocka_unit_test(drop_is_told_once),
        cmocka_unit_test(random_loads_stay_in_bounds_and_follow_their_seed),
        cmocka_unit_test(what_is_random_is_known),
        cmocka_unit_test(a_day_is_low_then_high_then_low),
        cmocka_unit_test(what_is_random_can_end),
        cmocka_unit_test(what_is_wrong_is_told_with_its_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
