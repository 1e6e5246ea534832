/* SPDX-License-Identifier: BSD-3-Clause */
/* Which targets may be in force, and which way of a balloon is ours: late news, targets that fail or are not
 * followed, pauses. */
#include "lib/cmocka.h"

#include <string.h>

#include "control/domain.h"
#include "control/domain_targets.h"
#include "util/log.h"

#define UNKNOWN MEMCOORD_UNKNOWN

static struct config config;

static struct host_domain guest(uint64_t balloon_mib, uint64_t sampled_ms)
{
    return (struct host_domain){
        .uuid = { 1 },
        .name = "web1",
        .run_id = 1,
        .max_kib = 2048 * MIB,
        .balloon_kib = balloon_mib * MIB,
        .rss_kib = (balloon_mib + 80) * MIB,
        .sampled_ms = sampled_ms,
        .unused_kib = 200 * MIB,
        .usable_kib = 200 * MIB,
        .guest_total_kib = (balloon_mib - 31) * MIB,
        .disk_caches_kib = UNKNOWN,
        .swap_in_kib = UNKNOWN,
        .swap_out_kib = UNKNOWN,
        .major_faults = UNKNOWN,
    };
}

static void see(struct domain *d, uint64_t balloon_mib, uint64_t now_ms)
{
    struct host_domain seen = guest(balloon_mib, now_ms);

    domain_see(d, &seen, now_ms, &config);
}

/* The host tells one size, the guest's sample another. */
static void see_both(struct domain *d, uint64_t balloon_mib, uint64_t sample_mib,
                     uint64_t sampled_ms, uint64_t now_ms)
{
    struct host_domain seen = guest(sample_mib, sampled_ms);

    seen.balloon_kib = balloon_mib * MIB;
    domain_see(d, &seen, now_ms, &config);
}

/* 512 MiB, at 5 s. */
static struct domain *settled(void)
{
    struct host_domain seen = guest(512, 1000);
    struct domain *d = domain_new(&seen, 1000, &config);

    assert_non_null(d);
    for (uint64_t ms = 1000; ms <= 5000; ms += 1000)
        see(d, 512, ms);
    return d;
}

static uint64_t held_mib(struct domain *d, uint64_t now_ms)
{
    struct snapshot_domain out;

    memset(&out, 0, sizeof(out));
    domain_fill(d, &out, now_ms, &config);
    return snapshot_holds_kib(&out) / MIB;
}

/* Or what it still goes to is given to others, and the limit is passed. */
static void a_target_that_is_not_set_leaves_the_one_before_in_force(void **state)
{
    struct domain *d = settled();
    struct host_domain seen = guest(512, 7000);

    (void)state;
    domain_asked(d, 700 * MIB, 5000, 1000);
    see(d, 512, 6000);
    domain_asked(d, 720 * MIB, 6000, 1000);
    seen.set_error = -5;
    domain_see(d, &seen, 7000, &config);
    assert_true(held_mib(d, 7000) >= 700);
    domain_free(d);
}

/* Not an older one of ours, which somebody else's took the place of. */
static void a_target_that_is_not_set_leaves_what_somebody_else_set(void **state)
{
    struct domain *d = settled();
    struct host_domain seen = guest(900, 10000);

    (void)state;
    domain_asked(d, 400 * MIB, 5000, 1000);
    see(d, 700, 6000);
    see(d, 900, 7000);
    see(d, 900, 8000);
    domain_asked(d, 850 * MIB, 9000, 1000);
    seen.set_error = -5;
    domain_see(d, &seen, 10000, &config);
    assert_int_equal(d->target_kib, 900 * MIB);
    domain_free(d);
}

static void who_follows_when_it_is_given_up_on_follows_us(void **state)
{
    struct domain *d = settled();

    (void)state;
    domain_asked(d, 400 * MIB, 5000, 1000);
    for (uint64_t ms = 6000; ms <= 10000; ms += 1000)
        see(d, 512, ms);
    targets_asked(d, d->target_kib, 10000); /* as actuate() does */
    see(d, 400, 11000);                     /* it had begun to give before it was told to stay */
    assert_int_equal(d->foreign_changes, 0);
    domain_free(d);
}

/* Or a policy that gives it more than where it stood takes from where it is. */
static void who_follows_before_the_target_is_withdrawn_has_it_again(void **state)
{
    struct domain *d = settled();

    (void)state;
    domain_asked(d, 700 * MIB, 5000, 1000);
    for (uint64_t ms = 6000; ms <= 11000; ms += 1000)
        see(d, 512, ms);
    assert_int_equal(d->target_kib, 512 * MIB);
    assert_true(d->reassert); /* and the host was busy */
    see(d, 600, 12000);
    assert_int_equal(d->target_kib, 700 * MIB);
    assert_false(d->reassert);
    domain_free(d);
}

/* Or what a policy gives it beyond where it stood takes from where it is. */
static void who_was_given_up_on_and_goes_elsewhere_is_taken_as_it_is(void **state)
{
    struct domain *d = settled();

    (void)state;
    domain_asked(d, 900 * MIB, 5000, 1000);
    domain_asked(d, 520 * MIB, 5500, 1000);
    for (uint64_t ms = 6000; ms <= 11000; ms += 1000)
        see(d, 512, ms);
    see(d, 800, 12000); /* an older target of ours explains it */
    assert_int_equal(d->target_kib, 800 * MIB);
    assert_true(d->reassert);
    domain_free(d);
}

/* Or a rescue is taken back from a guest that was paused for a while. */
static void a_pause_is_no_refusal(void **state)
{
    struct domain *d = settled();
    struct host_domain paused = guest(512, UNKNOWN);

    (void)state;
    domain_asked(d, 600 * MIB, 5000, 1000);
    paused.state = HOST_DOMAIN_PAUSED;
    for (uint64_t ms = 6000; ms <= 15000; ms += 1000)
        domain_see(d, &paused, ms, &config);
    see(d, 512, 16000);
    assert_int_equal(d->target_kib, 600 * MIB);
    assert_false(d->reassert);
    domain_free(d);
}

/* The host is a second late at most; this sample is older. */
static void a_sample_is_not_newer_than_the_host_for_ever(void **state)
{
    struct domain *d = settled();

    (void)state;
    domain_asked(d, 412 * MIB, 5000, 1000);
    domain_asked(d, 512 * MIB, 5900, 1000); /* it went down to 450, and came back */
    see_both(d, 512, 450, 6000, 9000);
    assert_int_equal(d->balloon_kib, 512 * MIB);
    assert_int_equal(d->foreign_changes, 0);
    domain_free(d);
}

/* Or it is given to others, while it may still go there. */
static void what_could_not_be_withdrawn_yet_is_held(void **state)
{
    struct domain *d = settled();

    (void)state;
    domain_asked(d, 600 * MIB, 5000, 1000);
    for (uint64_t ms = 6000; ms <= 10000; ms += 1000)
        see(d, 512, ms);
    assert_true(d->reassert);
    assert_int_equal(held_mib(d, 10000), 600);
    domain_free(d);
}

/* The guest tells of 416 before the host does of 420. */
static void the_hosts_late_news_are_no_way_back(void **state)
{
    struct domain *d = settled();

    (void)state;
    domain_asked(d, 412 * MIB, 5000, 1000);
    see_both(d, 440, 416, 6200, 6200);
    see_both(d, 440, 416, 6300, 6900);
    domain_asked(d, 362 * MIB, 6900, 1000);
    see_both(d, 420, 416, 6300, 7100);
    assert_int_equal(d->foreign_changes, 0);
    domain_free(d);
}

/* The host is late, and two targets came after the one that it follows still. */
static void the_way_to_the_target_before_the_last_one_is_ours_too(void **state)
{
    struct domain *d = settled();

    (void)state;
    domain_asked(d, 362 * MIB, 5000, 1000);
    see_both(d, 430, 512, 5000, 5700);
    domain_asked(d, 480 * MIB, 5700, 1000);
    see_both(d, 430, 512, 5000, 6200);
    domain_asked(d, 490 * MIB, 6200, 1000);
    see_both(d, 380, 512, 5000, 6600);
    assert_int_equal(d->foreign_changes, 0);
    domain_free(d);
}

/* manage = no, and its balloon creeps: actuate() sets what reassert says. */
static void a_domain_that_is_not_managed_is_told_nothing(void **state)
{
    struct domain *d = settled();

    (void)state;
    d->settings.manage = 0;
    for (uint64_t ms = 6000; ms <= 20000; ms += 1000) {
        struct host_domain seen = guest(512, ms);

        seen.balloon_kib -= memcoord_min((ms - 5000) * 9 / 10, 7 * MIB);
        seen.guest_total_kib -= memcoord_min((ms - 5000) * 9 / 10, 7 * MIB);
        domain_see(d, &seen, ms, &config);
        assert_false(d->reassert);
    }
    domain_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_target_that_is_not_set_leaves_the_one_before_in_force),
        cmocka_unit_test(a_target_that_is_not_set_leaves_what_somebody_else_set),
        cmocka_unit_test(who_follows_when_it_is_given_up_on_follows_us),
        cmocka_unit_test(who_follows_before_the_target_is_withdrawn_has_it_again),
        cmocka_unit_test(who_was_given_up_on_and_goes_elsewhere_is_taken_as_it_is),
        cmocka_unit_test(a_pause_is_no_refusal),
        cmocka_unit_test(a_sample_is_not_newer_than_the_host_for_ever),
        cmocka_unit_test(what_could_not_be_withdrawn_yet_is_held),
        cmocka_unit_test(the_hosts_late_news_are_no_way_back),
        cmocka_unit_test(the_way_to_the_target_before_the_last_one_is_ours_too),
        cmocka_unit_test(a_domain_that_is_not_managed_is_told_nothing),
    };
    int failed;

    log_open(LOG_LEVEL_ERROR);
    if (config_defaults(&config) < 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    config_free(&config);
    return failed;
}
