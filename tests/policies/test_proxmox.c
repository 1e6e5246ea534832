/* SPDX-License-Identifier: BSD-3-Clause */
/* proxmox, rule by rule: where the original's cases are not at hand, too. */
#include "lib/proxmox_fixture.h"

/* Weights 2 : 1 and 90 MiB to give: 60 and 30. Of 150 the heavier would get more than max_change, and
 * no more; of 270 (180 and 90) what it may not have yet is left: the light one's share is the same. */
static void shares_what_is_missing_by_weight_up_to_max_change(void **state)
{
    struct fixture f;
    struct memcoord_domain *heavy, *light;

    (void)state;
    fixture_open(&f, "proxmox");
    heavy = add(&f, 2000, 1000, 2000, 1000, 0);
    light = add(&f, 1000, 1000, 2000, 1000, 0);
    decide_goal(&f, 90);
    assert_int_equal(asked_mib(&f, heavy), 1060);
    assert_int_equal(asked_mib(&f, light), 1030);
    assert_string_equal(fixture_why(&f, heavy), "the host has room");
    decide_goal(&f, 150);
    assert_int_equal(asked_mib(&f, heavy), 1100);
    assert_int_equal(asked_mib(&f, light), 1050);
    decide_goal(&f, 270);
    assert_int_equal(asked_mib(&f, heavy), 1100);
    assert_int_equal(asked_mib(&f, light), 1090);
    fixture_set(&f, "max_change", "170MiB");
    decide_goal(&f, 270);
    assert_int_equal(asked_mib(&f, heavy), 1170);
    assert_int_equal(asked_mib(&f, light), 1090);
    fixture_close(&f);
}

/* 100 KiB among three of the same weight: 33 each. */
static void shares_are_rounded_down(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "proxmox");
    fixture_set(&f, "deadband", "0");
    for (unsigned i = 0; i < 3; i++)
        add(&f, 1000, 1000, 2000, 1000, 0);
    set_goal(&f, 100);
    fixture_decide(&f);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(fixture_asked(&f, f.list[i]), 1000 * MIB + 33);
    fixture_close(&f);
}

/* The path of the original's T16, in MiB. `full` has nothing to give or take; a guest is pressured up to
 * 250 MiB unused. `a` grows until it has 300; then nobody who is pressured can use anything, and all that
 * is above min (307 + 0 + 293) is divided. `full` counts at first, so that the others get 150 each; when
 * it is done they get 300: `a` is to give 7. With 300 + 100 + 200 it is the same, but now 300 is what
 * `a` has already: it is done, and what was planned for it in the first round (150, so 100 less) stays. */
static void the_path_goes_down_and_up_again_as_the_original_s_does(void **state)
{
    static const struct {
        int64_t goal_mib;
        uint64_t a_mib, b_mib;
    } rounds[] = {
        { 593, 1107, 0 },    { 493, 1207, 0 },    { 393, 1307, 0 },
        { 293, 1300, 1100 }, { 200, 1200, 1200 }, { 200, 1300, 0 },
        { 100, 1200, 1300 }, { 100, 1300, 0 },    { 0, 0, 0 },
    };
    struct fixture f;
    struct memcoord_domain *a, *b;
    int64_t goal_mib = 593;

    (void)state;
    fixture_open(&f, "proxmox");
    add(&f, 2000, 2000, 2000, 2000, 0); /* `full` */
    a = add(&f, 1000, 1000, 2000, 1007, 0);
    b = add(&f, 1000, 1000, 2000, 1000, 512);
    for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
        assert_int_equal(goal_mib, rounds[i].goal_mib);
        decide_goal(&f, goal_mib);
        assert_int_equal(asked_mib(&f, a), rounds[i].a_mib);
        assert_int_equal(asked_mib(&f, b), rounds[i].b_mib);
        if (i == 3)
            assert_string_equal(fixture_why(&f, a), "more than its share by weight");
        goal_mib -= apply(&f) / (int64_t)MIB;
    }
    fixture_close(&f);
}

/* The host has more than it can give away, both are full: the heavier one's share is more than its
 * max, the lighter one's is less, so that it gives 100 MiB, which nobody takes. That is the original's
 * path, too. */
static void full_guests_of_different_weight_never_rest(void **state)
{
    struct fixture f;
    struct memcoord_domain *light;

    (void)state;
    fixture_open(&f, "proxmox");
    add(&f, 3000, 1000, 2000, 2000, 0);
    light = add(&f, 1000, 1000, 2000, 2000, 0);
    for (unsigned i = 0; i < 20; i++) {
        decide_goal(&f, 100);
        assert_true(fixture_asked(&f, f.list[0]) == NOTHING);
        assert_int_equal(asked_mib(&f, light), i % 2 ? 2000 : 1900);
        apply(&f);
    }
    light->weight = 3000;
    decide_goal(&f, 100);
    assert_int_equal(asked_mib(&f, light), 0);
    fixture_close(&f);
}

static void the_host_is_left_alone_near_its_target(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    fixture_open(&f, "proxmox");
    d = add(&f, 1000, 1000, 2000, 1500, 0);
    set_goal(&f, 10 * (int64_t)MIB);
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) == NOTHING);
    set_goal(&f, 10 * (int64_t)MIB + 1);
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 1510 * MIB + 1);
    set_goal(&f, -10 * (int64_t)MIB);
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) == NOTHING);
    set_goal(&f, -10 * (int64_t)MIB - 1);
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 1490 * MIB - 1);
    assert_string_equal(fixture_why(&f, d), "the host uses too much");
    fixture_set(&f, "deadband", "11MiB");
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) == NOTHING);
    fixture_close(&f);
}

/* 8000 MiB of which 2000 are available: 6000 are used; 80% are 6400, 70% 5600. What is free, or page
 * cache, does not count by itself. A part of a KiB is cut off: 3/4 of 10 KiB - 9 KiB used is -1. */
static void used_is_what_is_not_available(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    fixture_open(&f, "proxmox");
    fixture_set(&f, "max_change", "1GiB");
    d = add(&f, 1000, 1000, 4000, 2000, 0);
    f.host.total_kib = 8000 * MIB;
    f.host.available_kib = 2000 * MIB;
    f.host.free_kib = 1000 * MIB;
    f.host.cached_kib = 3000 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 2400 * MIB);
    fixture_set(&f, "target", "70%");
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 1600 * MIB);
    fixture_set(&f, "target", "75%");
    fixture_set(&f, "deadband", "0");
    f.host.total_kib = 10;
    f.host.available_kib = 1;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 2000 * MIB - 1);
    fixture_close(&f);
}

/* Comfortable: more than 250 of its min of 1000 MiB unused, and not below min. */
static void who_is_comfortable_gives_first_and_gets_last(void **state)
{
    struct fixture f;
    struct memcoord_domain *busy, *idle;

    (void)state;
    fixture_open(&f, "proxmox");
    busy = add(&f, 1000, 1000, 2000, 1500, 250);
    idle = add(&f, 1000, 1000, 2000, 1500, 251);
    decide_goal(&f, -50);
    assert_int_equal(asked_mib(&f, busy), 0);
    assert_int_equal(asked_mib(&f, idle), 1450);
    decide_goal(&f, 50);
    assert_int_equal(asked_mib(&f, busy), 1550);
    assert_int_equal(asked_mib(&f, idle), 0);
    busy->unused_kib = 250 * MIB + 1; /* both: 25 each */
    decide_goal(&f, -50);
    assert_int_equal(asked_mib(&f, busy), 1475);
    assert_int_equal(asked_mib(&f, idle), 1475);
    fixture_set(&f, "comfort", "25.1%"); /* 251 */
    decide_goal(&f, -50);                /* nobody: both again */
    assert_int_equal(asked_mib(&f, busy), 1475);
    assert_int_equal(asked_mib(&f, idle), 1475);
    idle->unused_kib++;
    decide_goal(&f, -50);
    assert_int_equal(asked_mib(&f, busy), 0);
    assert_int_equal(asked_mib(&f, idle), 1450);
    fixture_close(&f);
}

/* The comfortable are at their min: all give. Of 500 + 0 above min 400 are left, 200 for each; `busy`
 * goes there, a step at a time. */
static void all_give_only_when_the_comfortable_can_t(void **state)
{
    struct fixture f;
    struct memcoord_domain *busy, *idle;

    (void)state;
    fixture_open(&f, "proxmox");
    busy = add(&f, 1000, 1000, 2000, 1500, 0);
    idle = add(&f, 1000, 1000, 2000, 1000, 900);
    decide_goal(&f, -100);
    assert_int_equal(asked_mib(&f, busy), 1400);
    assert_int_equal(asked_mib(&f, idle), 0);
    idle->balloon_kib = idle->target_kib =
        1001 * MIB; /* a single MiB: enough to spare the others */
    decide_goal(&f, -100);
    assert_int_equal(asked_mib(&f, busy), 0);
    assert_int_equal(asked_mib(&f, idle), 1000);
    fixture_close(&f);
}

/* Not movable (migrating, ...), weight 0, no min, unused unknown: they are not changed, and the one that
 * is left gets all, as if they were not there. */
static void who_takes_no_part_does_not_count(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    fixture_open(&f, "proxmox");
    add(&f, 5000, 1000, 2000, 1500, 0)->flags = MEMCOORD_MIGRATING;
    add(&f, 0, 1000, 2000, 1500, 0);
    add(&f, 5000, 0, 2000, 1500, 0);
    add(&f, 5000, 1000, 2000, 1500, 0)->unused_kib = MEMCOORD_UNKNOWN;
    d = add(&f, 1000, 1000, 2000, 1200, 500);
    decide_goal(&f, 80);
    for (size_t i = 0; i < 4; i++)
        assert_true(fixture_asked(&f, f.list[i]) == NOTHING);
    assert_int_equal(asked_mib(&f, d), 1280);
    decide_goal(&f, -80);
    for (size_t i = 0; i < 4; i++)
        assert_true(fixture_asked(&f, f.list[i]) == NOTHING);
    assert_int_equal(asked_mib(&f, d), 1120);
    fixture_close(&f);
}

static void nothing_without_the_host_s_figures(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    fixture_open(&f, "proxmox");
    d = add(&f, 1000, 1000, 2000, 1500, 0);
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) == NOTHING);
    f.host.total_kib = 8000 * MIB;
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) == NOTHING);
    f.host.available_kib = 8000 * MIB;
    fixture_decide(&f);
    assert_int_equal(asked_mib(&f, d), 1600);
    f.host.total_kib = MEMCOORD_UNKNOWN;
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) == NOTHING);
    fixture_close(&f);
}

/* The host's use is that of the balloons as they are: for the same figures the same is asked, however
 * far a balloon is from its target. */
static void reckons_from_the_balloon(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    fixture_open(&f, "proxmox");
    d = add(&f, 1000, 1000, 2000, 1500, 0);
    for (unsigned i = 0; i < 3; i++) {
        decide_goal(&f, -80);
        assert_int_equal(asked_mib(&f, d), 1420);
        d->target_kib = fixture_asked(&f, d);
    }
    d->balloon_kib = 1450 * MIB; /* on its way, and so much less is to be given */
    decide_goal(&f, -30);
    assert_int_equal(asked_mib(&f, d), 1420);
    d->balloon_kib = 1500 * MIB; /* max_change counts from it, too */
    decide_goal(&f, -400);
    assert_int_equal(asked_mib(&f, d), 1400);
    fixture_close(&f);
}

/* `heavy` is full. With its weight in it a share is 2210 / 13 = 170, `a` and `e` have more and give 10
 * each, the others get 10 each: that is all that was to be given. Without `heavy` there would be 1210 / 5
 * = 242 for each, more than `a` has; but nothing is left, so that nobody asks. */
static void stops_as_soon_as_nothing_is_left(void **state)
{
    struct fixture f;
    struct memcoord_domain *a, *e;

    (void)state;
    fixture_open(&f, "proxmox");
    fixture_set(&f, "deadband", "0");
    fixture_set(&f, "max_change", "10MiB");
    add(&f, 8000, 1000, 2000, 2000, 0); /* `heavy` */
    a = add(&f, 1000, 1000, 3000, 1240, 0);
    e = add(&f, 1000, 1000, 3000, 1960, 0);
    for (unsigned i = 0; i < 3; i++)
        add(&f, 1000, 1000, 3000, 1000, 0);
    decide_goal(&f, 10);
    assert_int_equal(asked_mib(&f, a), 1230);
    assert_int_equal(asked_mib(&f, e), 1950);
    for (unsigned i = 3; i < 6; i++)
        assert_int_equal(asked_mib(&f, f.list[i]), 1010);
    fixture_close(&f);
}

/* Steps end within the bounds, also for a balloon that somebody put outside. */
static void plans_stay_within_the_bounds(void **state)
{
    struct fixture f;
    struct memcoord_domain *small, *big;

    (void)state;
    fixture_open(&f, "proxmox");
    small = add(&f, 1000, 1000, 2000, 500, 400); /* below min: pressured, whatever is unused */
    big = add(&f, 1000, 1000, 2000, 2500, 400);
    decide_goal(&f, 600);
    assert_int_equal(asked_mib(&f, small), 1000);
    assert_int_equal(asked_mib(&f, big), 0);
    decide_goal(&f, -600);
    assert_int_equal(asked_mib(&f, small), 0);
    assert_int_equal(asked_mib(&f, big), 2000);
    small->balloon_kib = 1930 * MIB;
    big->balloon_kib = 1070 * MIB;
    small->unused_kib = big->unused_kib = 0;
    decide_goal(&f, 2000);
    assert_int_equal(asked_mib(&f, small), 2000);
    assert_int_equal(asked_mib(&f, big), 1170);
    decide_goal(&f, -2000);
    assert_int_equal(asked_mib(&f, small), 1830);
    assert_int_equal(asked_mib(&f, big), 1000);
    fixture_close(&f);
}

/* The largest figures that there are: 2^34 KiB, weight 1000000. */
static void the_largest_figures_fit(void **state)
{
    const uint64_t most_kib = UINT64_C(1) << 34;
    struct fixture f;

    (void)state;
    fixture_open(&f, "proxmox");
    fixture_set(&f, "target", "100%");
    fixture_set(&f, "max_change", "1TiB");
    for (size_t i = 0; i < FIXTURE_DOMAINS; i++) {
        struct memcoord_domain *d = fixture_add(&f, 1, most_kib, most_kib / 2);
        d->weight = 1000000;
        d->unused_kib = 0;
    }
    f.host.total_kib = f.host.available_kib = most_kib;
    fixture_decide(&f);
    for (size_t i = 0; i < FIXTURE_DOMAINS; i++)
        assert_int_equal(fixture_asked(&f, f.list[i]), most_kib / 2 + most_kib / FIXTURE_DOMAINS);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_what_is_missing_by_weight_up_to_max_change),
        cmocka_unit_test(shares_are_rounded_down),
        cmocka_unit_test(the_path_goes_down_and_up_again_as_the_original_s_does),
        cmocka_unit_test(full_guests_of_different_weight_never_rest),
        cmocka_unit_test(the_host_is_left_alone_near_its_target),
        cmocka_unit_test(used_is_what_is_not_available),
        cmocka_unit_test(who_is_comfortable_gives_first_and_gets_last),
        cmocka_unit_test(all_give_only_when_the_comfortable_can_t),
        cmocka_unit_test(who_takes_no_part_does_not_count),
        cmocka_unit_test(nothing_without_the_host_s_figures),
        cmocka_unit_test(reckons_from_the_balloon),
        cmocka_unit_test(stops_as_soon_as_nothing_is_left),
        cmocka_unit_test(plans_stay_within_the_bounds),
        cmocka_unit_test(the_largest_figures_fit),
    };

    return cmocka_run_group_tests_name("proxmox", tests, NULL, NULL);
}
