/* SPDX-License-Identifier: BSD-3-Clause */
/* Balloons that do not follow: when one is stuck, what it is tried with, when it is as the others again; by ticks
 * of 100 ms to 60 s. */
#include "lib/cmocka.h"

#include "control/domain_stuck.h"
#include "control/domain_targets.h"
#include "lib/capture.h"
#include "lib/domain_fixture.h"

#define START_MS 5000 /* settled() ends then */
#define MOST_KIB (50 * MIB)

static const uint64_t intervals_ms[] = { 100, 500, 1000, 3000, 5000, 7000, 60000 };
#define INTERVALS (sizeof(intervals_ms) / sizeof(intervals_ms[0]))

/* A guest of 400 MiB, and ticks of one length. */
struct stage {
    struct domain *d;
    uint64_t now_ms, interval_ms;
    uint64_t balloon_kib;
    enum host_domain_state state;
};

static struct stage begin(uint64_t interval_ms)
{
    struct stage s = { .d = settled(400 * MIB, 300 * MIB),
                       .now_ms = START_MS,
                       .interval_ms = interval_ms,
                       .balloon_kib = 400 * MIB };

    config.daemon.interval_ms = interval_ms;
    s.d->settings.min = (struct amount){ 100 * MIB, 0 };
    s.d->min_is_default = false;
    return s;
}

/* The host is told to withdraw what does not count any more, as actuate() does. */
static void tick(struct stage *s)
{
    struct host_domain seen = guest(s->balloon_kib, 300 * MIB, s->now_ms += s->interval_ms);

    seen.state = s->state;
    domain_see(s->d, &seen, s->now_ms, &config);
    if (s->d->reassert)
        targets_asked(s->d, s->d->target_kib, s->now_ms);
}

static void tick_until(struct stage *s, uint64_t ms)
{
    while (s->now_ms + s->interval_ms <= START_MS + ms)
        tick(s);
}

static void ask(struct stage *s, uint64_t mib)
{
    domain_asked(s->d, mib * MIB, s->now_ms, s->interval_ms);
}

static struct snapshot_domain now(const struct stage *s)
{
    return filled(s->d, s->now_ms);
}

/* When the next tick at or after `ms` comes. */
static uint64_t first_tick_ms(const struct stage *s, uint64_t ms)
{
    return (ms + s->interval_ms - 1) / s->interval_ms * s->interval_ms;
}

/* Ticks until `is` holds; returns how long after the start, or fails. */
static uint64_t ms_until(struct stage *s, bool (*is)(const struct stage *s))
{
    while (!is(s)) {
        assert_true(s->now_ms < START_MS + 10 * 60 * 1000);
        tick(s);
    }
    return s->now_ms - START_MS;
}

static bool is_stuck(const struct stage *s)
{
    return s->d->stuck.is_stuck;
}
static bool is_uncooperative(const struct stage *s)
{
    return now(s).uncooperative;
}
static bool is_tried(const struct stage *s)
{
    return now(s).own_ask_kib != 0;
}

static void it_is_stuck_after_5_s_and_uncooperative_after_20(void **state)
{
    static const uint64_t to_mib[] = { 300, 600 };

    (void)state;
    for (size_t i = 0; i < 2 * INTERVALS; i++) {
        struct stage s = begin(intervals_ms[i / 2]);

        ask(&s, to_mib[i % 2]);
        assert_int_equal(ms_until(&s, is_stuck), first_tick_ms(&s, 5000));
        assert_int_equal(s.d->target_kib, 400 * MIB);
        assert_int_equal(s.d->asked_kib, 400 * MIB); /* and the host knows */
        assert_int_equal(now(&s).takes_nothing, to_mib[i % 2] == 600);
        assert_int_equal(ms_until(&s, is_uncooperative), first_tick_ms(&s, 20000));
        domain_free(s.d);
    }
}

/* Not at each tick. */
static void that_it_is_uncooperative_is_said_once(void **state)
{
    struct stage s = begin(1000);
    struct capture said;

    (void)state;
    ask(&s, 300);
    capture_begin(&said);
    tick_until(&s, 19000);
    capture_end(&said);
    assert_int_equal(capture_count(&said, "is uncooperative"), 0);
    log_open(LOG_LEVEL_WARNING);
    capture_begin(&said);
    tick_until(&s, 60000);
    capture_end(&said);
    log_open(LOG_LEVEL_ERROR);
    assert_int_equal(capture_count(&said, "web1: is uncooperative"), 1);
    domain_free(s.d);
}

static void what_is_wanted_elsewhere_begins_anew(void **state)
{
    struct stage s = begin(1000);

    (void)state;
    ask(&s, 300);
    tick_until(&s, 4000);
    ask(&s, 500); /* the other way: it has yet to fail at that */
    tick_until(&s, 8000);
    assert_false(is_stuck(&s));
    ask(&s, 400); /* where it stands */
    tick_until(&s, 9000);
    ask(&s, 500);
    assert_int_equal(ms_until(&s, is_stuck), 14000);
    assert_int_equal(ms_until(&s, is_uncooperative), 29000);
    domain_free(s.d);
}

/* Or a policy that wants more at each tick would never know. */
static void what_is_wanted_anew_in_the_same_direction_does_not_begin_anew(void **state)
{
    struct stage s = begin(1000);

    (void)state;
    for (uint64_t mib = 440; !s.d->stuck.is_stuck; mib += 40) {
        ask(&s, mib);
        tick(&s);
    }
    assert_int_equal(s.now_ms, START_MS + 5000);
    assert_int_equal(s.d->stuck.wanted_kib, 600 * MIB);
    domain_free(s.d);
}

static void holding_still_is_not_to_arrive(void **state)
{
    struct stage s = begin(1000);

    (void)state;
    ask(&s, 300);
    tick_until(&s, 19000);
    assert_int_equal(s.d->target_kib, s.d->balloon_kib);
    assert_true(is_stuck(&s) && !is_uncooperative(&s));
    domain_asked(s.d, 402 * MIB, s.now_ms, 1000); /* a shrink recalled, near to where it is */
    tick(&s);
    assert_true(is_stuck(&s) && is_uncooperative(&s));
    domain_free(s.d);
}

/* A guest that hangs: its statistics stop, too, and grow old before its balloon is stuck. */
static void nor_is_a_recall_of_what_it_did_not_follow(void **state)
{
    struct stage s = begin(1000);

    (void)state;
    ask(&s, 300);
    tick_until(&s, 4000);
    domain_recalled(s.d, 400 * MIB, s.now_ms);
    assert_int_equal(s.d->target_kib, 400 * MIB);
    assert_true(ms_until(&s, is_stuck) <= 6000);
    assert_true(ms_until(&s, is_uncooperative) <= 21000);
    domain_free(s.d);
    s = begin(1000);
    ask(&s, 300);
    tick_until(&s, 2000); /* it may have followed */
    domain_recalled(s.d, 400 * MIB, s.now_ms);
    tick_until(&s, 60000);
    assert_false(is_stuck(&s) || is_uncooperative(&s));
    domain_free(s.d);
}

static void one_that_moves_slowly_is_not_stuck(void **state)
{
    static const uint64_t kib_per_s[] = { 300, 1024, 5 * MIB };

    (void)state;
    for (size_t i = 0; i < INTERVALS; i++) {
        for (size_t k = 0; k < 3; k++) {
            struct stage s = begin(intervals_ms[i]);

            ask(&s, 300);
            while (s.now_ms < START_MS + 120 * 1000 && s.balloon_kib > 310 * MIB) {
                s.balloon_kib -= kib_per_s[k] * s.interval_ms / 1000;
                if (s.balloon_kib < 310 * MIB)
                    break;
                tick(&s);
                assert_false(is_stuck(&s) || is_uncooperative(&s));
            }
            assert_int_equal(s.d->target_kib, 300 * MIB);
            domain_free(s.d);
        }
    }
}

static void it_is_tried_with_a_quarter_of_max_shrink_every_10_s(void **state)
{
    (void)state;
    for (size_t i = 0; i < INTERVALS; i++) {
        struct stage s = begin(intervals_ms[i]);
        uint64_t tried_ms;

        ask(&s, 300);
        tried_ms = ms_until(&s, is_stuck);
        for (int n = 0; n < 5; n++) {
            assert_false(is_tried(&s));
            assert_int_equal(ms_until(&s, is_tried), tried_ms + first_tick_ms(&s, 10000));
            tried_ms = s.now_ms - START_MS;
            assert_int_equal(now(&s).own_ask_kib, 400 * MIB - MOST_KIB / 4);
            domain_probed(s.d, now(&s).own_ask_kib, s.now_ms, &config);
            tick(&s);
            if (s.interval_ms < 5000) { /* it has as long to follow as any target */
                assert_int_equal(s.d->target_kib, 400 * MIB - MOST_KIB / 4);
                assert_true(now(&s).not_coming);
            } else if (s.interval_ms > 10000) {
                assert_int_equal(s.d->target_kib, 400 * MIB);
                s.now_ms -= s.interval_ms; /* it is tried at each tick */
            }
            if (s.interval_ms > 10000)
                break;
        }
        domain_free(s.d);
    }
}

static void it_is_not_tried_beyond_what_is_wanted_nor_below_min(void **state)
{
    struct stage s = begin(1000);

    (void)state;
    ask(&s, 392);
    tick_until(&s, 15000);
    assert_int_equal(now(&s).own_ask_kib, 392 * MIB);
    assert_int_equal(stuck_probe_kib(s.d, 396 * MIB, s.now_ms, &config), 396 * MIB);
    domain_free(s.d);
    s = begin(1000);
    ask(&s, 600);
    tick_until(&s, 15000);
    assert_int_equal(now(&s).own_ask_kib, 400 * MIB + MOST_KIB / 4);
    domain_free(s.d);
}

static void one_that_moves_again_is_as_the_others(void **state)
{
    struct stage s = begin(1000);

    (void)state;
    ask(&s, 300);
    tick_until(&s, 25000);
    domain_probed(s.d, 388 * MIB, s.now_ms, &config);
    s.balloon_kib = 388 * MIB;
    tick(&s);
    assert_false(is_stuck(&s) || is_uncooperative(&s) || is_tried(&s));
    assert_int_equal(now(&s).seen.min_kib, 100 * MIB);
    assert_int_equal(s.d->target_kib, 388 * MIB);
    assert_int_equal(s.d->foreign_changes, 0);
    ask(&s, 300); /* and gets its time anew */
    tick_until(&s, 30000);
    assert_false(is_stuck(&s));
    tick(&s);
    assert_true(is_stuck(&s));
    domain_free(s.d);
}

/* It was not to grow before: that it has yet to fail at. */
static void one_in_need_has_its_time_to_grow(void **state)
{
    struct stage s = begin(1000);

    (void)state;
    ask(&s, 300);
    tick_until(&s, 8000);
    assert_true(is_stuck(&s) && !now(&s).takes_nothing);
    ask(&s, 500);
    tick_until(&s, 12000);
    assert_int_equal(s.d->target_kib, 500 * MIB);
    tick(&s);
    assert_int_equal(s.d->target_kib, 400 * MIB);
    assert_true(now(&s).takes_nothing);
    domain_free(s.d);
}

static void what_it_did_not_take_is_not_kept_for_it(void **state)
{
    struct stage s = begin(1000);
    struct snapshot_domain out;

    (void)state;
    ask(&s, 900);
    tick(&s);
    out = now(&s);
    assert_int_equal(snapshot_holds_kib(&out), 900 * MIB);
    tick_until(&s, 6000); /* the host has been told by then */
    out = now(&s);
    assert_int_equal(snapshot_holds_kib(&out), 400 * MIB);
    domain_free(s.d);
}

static void time_in_which_it_can_not_follow_does_not_count(void **state)
{
    static const enum host_domain_state halts[] = { HOST_DOMAIN_PAUSED, HOST_DOMAIN_MIGRATING };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct stage s = begin(1000);

        ask(&s, 300);
        tick_until(&s, 3000);
        s.state = halts[i];
        tick_until(&s, 60000);
        assert_int_equal(s.d->target_kib, 300 * MIB);
        assert_true(now(&s).not_coming);
        s.state = HOST_DOMAIN_RUNNING;
        tick_until(&s, 62000);
        assert_false(is_stuck(&s)); /* 3 s before, and 1 s now */
        tick_until(&s, 63000);
        assert_true(is_stuck(&s) && !is_uncooperative(&s));
        domain_free(s.d);
    }
}

static void nor_does_the_time_in_which_it_boots(void **state)
{
    struct host_domain seen = guest(400 * MIB, UNKNOWN, UNKNOWN);
    struct domain *d = domain_new(&seen, 1000, &config);

    (void)state;
    domain_see(d, &seen, 1000, &config);
    domain_asked(d, 600 * MIB, 1000, 1000);
    for (uint64_t ms = 2000; ms <= 25000; ms += 1000)
        domain_see(d, &seen, ms, &config);
    assert_false(d->stuck.is_stuck);
    domain_free(d);
}

static void nor_that_in_which_the_host_has_not_set_it(void **state)
{
    struct stage s = begin(1000);
    struct host_domain seen = guest(400 * MIB, 300 * MIB, START_MS);

    (void)state;
    ask(&s, 300);
    seen.setting = true;
    for (uint64_t ms = START_MS + 1000; ms <= START_MS + 30000; ms += 1000) {
        seen.sampled_ms = ms;
        domain_see(s.d, &seen, ms, &config);
    }
    assert_false(is_stuck(&s));
    domain_free(s.d);
}

/* The host itself was paused, and its clock went on. */
static void an_hour_without_a_look_is_no_hour_of_standing_still(void **state)
{
    struct stage s = begin(1000);

    (void)state;
    ask(&s, 300);
    tick(&s);
    s.now_ms += 3600 * 1000;
    tick(&s);
    assert_false(is_stuck(&s));
    tick(&s);
    tick(&s);
    assert_true(is_stuck(&s));
    assert_false(is_uncooperative(&s));
    domain_free(s.d);
}

static void the_times_are_the_configurations(void **state)
{
    struct guard_settings before = config.guard;
    struct stage s = begin(1000);

    (void)state;
    config.guard.stuck_after_ms = 8000;
    config.guard.probe_every_ms = 3000;
    config.guard.uncooperative_after_ms = 12000;
    ask(&s, 300);
    assert_int_equal(ms_until(&s, is_stuck), 8000);
    assert_int_equal(ms_until(&s, is_tried), 11000);
    assert_int_equal(ms_until(&s, is_uncooperative), 12000);
    config.guard = before;
    domain_free(s.d);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_stuck_after_5_s_and_uncooperative_after_20),
        cmocka_unit_test(that_it_is_uncooperative_is_said_once),
        cmocka_unit_test(what_is_wanted_elsewhere_begins_anew),
        cmocka_unit_test(what_is_wanted_anew_in_the_same_direction_does_not_begin_anew),
        cmocka_unit_test(holding_still_is_not_to_arrive),
        cmocka_unit_test(nor_is_a_recall_of_what_it_did_not_follow),
        cmocka_unit_test(one_that_moves_slowly_is_not_stuck),
        cmocka_unit_test(it_is_tried_with_a_quarter_of_max_shrink_every_10_s),
        cmocka_unit_test(it_is_not_tried_beyond_what_is_wanted_nor_below_min),
        cmocka_unit_test(one_that_moves_again_is_as_the_others),
        cmocka_unit_test(one_in_need_has_its_time_to_grow),
        cmocka_unit_test(what_it_did_not_take_is_not_kept_for_it),
        cmocka_unit_test(time_in_which_it_can_not_follow_does_not_count),
        cmocka_unit_test(nor_does_the_time_in_which_it_boots),
        cmocka_unit_test(nor_that_in_which_the_host_has_not_set_it),
        cmocka_unit_test(an_hour_without_a_look_is_no_hour_of_standing_still),
        cmocka_unit_test(the_times_are_the_configurations),
    };

    return cmocka_run_group_tests_name("domain stuck", tests, NULL, NULL);
}

int main(void)
{
    return run_with_defaults(run);
}
