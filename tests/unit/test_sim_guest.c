/* SPDX-License-Identifier: BSD-3-Clause */
/* What a simulated guest does, behaviour by behaviour. */
#include "lib/sim_guest_fixture.h"

#include "util/log.h"

static void what_it_wants_it_holds(void **state)
{
    struct host *host =
        sim_open("8GiB", 60, GUEST "load = idle 1s; ramp 100MiB/s to 500MiB; hold\n");
    const struct sim_guest *g = sim_guest(host, 0);

    (void)state;
    assert_int_equal(sim_usable_kib(g), USABLE);
    sim_until(host, 1000);
    assert_int_equal(g->anon_kib, 0);
    sim_until(host, 3500);
    assert_int_equal(g->anon_kib, 250 * MIB);
    sim_until(host, 20000);
    assert_int_equal(g->anon_kib, 500 * MIB);
    assert_int_equal(sim_usable_kib(g), USABLE - 500 * MIB);
    assert_int_equal(sim_parts_kib(g), g->balloon_kib);
    host_close(host);
}

static void a_jump_is_touched_as_fast_as_it_can(void **state)
{
    struct host *host =
        sim_open("8GiB", 60, GUEST "touch = 200MiB/s\nload = idle 1s; take 600MiB; hold\n");
    const struct sim_guest *g = sim_guest(host, 0);

    (void)state;
    sim_until(host, 2000);
    assert_in_range(g->anon_kib, 198 * MIB, 202 * MIB);
    assert_int_equal(sim_guest_demand_kib(g), 600 * MIB);
    sim_until(host, 4100);
    assert_int_equal(g->anon_kib, 600 * MIB);
    host_close(host);
}

static void cache_fills_what_is_free_and_makes_room(void **state)
{
    struct host *host = sim_open(
        "8GiB", 200,
        GUEST
        "cache = 600MiB\ncache_speed = 50MiB/s\n"
        "load = drop; idle 20s; ramp 100MiB/s to 800MiB; hold 10s; free; idle 20s; drop; hold\n");
    const struct sim_guest *g = sim_guest(host, 0);

    (void)state;
    assert_int_equal(g->cache_kib, 600 * MIB); /* it runs already */
    sim_until(host, 20000);
    assert_int_equal(g->cache_kib, 600 * MIB);
    assert_int_equal(sim_usable_kib(g), USABLE); /* it can be had */
    sim_until(host, 30000);
    assert_int_equal(g->anon_kib, 800 * MIB);
    assert_int_equal(g->kills, 0);
    assert_in_range(g->cache_kib, 0, USABLE - 800 * MIB);
    sim_until(host, 39000); /* freed at 38 s */
    assert_in_range(g->cache_kib, 100 * MIB, 140 * MIB);
    sim_until(host, 58500); /* dropped at 58 s */
    assert_in_range(g->cache_kib, 24 * MIB, 26 * MIB);
    host_close(host);
}

/* 884 MiB are usable. With a balloon 684 MiB smaller and a load of 100 there are 100 for the cache, of which 400 MiB
 * are in use: 300/400 of what is read at 20 MiB/s is not there, 15 MiB/s or 3840 pages of 4 KiB. */
static void cache_in_use_that_is_not_there_is_read_again(void **state)
{
    struct host *host = sim_open("8GiB", 100,
                                 GUEST "load = take 100MiB; hold\ncache = 1GiB\n"
                                       "cache_used = 400MiB\ncache_reads = 20MiB/s\n");
    const struct sim_guest *g = sim_guest(host, 0);
    struct host_truth truth;
    uint64_t faults;

    (void)state;
    sim_until(host, 10000);
    truth = sim_guest_truth(g, SIM_EPOCH_MS + 10000);
    assert_int_equal(g->cache_kib, USABLE - 100 * MIB);
    assert_int_equal(truth.demand_kib, 500 * MIB);
    assert_int_equal(truth.held_kib, 500 * MIB);
    assert_int_equal(truth.demand_kib_s, 5000 * MIB);
    assert_int_equal(g->major_faults + truth.short_kib_s, 0);
    sim_ask(host, 0, GIB - 684 * MIB);
    sim_until(host, 20000);
    assert_int_equal(g->cache_kib, 100 * MIB);
    assert_int_equal(sim_usable_kib(g), 100 * MIB); /* it can be had */
    faults = g->major_faults;
    truth = sim_guest_truth(g, SIM_EPOCH_MS + 20000);
    assert_int_equal(truth.demand_kib - truth.held_kib, 300 * MIB);
    sim_until(host, 30000);
    assert_in_range(g->major_faults - faults, 38390, 38400);
    assert_int_equal(sim_guest_truth(g, SIM_EPOCH_MS + 30000).short_kib_s - truth.short_kib_s,
                     3000 * MIB);
    host_close(host);
}

/* 100 of 400 MiB are there, and then there is room: the rest is read, 300/400 of 40 MiB/s at first and ever less of
 * it; half of what was missing is there after 400/40 x ln 2 = 6.93 s. */
static void it_comes_back_into_free_memory(void **state)
{
    struct host *host =
        sim_open("8GiB", 100,
                 GUEST "load = take 784MiB; hold 10s; take 100MiB; hold\ncache = 400MiB\n"
                       "cache_used = 400MiB\ncache_speed = 1KiB/s\ncache_reads = 40MiB/s\n");
    const struct sim_guest *g = sim_guest(host, 0);
    uint64_t faults;

    (void)state;
    sim_until(host, 10000);
    faults = g->major_faults;
    assert_int_equal(sim_missing_kib(g), 300 * MIB);
    sim_until(host, 10000 + 6930);
    assert_in_range(sim_missing_kib(g), 148 * MIB, 152 * MIB);
    assert_in_range(g->major_faults - faults, 148 * MIB / 4, 152 * MIB / 4);
    sim_until(host, 90000);
    assert_in_range(sim_missing_kib(g), 0, MIB);
    assert_int_equal(sim_parts_kib(g), g->balloon_kib);
    host_close(host);
}

static void without_swap_it_is_killed_and_comes_back(void **state)
{
    struct host *host =
        sim_open("8GiB", 60,
                 GUEST "restart = 5s\nload = ramp 100MiB/s to 1GiB; hold 2s; take 100MiB; hold\n");
    const struct sim_guest *g = sim_guest(host, 0);

    (void)state;
    sim_until(host, 8800);
    assert_int_equal(g->kills, 0);
    assert_int_equal(sim_usable_kib(g) / MIB, 4);
    sim_until(host, 8900);
    assert_int_equal(g->kills, 1);
    assert_int_equal(g->anon_kib, 0);
    sim_until(host, 13800);
    assert_int_equal(g->anon_kib, 0);
    sim_until(host, 15000); /* what it wants now */
    assert_int_equal(g->anon_kib, 100 * MIB);
    assert_int_equal(g->kills, 1);
    assert_int_equal(sim_host_machine(host)->load_kills, 1);
    host_close(host);
}

/* 884 of it are usable: a demand of 1000 MiB is not held, whether it is killed for it or not. */
static void what_is_wanted_and_not_held_is_summed_up(void **state)
{
    struct host *host =
        sim_open("8GiB", 60,
                 GUEST "restart = 20s\ntouch = 1TiB/s\n"
                       "load = take 500MiB; hold 10s; take 1000MiB; hold 10s; take 200MiB\n");
    const struct sim_guest *g = sim_guest(host, 0);
    struct host_truth truth;

    (void)state;
    sim_until(host, 10000);
    truth = sim_guest_truth(g, SIM_EPOCH_MS + 10000);
    assert_int_equal(truth.held_kib, 500 * MIB);
    assert_int_equal(truth.demand_kib_s, 5000 * MIB);
    assert_int_equal(truth.short_kib_s, 0);
    sim_until(host, 50000);
    truth = sim_guest_truth(g, SIM_EPOCH_MS + 50000);
    assert_int_equal(truth.kills, 1);
    assert_int_equal(truth.held_kib, 200 * MIB);
    assert_in_range(truth.demand_kib_s, 20990 * MIB, 21010 * MIB); /* 5000, 10000, 6000 */
    assert_in_range(truth.short_kib_s, 11950 * MIB, 12050 * MIB);  /* 10 s of 1000, 10 s of 200 */
    assert_in_range(truth.short_ms, 19900, 20100);
    host_close(host);
}

static void touching_what_is_free_is_no_shortage(void **state)
{
    struct host *host =
        sim_open("8GiB", 60, GUEST "touch = 100MiB/s\nload = idle 1s; take 600MiB; hold\n");

    (void)state;
    sim_until(host, 20000);
    assert_int_equal(sim_guest_truth(sim_guest(host, 0), SIM_EPOCH_MS + 20000).short_ms, 0);
    host_close(host);
}

static void a_killed_load_may_stay_away(void **state)
{
    struct host *host =
        sim_open("8GiB", 60, GUEST "restart = 0\nload = ramp 100MiB/s to 1GiB; take 10MiB; hold\n");
    const struct sim_guest *g = sim_guest(host, 0);

    (void)state;
    sim_until(host, 60000);
    assert_int_equal(g->kills, 1);
    assert_int_equal(g->anon_kib, 0);
    host_close(host);
}

static void swap_takes_what_does_not_fit_and_gives_it_back(void **state)
{
    struct host *host =
        sim_open("8GiB", 100, GUEST "swap = 512MiB\nload = ramp 50MiB/s to 1GiB; hold\n");
    const struct sim_guest *g = sim_guest(host, 0);
    uint64_t swapped_kib, in_kib;

    (void)state;
    sim_until(host, 30000);
    assert_int_equal(g->kills, 0);
    swapped_kib = g->swapped_kib;
    assert_int_equal(swapped_kib, GIB - USABLE);
    assert_int_equal(g->anon_kib + g->swapped_kib, GIB);
    in_kib = g->swap_in_kib;
    sim_until(host, 31000); /* it is touched nonetheless */
    assert_true(g->swap_in_kib > in_kib);
    assert_int_equal(g->swapped_kib, swapped_kib);
    sim_ask(host, 0, 2 * GIB);
    sim_until(host, 33500); /* 140 MiB at 100 MiB/s */
    assert_int_equal(g->swapped_kib, 0);
    assert_true(g->major_faults > 0);
    host_close(host);
}

static void a_full_swap_ends_in_a_kill(void **state)
{
    struct host *host =
        sim_open("8GiB", 100, GUEST "swap = 100MiB\nload = ramp 50MiB/s to 1GiB; hold\n");
    const struct sim_guest *g = sim_guest(host, 0);

    (void)state;
    sim_until(host, 30000);
    assert_true(g->kills >= 1);
    assert_int_equal(g->swapped_kib + g->anon_kib == 0 || g->away_until_ms == 0, true);
    host_close(host);
}

/* ---- the balloon */

static void it_gives_and_takes_at_its_speeds(void **state)
{
    struct host *host = sim_open("8GiB", 60, GUEST);
    const struct sim_guest *g = sim_guest(host, 0);

    (void)state;
    sim_ask(host, 0, 564 * MIB); /* 460 MiB at 920 MiB/s */
    sim_until(host, 250);
    assert_in_range(g->balloon_kib, 793 * MIB, 795 * MIB);
    sim_until(host, 510);
    assert_int_equal(g->balloon_kib, 564 * MIB);
    sim_ask(host, 0, 2 * GIB); /* 1484 MiB at 2150 MiB/s */
    sim_until(host, 610);
    assert_in_range(g->balloon_kib, (564 + 214) * MIB, (564 + 216) * MIB);
    sim_until(host, 1300);
    assert_int_equal(g->balloon_kib, 2 * GIB);
    assert_int_equal(sim_parts_kib(g), g->balloon_kib);
    host_close(host);
}

static void it_gives_only_what_the_guest_can_spare(void **state)
{
    struct host *host =
        sim_open("8GiB", 60, GUEST "load = take 300MiB; hold 20s; free; idle 20s\n");
    const struct sim_guest *g = sim_guest(host, 0);

    (void)state;
    sim_ask(host, 0, 100 * MIB);
    sim_until(host, 10000);
    assert_int_equal(g->balloon_kib, (50 + 30 + 60 + 300) * MIB);
    assert_int_equal(g->kills, 0);
    sim_until(host, 30000); /* what was freed goes, too */
    assert_int_equal(g->balloon_kib, (50 + 30 + 60) * MIB);
    host_close(host);
}

static void what_comes_back_waits_on_lists_until_it_is_used(void **state)
{
    struct host *host =
        sim_open("8GiB", 60, GUEST "load = take 200MiB; hold 5s; ramp 100MiB/s to 230MiB; hold\n");
    const struct sim_guest *g = sim_guest(host, 0);
    uint64_t usable_kib = sim_usable_kib(g);

    (void)state;
    sim_ask(host, 0, GIB + 30 * MIB);
    sim_until(host, 2000);
    assert_int_equal(g->lists_kib, 30 * MIB);
    assert_int_equal(sim_usable_kib(g), usable_kib); /* it has more, and nothing of it */
    sim_ask(host, 0, GIB + 100 * MIB);
    sim_until(host, 4000);
    assert_int_equal(g->lists_kib, 40 * MIB);
    assert_int_equal(sim_usable_kib(g), usable_kib + 60 * MIB);
    sim_until(host, 7000);
    assert_int_equal(g->lists_kib, 10 * MIB); /* a program got 30 of it */
    host_close(host);
}

static uint64_t balloon_after(const char *temper, uint64_t ask_kib, uint64_t ms)
{
    char text[512];
    struct host *host;
    uint64_t kib;

    snprintf(text, sizeof(text), GUEST "temper = %s\n", temper);
    host = sim_open("8GiB", 60, text);
    sim_ask(host, 0, ask_kib);
    sim_until(host, ms);
    kib = sim_guest(host, 0)->balloon_kib;
    host_close(host);
    return kib;
}

static void each_temper_is_what_it_says(void **state)
{
    (void)state;
    assert_int_equal(balloon_after("works", 564 * MIB, 600), 564 * MIB);
    assert_int_equal(balloon_after("limit 700MiB", 564 * MIB, 9000), 700 * MIB);
    assert_int_equal(balloon_after("limit 700MiB", 800 * MIB, 9000), 800 * MIB);
    assert_int_equal(balloon_after("limit 700MiB", 2 * GIB, 9000), 2 * GIB);
    assert_int_equal(balloon_after("stuck", 564 * MIB, 9000), GIB);
    assert_int_equal(balloon_after("stuck", 2 * GIB, 9000), GIB);
    assert_int_equal(balloon_after("dead", 564 * MIB, 9000), GIB);
    assert_int_equal(balloon_after("no driver", 564 * MIB, 9000), GIB);
    /* half of the time: 0.5 s of moving take a second at most, and more than 0.6 s */
    assert_true(balloon_after("sticks 250ms every 500ms", 564 * MIB, 600) > 600 * MIB);
    assert_int_equal(balloon_after("sticks 250ms every 500ms", 564 * MIB, 1100), 564 * MIB);
}

static void a_temper_may_come_later(void **state)
{
    struct host *host = sim_open("8GiB", 60, GUEST "temper = stuck\ntemper_at = 10s\n");
    const struct sim_guest *g = sim_guest(host, 0);

    (void)state;
    sim_ask(host, 0, 600 * MIB);
    sim_until(host, 5000);
    assert_int_equal(g->balloon_kib, 600 * MIB);
    sim_until(host, 10000);
    sim_ask(host, 0, 800 * MIB);
    sim_until(host, 30000);
    assert_int_equal(g->balloon_kib, 600 * MIB);
    host_close(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_wants_it_holds),
        cmocka_unit_test(a_jump_is_touched_as_fast_as_it_can),
        cmocka_unit_test(cache_fills_what_is_free_and_makes_room),
        cmocka_unit_test(cache_in_use_that_is_not_there_is_read_again),
        cmocka_unit_test(it_comes_back_into_free_memory),
        cmocka_unit_test(without_swap_it_is_killed_and_comes_back),
        cmocka_unit_test(what_is_wanted_and_not_held_is_summed_up),
        cmocka_unit_test(touching_what_is_free_is_no_shortage),
        cmocka_unit_test(a_killed_load_may_stay_away),
        cmocka_unit_test(swap_takes_what_does_not_fit_and_gives_it_back),
        cmocka_unit_test(a_full_swap_ends_in_a_kill),
        cmocka_unit_test(it_gives_and_takes_at_its_speeds),
        cmocka_unit_test(it_gives_only_what_the_guest_can_spare),
        cmocka_unit_test(what_comes_back_waits_on_lists_until_it_is_used),
        cmocka_unit_test(each_temper_is_what_it_says),
        cmocka_unit_test(a_temper_may_come_later),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
