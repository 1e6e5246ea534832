/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/fair_share_fixture.h"

static void example_of_two_guests_under_an_80_percent_tax(void **state)
{
    static const uint64_t units[] = { 1, 1000, MIB };
    struct fixture f;

    (void)state;
    open_shared(&f, "80%");
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        start_anew(&f);
        add(&f, 6000, 1000 * units[i]);
        add(&f, 2000, 1700 * units[i]);
        f.host.pool_kib = 6000 * units[i];
        fixture_decide(&f);
        assert_int_equal(fixture_asked(&f, f.list[0]), 3680 * units[i]);
        assert_int_equal(fixture_asked(&f, f.list[1]), 2320 * units[i]);
    }
    fixture_close(&f);
}

static void equal_weights_and_demands_get_equal_memory(void **state)
{
    static const char *const taxes[] = { "0%", "75%", "99%" };
    struct fixture f;

    (void)state;
    for (size_t t = 0; t < 3; t++) {
        open_shared(&f, taxes[t]);
        for (uint64_t used_kib = 1; used_kib < 4000 * MIB; used_kib *= 3) {
            start_anew(&f);
            for (size_t i = 0; i < 4; i++)
                add(&f, 700, used_kib);
            f.host.pool_kib = 4000 * MIB;
            fixture_decide(&f);
            for (size_t i = 0; i < 4; i++)
                assert_int_equal(fixture_asked(&f, f.list[i]), 1000 * MIB);
        }
        fixture_close(&f);
    }
}

static void twice_the_weight_gets_twice_the_memory_without_tax(void **state)
{
    struct fixture f;

    (void)state;
    open_shared(&f, "0%");
    add(&f, 1000, 10 * MIB);
    add(&f, 2000, 1500 * MIB);
    add(&f, 4000, 300 * MIB);
    f.host.pool_kib = 7000 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, f.list[0]), 1000 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[1]), 2000 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[2]), 4000 * MIB);
    /* where bounds allow: what one can't take goes to the others, by weight again */
    f.domains[2].max_kib = 1000 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, f.list[0]), 2000 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[1]), 4000 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[2]), 1000 * MIB);
    fixture_close(&f);
}

/* With all memory active no tax applies, whatever the rate. */
static void active_memory_is_not_taxed(void **state)
{
    struct fixture f;

    (void)state;
    open_shared(&f, "99%");
    add(&f, 1000, 8000 * MIB);
    add(&f, 3000, 8000 * MIB);
    f.host.pool_kib = 4000 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, f.list[0]), 1000 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[1]), 3000 * MIB);
    assert_string_equal(fixture_why(&f, f.list[0]), "share by weight, all of it active");
    fixture_close(&f);
}

static void a_tax_is_given_as_the_reason_only_where_there_is_one(void **state)
{
    struct fixture f;

    (void)state;
    open_shared(&f, "0%");
    add(&f, 1000, 100 * MIB);
    add(&f, 3000, 100 * MIB);
    f.host.pool_kib = 4000 * MIB;
    fixture_decide(&f);
    assert_string_equal(fixture_why(&f, f.list[0]), "share by weight");
    fixture_set(&f, "tax", "1%");
    fixture_decide(&f);
    assert_string_equal(fixture_why(&f, f.list[0]), "share by weight, idle memory taxed");
    fixture_close(&f);
}

static void domains_with_min_equal_to_max_get_just_that(void **state)
{
    struct fixture f;

    (void)state;
    open_shared(&f, "75%");
    for (size_t i = 0; i < 3; i++) {
        struct memcoord_domain *d = add(&f, 1000 * i, 400 * MIB);
        d->min_kib = d->max_kib = (300 + 100 * i) * MIB;
    }
    add(&f, 1000, 100 * MIB);
    for (f.host.pool_kib = 1200 * MIB; f.host.pool_kib <= 2000 * MIB;
         f.host.pool_kib += 100 * MIB) {
        fixture_decide(&f);
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(fixture_asked(&f, f.list[i]), (300 + 100 * i) * MIB);
        assert_int_equal(fixture_asked(&f, f.list[3]), f.host.pool_kib - 1200 * MIB);
    }
    fixture_close(&f);
}

static void surplus_is_kept_by_default_and_guests_have_headroom(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "fair-share");
    add(&f, 1000, 200 * MIB);  /* 100 MiB above */
    add(&f, 5000, 2000 * MIB); /* 25% above */
    add(&f, 0, 200 * MIB);     /* weight 0 is no reason to starve */
    add(&f, 1000, 50 * MIB)->min_kib = 256 * MIB;
    add(&f, 1000, 900 * MIB)->max_kib = 1000 * MIB;
    f.host.pool_kib = 16384 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, f.list[0]), 300 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[1]), 2500 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[2]), 300 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[3]), 256 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[4]), 1000 * MIB);
    fixture_set(&f, "surplus", "share");
    f.host.pool_kib = 70000 * MIB; /* enough for all maxima */
    fixture_decide(&f);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(fixture_asked(&f, f.list[i]), f.list[i]->max_kib);
    fixture_close(&f);
}

static void weight_zero_comes_after_all_others(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "fair-share");
    add(&f, 1, 900 * MIB);
    add(&f, 0, 900 * MIB)->min_kib = 100 * MIB;
    add(&f, 0, 900 * MIB)->min_kib = 100 * MIB;
    f.host.pool_kib = 1000 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, f.list[0]), 800 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[1]), 100 * MIB);
    f.host.pool_kib = 1125 * MIB + 600 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, f.list[0]), 1125 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[1]), 300 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[2]), 300 * MIB);
    fixture_close(&f);
}

static void minima_that_do_not_fit_are_given_and_said_once(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "fair-share");
    add(&f, 1000, 500 * MIB)->min_kib = 200 * MIB;
    add(&f, 0, 500 * MIB)->min_kib = 300 * MIB;
    f.host.pool_kib = 500 * MIB - 1;
    for (unsigned i = 0; i < 5; i++) {
        fixture_decide(&f);
        assert_int_equal(fixture_asked(&f, f.list[0]), 200 * MIB);
        assert_int_equal(fixture_asked(&f, f.list[1]), 300 * MIB);
        assert_int_equal(f.warnings, 1);
    }
    f.host.pool_kib++;
    fixture_decide(&f);
    assert_int_equal(f.warnings, 1);
    f.host.pool_kib = 0;
    fixture_decide(&f);
    fixture_decide(&f);
    assert_int_equal(f.warnings, 2);
    fixture_close(&f);
}

static void what_is_unknown_keeps_its_size_and_leaves_the_rest(void **state)
{
    struct fixture f;
    struct memcoord_domain *unknown, *fixed;

    (void)state;
    open_shared(&f, "75%");
    add(&f, 1000, 300 * MIB);
    unknown = fixture_add(&f, 0, 8192 * MIB, 512 * MIB);
    unknown->target_kib = 600 * MIB;
    fixed = add(&f, 1000, 500 * MIB);
    fixed->flags = MEMCOORD_MIGRATING;
    f.host.pool_kib = 950 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, f.list[0]), 350 * MIB);
    assert_true(fixture_asked(&f, unknown) == MEMCOORD_UNKNOWN);
    assert_true(fixture_asked(&f, fixed) == MEMCOORD_UNKNOWN);
    unknown->min_kib = 700 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, f.list[0]), 250 * MIB);
    assert_int_equal(fixture_asked(&f, unknown), 700 * MIB);
    fixture_close(&f);
}

/* Headroom 0 and a big pool: the size is the active memory. */
static void open_active(struct fixture *f)
{
    fixture_open(f, "fair-share");
    fixture_set(f, "headroom", "0%");
    fixture_set(f, "headroom_min", "0");
    fixture_set(f, "fall", "30s");
    f->host.pool_kib = 16384 * MIB;
}

static void active_memory_rises_at_once_and_falls_slowly(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;
    uint64_t before_kib;

    (void)state;
    open_active(&f);
    d = add(&f, 1000, 100 * MIB);
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 100 * MIB);
    d->used_kib = 1100 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 1100 * MIB);
    d->used_kib = 100 * MIB;
    before_kib = 1100 * MIB;
    for (unsigned tick = 1; tick <= 30; tick++) {
        fixture_decide(&f);
        assert_in_range(fixture_asked(&f, d), 101 * MIB, before_kib);
        before_kib = fixture_asked(&f, d);
    }
    assert_in_range(before_kib, (100 + 355) * MIB, (100 + 375) * MIB); /* 1/e of 1000: 368 */
    for (unsigned tick = 31; tick <= 600; tick++)
        fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 100 * MIB); /* it arrives */
    fixture_set(&f, "fall", "0");
    d->used_kib = 50 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 50 * MIB);
    fixture_close(&f);
}

/* The same time in ticks of 100 ms, 1 s, 7 s or at once: the same fall, but for one 64th of `fall`. */
static void the_fall_depends_on_time_and_not_on_ticks(void **state)
{
    static const uint64_t intervals_ms[] = { 100, 1000, 7000, 21000 };
    uint64_t least_kib = UINT64_MAX, most_kib = 0;
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < sizeof(intervals_ms) / sizeof(intervals_ms[0]); i++) {
        struct memcoord_domain *d;
        open_active(&f);
        d = add(&f, 1000, 1100 * MIB);
        fixture_decide(&f);
        d->used_kib = 100 * MIB;
        f.snapshot.interval_ms = intervals_ms[i];
        for (uint64_t ms = 0; ms < 21000; ms += intervals_ms[i])
            fixture_decide(&f);
        least_kib = memcoord_min(least_kib, fixture_asked(&f, d));
        most_kib = memcoord_max(most_kib, fixture_asked(&f, d));
        fixture_close(&f);
    }
    assert_in_range(least_kib, (100 + 480) * MIB, (100 + 515) * MIB); /* e^-0.7 of 1000: 497 */
    assert_int_equal(least_kib, most_kib);
}

/* State that is kept across a restart of the machine: no reason to wait for the old time. */
static void a_clock_that_went_back_does_no_harm(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    open_active(&f);
    d = add(&f, 1000, 1100 * MIB);
    fixture_decide(&f);
    f.snapshot.now_ms = 5;
    d->used_kib = 100 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 100 * MIB);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_of_two_guests_under_an_80_percent_tax),
        cmocka_unit_test(equal_weights_and_demands_get_equal_memory),
        cmocka_unit_test(twice_the_weight_gets_twice_the_memory_without_tax),
        cmocka_unit_test(active_memory_is_not_taxed),
        cmocka_unit_test(a_tax_is_given_as_the_reason_only_where_there_is_one),
        cmocka_unit_test(domains_with_min_equal_to_max_get_just_that),
        cmocka_unit_test(surplus_is_kept_by_default_and_guests_have_headroom),
        cmocka_unit_test(weight_zero_comes_after_all_others),
        cmocka_unit_test(minima_that_do_not_fit_are_given_and_said_once),
        cmocka_unit_test(what_is_unknown_keeps_its_size_and_leaves_the_rest),
        cmocka_unit_test(active_memory_rises_at_once_and_falls_slowly),
        cmocka_unit_test(the_fall_depends_on_time_and_not_on_ticks),
        cmocka_unit_test(a_clock_that_went_back_does_no_harm),
    };
    return cmocka_run_group_tests_name("fair-share", tests, NULL, NULL);
}
