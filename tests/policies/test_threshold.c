/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/policy_fixture.h"

#define NOTHING MEMCOORD_UNKNOWN

/* A guest of 512 MiB, between 200 and 2048, with `usable_mib` free; what is asked for it in MiB. */
static uint64_t asked_mib(struct fixture *f, uint64_t usable_mib)
{
    struct memcoord_domain *d = &f->domains[0];
    uint64_t kib;

    f->snapshot.n_domains = 0;
    d = fixture_guest(f, 200 * MIB, 2048 * MIB, 512 * MIB, (512 - usable_mib) * MIB);
    fixture_decide(f);
    kib = fixture_asked(f, d);
    assert_true(kib == NOTHING || kib % MIB == 0);
    return kib == NOTHING ? NOTHING : kib / MIB;
}

static void grows_below_low_shrinks_above_high_rests_between(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "threshold");
    assert_int_equal(asked_mib(&f, 61), 612);
    assert_string_equal(fixture_why(&f, &f.domains[0]), "usable below low");
    assert_int_equal(asked_mib(&f, 99), 612);
    assert_true(asked_mib(&f, 100) == NOTHING);
    assert_true(asked_mib(&f, 150) == NOTHING);
    assert_true(asked_mib(&f, 200) == NOTHING);
    assert_int_equal(asked_mib(&f, 201), 462);
    assert_string_equal(fixture_why(&f, &f.domains[0]), "usable above high");
    assert_int_equal(asked_mib(&f, 500), 462);
    fixture_close(&f);
}

static void never_shrinks_below_low(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "threshold");
    fixture_set(&f, "shrink", "300MiB");
    assert_int_equal(asked_mib(&f, 250), 512 - 150);
    assert_int_equal(asked_mib(&f, 201), 512 - 101);
    assert_int_equal(asked_mib(&f, 450), 212);
    fixture_close(&f);
}

/* Each of the two figures decides if it is the metric, whatever the other one says. */
static void the_metric_decides(void **state)
{
    static const struct {
        const char *metric;
        uint64_t unused_mib, usable_mib, want_mib;
        const char *why;
    } rows[] = {
        { "usable", 10, 150, 0, "" },
        { "unused", 150, 10, 0, "" },
        { "usable", 150, 10, 612, "usable below low" },
        { "unused", 10, 150, 612, "unused below low" },
        { "unused", 10, 400, 612, "unused below low" },
        { "usable", 10, 400, 462, "usable above high" },
        { "unused", 300, 310, 462, "unused above high" },
    };
    struct fixture f;

    (void)state;
    fixture_open(&f, "threshold");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct memcoord_domain *d;
        f.snapshot.n_domains = 0;
        d = fixture_guest(&f, 200 * MIB, 2048 * MIB, 512 * MIB, (512 - rows[i].usable_mib) * MIB);
        d->unused_kib = rows[i].unused_mib * MIB;
        fixture_set(&f, "metric", rows[i].metric);
        fixture_decide(&f);
        if (rows[i].want_mib)
            assert_int_equal(fixture_asked(&f, d), rows[i].want_mib * MIB);
        else
            assert_true(fixture_asked(&f, d) == NOTHING);
        assert_string_equal(fixture_why(&f, d), rows[i].why);
    }
    fixture_close(&f);
}

/* Not a whole number of steps away from either bound: the last step is what is left. */
static void last_steps_end_exactly_at_the_bounds(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;
    unsigned ticks;

    (void)state;
    fixture_open(&f, "threshold");
    d = fixture_guest(&f, 200 * MIB + 7, 2048 * MIB - 5, 512 * MIB, 510 * MIB);
    for (ticks = 0; d->target_kib != d->max_kib && ticks < 100; ticks++) {
        fixture_use(d, d->balloon_kib - 2 * MIB);
        fixture_decide(&f);
        assert_int_equal(fixture_size(&f, d), memcoord_min(d->target_kib + 100 * MIB, d->max_kib));
        d->balloon_kib = d->target_kib = fixture_size(&f, d);
    }
    assert_int_equal(ticks, 16);
    fixture_use(d, d->balloon_kib);
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) == NOTHING); /* starving, but at max */

    for (ticks = 0; d->target_kib != d->min_kib && ticks < 100; ticks++) {
        fixture_use(d, 0);
        fixture_decide(&f);
        assert_int_equal(fixture_size(&f, d), memcoord_max(d->target_kib - 50 * MIB, d->min_kib));
        d->balloon_kib = d->target_kib = fixture_size(&f, d);
    }
    assert_int_equal(ticks, 37);
    fixture_use(d, 0);
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) == NOTHING); /* idle, but at min */
    fixture_close(&f);
}

/* The balloon is still at 512 MiB when its target is 612 already: the statistics know only the former
 * size, and the step is not asked for twice. */
static void does_not_answer_the_same_need_twice(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    fixture_open(&f, "threshold");
    d = fixture_guest(&f, 200 * MIB, 2048 * MIB, 512 * MIB, 452 * MIB);
    d->target_kib = 612 * MIB;
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) == NOTHING);
    d->balloon_kib = 612 * MIB; /* it has arrived, the statistics have not: used + usable is 512 */
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) == NOTHING);
    fixture_close(&f);
}

/* A shrink is under way; the figures of before must not lead to another one. */
static void does_not_shrink_twice_for_the_same_surplus(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    fixture_open(&f, "threshold");
    d = fixture_guest(&f, 200 * MIB, 2048 * MIB, 512 * MIB, 512 * MIB - 240 * MIB);
    d->target_kib = 462 * MIB;
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) == NOTHING);
    fixture_close(&f);
}

/* 90 MiB/s, seen a second late, with a balloon that is always a step behind: a step each tick, up
 * to max, and never starving. */
static void a_guest_that_eats_fast_is_grown_each_tick(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;
    uint64_t used_kib = 10 * MIB, eats_kib = 90 * MIB;

    (void)state;
    fixture_open(&f, "threshold");
    d = fixture_guest(&f, 200 * MIB, 2048 * MIB, 250 * MIB, used_kib);
    for (unsigned tick = 0; d->target_kib < d->max_kib; tick++) {
        uint64_t seen_used_kib = used_kib;
        assert_true(tick < 25);
        fixture_use(d, seen_used_kib); /* of the balloon before its last step */
        d->balloon_kib = d->target_kib;
        d->stats_age_ms = 1000;
        d->growth_kib_per_s = tick ? eats_kib : 0;
        used_kib += eats_kib;
        assert_true(used_kib < d->balloon_kib); /* alive */
        fixture_decide(&f);
        d->target_kib = fixture_size(&f, d);
    }
    fixture_close(&f);
}

/* Growth that was seen adds at most what two intervals of it eat: old statistics don't feed a guest
 * up to its maximum. */
static void old_statistics_add_no_more_than_two_intervals(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    fixture_open(&f, "threshold");
    d = fixture_guest(&f, 200 * MIB, 2048 * MIB, 512 * MIB, (512 - 150) * MIB);
    d->growth_kib_per_s = 40 * MIB;
    for (unsigned tick = 0; tick < 100; tick++) {
        d->stats_age_ms = 1000 * tick;
        fixture_decide(&f);
        if (tick == 2)
            assert_string_equal(fixture_why(&f, d), "usable will be below low");
        d->target_kib = fixture_size(&f, d);
    }
    assert_int_equal(d->target_kib, 612 * MIB);
    fixture_close(&f);
}

/* conf/release-only.ini: nothing ever grows, 50 MiB at a time, and more than 100 MiB unused remain. */
static void release_only_never_grows_and_keeps_more_than_low(void **state)
{
    struct fixture f;
    uint64_t seed = 7;
    unsigned shrinks = 0;

    (void)state;
    fixture_open(&f, "threshold");
    fixture_configure(&f, "release-only.ini");
    for (unsigned i = 0; i < 5000; i++) {
        uint64_t size_kib = 100 * MIB + fixture_random(&seed, 2048 * MIB);
        struct memcoord_domain *d;
        f.snapshot.n_domains = 0;
        d = fixture_guest(&f, fixture_random(&seed, 512 * MIB), 4096 * MIB, size_kib,
                          fixture_random(&seed, size_kib));
        d->unused_kib = fixture_random(&seed, 400 * MIB);
        fixture_decide(&f);
        if (fixture_asked(&f, d) == NOTHING)
            continue;
        shrinks++;
        if (fixture_asked(&f, d) >= size_kib || size_kib - fixture_asked(&f, d) > 50 * MIB ||
            d->unused_kib - (size_kib - fixture_asked(&f, d)) <= 100 * MIB)
            fail_msg("case %u: size %llu unused %llu asked %llu", i, (unsigned long long)size_kib,
                     (unsigned long long)d->unused_kib, (unsigned long long)fixture_asked(&f, d));
    }
    assert_in_range(shrinks, 1000, 4999);
    fixture_close(&f);
}

/* Whatever an idle guest starts with, it comes to rest within the band (or at a bound). */
static void an_idle_guest_comes_to_rest_with_one_reversal_at_most(void **state)
{
    struct fixture f;
    uint64_t seed = 11;

    (void)state;
    fixture_open(&f, "threshold");
    for (unsigned i = 0; i < 500; i++) {
        uint64_t used_kib = fixture_random(&seed, 1500 * MIB);
        uint64_t size_kib = 200 * MIB + fixture_random(&seed, 1848 * MIB);
        unsigned changes = 0, reversals = 0;
        bool up = false;
        struct memcoord_domain *d;
        f.snapshot.n_domains = 0;
        d = fixture_guest(&f, 200 * MIB, 2048 * MIB, size_kib, used_kib);
        for (;; changes++) {
            fixture_decide(&f);
            if (fixture_asked(&f, d) == NOTHING)
                break;
            reversals += changes && up != (fixture_asked(&f, d) > d->target_kib);
            up = fixture_asked(&f, d) > d->target_kib;
            d->balloon_kib = d->target_kib = fixture_asked(&f, d);
            fixture_use(d, used_kib);
            if (changes > 50 || reversals)
                fail_msg("case %u: used %llu KiB never rests", i, (unsigned long long)used_kib);
        }
    }
    fixture_close(&f);
}

static void what_is_unknown_or_not_movable_stays(void **state)
{
    struct fixture f;
    struct memcoord_domain *unknown, *fixed, *no_unused;

    (void)state;
    fixture_open(&f, "threshold");
    unknown = fixture_add(&f, 200 * MIB, 2048 * MIB, 512 * MIB);
    fixed = fixture_guest(&f, 200 * MIB, 2048 * MIB, 512 * MIB, 510 * MIB);
    fixed->flags = MEMCOORD_UNMANAGED;
    no_unused = fixture_guest(&f, 200 * MIB, 2048 * MIB, 512 * MIB, 510 * MIB);
    no_unused->unused_kib = MEMCOORD_UNKNOWN;
    fixture_set(&f, "metric", "unused");
    fixture_decide(&f);
    assert_true(fixture_asked(&f, unknown) == NOTHING);
    assert_true(fixture_asked(&f, fixed) == NOTHING);
    assert_true(fixture_asked(&f, no_unused) == NOTHING);
    fixture_close(&f);
}

static void a_domain_outside_its_bounds_is_brought_back(void **state)
{
    struct fixture f;
    struct memcoord_domain *small, *blind, *big, *tight;

    (void)state;
    fixture_open(&f, "threshold");
    small = fixture_guest(&f, 200 * MIB, 2048 * MIB, 150 * MIB, 10 * MIB);
    blind = fixture_add(&f, 200 * MIB, 2048 * MIB, 150 * MIB);
    big = fixture_guest(&f, 200 * MIB, 500 * MIB, 512 * MIB, 362 * MIB);
    tight = fixture_guest(&f, 200 * MIB, 500 * MIB, 512 * MIB, 500 * MIB);
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, small), 200 * MIB);
    assert_int_equal(fixture_asked(&f, blind), 200 * MIB);
    assert_int_equal(fixture_asked(&f, big), 462 * MIB);
    assert_true(fixture_asked(&f, tight) == NOTHING); /* in need: nothing is taken from it */
    fixture_close(&f);
}

static void parameters_that_contradict_each_other_are_refused(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "threshold");
    assert_null(policy_instance_check(f.instance));
    fixture_set(&f, "grow", "101MiB");
    assert_non_null(strstr(policy_instance_check(f.instance), "grow is more than high - low"));
    fixture_set(&f, "grow", "0");
    assert_null(policy_instance_check(f.instance));
    fixture_set(&f, "low", "201MiB");
    assert_string_equal(policy_instance_check(f.instance), "low is above high");
    fixture_set(&f, "high", "201MiB");
    assert_null(policy_instance_check(f.instance));
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_below_low_shrinks_above_high_rests_between),
        cmocka_unit_test(never_shrinks_below_low),
        cmocka_unit_test(the_metric_decides),
        cmocka_unit_test(last_steps_end_exactly_at_the_bounds),
        cmocka_unit_test(does_not_answer_the_same_need_twice),
        cmocka_unit_test(does_not_shrink_twice_for_the_same_surplus),
        cmocka_unit_test(a_guest_that_eats_fast_is_grown_each_tick),
        cmocka_unit_test(old_statistics_add_no_more_than_two_intervals),
        cmocka_unit_test(release_only_never_grows_and_keeps_more_than_low),
        cmocka_unit_test(an_idle_guest_comes_to_rest_with_one_reversal_at_most),
        cmocka_unit_test(what_is_unknown_or_not_movable_stays),
        cmocka_unit_test(a_domain_outside_its_bounds_is_brought_back),
        cmocka_unit_test(parameters_that_contradict_each_other_are_refused),
    };
    return cmocka_run_group_tests_name("threshold", tests, NULL, NULL);
}
