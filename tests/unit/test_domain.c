/* SPDX-License-Identifier: BSD-3-Clause */
/* What is remembered of a domain: its samples, settling, bounds. */
#include "lib/cmocka.h"

#include "control/sample.h"
#include "lib/domain_fixture.h"

static void a_domain_is_new_until_its_balloon_stood_still_for_three_samples(void **state)
{
    struct host_domain seen = guest(2048 * MIB, 1900 * MIB, 1000);
    struct domain *d = domain_new(&seen, 1000, &config);

    (void)state;
    domain_see(d, &seen, 1000, &config);
    see(d, 1024 * MIB, 2000); /* its driver loads: the balloon goes where libvirt wants it */
    assert_int_equal(d->target_kib, 1024 * MIB);
    see(d, 512 * MIB, 3000);
    assert_true(filled(d, 3000).seen.flags & MEMCOORD_NEW);
    assert_int_equal(d->target_kib, 512 * MIB);
    see(d, 512 * MIB, 4000);
    see(d, 512 * MIB, 5000);
    assert_true(filled(d, 5000).seen.flags & MEMCOORD_NEW);
    see(d, 512 * MIB, 6000);
    assert_false(filled(d, 6000).seen.flags & MEMCOORD_NEW);
    assert_int_equal(d->foreign_changes, 0);
    domain_free(d);
}

static void used_is_of_one_moment_while_the_balloon_moves(void **state)
{
    struct domain *d = settled(512 * MIB, 300 * MIB);
    struct host_domain late = guest(512 * MIB, 300 * MIB, 5500);

    (void)state;
    assert_int_equal(d->sample.used_kib, 212 * MIB);
    domain_asked(d, 400 * MIB, 5000, 1000);
    late.balloon_kib = 400 * MIB; /* the host sees the new size, the sample is of the old one */
    domain_see(d, &late, 6000, &config);
    assert_int_equal(d->sample.used_kib, 212 * MIB);
    domain_free(d);
}

/* Or the guest seems to use what its balloon took, and is rescued from a shrink that does it no harm. */
static void used_is_right_when_the_sample_is_ahead_of_the_balloon(void **state)
{
    for (int asked = 0; asked <= 1; asked++) {
        struct domain *d = settled(512 * MIB, 300 * MIB);
        struct host_domain ahead = guest(480 * MIB, 268 * MIB, 5900);

        (void)state;
        if (asked)
            domain_asked(d, 400 * MIB, 5000, 1000);
        for (uint64_t ms = 6000; ms <= 8000; ms += 1000) {
            ahead.balloon_kib = 512 * MIB - (ms - 6000); /* the host sees the old size still */
            ahead.sampled_ms = ms - 100;
            ahead.guest_total_kib -= 20 * MIB;
            ahead.usable_kib -= 20 * MIB;
            domain_see(d, &ahead, ms, &config);
            assert_int_equal(d->sample.used_kib, 212 * MIB);
        }
        assert_int_equal(filled(d, 8000).seen.growth_kib_per_s, 0);
        domain_free(d);
    }
}

/* Or what a balloon gives back looks like growth, and the guest is rescued again and again. */
static void memory_on_the_kernels_lists_is_no_growth(void **state)
{
    struct domain *d = settled(512 * MIB, 300 * MIB);
    struct host_domain seen = guest(512 * MIB, 300 * MIB, 5000);

    (void)state;
    seen.unused_kib = 360 * MIB; /* its watermarks are 60 MiB */
    domain_asked(d, 592 * MIB, 5000, 1000);
    seen.balloon_kib = 592 * MIB;
    seen.guest_total_kib += 80 * MIB;
    seen.usable_kib += 35 * MIB; /* 45 of the 80 MiB wait */
    seen.unused_kib += 35 * MIB;
    for (uint64_t ms = 6000; ms <= 9000; ms += 1000) {
        seen.sampled_ms = ms;
        domain_see(d, &seen, ms, &config);
        assert_int_equal(d->sample.growth_kib_per_s, 0);
    }
    /* What a program takes is growth, also of a guest that gets all the time what it needs: seen at
     * once where it grew before. */
    for (uint64_t ms = 10000; ms <= 15000; ms += 1000) {
        domain_asked(d, d->target_kib + 40 * MIB, ms - 1000, 1000);
        seen.balloon_kib = d->target_kib;
        seen.guest_total_kib += 40 * MIB;
        seen.sampled_ms = ms;
        domain_see(d, &seen, ms, &config);
    }
    assert_int_equal(d->sample.growth_kib_per_s, 40 * MIB);
    domain_free(d);
}

/* Or a missed poll would hide all that the guest was promised, and it would be given to others. */
static void an_rss_that_was_not_obtained_leaves_the_last_one_less_what_was_taken(void **state)
{
    struct domain *d = settled(512 * MIB, 300 * MIB);
    struct host_domain missed = guest(512 * MIB, UNKNOWN, UNKNOWN);

    (void)state;
    missed.rss_kib = UNKNOWN;
    domain_see(d, &missed, 6000, &config);
    assert_int_equal(filled(d, 6000).seen.rss_kib, 592 * MIB);
    domain_asked(d, 412 * MIB, 6000, 1000); /* it may be taken already, and not be seen yet */
    domain_see(d, &missed, 7000, &config);
    assert_int_equal(filled(d, 7000).seen.rss_kib, 492 * MIB);
    missed.balloon_kib = 412 * MIB;
    domain_see(d, &missed, 8000, &config);
    assert_int_equal(filled(d, 8000).seen.rss_kib, 492 * MIB);
    domain_asked(d, 600 * MIB, 8000, 1000);
    missed.balloon_kib = 600 * MIB; /* what it got back may be untouched */
    domain_see(d, &missed, 9000, &config);
    assert_int_equal(filled(d, 9000).seen.rss_kib, 492 * MIB);
    see(d, 600 * MIB, 10000);
    assert_int_equal(filled(d, 10000).seen.rss_kib, 680 * MIB);
    domain_free(d);
}

static void an_rss_that_never_came_is_unknown(void **state)
{
    struct host_domain seen = guest(512 * MIB, 300 * MIB, 1000);
    struct domain *d = domain_new(&seen, 1000, &config);

    (void)state;
    seen.rss_kib = UNKNOWN;
    domain_see(d, &seen, 1000, &config);
    assert_int_equal(filled(d, 1000).seen.rss_kib, UNKNOWN);
    domain_free(d);
}

static void a_sample_that_was_not_obtained_leaves_the_last_one_and_its_age(void **state)
{
    struct domain *d = settled(512 * MIB, 300 * MIB);
    struct host_domain missed = guest(512 * MIB, UNKNOWN, UNKNOWN);
    struct snapshot_domain out;

    (void)state;
    domain_see(d, &missed, 8000, &config);
    out = filled(d, 8000);
    assert_int_equal(out.seen.usable_kib, 300 * MIB);
    assert_int_equal(out.seen.stats_age_ms, 3000);
    domain_see(d, &missed, 5000 + config.guard.stale_after_ms + 1, &config);
    out = filled(d, 5000 + config.guard.stale_after_ms + 1);
    assert_true(out.seen.flags & MEMCOORD_STALE);
    domain_free(d);
}

static void it_settles_until_a_sample_is_of_the_new_size(void **state)
{
    struct domain *d = settled(512 * MIB, 300 * MIB);
    struct host_domain seen = guest(462 * MIB, 250 * MIB, 5200);

    (void)state;
    assert_false(filled(d, 5000).seen.flags & MEMCOORD_SETTLING);
    domain_asked(d, 462 * MIB, 5000, 1000);
    assert_true(filled(d, 5000).seen.flags & MEMCOORD_SETTLING);
    seen.guest_total_kib = (512 - 31) * MIB;
    domain_see(d, &seen, 6000, &config); /* arrived, but the sample is of the size before */
    assert_true(filled(d, 6000).seen.flags & MEMCOORD_SETTLING);
    seen.guest_total_kib = (462 - 31) * MIB;
    seen.sampled_ms = 5500;
    domain_see(d, &seen, 7000, &config);
    assert_false(filled(d, 7000).seen.flags & MEMCOORD_SETTLING);
    domain_free(d);
}

static void without_the_guests_total_it_settles_until_a_sample_came_after_the_arrival(void **state)
{
    struct host_domain seen = guest(512 * MIB, 300 * MIB, 1000);
    struct domain *d = domain_new(&seen, 1000, &config);

    (void)state;
    seen.guest_total_kib = UNKNOWN;
    domain_see(d, &seen, 1000, &config);
    domain_asked(d, 462 * MIB, 1000, 1000);
    seen.balloon_kib = 462 * MIB;
    seen.sampled_ms = 1500;
    domain_see(d, &seen, 2000, &config);
    assert_true(filled(d, 2000).seen.flags & MEMCOORD_SETTLING);
    seen.sampled_ms = 2500;
    domain_see(d, &seen, 3000, &config);
    assert_false(filled(d, 3000).seen.flags & MEMCOORD_SETTLING);
    domain_free(d);
}

static void a_target_that_could_not_be_set_waits_longer_each_time(void **state)
{
    struct domain *d = settled(512 * MIB, 300 * MIB);
    struct host_domain seen = guest(512 * MIB, 300 * MIB, 6000);

    (void)state;
    domain_asked(d, 600 * MIB, 5000, 1000);
    seen.set_error = -5;
    seen.set_error_text = "no";
    domain_see(d, &seen, 6000, &config);
    assert_int_equal(d->target_kib, 512 * MIB);
    assert_non_null(domain_unmanaged_why(d, 6999));
    assert_null(domain_unmanaged_why(d, 7000));
    domain_see(d, &seen, 7000, &config);
    assert_non_null(domain_unmanaged_why(d, 8999));
    domain_free(d);
}

static void shrinks_of_one_interval_add_up_however_many_ticks_it_has(void **state)
{
    struct domain *d = settled(512 * MIB, 300 * MIB);

    (void)state;
    domain_asked(d, 492 * MIB, 5000, 1000);
    assert_int_equal(filled(d, 5400).shrunk_kib, 20 * MIB);
    domain_asked(d, 482 * MIB, 5400, 1000);
    assert_int_equal(filled(d, 6000).shrunk_kib, 30 * MIB);
    assert_int_equal(filled(d, 6400).shrunk_kib, 0);
    domain_free(d);
}

static void the_default_min_is_never_above_the_size_at_first_sight(void **state)
{
    struct domain *d = settled(200 * MIB, 100 * MIB);

    (void)state;
    assert_int_equal(filled(d, 5000).seen.min_kib, 200 * MIB);
    domain_free(d);
    d = settled(1024 * MIB, 100 * MIB);
    assert_int_equal(filled(d, 5000).seen.min_kib, 512 * MIB); /* 25% of max */
    domain_free(d);
}

/* libvirt's STARTED comes before the driver of a guest that is to have less than its maximum. */
static void the_default_min_is_of_the_size_that_a_booting_guest_comes_to(void **state)
{
    struct host_domain seen = guest(2048 * MIB, UNKNOWN, UNKNOWN);
    struct domain *d = domain_new(&seen, 1000, &config);

    (void)state;
    domain_see(d, &seen, 1000, &config);
    see(d, 1000 * MIB, 2000);
    see(d, 300 * MIB, 3000);
    assert_int_equal(filled(d, 3000).seen.min_kib, 300 * MIB);
    domain_free(d);
}

/* Or its memory would be given to others before it has had the time to touch it. */
static void a_guest_that_has_not_answered_yet_owns_its_maximum(void **state)
{
    struct host_domain seen = guest(300 * MIB, UNKNOWN, UNKNOWN);
    struct domain *d = domain_new(&seen, 1000, &config);
    struct snapshot_domain out;

    (void)state;
    seen.rss_kib = 100 * MIB;
    domain_see(d, &seen, 1000, &config);
    out = filled(d, 1000);
    assert_int_equal(snapshot_promised_kib(&out), (2048 + 100 - 100) * MIB);
    seen = guest(300 * MIB, 200 * MIB, 2000);
    seen.rss_kib = 100 * MIB;
    domain_see(d, &seen, 2000, &config);
    out = filled(d, 2000);
    assert_int_equal(snapshot_promised_kib(&out), (300 + 100 - 100) * MIB);
    domain_free(d);
}

static void overhead_is_learned_only_while_the_guest_stands_still_too(void **state)
{
    struct domain *d = settled(512 * MIB, 300 * MIB);
    struct host_domain ahead = guest(612 * MIB, 300 * MIB, 5900);

    (void)state;
    domain_asked(d, 612 * MIB, 5000, 1000);
    ahead.balloon_kib =
        512 * MIB; /* the guest has its 100 MiB and touched them, unknown to the host */
    domain_see(d, &ahead, 6000, &config);
    assert_int_equal(d->overhead_kib, 80 * MIB);
    domain_free(d);
}

static void overhead_is_the_largest_seen_while_it_stood_still(void **state)
{
    struct domain *d = settled(512 * MIB, 300 * MIB);
    struct host_domain seen = guest(512 * MIB, 300 * MIB, 6000);

    (void)state;
    assert_int_equal(filled(d, 5000).overhead_kib, config.host.domain_overhead_kib);
    seen.rss_kib = 512 * MIB + 150 * MIB;
    domain_see(d, &seen, 6000, &config);
    assert_int_equal(filled(d, 6000).overhead_kib, 150 * MIB);
    domain_free(d);
}

static void a_guest_without_statistics_is_not_managed_after_a_while(void **state)
{
    struct host_domain seen = guest(512 * MIB, UNKNOWN, UNKNOWN);
    struct domain *d = domain_new(&seen, 1000, &config);

    (void)state;
    domain_see(d, &seen, 1000, &config);
    assert_null(domain_unmanaged_why(d, 1000));
    assert_int_equal(filled(d, 1000).seen.used_kib, UNKNOWN);
    assert_non_null(domain_unmanaged_why(d, 31000));
    domain_free(d);
}

static uint64_t growth_after(struct domain_sample *s, uint64_t sampled_ms, uint64_t usable_kib)
{
    struct host_domain seen = guest(512 * MIB, usable_kib, sampled_ms);

    sample_take(s, &seen, 512 * MIB);
    return s->growth_kib_per_s;
}

static void growth_is_what_two_samples_agree_on_and_falls_by_half(void **state)
{
    struct domain_sample s;

    (void)state;
    sample_clear(&s);
    assert_int_equal(growth_after(&s, 1000, 300 * MIB), UNKNOWN);
    assert_int_equal(growth_after(&s, 3000, 300 * MIB), 0);
    assert_int_equal(growth_after(&s, 4000, 260 * MIB), 20 * MIB); /* a step, or the beginning */
    assert_int_equal(growth_after(&s, 5000, 220 * MIB), 40 * MIB);
    assert_int_equal(growth_after(&s, 6000, 220 * MIB), 20 * MIB);
    assert_int_equal(growth_after(&s, 7000, 400 * MIB), 10 * MIB);
}

static void a_counter_that_went_back_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(sample_rate(10, 30, 2000), 10);
    assert_int_equal(sample_rate(30, 10, 2000), UNKNOWN);
    assert_int_equal(sample_rate(UNKNOWN, 10, 2000), UNKNOWN);
    assert_int_equal(sample_rate(10, 30, 0), UNKNOWN);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_domain_is_new_until_its_balloon_stood_still_for_three_samples),
        cmocka_unit_test(used_is_of_one_moment_while_the_balloon_moves),
        cmocka_unit_test(used_is_right_when_the_sample_is_ahead_of_the_balloon),
        cmocka_unit_test(memory_on_the_kernels_lists_is_no_growth),
        cmocka_unit_test(an_rss_that_was_not_obtained_leaves_the_last_one_less_what_was_taken),
        cmocka_unit_test(an_rss_that_never_came_is_unknown),
        cmocka_unit_test(a_sample_that_was_not_obtained_leaves_the_last_one_and_its_age),
        cmocka_unit_test(it_settles_until_a_sample_is_of_the_new_size),
        cmocka_unit_test(without_the_guests_total_it_settles_until_a_sample_came_after_the_arrival),
        cmocka_unit_test(a_target_that_could_not_be_set_waits_longer_each_time),
        cmocka_unit_test(shrinks_of_one_interval_add_up_however_many_ticks_it_has),
        cmocka_unit_test(the_default_min_is_never_above_the_size_at_first_sight),
        cmocka_unit_test(the_default_min_is_of_the_size_that_a_booting_guest_comes_to),
        cmocka_unit_test(a_guest_that_has_not_answered_yet_owns_its_maximum),
        cmocka_unit_test(overhead_is_learned_only_while_the_guest_stands_still_too),
        cmocka_unit_test(overhead_is_the_largest_seen_while_it_stood_still),
        cmocka_unit_test(a_guest_without_statistics_is_not_managed_after_a_while),
        cmocka_unit_test(growth_is_what_two_samples_agree_on_and_falls_by_half),
        cmocka_unit_test(a_counter_that_went_back_is_unknown),
    };

    return cmocka_run_group_tests_name("domain", tests, NULL, NULL);
}

int main(void)
{
    return run_with_defaults(run);
}
