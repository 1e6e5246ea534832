/* SPDX-License-Identifier: BSD-3-Clause */
/* The system is suspended for an hour. Guests stood still as long, so that what is known of them is as old as
 * the time that all of them have run: the monotonic clock does not count what was slept. Where it does (the
 * host is itself a guest that was paused), what is known is an hour old, and nothing is taken on the strength
 * of it. In either case help comes with the first fresh statistics. */
#include "lib/fault_stage.h"

#define HOUR_MS (3600 * INT64_C(1000))

static void set_frozen(struct fault_stage *s, bool frozen)
{
    lock(&s->stage, 0);
    for (size_t i = 0; i < s->stage.fake.n; i++)
        s->stage.fake.domains[i].frozen = frozen;
    unlock(&s->stage);
}

/* The sum of all balloons. */
static uint64_t all_kib(struct fault_stage *s)
{
    uint64_t kib = 0;

    for (size_t i = 0; i < s->stage.fake.n; i++)
        kib += current_kib(s, i);
    return kib;
}

static void suspend_and_go_on(struct fault_stage *s, int64_t monotonic_ms)
{
    uint64_t had_kib;

    ticks(s, 8);
    for (size_t i = 0; i < 4; i++)
        has_plenty(s, i);
    set_frozen(s, true);
    had_kib = all_kib(s);
    pass_ms(HOUR_MS, monotonic_ms);
    ticks(s, 1); /* no guest has said anything yet */
    if (monotonic_ms == 0)
        assert_true(all_kib(s) < had_kib); /* what they said is a second old */
    else
        assert_int_equal(all_kib(s), had_kib);
    set_frozen(s, false);
    for (size_t i = 0; i < 4; i++)
        is_coordinated(s, i);
}

static void a_suspended_system(void **state)
{
    suspend_and_go_on(*state, 0);
}

static void a_host_that_was_paused_itself(void **state)
{
    suspend_and_go_on(*state, HOUR_MS);
}

/* One guest had begun to starve when the lid was closed: it is helped at once, not an hour later. */
static void help_goes_on(void **state)
{
    struct fault_stage *s = *state;

    ticks(s, 5);
    use(s, 0, current_kib(s, 0) - 40 * MIB);
    pass_ms(HOUR_MS, 0);
    ticks(s, 2);
    assert_true(current_kib(s, 0) >= s->stage.fake.domains[0].used_kib + 100 * MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULT(a_suspended_system),
        FAULT(a_host_that_was_paused_itself),
        FAULT(help_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
