/* SPDX-License-Identifier: BSD-3-Clause */
/* mom, rule by rule. */
#include "lib/mom_fixture.h"

/* What is asked for one guest, with `host_percent` of the host free; in KiB. */
static uint64_t asked_kib(uint64_t host_percent, uint64_t min_kib, uint64_t max_kib,
                          uint64_t balloon_kib, uint64_t unused_kib, const char *why)
{
    struct fixture f;
    uint64_t kib;

    fixture_open(&f, "mom");
    set_free_percent(&f, host_percent);
    guest(&f, min_kib, max_kib, balloon_kib, unused_kib);
    fixture_decide(&f);
    kib = fixture_asked(&f, f.list[0]);
    assert_string_equal(fixture_why(&f, f.list[0]), kib == NOTHING ? "" : why);
    fixture_close(&f);
    return kib;
}

#define GROW "host free not below pressure: "
#define SHRINK "host free below pressure: "

static void grows_while_the_host_has_free_memory(void **state)
{
    (void)state;
    /* 105% of 1000000; 700000 used + 200000 are less */
    assert_int_equal(asked_kib(50, 0, 2000000, 1000000, 300000, GROW "grow"), 1050000);
    /* 950000 used + 200000 are more than 1050000 */
    assert_int_equal(asked_kib(50, 0, 2000000, 1000000, 50000, GROW "average use and guest_free"),
                     1150000);
    /* and no more than max */
    assert_int_equal(asked_kib(50, 0, 1020000, 1000000, 50000, GROW "max"), 1020000);
    assert_true(asked_kib(50, 0, 1000000, 1000000, 0, "") == NOTHING);
    /* at 20% there is no pressure yet */
    assert_int_equal(asked_kib(20, 0, 2000000, 1000000, 300000, GROW "grow"), 1050000);
    /* one that is below its min is brought to it at once */
    assert_int_equal(asked_kib(50, 1500000, 2000000, 1000000, 300000, "min"), 1500000);
}

static void shrinks_when_the_host_has_little(void **state)
{
    (void)state;
    /* 95% of 1000000; at 10% free g is 20% x 10% / 20% = 10%, 700000 used + 100000 are less */
    assert_int_equal(asked_kib(10, 0, 2000000, 1000000, 300000, SHRINK "shrink"), 950000);
    /* 870000 + 100000 are more */
    assert_int_equal(
        asked_kib(10, 0, 2000000, 1000000, 130000, SHRINK "average use and part of guest_free"),
        970000);
    assert_int_equal(asked_kib(10, 960000, 2000000, 1000000, 300000, SHRINK "min"), 960000);
    /* 920000 + 100000 would be growth */
    assert_true(asked_kib(10, 0, 2000000, 1000000, 80000, "") == NOTHING);
    assert_true(asked_kib(10, 1500000, 2000000, 1000000, 300000, "") == NOTHING);
    /* at 19% g is 19%: 800000 + 190000 */
    assert_int_equal(
        asked_kib(19, 0, 2000000, 1000000, 200000, SHRINK "average use and part of guest_free"),
        990000);
}

static void at_critical_pressure_a_guest_gets_less_than_it_uses(void **state)
{
    const char *critical = "host free not above critical: average use less overdraw";

    (void)state;
    /* at 6% g is 6%: 930000 used + 60000; at 5% it is 0, at 2% it is -3% */
    assert_int_equal(
        asked_kib(6, 0, 2000000, 1000000, 70000, SHRINK "average use and part of guest_free"),
        990000);
    assert_int_equal(asked_kib(5, 0, 2000000, 1000000, 10000, critical), 990000);
    assert_int_equal(asked_kib(2, 0, 2000000, 1000000, 10000, critical), 960000);
    /* no more than a step all the same */
    assert_int_equal(asked_kib(0, 0, 2000000, 1000000, 10000, SHRINK "shrink"), 950000);
}

/* 0.25% of 1000000 are 2500: a change must be more. */
static void small_changes_are_not_asked_for(void **state)
{
    (void)state;
    assert_true(asked_kib(50, 0, 1002500, 1000000, 300000, "") == NOTHING);
    assert_int_equal(asked_kib(50, 0, 1002501, 1000000, 300000, GROW "max"), 1002501);
    assert_true(asked_kib(10, 997500, 2000000, 1000000, 300000, "") == NOTHING);
    assert_int_equal(asked_kib(10, 997499, 2000000, 1000000, 300000, SHRINK "min"), 997499);
}

static void nothing_is_rounded_before_the_end(void **state)
{
    static const uint64_t unused_kib[] = { 102500, 102500, 102501 };
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    fixture_open(&f, "mom");
    fixture_set(&f, "samples", "3");
    set_free_percent(&f, 10);
    d = guest(&f, 0, 2000000, 1000000, 0);
    for (size_t i = 0; i < 2; i++) {
        tell(d, unused_kib[i]);
        fixture_decide(&f);
        assert_true(fixture_asked(&f, d) == NOTHING); /* 897500 + 100000: exactly the gate */
    }
    tell(d, unused_kib[2]);
    fixture_decide(&f); /* 897499 2/3 + 100000: a third of a KiB beyond it, rounded down */
    assert_int_equal(fixture_asked(&f, d), 997499);

    /* h is a seventh, not 14.28%, and so is g: 810000 used + 142857 1/7 */
    fixture_set(&f, "samples", "1");
    fixture_set(&f, "pressure", "30%");
    fixture_set(&f, "guest_free", "30%");
    set_host(&f, 1, 7);
    tell(d, 190000);
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 952857);
    fixture_close(&f);
}

/* As large as figures can be: 16 TiB, and as many samples as there can be. */
static void the_largest_figures_are_exact(void **state)
{
    const uint64_t most_kib = UINT64_C(1) << 34;
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    fixture_open(&f, "mom");
    fixture_set(&f, "samples", "32");
    fixture_set(&f, "pressure", "100%");
    fixture_set(&f, "guest_free", "100%");
    set_host(&f, most_kib - 1, most_kib);
    d = guest(&f, 0, most_kib, most_kib, most_kib);
    for (unsigned i = 0; i < 40; i++) {
        fixture_decide(&f); /* nothing used + (2^34 - 1) / 2^34 of 2^34 */
        assert_true(fixture_asked(&f, d) == NOTHING);
    }
    fixture_set(&f, "gate", "0%");
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), most_kib - 1);
    fixture_close(&f);
}

/* While a balloon moves, steps are from where it shall go. */
static void steps_are_from_the_target(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    fixture_open(&f, "mom");
    set_free_percent(&f, 50);
    d = guest(&f, 0, 2000000, 1000000, 500000);
    d->target_kib = 1100000;
    d->flags |= MEMCOORD_SETTLING;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 1155000);
    fixture_close(&f);
}

static void only_movable_matters_of_the_flags(void **state)
{
    static const struct {
        uint32_t flags;
        bool asked;
    } rows[] = {
        { MEMCOORD_MOVABLE, true },
        { MEMCOORD_MOVABLE | MEMCOORD_SETTLING, true },
        { MEMCOORD_MOVABLE | MEMCOORD_STALE, true },
        { MEMCOORD_MOVABLE | MEMCOORD_NEW, true },
        { MEMCOORD_PAUSED, false },
        { 0, false },
    };
    struct fixture f;

    (void)state;
    fixture_open(&f, "mom");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        guest(&f, 0, 2000000, 1000000, 300000)->flags = rows[i].flags;
    for (uint64_t percent = 10; percent <= 90; percent += 80) {
        set_free_percent(&f, percent);
        fixture_decide(&f);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
            assert_int_equal(fixture_asked(&f, f.list[i]) != NOTHING, rows[i].asked);
    }
    fixture_close(&f);
}

/* ---- parameters and bounds */

static void every_constant_is_a_parameter(void **state)
{
    static const struct {
        const char *key, *value;
        uint64_t host_percent, unused_kib, default_kib, other_kib;
    } rows[] = {
        { "pressure", "60%", 50, 300000, 1050000, 950000 },
        { "pressure", "10%", 10, 300000, 950000, 1050000 },
        { "critical", "10%", 10, 130000, 970000, 950000 }, /* 870000 + 5% of 1000000 less: a step */
        { "overdraw", "6%", 5, 10000, 990000, 980000 },    /* 990000 - 1% */
        { "guest_free", "10%", 50, 50000, 1150000, 1050000 },
        { "guest_free", "10%", 10, 80000, NOTHING, 970000 }, /* 920000 + 10% x 10% / 20% */
        { "shrink", "10%", 10, 300000, 950000, 900000 },
        { "grow", "10%", 50, 300000, 1050000, 1100000 },
        { "gate", "5%", 50, 300000, 1050000, NOTHING },
        { "gate", "4.99%", 10, 300000, 950000, 950000 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (unsigned set = 0; set < 2; set++) {
            struct fixture f;
            fixture_open(&f, "mom");
            set_free_percent(&f, rows[i].host_percent);
            if (set)
                fixture_set(&f, rows[i].key, rows[i].value);
            guest(&f, 0, 2000000, 1000000, rows[i].unused_kib);
            fixture_decide(&f);
            if (fixture_asked(&f, f.list[0]) != (set ? rows[i].other_kib : rows[i].default_kib))
                fail_msg("row %zu, %s %s: asked %lld", i, rows[i].key, set ? "set" : "default",
                         (long long)fixture_asked(&f, f.list[0]));
            fixture_close(&f);
        }
}

static void a_critical_above_pressure_is_refused(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "mom");
    assert_null(policy_instance_check(f.instance));
    fixture_set(&f, "critical", "21%");
    assert_string_equal(policy_instance_check(f.instance), "critical is above pressure");
    fixture_set(&f, "pressure", "21%");
    assert_null(policy_instance_check(f.instance));
    fixture_close(&f);
}

/* Whatever is seen: within the bounds, up without pressure, down with it. */
static void plans_are_within_bounds(void **state)
{
    struct fixture f;
    uint64_t seed = 17;
    unsigned grows = 0, shrinks = 0;

    (void)state;
    fixture_open(&f, "mom");
    for (unsigned i = 0; i < 5000; i++) {
        uint64_t percent = fixture_random(&seed, 100);
        fixture_set(&f, "samples", "1");
        set_free_percent(&f, percent);
        f.snapshot.n_domains = 0;
        for (unsigned k = 0; k < 8; k++) {
            uint64_t min_kib = fixture_random(&seed, 2) * fixture_random(&seed, GIB);
            uint64_t max_kib = min_kib + fixture_random(&seed, 2 * GIB);
            guest(&f, min_kib, max_kib, fixture_random(&seed, 4 * GIB),
                  fixture_random(&seed, 4 * GIB));
        }
        fixture_decide(&f);
        for (unsigned k = 0; k < 8; k++) {
            const struct memcoord_domain *d = f.list[k];
            if (fixture_asked(&f, d) == NOTHING)
                continue;
            assert_in_range(fixture_asked(&f, d), d->min_kib, d->max_kib);
            assert_true((fixture_asked(&f, d) > d->target_kib) == (percent >= 20));
            grows += percent >= 20;
            shrinks += percent < 20;
        }
    }
    assert_true(grows > 10000 && shrinks > 1000);
    fixture_close(&f);
}

/* Four guests that use 1 GiB each, on a host of 16 of which they may have all but 2: it shrinks all until
 * more than 20% is free, then grows all until less is, for ever; between their max and what they use. */
static void it_swings_around_pressure(void **state)
{
    unsigned grows = 0, shrinks = 0;
    struct fixture f;

    (void)state;
    fixture_open(&f, "mom");
    for (unsigned i = 0; i < 4; i++)
        guest(&f, 0, 4 * GIB, 2 * GIB, GIB);
    for (unsigned tick = 0; tick < 1500; tick++) {
        uint64_t sum_kib = 0, kib = f.domains[0].balloon_kib;
        for (unsigned i = 0; i < 4; i++)
            sum_kib += f.domains[i].balloon_kib;
        set_host(&f, 14 * GIB - sum_kib, 16 * GIB);
        fixture_decide(&f);
        for (unsigned i = 0; i < 4; i++) {
            struct memcoord_domain *d = &f.domains[i];
            d->balloon_kib = d->target_kib = fixture_size(&f, d);
            tell(d, d->balloon_kib - GIB);
            assert_int_equal(d->balloon_kib, f.domains[0].balloon_kib);
        }
        if (tick >= 1000) {
            grows += f.domains[0].balloon_kib > kib;
            shrinks += f.domains[0].balloon_kib < kib;
            assert_in_range(f.domains[0].balloon_kib, GIB, 4 * GIB - 1);
        }
    }
    assert_true(grows > 100 && shrinks > 100);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_while_the_host_has_free_memory),
        cmocka_unit_test(shrinks_when_the_host_has_little),
        cmocka_unit_test(at_critical_pressure_a_guest_gets_less_than_it_uses),
        cmocka_unit_test(small_changes_are_not_asked_for),
        cmocka_unit_test(nothing_is_rounded_before_the_end),
        cmocka_unit_test(the_largest_figures_are_exact),
        cmocka_unit_test(steps_are_from_the_target),
        cmocka_unit_test(only_movable_matters_of_the_flags),
        cmocka_unit_test(every_constant_is_a_parameter),
        cmocka_unit_test(a_critical_above_pressure_is_refused),
        cmocka_unit_test(plans_are_within_bounds),
        cmocka_unit_test(it_swings_around_pressure),
    };

    return cmocka_run_group_tests_name("mom", tests, NULL, NULL);
}
