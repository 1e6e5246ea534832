/* SPDX-License-Identifier: BSD-3-Clause */
/* QEMUs that keep what their guests give, told from guests that never touched what they gave. */
#include "lib/cmocka.h"

#include "control/domain_effect.h"
#include "lib/domain_fixture.h"

#define START_MS 5000
#define OWN_MIB 80 /* QEMU's own memory, as settled() has it */

struct stage {
    struct domain *d;
    uint64_t now_ms;
    uint64_t balloon_mib, rss_mib; /* rss 0: not obtained */
    enum host_domain_state state;
};

/* A guest of 1000 MiB that has touched all of it. */
static struct stage begin(void)
{
    return (struct stage){ .d = settled(1000 * MIB, 700 * MIB),
                           .now_ms = START_MS,
                           .balloon_mib = 1000,
                           .rss_mib = 1000 + OWN_MIB };
}

static void tick(struct stage *s)
{
    struct host_domain seen =
        guest(s->balloon_mib * MIB, (s->balloon_mib - 300) * MIB, s->now_ms += 1000);

    seen.rss_kib = s->rss_mib ? s->rss_mib * MIB : UNKNOWN;
    seen.state = s->state;
    domain_see(s->d, &seen, s->now_ms, &config);
}

static void ticks(struct stage *s, int n)
{
    while (n-- > 0)
        tick(s);
}

/* It follows within a second. */
static void shrink_to(struct stage *s, uint64_t mib)
{
    domain_asked(s->d, mib * MIB, s->now_ms, 1000);
    s->balloon_mib = mib;
}

static struct snapshot_domain now(const struct stage *s)
{
    return filled(s->d, s->now_ms);
}

static void what_does_not_come_back_in_60_s_goes_back_to_the_guest(void **state)
{
    struct stage s = begin();

    (void)state;
    shrink_to(&s, 800);
    ticks(&s, 1);
    shrink_to(&s, 700);
    ticks(&s, 58);
    assert_false(now(&s).ineffective);
    assert_int_equal(now(&s).overhead_kib, 100 * MIB); /* what it keeps is not its own */
    ticks(&s, 1);
    assert_true(now(&s).ineffective);
    assert_int_equal(now(&s).own_ask_kib, 1000 * MIB);
    assert_null(now(&s).unmanaged_why);
    domain_free(s.d);
}

static void one_that_has_its_memory_again_is_left_alone(void **state)
{
    struct stage s = begin();

    (void)state;
    shrink_to(&s, 700);
    ticks(&s, 60);
    shrink_to(&s, 900); /* the budget allowed no more */
    ticks(&s, 1);
    assert_int_equal(now(&s).own_ask_kib, 1000 * MIB);
    shrink_to(&s, 1000);
    ticks(&s, 1);
    assert_int_equal(now(&s).own_ask_kib, 0);
    assert_non_null(now(&s).unmanaged_why);
    s.balloon_mib = 600; /* whoever does that: it is his */
    ticks(&s, 100);
    assert_int_equal(now(&s).own_ask_kib, 0);
    assert_non_null(now(&s).unmanaged_why);
    domain_free(s.d);
}

/* What it has is max(its balloon, what its process holds): it costs the host nothing. */
static void what_its_process_holds_counts_as_held_and_is_not_promised_twice(void **state)
{
    struct stage s = begin();
    struct snapshot_domain out;

    (void)state;
    shrink_to(&s, 700);
    ticks(&s, 60);
    out = now(&s);
    assert_int_equal(snapshot_kept_kib(&out), (1000 + OWN_MIB - 100) * MIB);
    assert_int_equal(snapshot_holds_kib(&out), (1000 + OWN_MIB - 100) * MIB);
    assert_int_equal(snapshot_promised_kib(&out), 0);
    domain_free(s.d);
}

static void memory_that_was_never_touched_need_not_come_back(void **state)
{
    struct stage s = begin();

    (void)state;
    s.rss_mib = 300 + OWN_MIB;
    ticks(&s, 3);
    for (uint64_t mib = 900; mib >= 400; mib -= 100) {
        shrink_to(&s, mib);
        ticks(&s, 30);
    }
    ticks(&s, 300);
    assert_false(now(&s).ineffective);
    domain_free(s.d);
}

static void what_comes_back_late_or_in_part_came_back(void **state)
{
    static const uint64_t rss_mib[] = { 700 + OWN_MIB, 930 };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct stage s = begin();

        shrink_to(&s, 700);
        ticks(&s, 55);
        s.rss_mib = rss_mib[i];
        ticks(&s, 200);
        s.rss_mib = 1000; /* QEMU's own memory grows later */
        ticks(&s, 200);
        assert_false(now(&s).ineffective);
        domain_free(s.d);
    }
}

/* 35 MiB of it beyond what was known, hidden behind memory that the guest had not touched. */
static void qemus_own_memory_is_not_what_the_guest_gave(void **state)
{
    struct stage s = begin();

    (void)state;
    s.rss_mib = 800 + 135; /* it touched 800 */
    ticks(&s, 1);
    shrink_to(&s, 790);
    s.rss_mib = 790 + 135;
    ticks(&s, 300);
    assert_false(now(&s).ineffective);
    domain_free(s.d);
}

/* What is taken little by little, each time less than may be QEMU's own, is a lot in the end. */
static void what_it_keeps_of_small_bites_adds_up(void **state)
{
    static const uint64_t bites_mib[] = { 8, 10, 30, 40 };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct stage s = begin();

        while (s.balloon_mib > 400 && !now(&s).ineffective) {
            shrink_to(&s, s.balloon_mib - bites_mib[i]);
            ticks(&s, 10);
        }
        assert_true(now(&s).ineffective);
        assert_true(s.balloon_mib >= 600);
        assert_in_range(now(&s).overhead_kib, 0,
                        (OWN_MIB + 60) * MIB); /* little is taken for its own */
        domain_free(s.d);
    }
}

/* The same, and the process follows, or nobody ever touched what is taken. */
static void small_bites_that_come_back_are_well(void **state)
{
    (void)state;
    for (int touched = 0; touched < 2; touched++) {
        struct stage s = begin();

        s.rss_mib = touched ? 1000 + OWN_MIB + 35 : 400 + OWN_MIB + 35;
        ticks(&s, 3);
        while (s.balloon_mib > 400) {
            shrink_to(&s, s.balloon_mib - 10);
            if (s.rss_mib > s.balloon_mib + OWN_MIB + 35)
                s.rss_mib = s.balloon_mib + OWN_MIB + 35;
            ticks(&s, 70);
            assert_false(now(&s).ineffective);
        }
        domain_free(s.d);
    }
}

static void time_in_which_it_does_not_run_or_is_not_seen_does_not_count(void **state)
{
    struct stage s = begin();

    (void)state;
    shrink_to(&s, 700);
    ticks(&s, 30);
    s.state = HOST_DOMAIN_PAUSED;
    ticks(&s, 100);
    s.state = HOST_DOMAIN_RUNNING;
    ticks(&s, 1);
    s.rss_mib = 0;
    ticks(&s, 100);
    assert_false(now(&s).ineffective);
    s.rss_mib = 1000 + OWN_MIB;
    ticks(&s, 29);
    assert_false(now(&s).ineffective);
    ticks(&s, 1);
    assert_true(now(&s).ineffective);
    domain_free(s.d);
}

static void it_gets_what_somebody_else_gave_it_last(void **state)
{
    struct stage s = begin();

    (void)state;
    s.balloon_mib = 900;
    s.rss_mib = 900 + OWN_MIB;
    ticks(&s, 10);
    assert_int_equal(s.d->foreign_changes, 1);
    shrink_to(&s, 700);
    ticks(&s, 61);
    assert_int_equal(now(&s).own_ask_kib, 900 * MIB);
    s.d->settings.max_kib = 850 * MIB;
    assert_int_equal(now(&s).own_ask_kib, 850 * MIB);
    domain_free(s.d);
}

static void zero_is_never(void **state)
{
    struct stage s = begin();
    uint64_t before_ms = config.guard.ineffective_after_ms;

    (void)state;
    config.guard.ineffective_after_ms = 0;
    shrink_to(&s, 700);
    ticks(&s, 1000);
    assert_false(now(&s).ineffective);
    config.guard.ineffective_after_ms = before_ms;
    domain_free(s.d);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_come_back_in_60_s_goes_back_to_the_guest),
        cmocka_unit_test(one_that_has_its_memory_again_is_left_alone),
        cmocka_unit_test(what_its_process_holds_counts_as_held_and_is_not_promised_twice),
        cmocka_unit_test(memory_that_was_never_touched_need_not_come_back),
        cmocka_unit_test(what_comes_back_late_or_in_part_came_back),
        cmocka_unit_test(qemus_own_memory_is_not_what_the_guest_gave),
        cmocka_unit_test(what_it_keeps_of_small_bites_adds_up),
        cmocka_unit_test(small_bites_that_come_back_are_well),
        cmocka_unit_test(time_in_which_it_does_not_run_or_is_not_seen_does_not_count),
        cmocka_unit_test(it_gets_what_somebody_else_gave_it_last),
        cmocka_unit_test(zero_is_never),
    };

    return cmocka_run_group_tests_name("domain effect", tests, NULL, NULL);
}

int main(void)
{
    return run_with_defaults(run);
}
