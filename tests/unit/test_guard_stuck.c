/* SPDX-License-Identifier: BSD-3-Clause */
/* The guard on balloons that do not follow, and on QEMUs that keep what their guests give. */
#include "lib/cmocka.h"

#include "lib/guard_fixture.h"

/* A guest of 1000 MiB with 500 usable. */
static struct fixture with(bool stuck, bool takes_nothing, uint64_t own_ask_mib)
{
    struct fixture f = fixture_begin();
    struct snapshot_domain *d = fixture_add(&f, "a", 1000, 500);

    d->stuck = stuck;
    d->takes_nothing = takes_nothing;
    d->ineffective = !stuck;
    d->own_ask_kib = own_ask_mib * MIB;
    return f;
}

static void judged(struct fixture *f, uint64_t asked_kib, int64_t grantable, uint64_t want_mib,
                   enum guard_reason reason)
{
    f->asked_kib[0] = asked_kib;
    fixture_judge(f, grantable);
    fixture_expect(f, 0, want_mib * MIB, reason);
}

static void a_stuck_one_gives_what_it_is_tried_with_and_no_more(void **state)
{
    struct fixture f = with(true, false, 0);

    (void)state;
    judged(&f, 900 * MIB, 1000, 1000, GUARD_STUCK);
    judged(&f, MEMCOORD_UNKNOWN, -500, 1000, GUARD_NOT_ASKED); /* the host is short */
    f.domains[0].own_ask_kib = 988 * MIB;
    judged(&f, MEMCOORD_UNKNOWN, 1000, 988, GUARD_PROBE);
    judged(&f, 900 * MIB, 1000, 988, GUARD_PROBE);
    judged(&f, 900 * MIB, -500, 988, GUARD_PROBE);
    f.domains[0].own_ask_kib = 998 * MIB; /* below the deadband */
    judged(&f, MEMCOORD_UNKNOWN, 1000, 998, GUARD_PROBE);
    f.domains[0].own_ask_kib = 0;
    judged(&f, 1200 * MIB, 1000, 1000, GUARD_STUCK); /* what it does not take, others need */
    fixture_end(&f);
}

/* Or the host goes short while it waits for what does not come. */
static void what_it_is_tried_with_is_not_counted_on(void **state)
{
    struct fixture f = with(true, false, 950);

    (void)state;
    fixture_add(&f, "b", 1000, 400);
    f.asked_kib[0] = 1200 * MIB; /* what the host can't give: it is tried nonetheless */
    for (int asked = 1; asked >= 0; asked--) {
        fixture_judge(&f, -60);
        fixture_expect(&f, 0, 950 * MIB, GUARD_PROBE);
        fixture_expect(&f, 1, 940 * MIB, GUARD_HOST_SHORT);
        f.asked_kib[0] = MEMCOORD_UNKNOWN;
    }
    fixture_end(&f);
}

/* Or a policy would count on it. */
static void one_that_is_stuck_is_neither_movable_nor_in_the_pool(void **state)
{
    struct fixture f = fixture_begin();

    (void)state;
    fixture_add(&f, "a", 1000, 500)->stuck = true;
    fixture_add(&f, "b", 700, 500);
    fixture_judge(&f, 300);
    assert_false(f.snapshot.domains[0].seen.flags & MEMCOORD_MOVABLE);
    assert_true(f.snapshot.domains[1].seen.flags & MEMCOORD_MOVABLE);
    assert_int_equal(f.snapshot.host.pool_kib, (700 + 300 - 256) * MIB);
    fixture_end(&f);
}

static void what_protects_others_protects_it_too(void **state)
{
    struct fixture f = with(true, false, 988);
    struct snapshot_domain *d = &f.domains[0];

    (void)state;
    d->seen.usable_kib = 105 * MIB; /* guest_reserve is 100 */
    d->seen.used_kib = 895 * MIB;
    judged(&f, MEMCOORD_UNKNOWN, 1000, 995, GUARD_PROBE);
    d->seen.growth_kib_per_s = 100 * MIB; /* in need */
    judged(&f, MEMCOORD_UNKNOWN, 0, 1000, GUARD_RESCUE_SHORT);
    d->seen.growth_kib_per_s = 0;
    d->seen.flags = MEMCOORD_STALE;
    judged(&f, MEMCOORD_UNKNOWN, 1000, 1000, GUARD_NOT_ASKED);
    d->seen.flags = 0;
    d->shrunk_kib = 95 * MIB; /* of the 100 of max_shrink */
    d->seen.usable_kib = 500 * MIB;
    d->seen.used_kib = 500 * MIB;
    judged(&f, MEMCOORD_UNKNOWN, 1000, 995, GUARD_PROBE);
    fixture_end(&f);
}

static void one_that_is_to_grow_is_tried_and_rescued(void **state)
{
    struct fixture f = with(true, true, 0);

    (void)state;
    judged(&f, 1200 * MIB, 1000, 1000, GUARD_STUCK);
    f.domains[0].own_ask_kib = 1012 * MIB;
    judged(&f, 1200 * MIB, 1000, 1012, GUARD_PROBE);
    judged(&f, MEMCOORD_UNKNOWN, 1000, 1012, GUARD_PROBE);
    judged(&f, MEMCOORD_UNKNOWN, 0, 1000, GUARD_BUDGET);
    f.domains[0].seen.usable_kib = 10 * MIB;
    f.domains[0].seen.used_kib = 990 * MIB;
    judged(&f, MEMCOORD_UNKNOWN, 1000, 1090, GUARD_RESCUE);
    fixture_end(&f);
}

static void an_ineffective_one_gives_nothing_and_gets_its_memory_back(void **state)
{
    struct fixture f = with(false, false, 1400);

    (void)state;
    judged(&f, 900 * MIB, 1000, 1400, GUARD_GIVEN_BACK);
    judged(&f, 1500 * MIB, 1000, 1500, GUARD_AS_ASKED);
    judged(&f, MEMCOORD_UNKNOWN, 356, 1100, GUARD_BUDGET); /* 256 are kept for rescues */
    judged(&f, MEMCOORD_UNKNOWN, -500, 1000, GUARD_BUDGET);
    f.domains[0].own_ask_kib = 0;
    judged(&f, 900 * MIB, 1000, 1000, GUARD_INEFFECTIVE);
    fixture_end(&f);
}

/* The host loses nothing by it. */
static void what_its_process_holds_it_gets_though_the_host_is_short(void **state)
{
    struct fixture f = with(false, false, 1400);

    (void)state;
    f.domains[0].seen.rss_kib = (1400 + 64) * MIB;
    judged(&f, MEMCOORD_UNKNOWN, 0, 1400, GUARD_GIVEN_BACK);
    f.domains[0].own_ask_kib = 1500 * MIB;
    judged(&f, MEMCOORD_UNKNOWN, -500, 1400, GUARD_BUDGET);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stuck_one_gives_what_it_is_tried_with_and_no_more),
        cmocka_unit_test(what_it_is_tried_with_is_not_counted_on),
        cmocka_unit_test(one_that_is_stuck_is_neither_movable_nor_in_the_pool),
        cmocka_unit_test(what_protects_others_protects_it_too),
        cmocka_unit_test(one_that_is_to_grow_is_tried_and_rescued),
        cmocka_unit_test(an_ineffective_one_gives_nothing_and_gets_its_memory_back),
        cmocka_unit_test(what_its_process_holds_it_gets_though_the_host_is_short),
    };

    return cmocka_run_group_tests_name("guard stuck", tests, NULL, NULL);
}
