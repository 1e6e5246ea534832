/* SPDX-License-Identifier: BSD-3-Clause */
/* The rules of the guard (core/control/guard.h), one example after the other: 5, who is rescued, and
 * with how much. */
#include "lib/guard_fixture.h"

#define KEEP_MIB 256 /* rescue_keep */

static void a_starving_guest_gets_its_reserve_back(void **state)
{
    (void)state;
    static const uint64_t asks[] = { MEMCOORD_UNKNOWN, 0, 900 * MIB, 1000 * MIB, 1010 * MIB };
    for (size_t k = 0; k < sizeof(asks) / sizeof(asks[0]); k++) {
        struct fixture f = fixture_begin();
        fixture_add(&f, "a", 1000, 50); /* used 950: to 1050 */
        f.asked_kib[0] = asks[k];
        fixture_judge(&f, 1000);
        fixture_expect(&f, 0, 1050 * MIB, GUARD_RESCUE);
        fixture_end(&f);
    }
}

static void a_rescue_is_ahead_of_the_guests_growth(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    struct snapshot_domain *d = fixture_add(&f, "a", 1000, 50);
    d->seen.growth_kib_per_s = 20 * MIB;
    d->seen.stats_age_ms = 1500;
    fixture_judge(&f, 1000); /* 950 + 100 + 20 x (1 + 1.5) */
    fixture_expect(&f, 0, 1100 * MIB, GUARD_RESCUE);
    d->seen.growth_kib_per_s = MEMCOORD_UNKNOWN;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1050 * MIB, GUARD_RESCUE);
    d->seen.growth_kib_per_s = UINT64_C(1) << 34; /* no overflow; max is max */
    fixture_judge(&f, 9000);
    fixture_expect(&f, 0, 4096 * MIB, GUARD_RESCUE);
    fixture_end(&f);
}

static void a_guest_that_will_starve_before_the_next_tick_is_rescued_now(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    struct snapshot_domain *d = fixture_add(&f, "a", 1000, 160);
    d->seen.growth_kib_per_s = 40 * MIB;
    d->seen.stats_age_ms = 1500; /* it eats 100 until then: 60 are left */
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1040 * MIB, GUARD_RESCUE); /* 840 + 100 + 100 */
    d->seen.stats_age_ms = 1000;                     /* 80 are left */
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_NOT_ASKED);
    fixture_end(&f);
}

static void a_policy_may_give_a_starving_guest_more(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "a", 1000, 50);
    f.asked_kib[0] = 1300 * MIB;
    fixture_judge(&f, 1000);
    assert_int_equal(f.verdicts[0].granted_kib, 1300 * MIB);
    fixture_judge(&f, 50); /* only the rescue may use what is kept */
    assert_int_equal(f.verdicts[0].granted_kib, 1050 * MIB);
    fixture_judge(&f, KEEP_MIB);
    assert_int_equal(f.verdicts[0].granted_kib, 1050 * MIB);
    fixture_end(&f);
}

static void swapping_in_counts_as_starving_below_the_guest_reserve(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    struct snapshot_domain *d = fixture_add(&f, "a", 1000, 80);
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_NOT_ASKED);
    d->seen.swap_in_kib_per_s = MEMCOORD_UNKNOWN;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_NOT_ASKED);
    d->seen.swap_in_kib_per_s = 400;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1020 * MIB, GUARD_RESCUE);
    d->seen.usable_kib = 120 * MIB;
    d->seen.used_kib = 880 * MIB;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_NOT_ASKED);
    fixture_end(&f);
}

static void a_small_rescue_is_made_in_spite_of_the_deadband(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "a", 1000, 97)->seen.swap_in_kib_per_s = 400;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1003 * MIB, GUARD_RESCUE);
    fixture_end(&f);
}

/* The sample may be of a size that somebody else gave it, and that the host does not know yet. */
static void a_guest_that_somebody_else_moves_is_judged_by_its_sample_alone(void **state)
{
    (void)state;
    for (int moved = 0; moved <= 1; moved++) {
        struct fixture f = fixture_begin();
        struct snapshot_domain *d = fixture_add(&f, "a", 312, 62); /* used 250 */
        d->seen.usable_kib = 146 * MIB;
        d->moved_by_others = moved;
        fixture_judge(&f, 1000);
        assert_int_equal(f.verdicts[0].reason, moved ? GUARD_NOT_ASKED : GUARD_RESCUE);
        fixture_end(&f);
    }
}

static void a_rescue_under_way_is_not_repeated(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    struct snapshot_domain *d = fixture_add(&f, "a", 1000, 50);
    d->seen.flags = MEMCOORD_SETTLING;
    d->seen.target_kib = 1050 * MIB;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1050 * MIB, GUARD_NOT_ASKED);
    d->seen.target_kib = 1030 * MIB; /* but it is completed */
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1050 * MIB, GUARD_RESCUE);
    fixture_end(&f);
}

static void a_starving_guest_at_max_stays(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "a", 4096, 10);
    fixture_judge(&f, 1000);
    assert_int_equal(f.verdicts[0].granted_kib, 4096 * MIB);
    fixture_end(&f);
}

/* It will have eaten what it has before the next tick, and can be given no more: nobody takes it. */
static void a_guest_that_will_starve_at_its_max_keeps_what_it_has(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    struct snapshot_domain *d = fixture_add(&f, "growing", 4096, 300);
    d->seen.growth_kib_per_s = 200 * MIB;
    fixture_judge(&f, -500);
    fixture_expect(&f, 0, 4096 * MIB, GUARD_NOT_ASKED);
    f.asked_kib[0] = 3900 * MIB;
    fixture_judge(&f, 500);
    fixture_expect(&f, 0, 4096 * MIB, GUARD_GUEST_RESERVE);
    d->seen.growth_kib_per_s = 0; /* it stands still: 300 MiB are enough */
    fixture_judge(&f, 500);
    fixture_expect(&f, 0, 3900 * MIB, GUARD_AS_ASKED);
    fixture_end(&f);
}

/* Neither a host that has nothing left nor a plan takes from one who is to be rescued. */
static void a_rescue_that_is_not_paid_costs_the_guest_nothing(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    struct snapshot_domain *d = fixture_add(&f, "growing", 1000, 300);
    fixture_add(&f, "tight", 1000, 100);
    d->seen.growth_kib_per_s = 200 * MIB;
    for (int asked = 0; asked < 2; asked++) {
        fixture_judge(&f, -500);
        fixture_expect(&f, 0, 1000 * MIB, GUARD_RESCUE_SHORT);
        f.asked_kib[0] = 900 * MIB;
    }
    fixture_end(&f);
}

static void a_guest_gone_silent_while_starving_gets_one_step(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    struct snapshot_domain *d = fixture_add(&f, "a", 1000, 20);
    d->seen.flags = MEMCOORD_STALE;
    d->seen.stats_age_ms = 6000;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_NOT_ASKED);
    d->stale_rescue = true; /* a step is due */
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1100 * MIB, GUARD_RESCUE);
    fixture_judge(&f, 30);
    fixture_expect(&f, 0, 1030 * MIB, GUARD_RESCUE_SHORT);
    fixture_end(&f);
}

static void rescue_can_be_turned_off(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "a", 1000, 10);
    fixture_add(&f, "b", 1000, 10)->stale_rescue = true;
    f.domains[1].seen.flags = MEMCOORD_STALE;
    f.guard.rescue = 0;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_NOT_ASKED);
    fixture_expect(&f, 1, 1000 * MIB, GUARD_NOT_ASKED);
    f.asked_kib[0] = 1300 * MIB;
    fixture_judge(&f, 300); /* and then nothing is kept for it */
    fixture_expect(&f, 0, 1300 * MIB, GUARD_AS_ASKED);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_starving_guest_gets_its_reserve_back),
        cmocka_unit_test(a_rescue_is_ahead_of_the_guests_growth),
        cmocka_unit_test(a_guest_that_will_starve_before_the_next_tick_is_rescued_now),
        cmocka_unit_test(a_policy_may_give_a_starving_guest_more),
        cmocka_unit_test(swapping_in_counts_as_starving_below_the_guest_reserve),
        cmocka_unit_test(a_small_rescue_is_made_in_spite_of_the_deadband),
        cmocka_unit_test(a_guest_that_somebody_else_moves_is_judged_by_its_sample_alone),
        cmocka_unit_test(a_rescue_under_way_is_not_repeated),
        cmocka_unit_test(a_starving_guest_at_max_stays),
        cmocka_unit_test(a_guest_that_will_starve_at_its_max_keeps_what_it_has),
        cmocka_unit_test(a_rescue_that_is_not_paid_costs_the_guest_nothing),
        cmocka_unit_test(a_guest_gone_silent_while_starving_gets_one_step),
        cmocka_unit_test(rescue_can_be_turned_off),
    };
    return cmocka_run_group_tests_name("guard starving", tests, NULL, NULL);
}
