/* SPDX-License-Identifier: BSD-3-Clause */
/* Who moved a balloon: memcoord, its guest, or somebody else. */
#include "lib/cmocka.h"

#include <inttypes.h>

#include "lib/domain_fixture.h"

/* As an operator's `virsh setmem`, that the guest's own figure shows first. */
static void a_change_by_somebody_else_is_seen_by_the_sample_that_is_ahead(void **state)
{
    struct domain *d = settled(512 * MIB, 100 * MIB);
    struct host_domain ahead = guest(600 * MIB, 188 * MIB, 9900);

    (void)state;
    see(d, 512 * MIB, 8000);
    ahead.balloon_kib = 512 * MIB; /* the host does not know yet */
    domain_see(d, &ahead, 10000, &config);
    assert_int_equal(d->balloon_kib, 600 * MIB);
    assert_int_equal(d->target_kib, 600 * MIB);
    assert_int_equal(d->foreign_changes, 1);
    ahead.sampled_ms = MEMCOORD_UNKNOWN; /* no sample, and the host is late still */
    domain_see(d, &ahead, 10100, &config);
    assert_int_equal(d->balloon_kib, 600 * MIB);
    see(d, 640 * MIB, 11000); /* the rest of the same change */
    assert_int_equal(d->target_kib, 640 * MIB);
    assert_int_equal(d->foreign_changes, 1);
    domain_free(d);
}

/* Or memory that is plugged would be taken for the balloon's. */
static void a_guest_with_memory_beside_its_balloon_is_as_large_as_the_host_tells(void **state)
{
    struct domain *d = settled(512 * MIB, 300 * MIB);
    struct host_domain seen = guest(512 * MIB, 300 * MIB, 9000);

    (void)state;
    seen.extra_kib = 1024 * MIB;
    seen.guest_total_kib += 1024 * MIB;
    domain_see(d, &seen, 9100, &config);
    assert_int_equal(d->balloon_kib, 512 * MIB);
    assert_int_equal(d->target_kib, 512 * MIB);
    domain_free(d);
}

static void what_somebody_else_sets_is_the_new_start(void **state)
{
    struct domain *d = settled(512 * MIB, 300 * MIB);

    (void)state;
    see(d, 600 * MIB, 6000);
    see(d, 700 * MIB, 7000); /* the same movement */
    see(d, 700 * MIB, 8000);
    assert_int_equal(d->target_kib, 700 * MIB);
    assert_int_equal(d->foreign_changes, 1);
    assert_null(domain_unmanaged_why(d, 8000));
    domain_free(d);
}

static void one_who_keeps_changing_it_gets_it_for_five_minutes(void **state)
{
    struct domain *d = settled(512 * MIB, 300 * MIB);
    uint64_t ms = 6000;

    (void)state;
    for (int i = 0; i < 3; i++, ms += 2000) {
        see(d, (i % 2 ? 512 : 700) * MIB, ms);
        see(d, (i % 2 ? 512 : 700) * MIB, ms + 1000);
    }
    assert_non_null(domain_unmanaged_why(d, ms));
    assert_true(filled(d, ms).seen.flags & MEMCOORD_UNMANAGED);
    assert_non_null(domain_unmanaged_why(d, 10000 + 5 * 60 * 1000 - 1));
    assert_null(domain_unmanaged_why(d, 10000 + 5 * 60 * 1000));
    domain_free(d);
}

static void following_its_target_is_nobody_elses_change(void **state)
{
    struct domain *d = settled(512 * MIB, 300 * MIB);

    (void)state;
    domain_asked(d, 400 * MIB, 5000, 1000);
    see(d, 460 * MIB, 6000);
    domain_asked(d, 600 * MIB, 6000, 1000);
    see(d, 420 * MIB, 7000); /* still on its way to the target before */
    see(d, 600 * MIB, 8000);
    assert_int_equal(d->target_kib, 600 * MIB);
    assert_int_equal(d->foreign_changes, 0);
    domain_free(d);
}

static void a_balloon_that_stands_elsewhere_is_taken_as_it_is(void **state)
{
    struct domain *d = settled(512 * MIB, 300 * MIB);

    (void)state;
    domain_asked(d, 400 * MIB, 5000, 1000);
    for (uint64_t ms = 6000; ms < 10000; ms += 1000)
        see(d, 512 * MIB, ms);
    assert_int_equal(d->target_kib, 400 * MIB);
    assert_true(filled(d, 9000).not_coming);
    see(d, 512 * MIB, 10000);
    assert_int_equal(d->target_kib, 512 * MIB);
    assert_true(d->reassert);
    domain_free(d);
}

static void autodeflate_above_the_target_is_the_guests_need(void **state)
{
    struct domain *d = settled(512 * MIB, 300 * MIB);
    struct host_domain seen = guest(560 * MIB, 100 * MIB, 6000);

    (void)state;
    seen.autodeflate = true;
    domain_see(d, &seen, 6000, &config);
    assert_int_equal(d->target_kib, 560 * MIB);
    assert_int_equal(d->foreign_changes, 0);
    assert_true(filled(d, 6000).shrink_paused);
    assert_true(filled(d, 6000 + 59 * 1000).shrink_paused);
    assert_false(filled(d, 6000 + 60 * 1000).shrink_paused);
    domain_free(d);
}

/* An opponent who gives back every few seconds what memcoord takes each second. Returns after how many
 * of his changes the domain is left to him; 0: never. */
static unsigned changes_until_left(uint64_t period_ms)
{
    struct domain *d = settled(1500 * MIB, 1300 * MIB);
    uint64_t balloon_kib;
    unsigned changes = 0;

    for (uint64_t ms = 6000; ms < 600000 && !d->hands_off_until_ms; ms += 1000) {
        balloon_kib = d->target_kib; /* the guest follows within a second */
        if (ms % period_ms == 0 && balloon_kib != 1500 * MIB) {
            balloon_kib = 1500 * MIB;
            changes++;
        }
        see(d, balloon_kib, ms);
        if (!domain_is_away(d) && d->target_kib > 300 * MIB)
            domain_asked(d, d->target_kib - 50 * MIB, ms, 1000);
    }
    changes = d->hands_off_until_ms ? changes : 0;
    domain_free(d);
    return changes;
}

static void who_fights_for_a_balloon_is_noticed_although_memcoord_sets_all_the_time(void **state)
{
    static const uint64_t periods_ms[] = { 2000, 3000, 5000, 7000, 15000, 40000, 55000 };

    (void)state;
    for (size_t i = 0; i < sizeof(periods_ms) / sizeof(periods_ms[0]); i++) {
        unsigned changes = changes_until_left(periods_ms[i]);

        /* one that undoes a step before that is seen can't be seen either */
        if (changes != 3 && changes != 4)
            fail_msg("every %" PRIu64 " ms: left to him after %u changes", periods_ms[i], changes);
    }
}

/* His target came a moment before ours, which would take back what he gave, past the guard. */
static void a_target_of_ours_that_pulls_at_anothers_change_is_taken_back(void **state)
{
    struct domain *d = settled(312 * MIB, 100 * MIB);

    (void)state;
    domain_asked(d, 390 * MIB, 5000, 1000);
    see(d, 609 * MIB, 6000);
    assert_int_equal(d->target_kib, 609 * MIB);
    assert_false(d->reassert);
    see(d, 560 * MIB, 7000);
    assert_true(d->reassert); /* and QEMU is told that it is 609 */
    assert_int_equal(d->target_kib, 609 * MIB);
    assert_int_equal(d->foreign_changes, 1);
    domain_free(d);
}

/* Or a busy guest's balloon that lacks some pages would be asked again, past what an operator sets. */
/* He took it, our grow came last, and the guest has it again: nothing is taken from it at once. */
static void a_grow_of_ours_that_undoes_anothers_shrink_stays(void **state)
{
    struct domain *d = settled(512 * MIB, 100 * MIB);

    (void)state;
    domain_asked(d, 700 * MIB, 6000, 1000);
    see(d, 300 * MIB, 7000);
    assert_int_equal(d->target_kib, 300 * MIB);
    see(d, 600 * MIB, 8000);
    assert_int_equal(d->target_kib, 700 * MIB);
    assert_false(d->reassert);
    domain_free(d);
}

static void a_balloon_that_rests_a_little_beside_its_target_has_arrived(void **state)
{
    struct domain *d = settled(512 * MIB, 300 * MIB);

    (void)state;
    domain_asked(d, 400 * MIB, 5000, 1000);
    for (uint64_t ms = 6000; ms <= 20000; ms += 1000)
        see(d, 402 * MIB, ms);
    assert_false(d->reassert);
    assert_int_equal(d->target_kib, 400 * MIB);
    assert_false(filled(d, 20000).seen.flags & MEMCOORD_SETTLING);
    domain_free(d);
}

static void one_who_goes_up_and_then_down_is_followed_both_ways(void **state)
{
    struct domain *d = settled(512 * MIB, 300 * MIB);

    (void)state;
    domain_asked(d, 462 * MIB, 5000, 1000);
    see(d, 462 * MIB, 6000);
    see(d, 900 * MIB, 20000);
    assert_int_equal(d->target_kib, 900 * MIB);
    see(d, 600 * MIB, 25000);
    assert_int_equal(d->target_kib, 600 * MIB);
    assert_false(d->reassert);
    domain_free(d);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_by_somebody_else_is_seen_by_the_sample_that_is_ahead),
        cmocka_unit_test(a_guest_with_memory_beside_its_balloon_is_as_large_as_the_host_tells),
        cmocka_unit_test(what_somebody_else_sets_is_the_new_start),
        cmocka_unit_test(one_who_keeps_changing_it_gets_it_for_five_minutes),
        cmocka_unit_test(following_its_target_is_nobody_elses_change),
        cmocka_unit_test(a_balloon_that_stands_elsewhere_is_taken_as_it_is),
        cmocka_unit_test(autodeflate_above_the_target_is_the_guests_need),
        cmocka_unit_test(who_fights_for_a_balloon_is_noticed_although_memcoord_sets_all_the_time),
        cmocka_unit_test(a_target_of_ours_that_pulls_at_anothers_change_is_taken_back),
        cmocka_unit_test(a_grow_of_ours_that_undoes_anothers_shrink_stays),
        cmocka_unit_test(a_balloon_that_rests_a_little_beside_its_target_has_arrived),
        cmocka_unit_test(one_who_goes_up_and_then_down_is_followed_both_ways),
    };

    return cmocka_run_group_tests_name("domain moves", tests, NULL, NULL);
}

int main(void)
{
    return run_with_defaults(run);
}
