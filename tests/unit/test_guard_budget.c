/* SPDX-License-Identifier: BSD-3-Clause */
/* The rules of the guard (core/control/guard.h), one example after the other: 6 and 7, the budget and
 * the deadband. */
#include "lib/guard_fixture.h"

#define KEEP_MIB 256 /* rescue_keep */

/* ---- 6: the budget */

static void a_grow_stays_within_the_budget(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "a", 1000, 500);
    f.asked_kib[0] = 1500 * MIB;
    fixture_judge(&f, 500 + KEEP_MIB);
    fixture_expect(&f, 0, 1500 * MIB, GUARD_AS_ASKED);
    fixture_judge(&f, 200 + KEEP_MIB);
    fixture_expect(&f, 0, 1200 * MIB, GUARD_BUDGET);
    fixture_judge(&f, KEEP_MIB);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_BUDGET);
    fixture_judge(&f, -1);
    assert_true(f.verdicts[0].granted_kib <= 1000 * MIB);
    fixture_end(&f);
}

static void the_limit_is_a_budget_too(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    f.host.limit_kib = 2100 * MIB;
    fixture_add(&f, "a", 1000, 500);
    fixture_add(&f, "b", 1000, 30);
    f.asked_kib[0] = 1500 * MIB;
    fixture_complete(&f, 30000 * MIB);
    assert_int_equal(guard_apply(&f.guard, &f.snapshot, f.asked_kib, f.verdicts), 0);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_BUDGET);
    fixture_expect(&f, 1, 1070 * MIB, GUARD_RESCUE);
    fixture_end(&f);
}

static void one_domains_shrink_does_not_pay_anothers_grow_yet(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "gives", 2000, 1500);
    fixture_add(&f, "takes", 1000, 500);
    f.asked_kib[0] = 1900 * MIB;
    f.asked_kib[1] = 1100 * MIB;
    fixture_judge(&f, KEEP_MIB);
    fixture_expect(&f, 0, 1900 * MIB, GUARD_AS_ASKED);
    fixture_expect(&f, 1, 1000 * MIB, GUARD_BUDGET);
    f.domains[0].seen.target_kib = 1900 * MIB; /* on its way, and not here yet */
    f.domains[0].seen.flags = MEMCOORD_SETTLING;
    fixture_judge(&f, KEEP_MIB);
    fixture_expect(&f, 1, 1000 * MIB, GUARD_BUDGET);
    fixture_end(&f);
}

static void guests_in_need_come_first_then_weight(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "heavy", 1000, 500)->seen.weight = 1000000;
    fixture_add(&f, "needy", 1000, 30)->seen.weight = 0;
    fixture_add(&f, "light", 1000, 500)->seen.weight = 100;
    fixture_add(&f, "none", 1000, 500)->seen.weight = 0;
    f.asked_kib[0] = f.asked_kib[2] = f.asked_kib[3] = 1300 * MIB;
    fixture_judge(&f, 70);
    fixture_expect(&f, 1, 1070 * MIB, GUARD_RESCUE);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_BUDGET);
    fixture_judge(&f, 70 + 200 + KEEP_MIB);
    fixture_expect(&f, 1, 1070 * MIB, GUARD_RESCUE);
    assert_true(f.verdicts[0].granted_kib > f.verdicts[2].granted_kib);
    assert_true(f.verdicts[2].granted_kib >= f.verdicts[3].granted_kib);
    fixture_expect(&f, 3, 1000 * MIB, GUARD_BUDGET);
    fixture_judge(&f, 70 + 900 + KEEP_MIB);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(f.verdicts[i].granted_kib, (i == 1 ? 1070 : 1300) * MIB);
    fixture_end(&f);
}

/* The policy asks for the needy one, too: it is no rescue yet. */
static void who_needs_it_comes_before_who_weighs_more(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "heavy", 1000, 500)->seen.weight = 1000000;
    fixture_add(&f, "needy", 1000, 90)->seen.weight = 0;
    f.asked_kib[0] = f.asked_kib[1] = 1200 * MIB;
    fixture_judge(&f, 200 + KEEP_MIB);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_BUDGET);
    fixture_expect(&f, 1, 1200 * MIB, GUARD_AS_ASKED);
    fixture_judge(&f, 300 + KEEP_MIB);
    fixture_expect(&f, 0, 1100 * MIB, GUARD_BUDGET);
    fixture_expect(&f, 1, 1200 * MIB, GUARD_AS_ASKED);
    f.domains[1].seen.usable_kib = f.guard.guest_reserve_kib; /* which is enough */
    fixture_judge(&f, 200 + KEEP_MIB);
    fixture_expect(&f, 0, 1200 * MIB, GUARD_AS_ASKED);
    fixture_expect(&f, 1, 1000 * MIB, GUARD_BUDGET);
    fixture_end(&f);
}

static void between_guests_that_have_enough_weight_decides_then_need(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "light", 1000, 150)->seen.weight = 100;
    fixture_add(&f, "rich", 1000, 900)->seen.weight = 2000;
    fixture_add(&f, "poor", 1000, 700)->seen.weight = 2000;
    f.asked_kib[0] = f.asked_kib[1] = f.asked_kib[2] = 1200 * MIB;
    fixture_judge(&f, 300 + KEEP_MIB);
    fixture_expect(&f, 2, 1200 * MIB, GUARD_AS_ASKED);
    fixture_expect(&f, 1, 1100 * MIB, GUARD_BUDGET);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_BUDGET);
    fixture_end(&f);
}

static void between_guests_in_need_weight_decides(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "light", 1000, 50)->seen.weight = 500;
    fixture_add(&f, "heavy", 1000, 50)->seen.weight = 2000;
    fixture_judge(&f, 60);
    assert_true(f.verdicts[1].granted_kib > f.verdicts[0].granted_kib);
    assert_in_range(f.verdicts[0].granted_kib + f.verdicts[1].granted_kib, 2059 * MIB, 2060 * MIB);
    assert_int_equal(f.verdicts[0].reason, GUARD_RESCUE_SHORT);
    fixture_end(&f);
}

static void a_rescue_that_the_host_cannot_pay_is_cut_and_said(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "a", 1000, 40);
    fixture_judge(&f, 25);
    fixture_expect(&f, 0, 1025 * MIB, GUARD_RESCUE_SHORT);
    fixture_judge(&f, 0);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_RESCUE_SHORT);
    fixture_judge(&f, -500);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_RESCUE_SHORT);
    fixture_end(&f);
}

static void a_short_host_takes_from_the_richest_guest_first(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "poor", 1000, 180);
    fixture_add(&f, "rich", 2000, 1500);
    fixture_add(&f, "tight", 1000, 100);
    fixture_judge(&f, -100);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_NOT_ASKED);
    fixture_expect(&f, 1, 1900 * MIB, GUARD_HOST_SHORT);
    fixture_expect(&f, 2, 1000 * MIB, GUARD_NOT_ASKED);
    fixture_judge(&f, -250); /* more than may be taken of the richest at once */
    fixture_expect(&f, 0, 950 * MIB, GUARD_HOST_SHORT);
    fixture_expect(&f, 1, 1800 * MIB, GUARD_HOST_SHORT);
    fixture_expect(&f, 2, 1000 * MIB, GUARD_NOT_ASKED);
    fixture_judge(&f, -9000); /* never below guest_reserve, nor faster */
    fixture_expect(&f, 0, 920 * MIB, GUARD_HOST_SHORT);
    fixture_expect(&f, 1, 1800 * MIB, GUARD_HOST_SHORT);
    assert_int_equal(f.verdicts[2].granted_kib, 1000 * MIB);
    fixture_end(&f);
}

static void a_short_host_respects_min(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "a", 1000, 700)->seen.min_kib = 980 * MIB;
    fixture_add(&f, "b", 1000, 600)->seen.min_kib = 1000 * MIB;
    fixture_judge(&f, -500);
    fixture_expect(&f, 0, 980 * MIB, GUARD_HOST_SHORT);
    assert_int_equal(f.verdicts[1].granted_kib, 1000 * MIB);
    fixture_end(&f);
}

static void what_is_coming_back_already_is_not_taken_again(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    struct snapshot_domain *d = fixture_add(&f, "giving", 1000, 500);
    d->seen.target_kib = 900 * MIB;
    d->seen.flags = MEMCOORD_SETTLING;
    fixture_add(&f, "rich", 2000, 1500);
    fixture_judge(&f, -100);
    fixture_expect(&f, 1, 2000 * MIB, GUARD_NOT_ASKED);
    fixture_judge(&f, -150);
    fixture_expect(&f, 1, 1950 * MIB, GUARD_HOST_SHORT);
    f.domains[0].not_coming = true; /* it does not give what it should */
    fixture_judge(&f, -100);
    fixture_expect(&f, 1, 1900 * MIB, GUARD_HOST_SHORT);
    f.domains[0] = f.domains[1];
    f.domains[0].seen.name = "asked"; /* nor beside what the policy takes */
    f.asked_kib[0] = 1900 * MIB;
    fixture_judge(&f, -100);
    fixture_expect(&f, 0, 1900 * MIB, GUARD_AS_ASKED);
    fixture_expect(&f, 1, 2000 * MIB, GUARD_NOT_ASKED);
    fixture_end(&f);
}

static void a_short_rescue_is_paid_by_those_who_have(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "starving", 1000, 20); /* wants 80 */
    fixture_add(&f, "rich", 2000, 1500);
    fixture_judge(&f, 30);
    fixture_expect(&f, 0, 1030 * MIB, GUARD_RESCUE_SHORT);
    fixture_expect(&f, 1, 1950 * MIB, GUARD_HOST_SHORT);
    fixture_end(&f);
}

static void a_grow_asked_on_a_short_host_is_refused(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "a", 1000, 100);
    fixture_add(&f, "rich", 2000, 1500);
    f.asked_kib[0] = 1200 * MIB;
    fixture_judge(&f, -100);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_BUDGET);
    fixture_expect(&f, 1, 1900 * MIB, GUARD_HOST_SHORT);
    fixture_end(&f);
}

static void an_unknown_host_gives_nothing_and_takes_nothing(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "a", 1000, 500);
    fixture_add(&f, "b", 1000, 500);
    f.asked_kib[0] = 1200 * MIB;
    f.asked_kib[1] = 950 * MIB;
    fixture_complete(&f, MEMCOORD_UNKNOWN);
    assert_int_equal(guard_apply(&f.guard, &f.snapshot, f.asked_kib, f.verdicts), 0);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_BUDGET);
    fixture_expect(&f, 1, 950 * MIB, GUARD_AS_ASKED);
    fixture_end(&f);
}

/* ---- 7: deadband */

static void a_change_within_the_deadband_is_not_made(void **state)
{
    (void)state;
    static const struct {
        uint64_t balloon, asked;
        bool made;
    } cases[] = { { 600, 601, false },  { 600, 607, false },   { 600, 608, true },
                  { 600, 593, false },  { 600, 592, true },    { 2000, 2019, false },
                  { 2000, 2020, true }, { 2000, 1981, false }, { 2000, 1980, true } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture f = fixture_begin();
        fixture_add(&f, "a", cases[i].balloon, 500);
        f.asked_kib[0] = cases[i].asked * MIB;
        fixture_judge(&f, 1000);
        fixture_expect(&f, 0, (cases[i].made ? cases[i].asked : cases[i].balloon) * MIB,
                       cases[i].made ? GUARD_AS_ASKED : GUARD_DEADBAND);
        fixture_end(&f);
    }
}

static void the_last_small_step_to_min_or_max_is_made(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "a", 4095, 500);
    fixture_add(&f, "b", 257, 200);
    fixture_add(&f, "c", 4095, 500);
    fixture_add(&f, "d", 257, 200);
    f.asked_kib[0] = 4096 * MIB;
    f.asked_kib[1] = 256 * MIB;
    f.asked_kib[2] = 5000 * MIB;
    f.asked_kib[3] = 0;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 4096 * MIB, GUARD_AS_ASKED);
    fixture_expect(&f, 1, 256 * MIB, GUARD_AS_ASKED);
    fixture_expect(&f, 2, 4096 * MIB, GUARD_AT_MAX);
    fixture_expect(&f, 3, 256 * MIB, GUARD_AT_MIN);
    fixture_end(&f);
}

static void what_a_limit_leaves_of_a_change_may_be_too_small_as_well(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "budget", 1000, 500);
    fixture_add(&f, "reserve", 1000, 105);
    fixture_add(&f, "gradual", 1000, 500)->shrunk_kib = 95 * MIB;
    f.asked_kib[0] = 1200 * MIB;
    f.asked_kib[1] = f.asked_kib[2] = 800 * MIB;
    fixture_judge(&f, 5 + KEEP_MIB);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(f.verdicts[i].granted_kib, 1000 * MIB);
    fixture_end(&f);
}

static void what_is_too_little_for_one_is_left_for_the_next(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "heavy", 1000, 500)->seen.weight = 2000;
    fixture_add(&f, "nearly at max", 4092, 500); /* its last step is worth a call */
    f.asked_kib[0] = 1200 * MIB;
    f.asked_kib[1] = 4096 * MIB;
    fixture_judge(&f, 5 + KEEP_MIB);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_BUDGET);
    fixture_expect(&f, 1, 4096 * MIB, GUARD_AS_ASKED);
    fixture_end(&f);
}

static void what_is_asked_already_is_no_change(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "a", 1000, 500);
    fixture_add(&f, "b", 900, 500)->seen.target_kib = 1000 * MIB;
    f.domains[1].seen.flags = MEMCOORD_SETTLING;
    fixture_add(&f, "c", 1000, 500);
    f.asked_kib[0] = f.asked_kib[1] = 1000 * MIB;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_NO_CHANGE);
    fixture_expect(&f, 1, 1000 * MIB, GUARD_NO_CHANGE);
    fixture_expect(&f, 2, 1000 * MIB, GUARD_NOT_ASKED);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_grow_stays_within_the_budget),
        cmocka_unit_test(the_limit_is_a_budget_too),
        cmocka_unit_test(one_domains_shrink_does_not_pay_anothers_grow_yet),
        cmocka_unit_test(guests_in_need_come_first_then_weight),
        cmocka_unit_test(who_needs_it_comes_before_who_weighs_more),
        cmocka_unit_test(between_guests_that_have_enough_weight_decides_then_need),
        cmocka_unit_test(between_guests_in_need_weight_decides),
        cmocka_unit_test(a_rescue_that_the_host_cannot_pay_is_cut_and_said),
        cmocka_unit_test(a_short_host_takes_from_the_richest_guest_first),
        cmocka_unit_test(a_short_host_respects_min),
        cmocka_unit_test(what_is_coming_back_already_is_not_taken_again),
        cmocka_unit_test(a_short_rescue_is_paid_by_those_who_have),
        cmocka_unit_test(a_grow_asked_on_a_short_host_is_refused),
        cmocka_unit_test(an_unknown_host_gives_nothing_and_takes_nothing),
        cmocka_unit_test(a_change_within_the_deadband_is_not_made),
        cmocka_unit_test(the_last_small_step_to_min_or_max_is_made),
        cmocka_unit_test(what_a_limit_leaves_of_a_change_may_be_too_small_as_well),
        cmocka_unit_test(what_is_too_little_for_one_is_left_for_the_next),
        cmocka_unit_test(what_is_asked_already_is_no_change),
    };
    return cmocka_run_group_tests_name("guard budget", tests, NULL, NULL);
}
