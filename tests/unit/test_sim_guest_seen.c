/* SPDX-License-Identifier: BSD-3-Clause */
/* What the host sees of a simulated guest: its balloon, its statistics and its memory. */
#include "lib/sim_guest_fixture.h"

#include "util/log.h"

static void the_host_learns_of_a_balloon_once_a_second(void **state)
{
    struct host *host = sim_open("8GiB", 60, GUEST);

    (void)state;
    sim_until(host, 5000);
    sim_ask(host, 0, 564 * MIB);
    sim_until(host, 5900); /* it is there, and nobody knows */
    assert_int_equal(sim_guest(host, 0)->balloon_kib, 564 * MIB);
    assert_int_equal(sim_look(host)->domains[0].balloon_kib, GIB);
    sim_until(host, 6000);
    assert_int_equal(sim_look(host)->domains[0].balloon_kib, 564 * MIB);
    host_close(host);
}

static void samples_lag_and_tell_of_their_own_moment(void **state)
{
    struct host *host =
        sim_open("8GiB", 60, GUEST "lag = 500ms\njitter = 300ms\nload = ramp 10MiB/s to 600MiB\n");
    uint64_t last_ms = 0;

    (void)state;
    for (uint64_t ms = 100; ms < 50000; ms += 370) {
        const struct host_domain *d;
        uint64_t since_ms;

        sim_until(host, ms);
        d = &sim_look(host)->domains[0];
        assert_in_range(SIM_EPOCH_MS + ms - d->sampled_ms, 500, 1820);
        assert_true(d->sampled_ms >= last_ms);
        last_ms = d->sampled_ms;
        since_ms = d->sampled_ms > SIM_EPOCH_MS ? d->sampled_ms - SIM_EPOCH_MS : 0;
        assert_in_range(d->usable_kib, USABLE - since_ms * 10 * MIB / 1000 - 1,
                        USABLE - since_ms * 10 * MIB / 1000 + 1);
        assert_int_equal(d->guest_total_kib, GIB - 50 * MIB);
        assert_int_equal(d->unused_kib - d->usable_kib, 60 * MIB);
    }
    host_close(host);
}

/* The same samples, whether somebody looks all the time or once in a while. */
static void samples_do_not_depend_on_who_looks(void **state)
{
    static const char guest[] =
        GUEST "cache = 300MiB\n"
              "load = ramp 10MiB/s to 200MiB; hold 7s; free; hold 4s; repeat\n";
    struct host *often = sim_open("8GiB", 600, guest), *rarely = sim_open("8GiB", 600, guest);

    (void)state;
    for (uint64_t ms = 50; ms <= 500000; ms += 50) {
        const struct host_domain *a, *b;

        sim_until(often, ms);
        a = &sim_look(often)->domains[0];
        if (ms % 20150)
            continue;
        sim_until(rarely, ms);
        b = &sim_look(rarely)->domains[0];
        assert_int_equal(a->sampled_ms, b->sampled_ms);
        assert_int_equal(a->usable_kib, b->usable_kib);
    }
    host_close(often);
    host_close(rarely);
}

static void statistics_go_stale_and_come_back(void **state)
{
    struct host *host = sim_open("8GiB", 60, GUEST "silent_at = 10s\nsilent_for = 10s\n");
    uint64_t last_ms;

    (void)state;
    sim_until(host, 15000);
    last_ms = sim_look(host)->domains[0].sampled_ms;
    assert_in_range(last_ms, SIM_EPOCH_MS + 8900, SIM_EPOCH_MS + 9999);
    sim_until(host, 20000);
    assert_int_equal(sim_look(host)->domains[0].sampled_ms, last_ms);
    sim_until(host, 22000);
    assert_true(sim_look(host)->domains[0].sampled_ms >= SIM_EPOCH_MS + 20000);
    host_close(host);
}

static void one_may_give_none_though_its_balloon_works(void **state)
{
    struct host *host = sim_open("8GiB", 60, GUEST "statistics = no\n");
    uint64_t kib = sim_look(host)->domains[0].balloon_kib - 100 * MIB;

    (void)state;
    sim_ask(host, 0, kib);
    for (uint64_t ms = 1000; ms <= 10000; ms += 1000) {
        sim_until(host, ms);
        assert_int_equal(sim_look(host)->domains[0].sampled_ms, MEMCOORD_UNKNOWN);
    }
    assert_int_equal(sim_look(host)->domains[0].balloon_kib, kib);
    host_close(host);
}

static void the_dead_and_the_driverless_give_none(void **state)
{
    struct host *host = sim_open("8GiB", 60,
                                 GUEST "temper = dead\ntemper_at = 10s\n"
                                       "load = ramp 10MiB/s to 500MiB\n"
                                       "[guest b]\nmax = 1GiB\ntemper = no driver\n");
    const struct host_view *view;

    (void)state;
    sim_until(host, 40000);
    view = sim_look(host);
    assert_in_range(view->domains[0].sampled_ms, SIM_EPOCH_MS + 8900, SIM_EPOCH_MS + 9999);
    assert_int_equal(sim_guest(host, 0)->anon_kib / MIB, 100); /* nor does anything else go on */
    assert_int_equal(view->domains[1].sampled_ms, MEMCOORD_UNKNOWN);
    assert_int_equal(view->domains[1].usable_kib, MEMCOORD_UNKNOWN);
    host_close(host);
}

static void rss_is_what_was_touched_and_falls_when_the_balloon_takes(void **state)
{
    struct host *host =
        sim_open("8GiB", 60, GUEST "load = idle 5s; take 500MiB; hold 5s; free; idle 40s\n");
    uint64_t idle_kib = (80 + 50 + 30) * MIB;

    (void)state;
    sim_until(host, 4000);
    assert_int_equal(sim_look(host)->domains[0].rss_kib, idle_kib);
    sim_until(host, 9000);
    assert_int_equal(sim_look(host)->domains[0].rss_kib, idle_kib + 500 * MIB);
    sim_until(host, 15000); /* free, but not for the host */
    assert_int_equal(sim_look(host)->domains[0].rss_kib, idle_kib + 500 * MIB);
    assert_int_equal(sim_look(host)->memory.available_kib, 7 * GIB - idle_kib - 500 * MIB);
    sim_ask(host, 0, 724 * MIB);
    sim_until(host, 20000);
    assert_int_equal(sim_look(host)->domains[0].rss_kib, idle_kib + 200 * MIB);
    sim_ask(host, 0, GIB); /* what it gets back is promised, not touched */
    sim_until(host, 25000);
    assert_int_equal(sim_look(host)->domains[0].rss_kib, idle_kib + 200 * MIB);
    host_close(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_host_learns_of_a_balloon_once_a_second),
        cmocka_unit_test(samples_lag_and_tell_of_their_own_moment),
        cmocka_unit_test(samples_do_not_depend_on_who_looks),
        cmocka_unit_test(statistics_go_stale_and_come_back),
        cmocka_unit_test(one_may_give_none_though_its_balloon_works),
        cmocka_unit_test(the_dead_and_the_driverless_give_none),
        cmocka_unit_test(rss_is_what_was_touched_and_falls_when_the_balloon_takes),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
