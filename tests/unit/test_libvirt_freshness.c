/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/cmocka.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "host/libvirt_freshness.h"
#include "memcoord/policy.h"

/* A wall clock some time in 2023. */
#define WALL_S UINT64_C(1700000000)

static uint64_t look(struct libvirt_freshness *f, uint64_t last_update_s, uint64_t began_ms,
                     uint64_t now_ms, uint64_t wall_ms)
{
    const struct libvirt_look l = { .began_ms = began_ms, .now_ms = now_ms, .wall_ms = wall_ms };
    return libvirt_freshness_look(f, last_update_s, &l);
}

static void no_sample_is_unknown(void **state)
{
    struct libvirt_freshness f = { 0 };

    (void)state;
    assert_true(look(&f, 0, 1000, 1010, WALL_S * 1000) == MEMCOORD_UNKNOWN);
    /* and does not count as seen: the first one has the age that the wall clock tells */
    assert_int_equal(look(&f, WALL_S, 5000, 5010, WALL_S * 1000 + 400), 4610);
}

static void the_first_sample_is_as_old_as_the_wall_clock_says(void **state)
{
    struct libvirt_freshness f = { 0 }, g = { 0 }, h = { 0 };

    (void)state;
    assert_int_equal(look(&f, WALL_S - 60, 100000, 100020, WALL_S * 1000 + 700), 39320);
    /* older than this machine's uptime: the oldest there is */
    assert_int_equal(look(&g, 627319920, 100000, 100020, WALL_S * 1000), 0);
    /* from the future: the clock was set back, so nothing is known of its age: old */
    assert_int_equal(look(&h, WALL_S + 5, 100000, 100020, WALL_S * 1000), 0);
}

static void a_frozen_sample_ages(void **state)
{
    struct libvirt_freshness f = { 0 };

    (void)state;
    assert_int_equal(look(&f, WALL_S, 10000, 10000, WALL_S * 1000 + 300), 9700);
    for (uint64_t t = 11000; t < 20000; t += 1000)
        assert_int_equal(look(&f, WALL_S, t, t, WALL_S * 1000 + t - 9700), 9700);
}

static void a_change_is_never_older_than_the_look_before(void **state)
{
    struct libvirt_freshness f = { 0 };

    (void)state;
    look(&f, WALL_S, 10000, 10050, WALL_S * 1000 + 50);
    /* the clock was set forward by an hour */
    assert_int_equal(look(&f, WALL_S + 3601, 11000, 11050, (WALL_S + 3602) * 1000), 10050);
    assert_int_equal(look(&f, WALL_S + 3602, 11500, 11550, (WALL_S + 7200) * 1000), 11000);
    /* and back by a day: last-update follows at the sample after */
    assert_int_equal(look(&f, WALL_S + 3603, 12000, 12010, (WALL_S - 82800) * 1000), 11500);
    assert_int_equal(look(&f, WALL_S - 82799, 13000, 13010, (WALL_S - 82799) * 1000 + 400), 12610);
}

/* A guest samples every second at some phase, the looks come at random, the wall clock is stepped at
 * random: no sample is claimed to be newer than it is, and while the clock runs evenly, none more
 * than a second older. */
static void no_sample_is_claimed_to_be_newer_than_it_is(void **state)
{
    (void)state;
    srandom(5);
    for (int round = 0; round < 2000; round++) {
        struct libvirt_freshness f = { 0 };
        uint64_t t = 1000000 + (uint64_t)(random() % 1000), sampled = t, last_update_s = 0;
        int64_t offset = (int64_t)(WALL_S * 1000) + random() % 1000;
        bool even = round % 2 == 0;

        for (int i = 0; i < 60; i++) {
            uint64_t until = t + 200 + (uint64_t)(random() % 3000),
                     took = (uint64_t)(random() % 60);
            uint64_t claimed;

            for (; sampled + 1000 <= until; sampled += 1000)
                last_update_s = (uint64_t)((int64_t)sampled + 1000 + offset) / 1000;
            t = until;
            if (!even && random() % 10 == 0)
                offset += random() % 7200000 - 3600000;
            if (last_update_s == 0)
                continue;
            claimed =
                look(&f, last_update_s, t, t + took, (uint64_t)((int64_t)(t + took) + offset));
            /* A first sample after a step is all that the clock can spoil. */
            if (claimed > sampled && (even || i > 0))
                fail_msg("round %d look %d: taken %" PRIu64 ", claimed %" PRIu64, round, i, sampled,
                         claimed);
            if (even && claimed + 1000 < sampled)
                fail_msg("round %d look %d: taken %" PRIu64 ", claimed only %" PRIu64, round, i,
                         sampled, claimed);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_sample_is_unknown),
        cmocka_unit_test(the_first_sample_is_as_old_as_the_wall_clock_says),
        cmocka_unit_test(a_frozen_sample_ages),
        cmocka_unit_test(a_change_is_never_older_than_the_look_before),
        cmocka_unit_test(no_sample_is_claimed_to_be_newer_than_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
