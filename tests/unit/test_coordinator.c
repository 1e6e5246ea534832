/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole ticks with the real policies on a host in memory. */
#include "lib/cmocka.h"

#include "lib/capture.h"
#include "lib/coordinator_fixture.h"
#include "util/log.h"

static void idle_guests_give_back_and_a_hungry_one_grows(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b, 2, "threshold");
    b.fake.used_kib[1] = 450 * MIB;
    coordinator_run(&b.c, 20, &stop);
    assert_in_range(b.fake.domains[0].balloon_kib, 300 * MIB, 400 * MIB);
    assert_in_range(b.fake.domains[1].balloon_kib, 550 * MIB, 650 * MIB);
    close_bench(&b);
}

static void a_guest_that_eats_its_fill_ends_at_exactly_max(void **state)
{
    static const char *const policies[] = { "threshold", "proportional", "fair-share" };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct bench b;

        open_bench(&b, 2, policies[i]);
        for (int s = 0; s < 60; s++) {
            uint64_t balloon_kib = b.fake.domains[1].balloon_kib;

            b.fake.used_kib[1] = memcoord_min(b.fake.used_kib[1] + 40 * MIB, balloon_kib);
            coordinator_run(&b.c, 1, &stop);
            b.fake.now_ms += 1000;
        }
        assert_int_equal(b.fake.domains[1].balloon_kib, 2048 * MIB);
        close_bench(&b);
    }
}

static void a_dry_run_sets_nothing(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b, 2, "threshold");
    b.config.daemon.dry_run = 1;
    coordinator_run(&b.c, 10, &stop);
    assert_int_equal(b.fake.n_sets, 0);
    assert_int_equal(b.origins.n, 0);
    close_bench(&b);
}

static void a_lost_host_is_a_state_and_said_when_it_begins_and_ends(void **state)
{
    static struct capture said;
    struct bench b;

    (void)state;
    open_bench(&b, 1, "threshold");
    capture_begin(&said);
    log_open(LOG_LEVEL_INFO);
    b.fake.gather_error = -ENOTCONN;
    coordinator_run(&b.c, 3, &stop);
    assert_true(b.c.lost);
    assert_int_equal(b.c.failed, 3);
    b.fake.gather_error = 0;
    coordinator_run(&b.c, 10, &stop);
    log_open(LOG_LEVEL_ERROR);
    capture_end(&said);
    assert_false(b.c.lost);
    assert_true(b.fake.n_sets > 0);
    assert_int_equal(capture_count(&said, "fake: nothing can be seen: the fake is off"), 1);
    assert_int_equal(capture_count(&said, "fake: can be seen again"), 1);
    close_bench(&b);
}

/* How long after the first tick the last of so many is, while it is woken every 10 ms. */
static uint64_t passed_after(enum host_wake wake, uint64_t ticks)
{
    struct bench b;
    uint64_t start_ms;

    open_bench(&b, 1, "hold");
    start_ms = b.fake.now_ms;
    b.fake.wake = wake;
    b.fake.wakes = 10000;
    coordinator_run(&b.c, ticks, &stop);
    assert_int_equal(b.c.snapshot.seen.tick, ticks);
    close_bench(&b);
    return b.fake.now_ms - start_ms;
}

static void wakes_give_one_extra_tick_an_interval_and_no_more(void **state)
{
    static const enum host_wake wakes[] = { HOST_WAKE_PRESSURE, HOST_WAKE_LIFECYCLE };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(passed_after(wakes[i], 2), 10);
        assert_int_equal(passed_after(wakes[i], 3), 1000);
        assert_int_equal(passed_after(wakes[i], 4), 1010);
        assert_int_equal(passed_after(wakes[i], 5), 2000);
    }
}

static void a_request_is_no_reason_for_a_tick(void **state)
{
    (void)state;
    assert_int_equal(passed_after(HOST_WAKE_REQUEST, 2), 1000);
    assert_int_equal(passed_after(HOST_WAKE_REQUEST, 3), 2000);
}

static void stop_ends_it_at_once(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b, 1, "hold");
    stop = 1;
    coordinator_run(&b.c, 0, &stop);
    assert_int_equal(b.fake.waits, 0);
    close_bench(&b);
}

static int half_a_plan(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    (void)state;
    memcoord_set_target(plan, s->domains[0], 1024 * MIB, "before it fails");
    return memcoord_fail(plan, EDOM, "no idea");
}

static void a_policy_that_fails_changes_nothing_and_rescue_goes_on(void **state)
{
    static struct capture said;
    struct bench b;

    (void)state;
    open_bench(&b, 2, "threshold");
    coordinator_run(&b.c, 1, &stop);
    b.policy->table.decide = half_a_plan;
    b.fake.used_kib[1] = 500 * MIB;
    capture_begin(&said);
    coordinator_run(&b.c, 5, &stop);
    capture_end(&said);
    assert_int_equal(capture_count(&said, "policy threshold: no idea"), 1);
    assert_int_equal(b.fake.domains[0].balloon_kib, 512 * MIB);
    assert_true(b.fake.domains[1].balloon_kib >= 600 * MIB);
    close_bench(&b);
}

static void a_domain_that_goes_and_comes_anew_is_another(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b, 2, "threshold");
    coordinator_run(&b.c, 15, &stop);
    assert_false(b.c.snapshot.domains[0].seen.flags & MEMCOORD_NEW);
    b.fake.domains[0].run_id = 77;
    coordinator_run(&b.c, 1, &stop);
    assert_int_equal(b.c.domains.n, 2);
    assert_true(b.c.snapshot.domains[0].seen.flags & MEMCOORD_NEW);
    b.fake.view.n_domains = 1;
    coordinator_run(&b.c, 1, &stop);
    assert_int_equal(b.c.domains.n, 1);
    close_bench(&b);
}

static void domains_are_told_apart_when_the_host_names_them_in_another_order(void **state)
{
    struct bench b;
    struct host_domain first;
    uint64_t used_kib;

    (void)state;
    open_bench(&b, 3, "threshold");
    b.fake.used_kib[0] = 450 * MIB;
    coordinator_run(&b.c, 15, &stop);
    first = b.fake.domains[0];
    used_kib = b.fake.used_kib[0];
    b.fake.domains[0] = b.fake.domains[2];
    b.fake.used_kib[0] = b.fake.used_kib[2];
    b.fake.domains[2] = first;
    b.fake.used_kib[2] = used_kib;
    coordinator_run(&b.c, 1, &stop);
    assert_string_equal(b.c.domains.list[2]->name, "web0");
    for (size_t i = 0; i < 3; i++) {
        assert_false(b.c.snapshot.domains[i].seen.flags & MEMCOORD_NEW);
        assert_int_equal(b.c.domains.list[i]->foreign_changes, 0);
    }
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_guests_give_back_and_a_hungry_one_grows),
        cmocka_unit_test(a_guest_that_eats_its_fill_ends_at_exactly_max),
        cmocka_unit_test(a_dry_run_sets_nothing),
        cmocka_unit_test(a_lost_host_is_a_state_and_said_when_it_begins_and_ends),
        cmocka_unit_test(wakes_give_one_extra_tick_an_interval_and_no_more),
        cmocka_unit_test(a_request_is_no_reason_for_a_tick),
        cmocka_unit_test(stop_ends_it_at_once),
        cmocka_unit_test(a_policy_that_fails_changes_nothing_and_rescue_goes_on),
        cmocka_unit_test(a_domain_that_goes_and_comes_anew_is_another),
        cmocka_unit_test(domains_are_told_apart_when_the_host_names_them_in_another_order),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
