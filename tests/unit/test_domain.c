/* SPDX-License-Identifier: BSD-3-Clause */
/* What is remembered of a domain: samples, settling, who else changes its balloon. */
#include "lib/cmocka.h"

#include <string.h>

#include "control/domain.h"
#include "control/sample.h"
#include "util/log.h"

#define UNKNOWN MEMCOORD_UNKNOWN

static struct config config;

static struct host_domain guest(uint64_t balloon_kib, uint64_t usable_kib, uint64_t sampled_ms)
{
    return (struct host_domain){
        .uuid = { 1, 2, 3 },
        .name = "web1",
        .run_id = 1,
        .max_kib = 2048 * MIB,
        .balloon_kib = balloon_kib,
        .rss_kib = balloon_kib + 80 * MIB,
        .sampled_ms = sampled_ms,
        .unused_kib = usable_kib,
        .usable_kib = usable_kib,
        .guest_total_kib = balloon_kib - 31 * MIB,
        .disk_caches_kib = 0,
        .swap_in_kib = 0,
        .swap_out_kib = 0,
        .major_faults = 0,
    };
}

/* A domain that has stood still long enough to be no longer new; the time is 5 s then. */
static struct domain *settled(uint64_t balloon_kib, uint64_t usable_kib)
{
    struct host_domain seen = guest(balloon_kib, usable_kib, 1000);
    struct domain *d = domain_new(&seen, 1000, &config);

    assert_non_null(d);
    for (uint64_t ms = 1000; ms <= 5000; ms += 1000) {
        seen.sampled_ms = ms;
        domain_see(d, &seen, ms, &config);
    }
    return d;
}

static struct snapshot_domain filled(struct domain *d, uint64_t now_ms)
{
    struct snapshot_domain out;

    memset(&out, 0, sizeof(out));
    domain_fill(d, &out, now_ms, &config);
    return out;
}

static void see(struct domain *d, uint64_t balloon_kib, uint64_t now_ms)
{
    struct host_domain seen = guest(balloon_kib, 200 * MIB, now_ms);

    domain_see(d, &seen, now_ms, &config);
}

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
    /* What a program takes is growth, also of a guest that gets all the time what it needs. */
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

static void one_that_does_not_follow_is_asked_less_and_less_often(void **state)
{
    struct domain *d = settled(512 * MIB, 300 * MIB);
    uint64_t ms = 5000, asked = 0;

    (void)state;
    for (; ms < 5000 + 300 * 1000; ms += 1000) {
        if (!filled(d, ms).shrink_paused && d->target_kib == 512 * MIB) {
            domain_asked(d, 400 * MIB, ms, 1000);
            asked++;
        }
        see(d, 512 * MIB, ms + 1000);
    }
    assert_in_range(asked, 8, 12); /* after 1, 2, 4, ... 60 s, and the 5 s that each try takes */
    domain_asked(d, 400 * MIB, ms, 1000);
    see(d, 400 * MIB, ms + 1000);
    assert_int_equal(d->failures, 0);
    domain_free(d);
}

static void a_guest_in_need_is_asked_to_grow_although_it_did_not_follow(void **state)
{
    struct domain *d = settled(512 * MIB, 300 * MIB);

    (void)state;
    domain_asked(d, 400 * MIB, 5000, 1000);
    for (uint64_t ms = 6000; ms <= 10000; ms += 1000)
        see(d, 512 * MIB, ms);
    assert_true(filled(d, 10000).shrink_paused);
    assert_null(domain_unmanaged_why(d, 10000));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_domain_is_new_until_its_balloon_stood_still_for_three_samples),
        cmocka_unit_test(used_is_of_one_moment_while_the_balloon_moves),
        cmocka_unit_test(used_is_right_when_the_sample_is_ahead_of_the_balloon),
        cmocka_unit_test(memory_on_the_kernels_lists_is_no_growth),
        cmocka_unit_test(a_change_by_somebody_else_is_seen_by_the_sample_that_is_ahead),
        cmocka_unit_test(a_guest_with_memory_beside_its_balloon_is_as_large_as_the_host_tells),
        cmocka_unit_test(an_rss_that_was_not_obtained_leaves_the_last_one_less_what_was_taken),
        cmocka_unit_test(an_rss_that_never_came_is_unknown),
        cmocka_unit_test(a_sample_that_was_not_obtained_leaves_the_last_one_and_its_age),
        cmocka_unit_test(it_settles_until_a_sample_is_of_the_new_size),
        cmocka_unit_test(without_the_guests_total_it_settles_until_a_sample_came_after_the_arrival),
        cmocka_unit_test(what_somebody_else_sets_is_the_new_start),
        cmocka_unit_test(one_who_keeps_changing_it_gets_it_for_five_minutes),
        cmocka_unit_test(following_its_target_is_nobody_elses_change),
        cmocka_unit_test(a_balloon_that_stands_elsewhere_is_taken_as_it_is),
        cmocka_unit_test(one_that_does_not_follow_is_asked_less_and_less_often),
        cmocka_unit_test(a_guest_in_need_is_asked_to_grow_although_it_did_not_follow),
        cmocka_unit_test(autodeflate_above_the_target_is_the_guests_need),
        cmocka_unit_test(a_target_that_could_not_be_set_waits_longer_each_time),
        cmocka_unit_test(shrinks_of_one_interval_add_up_however_many_ticks_it_has),
        cmocka_unit_test(the_default_min_is_never_above_the_size_at_first_sight),
        cmocka_unit_test(overhead_is_the_largest_seen_while_it_stood_still),
        cmocka_unit_test(a_guest_without_statistics_is_not_managed_after_a_while),
        cmocka_unit_test(growth_is_what_two_samples_agree_on_and_falls_by_half),
        cmocka_unit_test(a_counter_that_went_back_is_unknown),
    };
    int failed;

    log_open(LOG_LEVEL_ERROR);
    if (config_defaults(&config) < 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    config_free(&config);
    return failed;
}
