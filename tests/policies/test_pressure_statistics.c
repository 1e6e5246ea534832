/* SPDX-License-Identifier: BSD-3-Clause */
/* pressure: which statistics count, and when. */
#include "lib/pressure_fixture.h"

static void rates_that_are_unknown_change_nothing(void **state)
{
    struct fixture f;
    struct memcoord_domain *none, *no_in, *no_faults, *no_age, *fixed;

    (void)state;
    begin(&f);
    none = calm_guest(&f);
    rates(none, NOTHING, NOTHING, NOTHING);
    no_in = calm_guest(&f);
    no_in->swap_in_kib_per_s =
        NOTHING; /* calm as far as is known: that is not enough to be probed */
    no_faults = calm_guest(&f);
    no_faults->major_faults_per_s = NOTHING;
    no_age = calm_guest(&f);
    rates(no_age, 1000 * MIB, 1000, 0);
    no_age->stats_age_ms = NOTHING;
    fixed = calm_guest(&f);
    rates(fixed, 1000 * MIB, 1000, 0);
    fixed->flags = MEMCOORD_MIGRATING;
    for (unsigned i = 0; i < 200; i++) {
        fixture_decide(&f);
        for (size_t j = 0; j < f.snapshot.n_domains; j++)
            assert_true(fixture_asked(&f, f.list[j]) == NOTHING);
    }
    fixture_close(&f);
}

/* The same statistics, ever older, are judged once; and those from before a move say nothing of after it. */
static void statistics_are_judged_once_and_only_after_the_move(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    run(&f, d, 2, 0, 0);
    rates(d, 0, 1000, 0);
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) > d->target_kib);
    for (unsigned i = 0; i < 100; i++) { /* it was not granted */
        d->stats_age_ms += 1000;
        fixture_decide(&f);
        assert_true(fixture_asked(&f, d) == NOTHING);
    }
    d->stats_age_ms = 500;
    fixture_decide(&f);
    obey(&f);
    for (unsigned i = 0; i < 2; i++) {
        fixture_decide(&f);
        assert_true(fixture_asked(&f, d) == NOTHING);
    }
    fixture_close(&f);
}

static void a_clock_that_begins_anew_is_a_new_beginning(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    run(&f, d, 100, 970 * MIB, 100);
    f.snapshot.now_ms = 0;
    rates(d, 0, 0, 0);
    assert_int_equal(ticks_until_asked(&f, d, 100), PROBE_TICKS);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_that_are_unknown_change_nothing),
        cmocka_unit_test(statistics_are_judged_once_and_only_after_the_move),
        cmocka_unit_test(a_clock_that_begins_anew_is_a_new_beginning),
    };

    return cmocka_run_group_tests_name("pressure, statistics", tests, NULL, NULL);
}
