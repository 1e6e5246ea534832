/* SPDX-License-Identifier: BSD-3-Clause */
/* pressure, rule by rule: when a guest is probed, when it grows, by how much. */
#include "lib/pressure_fixture.h"

/* ---- probes */

/* 2% of 1000 MiB are 20; each next one is twice as large, up to 5%: 40 of 980 (49), then 47 of 940, 44.65 of 893, ... */
static void a_calm_guest_is_probed_again_and_again(void **state)
{
    static const uint64_t takes_kib[] = { 20 * MIB, 40 * MIB, 47 * MIB };
    struct fixture f;
    struct memcoord_domain *d;
    uint64_t size_kib;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    for (unsigned i = 0; i < 3; i++) {
        size_kib = d->target_kib;
        assert_int_equal(ticks_until_asked(&f, d, 100), PROBE_TICKS);
        assert_int_equal(fixture_asked(&f, d), size_kib - takes_kib[i]);
        assert_string_equal(fixture_why(&f, d), "calm, is probed");
        obey(&f);
    }
    while (d->target_kib > d->min_kib) {
        size_kib = d->target_kib;
        assert_int_equal(ticks_until_asked(&f, d, 100), PROBE_TICKS);
        obey(&f);
        assert_in_range(d->target_kib, d->min_kib, size_kib);
        assert_true(size_kib - d->target_kib <= memcoord_max(size_kib / 20, 16 * MIB));
    }
    assert_int_equal(ticks_until_asked(&f, d, 100), 101); /* at min */
    fixture_close(&f);
}

/* It feels less than 970 MiB: 1000, 980, 940; from there on 980 and a probe of 2%, 19.6 MiB, each time. */
static void what_is_missed_goes_back_and_each_wait_is_twice_as_long(void **state)
{
    static const unsigned waits_s[] = { 30, 60, 120, 240, 480, 600, 600 };
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    run(&f, d, 2 * PROBE_TICKS, 970 * MIB, 100);
    assert_int_equal(d->target_kib, 940 * MIB);
    for (unsigned i = 0; i < 7; i++) {
        unsigned ticks = 0;

        d->major_faults_per_s = 100;
        assert_int_equal(ticks_until_asked(&f, d, 10), 3); /* it has had time to feel it */
        assert_int_equal(fixture_asked(&f, d), 980 * MIB);
        assert_string_equal(fixture_why(&f, d), "what was taken is missed");
        obey(&f);
        for (; d->target_kib == 980 * MIB; ticks++)
            run(&f, d, 1, 970 * MIB, 100);
        assert_in_range(ticks, waits_s[i], waits_s[i] + 2);
        assert_int_equal(d->target_kib, 980 * MIB - 980 * MIB / 50);
    }
    fixture_close(&f);
}

/* A guest that no longer needs what it needed is followed down, and the wait is short again when it feels that. */
static void what_is_not_felt_any_more_is_forgotten(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;
    unsigned ticks = 0;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    run(&f, d, 400, 970 * MIB, 100); /* felt at 940, waits of 30, 60, 120 and 240 s */
    assert_in_range(d->target_kib, 940 * MIB, 980 * MIB);
    while (d->target_kib >= 300 * MIB)
        run(&f, d, 1, 300 * MIB, 100);
    while (d->target_kib < 300 * MIB)
        run(&f, d, 1, 300 * MIB, 100);
    for (uint64_t kib = d->target_kib; d->target_kib == kib; ticks++)
        run(&f, d, 1, 300 * MIB, 100);
    assert_in_range(ticks, 30, 32);
    fixture_close(&f);
}

/* The guard leaves its target where it is: asked again after probe_every, and no more than before. */
static void a_probe_that_is_refused_is_asked_for_again_unchanged(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    assert_int_equal(ticks_until_asked(&f, d, 100), PROBE_TICKS);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(ticks_until_asked(&f, d, 100), 6);
        assert_int_equal(fixture_asked(&f, d), 980 * MIB);
    }
    fixture_close(&f);
}

/* Less than is felt, but more than half of it: neither. */
static void between_calm_and_felt_nothing_moves(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    rates(d, 0, 19, 0);
    assert_int_equal(ticks_until_asked(&f, d, 200), 201);
    rates(d, 128, 0, 0);
    assert_int_equal(ticks_until_asked(&f, d, 200), 201);
    rates(d, 127, 9, 0);
    assert_true(ticks_until_asked(&f, d, 10) < 10);
    fixture_close(&f);
}

/* ---- growth */

/* What a guest of 1000 MiB gets that feels this, in MiB. */
static uint64_t grows_mib(uint64_t in, uint64_t faults, uint64_t out, const char *why)
{
    struct fixture f;
    struct memcoord_domain *d;
    uint64_t kib;

    begin(&f);
    d = calm_guest(&f);
    rates(d, in, faults, out);
    assert_int_equal(ticks_until_asked(&f, d, 10), 3);
    kib = fixture_asked(&f, d) - d->target_kib;
    assert_string_equal(fixture_why(&f, d), why);
    assert_int_equal(kib % MIB, 0);
    fixture_close(&f);
    return kib / MIB;
}

/* 10% of 1000 MiB at ten times what is felt, the same part of it at less, and 32 MiB at least. */
static void it_grows_as_it_feels_and_never_more_than_grow(void **state)
{
    (void)state;
    assert_int_equal(grows_mib(256, 0, 0, "swap-in is felt"), 32);
    assert_int_equal(grows_mib(5 * 256, 0, 0, "swap-in is felt"), 50);
    assert_int_equal(grows_mib(10 * 256, 30, 0, "swap-in is felt"), 100);
    assert_int_equal(grows_mib(10000 * 256, 0, 0, "swap-in is felt"), 100);
    assert_int_equal(grows_mib(UINT64_MAX - 1, 0, 0, "swap-in is felt"), 100);
    assert_int_equal(grows_mib(0, 20, 0, "major faults are felt"), 32);
    assert_int_equal(grows_mib(0, 160, 0, "major faults are felt"), 80);
    assert_int_equal(grows_mib(0, 0, 6 * 1024, "swap-out is felt"), 60);
    assert_int_equal(grows_mib(NOTHING, 160, NOTHING, "major faults are felt"), 80);
    assert_int_equal(grows_mib(5 * 256, NOTHING, NOTHING, "swap-in is felt"), 50);
}

/* 100 MiB at 2560 KiB/s are read back in 40 s: until then that is the cure, and then a new step is due. */
static void what_is_read_back_after_help_asks_for_no_more(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    rates(d, 2560, 640, 0);
    ticks_until_asked(&f, d, 10);
    obey(&f);
    assert_int_equal(d->target_kib, 1100 * MIB);
    d->major_faults_per_s = 0; /* 64 KiB each would be more than what is swapped in */
    assert_int_equal(ticks_until_asked(&f, d, 100), 2 + 40);
    obey(&f);
    assert_int_equal(d->target_kib, 1210 * MIB);
    rates(d, 2560, 0, 1024); /* it writes out again: it is full already */
    assert_int_equal(ticks_until_asked(&f, d, 100), 3);
    obey(&f);
    rates(d, 0, 100, 0); /* the 121 MiB that it got, at 100 x 64 KiB a second */
    assert_int_equal(ticks_until_asked(&f, d, 100), 2 + 20);
    fixture_close(&f);
}

/* It was given 100 MiB, read back 5 of them and was content: what it feels later is something else. */
static void what_it_did_not_need_to_read_back_is_forgotten(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    rates(d, 2560, 0, 0);
    ticks_until_asked(&f, d, 10);
    obey(&f);
    for (unsigned i = 0; i < 4; i++)
        fixture_decide(&f);
    rates(d, 0, 0, 0);
    for (unsigned i = 0; i < 6; i++)
        fixture_decide(&f);
    rates(d, 2560, 0, 0);
    assert_int_equal(ticks_until_asked(&f, d, 10), 1);
    assert_int_equal(fixture_asked(&f, d), 1210 * MIB);
    fixture_close(&f);
}

/* However long it reads, it gets no more than it has read, and a step. */
static void growth_is_bounded_by_what_is_read(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;
    uint64_t read_kib = 0, seed = 3;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    d->max_kib = 100 * 1024 * MIB;
    for (unsigned i = 0; i < 5000; i++) {
        uint64_t in = fixture_random(&seed, 5000);

        rates(d, in, 0, 0);
        read_kib += in;
        fixture_decide(&f);
        obey(&f);
        assert_true(d->target_kib <= 1000 * MIB + read_kib + d->target_kib / 10);
    }
    assert_true(d->target_kib > 2000 * MIB);
    fixture_close(&f);
}

static void growth_ends_at_max(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    rates(d, 1024 * MIB, 0, 1024 * MIB);
    for (unsigned i = 0; i < 100; i++) {
        fixture_decide(&f);
        obey(&f);
    }
    assert_int_equal(d->target_kib, d->max_kib);
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) == NOTHING);
    fixture_close(&f);
}

/* What a probe makes it write is what it does not need; when that has shown, writing means that it grows. */
static void swap_out_after_a_probe_is_not_felt(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    assert_int_equal(ticks_until_asked(&f, d, 100), PROBE_TICKS);
    obey(&f);
    rates(d, 0, 0, 100 * MIB);
    for (unsigned i = 1; i < PROBE_TICKS; i++) {
        fixture_decide(&f);
        assert_true(fixture_asked(&f, d) == NOTHING);
    }
    fixture_decide(&f); /* calm for probe_every: that was not missed */
    d->target_kib = d->balloon_kib;
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) > d->target_kib);
    assert_string_equal(fixture_why(&f, d), "swap-out is felt");
    fixture_close(&f);
}

/* ---- what the guest says of its memory, where it says something */

/* 500 MiB. 60 usable lack 40: a step of 10% is more; of 495 used it is less than what lacks, 95. */
static void little_usable_memory_is_felt(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = fixture_guest(&f, 200 * MIB, 2048 * MIB, 500 * MIB, 440 * MIB);
    fixture_decide(&f); /* it needs no rates */
    assert_int_equal(fixture_asked(&f, d), 550 * MIB);
    assert_string_equal(fixture_why(&f, d), "usable is below usable_low");
    fixture_use(d, 495 * MIB);
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 595 * MIB);
    d->target_kib = 595 * MIB; /* on its way: not asked for twice */
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) == NOTHING);
    d->growth_kib_per_s = 30 * MIB; /* half a second of it lack */
    d->stats_age_ms = 500;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 595 * MIB + 595 * MIB / 10);
    fixture_close(&f);
}

/* 2% above usable_low, 500 x 2% = 10 < 16 MiB: at 384 used 500 is the end. */
static void no_probe_goes_where_it_is_felt_for_sure(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = fixture_guest(&f, 200 * MIB, 2048 * MIB, 516 * MIB, 384 * MIB);
    rates(d, 0, 0, 0);
    d->unused_kib = 50 * MIB;
    assert_int_equal(ticks_until_asked(&f, d, 100), PROBE_TICKS);
    assert_int_equal(fixture_asked(&f, d), 500 * MIB);
    obey(&f);
    fixture_use(d, 384 * MIB);
    rates(d, 0, 0, 0);
    d->unused_kib = 50 * MIB;
    assert_int_equal(ticks_until_asked(&f, d, 100), 101);
    fixture_close(&f);
}

/* 480 of 1000 MiB used, 500 wholly free: 300 of them go at once; but not while pressure is felt above. */
static void what_is_wholly_free_needs_no_probe(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = fixture_guest(&f, 200 * MIB, 2048 * MIB, 1000 * MIB, 480 * MIB);
    rates(d, 0, 0, 0);
    d->unused_kib = 500 * MIB;
    assert_int_equal(ticks_until_asked(&f, d, 10), 2);
    assert_int_equal(fixture_asked(&f, d), 700 * MIB);
    assert_string_equal(fixture_why(&f, d), "unused is above unused_high");
    d->target_kib = 700 * MIB; /* on its way: not taken twice */
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) == NOTHING);
    d->target_kib = d->balloon_kib;
    rates(d, 0, 1000, 0);
    for (unsigned i = 0; i < 10; i++) {
        fixture_decide(&f);
        assert_true(fixture_asked(&f, d) == NOTHING || fixture_asked(&f, d) > d->target_kib);
    }
    fixture_close(&f);
}

/* 400 MiB went before the guest could say what it feels: it gets a step of 10% back at a time, not all at once. */
static void of_much_that_was_taken_a_step_goes_back(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    run(&f, d, 3, 0, 0);
    for (unsigned i = 0; i < 8; i++) {
        d->target_kib = d->balloon_kib = d->target_kib - 50 * MIB;
        fixture_decide(&f);
    }
    rates(d, 0, 1000, 0);
    assert_int_equal(ticks_until_asked(&f, d, 10), 2);
    assert_int_equal(fixture_asked(&f, d), 660 * MIB);
    fixture_close(&f);
}

/* 980 MiB, felt at 940, with a wait of 30 s. A rise of unused memory by 64 MiB ends it. */
static void memory_that_is_freed_ends_the_wait(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    d->unused_kib = 10 * MIB;
    run(&f, d, 2 * PROBE_TICKS + 3, 970 * MIB, 100);
    assert_int_equal(d->target_kib, 980 * MIB);
    run(&f, d, 10, 970 * MIB, 100);
    assert_int_equal(d->target_kib, 980 * MIB);
    d->unused_kib = 73 * MIB;
    run(&f, d, 2, 970 * MIB, 100);
    assert_int_equal(d->target_kib, 980 * MIB);
    d->unused_kib = 74 * MIB;
    run(&f, d, 1, 970 * MIB, 100);
    assert_true(d->target_kib < 980 * MIB);
    fixture_close(&f);
}

/* ---- others that move it */

/* The guard comes to its rescue while it feels a probe: the same as if we had. Somebody's gift means nothing. */
static void a_rescue_counts_as_pressure_and_a_gift_does_not(void **state)
{
    struct fixture f;
    struct memcoord_domain *rescued, *given;

    (void)state;
    begin(&f);
    rescued = calm_guest(&f);
    given = calm_guest(&f);
    for (unsigned i = 0; i < 3; i++)
        fixture_decide(&f);
    rates(rescued, 5000, 0, 0);
    fixture_decide(&f);
    assert_true(fixture_asked(&f, rescued) > rescued->target_kib);
    rescued->target_kib = rescued->balloon_kib = 1200 * MIB;
    given->target_kib = given->balloon_kib = 1200 * MIB;
    rates(rescued, 0, 0, 0);
    assert_int_equal(ticks_until_asked(&f, given, 100), PROBE_TICKS);
    assert_true(fixture_asked(&f, rescued) == NOTHING);
    assert_in_range(ticks_until_asked(&f, rescued, 100), 30 - PROBE_TICKS, 32 - PROBE_TICKS);
    fixture_close(&f);
}

/* ---- parameters */

static void parameters_that_contradict_each_other_are_refused(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    assert_null(policy_instance_check(f.instance));
    fixture_set(&f, "probe", "6%");
    assert_string_equal(policy_instance_check(f.instance), "probe is above probe_max");
    fixture_set(&f, "probe_max", "6%");
    assert_null(policy_instance_check(f.instance));
    fixture_set(&f, "backoff", "11min");
    assert_string_equal(policy_instance_check(f.instance), "backoff is above backoff_max");
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_calm_guest_is_probed_again_and_again),
        cmocka_unit_test(what_is_missed_goes_back_and_each_wait_is_twice_as_long),
        cmocka_unit_test(what_is_not_felt_any_more_is_forgotten),
        cmocka_unit_test(a_probe_that_is_refused_is_asked_for_again_unchanged),
        cmocka_unit_test(between_calm_and_felt_nothing_moves),
        cmocka_unit_test(it_grows_as_it_feels_and_never_more_than_grow),
        cmocka_unit_test(what_is_read_back_after_help_asks_for_no_more),
        cmocka_unit_test(what_it_did_not_need_to_read_back_is_forgotten),
        cmocka_unit_test(growth_is_bounded_by_what_is_read),
        cmocka_unit_test(growth_ends_at_max),
        cmocka_unit_test(swap_out_after_a_probe_is_not_felt),
        cmocka_unit_test(little_usable_memory_is_felt),
        cmocka_unit_test(no_probe_goes_where_it_is_felt_for_sure),
        cmocka_unit_test(what_is_wholly_free_needs_no_probe),
        cmocka_unit_test(of_much_that_was_taken_a_step_goes_back),
        cmocka_unit_test(memory_that_is_freed_ends_the_wait),
        cmocka_unit_test(a_rescue_counts_as_pressure_and_a_gift_does_not),
        cmocka_unit_test(parameters_that_contradict_each_other_are_refused),
    };

    return cmocka_run_group_tests_name("pressure", tests, NULL, NULL);
}
