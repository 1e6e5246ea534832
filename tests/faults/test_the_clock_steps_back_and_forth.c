/* SPDX-License-Identifier: BSD-3-Clause */
/* Somebody sets the host's clock, by seconds, hours and years, back and forth: statistics bear its time.
 * Guests are coordinated as before, from the next tick on. */
#include "lib/fault_stage.h"

#define HOUR_MS (3600 * INT64_C(1000))

static const int64_t steps_ms[] = { HOUR_MS,        -HOUR_MS,     -HOUR_MS,       999,
                                    -1001,          -5000,        5000,           24 * HOUR_MS,
                                    -48 * HOUR_MS,  30000,        -30000,         1,
                                    8760 * HOUR_MS, 24 * HOUR_MS, -8760 * HOUR_MS };
#define STEPS (sizeof(steps_ms) / sizeof(steps_ms[0]))

static void after_each_step_all_are_coordinated(void **state)
{
    struct fault_stage *s = *state;

    ticks(s, 5);
    for (size_t i = 0; i < STEPS; i++) {
        pass_ms(steps_ms[i], 0);
        is_coordinated(s, i % 4);
    }
}

/* And not only afterwards. */
static void a_clock_that_steps_at_every_tick_does_not_stop_help(void **state)
{
    struct fault_stage *s = *state;

    ticks(s, 5);
    use(s, 0, 600 * MIB);
    for (size_t i = 0; i < STEPS && current_kib(s, 0) < 700 * MIB; i++) {
        pass_ms(steps_ms[i], 0);
        ticks(s, 1);
    }
    assert_true(current_kib(s, 0) >= 700 * MIB);
    is_coordinated(s, 1);
}

/* What the guest had when the clock was set is no newer for that: it is not taken from on old news. */
static void statistics_that_stand_still_are_old_nonetheless(void **state)
{
    struct fault_stage *s = *state;
    uint64_t had_kib;

    ticks(s, 8);
    has_plenty(s, 0);
    lock(&s->stage, 0)->frozen = true;
    unlock(&s->stage);
    pass_ms(10000, 10000);
    had_kib = current_kib(s, 0);
    for (size_t i = 0; i < STEPS; i++) {
        pass_ms(steps_ms[i], 0);
        ticks(s, 1);
        assert_true(current_kib(s, 0) >= had_kib);
    }
    lock(&s->stage, 0)->frozen = false;
    unlock(&s->stage);
    is_coordinated(s, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULT(after_each_step_all_are_coordinated),
        FAULT(a_clock_that_steps_at_every_tick_does_not_stop_help),
        FAULT(statistics_that_stand_still_are_old_nonetheless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
