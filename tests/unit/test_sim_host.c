/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulated host: its memory, its time, and the real loop and policies on it. */
#include "lib/sim_fixture.h"

#include <errno.h>
#include <time.h>

#include "lib/capture.h"
#include "util/log.h"

#define PLAIN "kernel = 50MiB\nsystem = 30MiB\nwatermark = 60MiB\noverhead = 80MiB\n"

static uint64_t taken_kib(const struct sim_machine *m)
{
    uint64_t kib = 0;

    for (size_t i = 0; i < m->n_alive; i++)
        kib += m->guests[m->alive[i]].rss_kib;
    return kib + m->used_kib;
}

/* ---- its memory */

static void other_programs_take_of_it_over_time(void **state)
{
    struct host *host = sim_open(
        "4GiB", 60,
        "used = take 1GiB; hold 10s; ramp 100MiB/s to 2GiB\n[guest a]\nmax = 1GiB\n" PLAIN);

    (void)state;
    assert_int_equal(sim_look(host)->memory.available_kib, 3 * GIB - 160 * MIB);
    sim_until(host, 15000);
    assert_int_equal(sim_look(host)->memory.available_kib, 3 * GIB - 660 * MIB);
    assert_int_equal(sim_look(host)->memory.total_kib, 4 * GIB);
    host_close(host);
}

static void a_host_that_runs_out_swaps_and_reads_back(void **state)
{
    struct host *host = sim_open("2GiB", 200,
                                 "swap = 1GiB\nswap_speed = 100MiB/s\n[guest a]\nmax = 2GiB\n" PLAIN
                                 "load = ramp 50MiB/s to 1GiB; hold 20s; free; idle 2min\n"
                                 "[guest b]\nmax = 1GiB\n" PLAIN);
    const struct sim_machine *m = sim_host_machine(host);

    (void)state;
    sim_until(host, 30000);
    assert_int_equal(m->counts.domain_kills, 0);
    assert_in_range(m->counts.swapped_out_kib, 319 * MIB, 480 * MIB);
    assert_int_equal(sim_look(host)->memory.available_kib, 0);
    assert_int_equal(sim_look(host)->memory.swap_free_kib, GIB - m->swapped_kib);
    assert_true(sim_look(host)->memory.psi_some_bp > 0);
    assert_int_equal(taken_kib(m), 2 * GIB);
    sim_ask(host, 0, 512 * MIB);
    sim_until(host, 70000);
    assert_int_equal(m->swapped_kib, 0);
    assert_int_equal(sim_look(host)->memory.psi_some_bp, 0);
    host_close(host);
}

static void a_host_without_swap_kills_the_largest_guest(void **state)
{
    struct host *host =
        sim_open("3GiB", 60,
                 "[guest a]\nmax = 2GiB\n" PLAIN "load = take 700MiB; hold\n"
                 "[guest b]\nmax = 2GiB\n" PLAIN "load = idle 5s; ramp 100MiB/s to 1500MiB\n");
    const struct sim_machine *m = sim_host_machine(host);
    enum host_wake wake;

    (void)state;
    sim_until(host, 10000);
    assert_int_equal(sim_look(host)->n_domains, 2);
    do
        wake = host->ops->wait(host, SIM_EPOCH_MS + 50000);
    while (wake == HOST_WAKE_PRESSURE);
    assert_int_equal(wake, HOST_WAKE_LIFECYCLE);
    /* 2048 - 2 * 160 - 700 are left for b: 10.28 s after its start, give or take a step */
    assert_in_range(m->now_ms, SIM_EPOCH_MS + 15270, SIM_EPOCH_MS + 15300);
    assert_int_equal(m->counts.domain_kills, 1);
    assert_int_equal(sim_look(host)->n_domains, 1);
    assert_string_equal(sim_look(host)->domains[0].name, "a");
    host_close(host);
}

/* ---- its time */

static void guests_come_and_go(void **state)
{
    struct host *host =
        sim_open("8GiB", 60,
                 "[guest a]\nmax = 1GiB\nstop = 30s\n" PLAIN
                 "[guest b]\nmax = 1GiB\nballoon = 512MiB\nstart = 10s\nboot = 3s\n" PLAIN
                 "load = take 100MiB; hold\n");
    const struct host_view *view;

    (void)state;
    assert_int_equal(sim_look(host)->n_domains, 1);
    assert_int_equal(host->ops->wait(host, SIM_EPOCH_MS + 20000), HOST_WAKE_LIFECYCLE);
    assert_int_equal(host->ops->now_ms(host), SIM_EPOCH_MS + 10000);
    view = sim_look(host);
    assert_int_equal(view->n_domains, 2);
    assert_string_equal(view->domains[1].name, "b");
    assert_int_equal(view->domains[1].balloon_kib, GIB); /* until its driver loads */
    assert_int_equal(view->domains[1].sampled_ms, MEMCOORD_UNKNOWN);
    sim_until(host, 16000);
    view = sim_look(host);
    assert_int_equal(view->domains[1].balloon_kib, 512 * MIB);
    assert_true(view->domains[1].sampled_ms >= SIM_EPOCH_MS + 13000);
    assert_int_equal(sim_guest(host, 1)->anon_kib, 100 * MIB);
    assert_int_equal(host->ops->wait(host, SIM_EPOCH_MS + 50000), HOST_WAKE_LIFECYCLE);
    view = sim_look(host);
    assert_int_equal(view->n_domains, 1);
    assert_string_equal(view->domains[0].name, "b");
    assert_int_equal(view->memory.available_kib, 7 * GIB - view->domains[0].rss_kib);
    assert_int_equal(host->ops->wait(host, SIM_EPOCH_MS + 90000), HOST_WAKE_END);
    assert_int_equal(host->ops->now_ms(host), SIM_EPOCH_MS + 60000);
    host_close(host);
}

static void a_target_for_nobody_or_too_much_is_refused(void **state)
{
    struct host *host = sim_open("8GiB", 60, "[guest a]\nmax = 1GiB\nstop = 5s\n");
    uint8_t uuid[HOST_UUID_BYTES], none[HOST_UUID_BYTES] = { 0xff, 0xff };

    (void)state;
    memset(none, 0xff, sizeof(none));
    memcpy(uuid, sim_look(host)->domains[0].uuid, sizeof(uuid));
    assert_int_equal(host->ops->set_target(host, none, GIB), -ENOENT);
    assert_int_equal(host->ops->set_target(host, uuid, 2 * GIB), -EINVAL);
    assert_int_equal(host->ops->set_target(host, uuid, GIB), 0);
    sim_until(host, 6000);
    assert_int_equal(host->ops->set_target(host, uuid, GIB), -ENOENT);
    host_close(host);
}

static void a_request_ends_a_wait(void **state)
{
    struct host *host = sim_open("8GiB", 60, "[guest a]\nmax = 1GiB\n");

    (void)state;
    host->ops->wake(host);
    assert_int_equal(host->ops->wait(host, SIM_EPOCH_MS + 1000), HOST_WAKE_REQUEST);
    assert_int_equal(host->ops->wait(host, SIM_EPOCH_MS + 1000), HOST_WAKE_TIMER);
    host_close(host);
}

static uint64_t real_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void it_can_take_its_time(void **state)
{
    static const char text[] = "[scenario]\nduration = 60s\nspeed = 10\n[host]\nmemory = 4GiB\n"
                               "[guest a]\nmax = 1GiB\n";
    struct problems problems = { 0 };
    struct scenario scenario;
    struct host *host = NULL;
    uint64_t before_ms = real_ms();

    (void)state;
    assert_int_equal(sim_read(text, &scenario, &problems), 0);
    assert_int_equal(sim_host_open_scenario(&scenario, "sim:test", &host), 0);
    assert_int_equal(host->ops->wait(host, SIM_EPOCH_MS + 2000), HOST_WAKE_TIMER);
    assert_true(real_ms() - before_ms >= 199);
    host->ops->wake(host); /* and at once when it is asked to */
    before_ms = real_ms();
    assert_int_equal(host->ops->wait(host, SIM_EPOCH_MS + 59000), HOST_WAKE_REQUEST);
    assert_true(real_ms() - before_ms < 5000);
    host_close(host);
}

/* ---- with the loop and real policies */

/* One of four consumes: a guest of 512 MiB grows to what only its maximum can hold. */
#define FOUR                                                                                 \
    "[guests]\nmax = 2GiB\nballoon = 512MiB\nload = take 60MiB\n"                            \
    "[guest eater]\nload = take 60MiB; hold 10s; ramp 20MiB/s to 1850MiB; hold\n[guest b]\n" \
    "[guest c]\n[guest d]\n"

static void one_consumer_reaches_exactly_max_and_nobody_is_killed(void **state)
{
    static const char *const policies[] = { "threshold", "proportional", "fair-share" };

    (void)state;
    for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
        struct sim_run run;

        sim_run_open(&run, sim_open("6GiB", 180, FOUR), policies[i]);
        coordinator_run(&run.c, 0, &sim_stop);
        assert_int_equal(sim_host_machine(run.host)->load_kills, 0);
        assert_int_equal(sim_host_machine(run.host)->counts.domain_kills, 0);
        assert_int_equal(sim_guest(run.host, 0)->anon_kib, 1850 * MIB);
        if (i == 0)
            assert_int_equal(sim_guest(run.host, 0)->balloon_kib, 2 * GIB);
        sim_run_close(&run);
    }
}

static void without_coordination_it_is_killed(void **state)
{
    struct sim_run run;

    (void)state;
    sim_run_open(&run, sim_open("6GiB", 180, FOUR), "hold");
    run.config.guard.rescue = 0;
    coordinator_run(&run.c, 0, &sim_stop);
    assert_true(sim_host_machine(run.host)->load_kills >= 1);
    sim_run_close(&run);
}

static void the_loop_ends_with_the_scenario(void **state)
{
    struct sim_run run;

    (void)state;
    sim_run_open(&run, sim_open("6GiB", 10, FOUR), "hold");
    coordinator_run(&run.c, 0, &sim_stop);
    assert_int_equal(run.host->ops->now_ms(run.host), SIM_EPOCH_MS + 10000);
    assert_int_equal(run.c.domains.tick, 10);
    sim_run_close(&run);
}

static void bounds_and_weight_of_the_scenario_stand_in_for_defaults(void **state)
{
    static const char guests[] = "[guest a]\nmax = 2GiB\nmin = 300MiB\nweight = 7\n"
                                 "[guest b]\nmax = 2GiB\nmin = 300MiB\nweight = 7\n"
                                 "[guest c]\nmax = 2GiB\n";
    char glob[] = "b";
    struct domain_rule rule = { .glob = glob, .has_weight = true, .settings = { .weight = 9 } };
    struct sim_run run;
    const struct memcoord_snapshot *s;

    (void)state;
    sim_run_open(&run, sim_open("8GiB", 10, guests), "hold");
    run.config.domain_rules = &rule;
    run.config.n_domain_rules = 1;
    coordinator_run(&run.c, 1, &sim_stop);
    s = &run.c.snapshot.seen;
    assert_int_equal(s->domains[0]->min_kib, 300 * MIB);
    assert_int_equal(s->domains[0]->weight, 7);
    assert_int_equal(s->domains[1]->min_kib, 300 * MIB);
    assert_int_equal(s->domains[1]->weight, 9); /* the configuration wins, key by key */
    assert_int_equal(s->domains[2]->min_kib, 512 * MIB);
    assert_int_equal(s->domains[2]->weight, 1000);
    run.config.domain_rules = NULL;
    run.config.n_domain_rules = 0;
    sim_run_close(&run);
}

static void a_stuck_balloon_is_noticed(void **state)
{
    static struct capture said;
    struct sim_run run;

    (void)state;
    sim_run_open(&run, sim_open("8GiB", 60, "[guest a]\nmax = 2GiB\ntemper = stuck\n"),
                 "threshold");
    log_open(LOG_LEVEL_INFO);
    capture_begin(&said);
    coordinator_run(&run.c, 0, &sim_stop);
    capture_end(&said);
    log_open(LOG_LEVEL_ERROR);
    assert_non_null(strstr(said.text, "a: stays at 2048 MiB and does not go to"));
    sim_run_close(&run);
}

/* ---- the same again */

#define RANDOM                                                                    \
    "used = take 1GiB; walk 1GiB to 2GiB step 50MiB every 5s\n"                   \
    "[guests]\nmax = 2GiB\nballoon = 600MiB\ncache = 10%\nswap = 200MiB\n"        \
    "[guest walk]\ncount = 3\nload = walk 50MiB to 900MiB step 100MiB every 3s\n" \
    "[guest burst]\ncount = 3\nload = burst 50MiB to 1200MiB every 20s for 5s\n"  \
    "[guest day]\ncount = 3\nstart = 15s\nload = diurnal 50MiB to 1GiB every 2min noise 10%\n"

static void run_random(unsigned seed, struct capture *said)
{
    struct sim_run run;

    sim_run_open(&run, sim_open_seed("8GiB", 120, seed, RANDOM), "fair-share");
    log_open(LOG_LEVEL_INFO);
    capture_begin(said);
    coordinator_run(&run.c, 0, &sim_stop);
    capture_end(said);
    log_open(LOG_LEVEL_ERROR);
    sim_run_close(&run);
}

static void the_same_seed_gives_the_same_log_and_another_seed_another(void **state)
{
    static struct capture first, again, other;

    (void)state;
    run_random(1, &first);
    run_random(1, &again);
    run_random(2, &other);
    assert_true(strlen(first.text) > 2000);
    assert_string_equal(first.text, again.text);
    assert_true(strcmp(first.text, other.text) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_programs_take_of_it_over_time),
        cmocka_unit_test(a_host_that_runs_out_swaps_and_reads_back),
        cmocka_unit_test(a_host_without_swap_kills_the_largest_guest),
        cmocka_unit_test(guests_come_and_go),
        cmocka_unit_test(a_target_for_nobody_or_too_much_is_refused),
        cmocka_unit_test(a_request_ends_a_wait),
        cmocka_unit_test(it_can_take_its_time),
        cmocka_unit_test(one_consumer_reaches_exactly_max_and_nobody_is_killed),
        cmocka_unit_test(without_coordination_it_is_killed),
        cmocka_unit_test(the_loop_ends_with_the_scenario),
        cmocka_unit_test(bounds_and_weight_of_the_scenario_stand_in_for_defaults),
        cmocka_unit_test(a_stuck_balloon_is_noticed),
        cmocka_unit_test(the_same_seed_gives_the_same_log_and_another_seed_another),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
