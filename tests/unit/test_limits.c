/* SPDX-License-Identifier: BSD-3-Clause */
/* The limits beside the policies: what they hold and lack, by hand and against the simulated host. */
#include "lib/sim_fixture.h"

#include "experiment/limits.h"
#include "experiment/score.h"
#include "experiment/share.h"
#include "util/log.h"

#define N_MAX 8

/* What a run came to: the last tick's domains, and the scores. */
struct outcome {
    size_t n;
    uint64_t balloon_kib[N_MAX], demand_kib[N_MAX], held_kib[N_MAX], demand_kib_s[N_MAX];
    uint64_t n_ticks, values[SCORES_MAX];
    struct scorer *scorer;
};

static void see(void *to, const struct record_tick *tick)
{
    struct outcome *o = to;
    struct record_sink sink = scorer_sink(o->scorer);

    sink.tick(sink.to, tick);
    o->n = tick->n_domains;
    o->n_ticks++;
    for (size_t i = 0; i < tick->n_domains; i++) {
        o->balloon_kib[i] = tick->domains[i].seen.balloon_kib;
        o->demand_kib[i] = tick->domains[i].truth->demand_kib;
        o->held_kib[i] = tick->domains[i].truth->held_kib;
        o->demand_kib_s[i] = tick->domains[i].truth->demand_kib_s;
        assert_true(o->held_kib[i] <= o->demand_kib[i]);
        assert_true(o->balloon_kib[i] <= tick->domains[i].seen.max_kib);
    }
}

static struct scenario scenario_of(const char *text)
{
    struct problems problems = { 0 };
    struct scenario scenario;

    if (sim_read(text, &scenario, &problems) < 0)
        fail_msg("%s", problems.list ? problems.list[0].text : "?");
    problems_free(&problems);
    return scenario;
}

static struct outcome outcome_of(enum limit limit, const char *text)
{
    struct outcome o = { .scorer = scorer_new() };
    struct record_sink sink = { &o, see };
    struct scenario scenario = scenario_of(text);
    struct config config;

    assert_int_equal(config_defaults(&config), 0);
    assert_int_equal(limit_run(limit, &scenario, &config, &sink, NULL), 0);
    assert_int_equal(scorer_scores(o.scorer, o.values), 0);
    scorer_free(o.scorer);
    config_free(&config);
    scenario_free(&scenario);
    return o;
}

#define SCENARIO(memory)                                                          \
    "[scenario]\nduration = 61s\n[host]\nmemory = " memory "\nused = take 1GiB\n" \
    "[guests]\nmax = 2GiB\nkernel = 50MiB\nsystem = 30MiB\nwatermark = 20MiB\noverhead = 0\n"
#define BASE (100 * MIB)

/* What of its page cache is in use a guest wants as it wants what its load does: 300 + 500 MiB. The oracle gives it
 * that. */
static void cache_in_use_is_a_part_of_demand(void **state)
{
    static const char text[] =
        SCENARIO("16GiB") "[guest a]\nload = take 300MiB\ncache = 1GiB\ncache_used = 500MiB\n";
    struct outcome o = outcome_of(LIMIT_ORACLE, text);

    (void)state;
    assert_int_equal(o.demand_kib[0], 800 * MIB);
    assert_int_equal(o.held_kib[0], 800 * MIB);
    assert_int_equal(o.balloon_kib[0], BASE + 800 * MIB);
    assert_int_equal(o.values[SCORE_SHORTFALL], 0);
}

static void with_room_for_all_nobody_lacks_anything(void **state)
{
    static const char text[] = SCENARIO("16GiB") "[guest a]\nload = take 1GiB\n[guest b]\n"
                                                 "load = take 300MiB; hold 30s; take 1800MiB\n";
    struct outcome o = outcome_of(LIMIT_STATIC, text);

    (void)state;
    assert_int_equal(o.n_ticks, 61);
    assert_int_equal(o.balloon_kib[0], 2 * GIB);
    assert_int_equal(o.values[SCORE_SHORTFALL], 0);
    assert_int_equal(o.values[SCORE_SAVED], 0);
    o = outcome_of(LIMIT_ORACLE, text);
    assert_int_equal(o.balloon_kib[0], GIB + BASE);
    assert_int_equal(o.balloon_kib[1], 1800 * MIB + BASE);
    assert_int_equal(o.values[SCORE_SHORTFALL], 0);
    assert_int_equal(o.values[SCORE_NEEDED_MEAN], 2 * BASE + GIB + 1050 * MIB);
    assert_int_equal(o.values[SCORE_FAIRNESS], 1000000);
    assert_int_equal(o.values[SCORE_REACTION_P99], 0);
}

/* Demand goes in a line from 0 to 2400 MiB in 60 s, and 1948 can be held: 226 s x MiB x 11.3 / 2. */
static void demand_above_max_is_lacking_exactly(void **state)
{
    static const char text[] =
        SCENARIO("16GiB") "[guest a]\nload = ramp 40MiB/s to 2400MiB; hold\n";

    (void)state;
    for (int limit = 0; limit < LIMITS; limit++) {
        struct outcome o = outcome_of((enum limit)limit, text);

        assert_int_equal(o.demand_kib_s[0], 72000 * MIB);
        assert_int_equal(o.values[SCORE_SHORTFALL], 452 * MIB * 113 / 20);
        assert_int_equal(o.values[SCORE_SHORTAGE_TIME], 11300 * UINT64_C(1000000) / 60000);
        assert_int_equal(o.held_kib[0], 1948 * MIB);
    }
}

/* 3.5 GiB less 1 GiB less the reserve of 200 MiB: 2360 MiB. */
static void what_does_not_fit_is_divided_by_weight(void **state)
{
    static const char text[] =
        SCENARIO("3584MiB") "[guest a]\nload = take 1500MiB\nweight = 3000\n"
                            "[guest b]\nload = take 1500MiB\n[guest c]\nload = take 60MiB\n";
    struct outcome o = outcome_of(LIMIT_STATIC, text);

    (void)state;
    assert_int_equal(o.balloon_kib[0], 1416 * MIB); /* 3 of 5 */
    assert_int_equal(o.balloon_kib[1], 472 * MIB);
    assert_int_equal(o.balloon_kib[2], 472 * MIB);
    assert_int_equal(o.held_kib[1], 372 * MIB);
    assert_int_equal(o.values[SCORE_SHORTFALL], (184 + 1128) * 60 * MIB);
    o = outcome_of(LIMIT_ORACLE, text); /* 2060 MiB for loads: c has its 60, the rest goes 3 to 1 */
    assert_int_equal(o.held_kib[0], 1500 * MIB);
    assert_int_equal(o.held_kib[1], 500 * MIB);
    assert_int_equal(o.held_kib[2], 60 * MIB);
    assert_int_equal(o.values[SCORE_SHORTFALL], 1000 * 60 * MIB);
    assert_int_equal(o.values[SCORE_RESERVE_BROKEN], 0);
}

/* 1948 MiB can be held, 2400 are wanted from 10 s on; at 100 MiB/s they are touched at 29.48 s, and lack then. */
static void what_is_not_touched_yet_does_not_lack(void **state)
{
    static const char text[] =
        SCENARIO("16GiB") "[guest a]\ntouch = 100MiB/s\nload = idle 10s; take 2400MiB\n";

    (void)state;
    for (int limit = 0; limit < LIMITS; limit++) {
        struct outcome o = outcome_of((enum limit)limit, text);

        assert_int_equal(o.values[SCORE_SHORTFALL], 452 * MIB * 3052 / 100);
        assert_int_equal(o.values[SCORE_SHORTAGE_TIME], 30520 * UINT64_C(1000000) / 60000);
    }
}

/* Two want 1500 MiB each of 2024 MiB: both have touched 1012 MiB at 20.12 s. Before, neither lacks. */
static void who_touches_slowly_lacks_later_also_where_not_all_fits(void **state)
{
    static const char text[] = SCENARIO("3448MiB") "[guest a]\ncount = 2\ntouch = 100MiB/s\n"
                                                   "load = idle 10s; take 1500MiB\n";
    struct outcome o = outcome_of(LIMIT_ORACLE, text);
    uint64_t want_kib_s = 2 * 488 * MIB * 3988 / 100;

    (void)state;
    assert_int_equal(o.held_kib[0], 1012 * MIB);
    assert_true(o.values[SCORE_SHORTFALL] >= want_kib_s - want_kib_s / 200);
    assert_true(o.values[SCORE_SHORTFALL] <= want_kib_s + want_kib_s / 200);
}

static void shares_reach_what_is_wanted_and_no_more(void **state)
{
    struct share shares[] = {
        { 100, 1, 0, 0 }, { 1000, 1, 0, 1 }, { 50, 0, 0, 2 }, { 900, 2, 0, 3 }
    };

    (void)state;
    share_by_weight(shares, 4, 700);
    for (size_t i = 0; i < 4; i++) {
        static const uint64_t want[] = { 100, 200, 0, 400 };
        assert_int_equal(shares[i].given_kib, want[shares[i].who]);
    }
    share_by_weight(shares, 4, 2040);
    for (size_t i = 0; i < 4; i++) {
        static const uint64_t want[] = { 100, 1000, 40, 900 };
        assert_int_equal(shares[i].given_kib, want[shares[i].who]);
    }
    share_by_weight(shares, 0, 100);
}

/* ---- against the simulated host */

static const char mixed[] =
    "[scenario]\nduration = 120s\nseed = 7\n[host]\nmemory = 64GiB\n[guests]\nmax = 2GiB\n"
    "[guest walks]\nload = walk 100MiB to 1500MiB step 300MiB every 3s\n"
    "[guest bursts]\nload = burst 100MiB to 900MiB every 5s for 2s\n"
    "[guest comes]\nstart = 20500ms\nload = ramp 30MiB/s to 900MiB; free; repeat\n"
    "[guest goes]\nstop = 70300ms\nload = diurnal 100MiB to 1GiB every 50s noise 10%\n"
    "[guest hangs]\ntemper = dead\ntemper_at = 33s\nload = ramp 10MiB/s to 1GiB\n";

struct demands {
    uint64_t at[200][N_MAX], sum[200][N_MAX];
    size_t n[200];
};

static void note(void *to, const struct record_tick *tick)
{
    struct demands *d = to;
    uint64_t second = (tick->now_ms - SIM_EPOCH_MS) / 1000;

    if ((tick->now_ms - SIM_EPOCH_MS) % 1000 != 0)
        return; /* an extra tick of the coordinator */
    d->n[second] = tick->n_domains;
    for (size_t i = 0; i < tick->n_domains; i++) {
        d->at[second][i] = tick->domains[i].truth->demand_kib;
        d->sum[second][i] = tick->domains[i].truth->demand_kib_s;
    }
}

static void demand_is_that_of_the_simulated_guests(void **state)
{
    static struct demands simulated, limit;
    struct record_sink to_simulated = { &simulated, note }, to_limit = { &limit, note };
    struct scenario scenario = scenario_of(mixed), same = scenario_of(mixed);
    struct host *host;
    struct sim_run run;

    (void)state;
    assert_int_equal(sim_host_open_scenario(&same, "sim:test", &host), 0);
    sim_run_open(&run, host, "hold");
    run.c.sink = &to_simulated;
    coordinator_run(&run.c, 0, &sim_stop);
    assert_int_equal(limit_run(LIMIT_ORACLE, &scenario, &run.config, &to_limit, NULL), 0);
    for (size_t second = 0; second < 120; second++) {
        assert_int_equal(simulated.n[second], limit.n[second]);
        for (size_t i = 0; i < limit.n[second]; i++) {
            uint64_t a = simulated.sum[second][i], b = limit.sum[second][i];
            assert_int_equal(simulated.at[second][i], limit.at[second][i]);
            assert_true((a > b ? a - b : b - a) <= 200); /* KiB x s: halves of a KiB, each step */
        }
    }
    assert_int_equal(simulated.n[119], 4);
    sim_run_close(&run);
    scenario_free(&scenario);
}

/* Where memory is short and divided anew, what is lacking lies between two ends that are easy to know. */
static void shortage_in_parts_is_near_what_it_is(void **state)
{
    static const char text[] = SCENARIO("2248MiB") "[guest a]\nload = ramp 20MiB/s to 1200MiB\n";
    struct outcome o = outcome_of(LIMIT_ORACLE, text); /* 924 MiB can be held, from 46.2 s on */
    uint64_t want_kib_s = 276 * MIB * 138 / 20;

    (void)state;
    assert_int_equal(o.held_kib[0], 924 * MIB);
    assert_true(o.values[SCORE_SHORTFALL] >= want_kib_s);
    assert_true(o.values[SCORE_SHORTFALL] <= want_kib_s + want_kib_s / 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cache_in_use_is_a_part_of_demand),
        cmocka_unit_test(with_room_for_all_nobody_lacks_anything),
        cmocka_unit_test(demand_above_max_is_lacking_exactly),
        cmocka_unit_test(what_does_not_fit_is_divided_by_weight),
        cmocka_unit_test(what_is_not_touched_yet_does_not_lack),
        cmocka_unit_test(who_touches_slowly_lacks_later_also_where_not_all_fits),
        cmocka_unit_test(shares_reach_what_is_wanted_and_no_more),
        cmocka_unit_test(demand_is_that_of_the_simulated_guests),
        cmocka_unit_test(shortage_in_parts_is_near_what_it_is),
    };
    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
