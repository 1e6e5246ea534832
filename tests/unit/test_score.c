/* SPDX-License-Identifier: BSD-3-Clause */
/* Each score against figures that were worked out by hand, and what is unknown stays so. */
#include "lib/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "experiment/quantiles.h"
#include "experiment/score.h"

#define GIB (1024 * MIB)
#define UNKNOWN MEMCOORD_UNKNOWN

/* A stage for ticks of up to three domains, with room for what is known of each. */
struct stage {
    struct scorer *scorer;
    struct record_sink sink;
    struct host_truth truths[3];
    struct host_counts counts;
    struct record_domain domains[3];
    struct record_tick tick;
    uint64_t values[SCORES_MAX];
};

static struct stage stage_open(size_t n_domains)
{
    struct stage s = { .scorer = scorer_new() };

    assert_non_null(s.scorer);
    s.sink = scorer_sink(s.scorer);
    for (size_t i = 0; i < 3; i++) {
        s.domains[i] = (struct record_domain){ .uuid = { (uint8_t)i }, .run_id = 1 };
        s.domains[i].seen.balloon_kib = GIB;
        s.domains[i].seen.max_kib = 4 * GIB;
        s.domains[i].seen.weight = 1000;
    }
    s.tick.n_domains = n_domains;
    s.tick.host.available_kib = 8 * GIB;
    s.tick.host.reserve_kib = GIB;
    return s;
}

static void give_truth(struct stage *s)
{
    for (size_t i = 0; i < 3; i++)
        s->domains[i].truth = &s->truths[i];
    s->tick.counts = &s->counts;
}

static void tick_at(struct stage *s, uint64_t now_ms)
{
    s->tick.tick++;
    s->tick.now_ms = now_ms;
    s->tick.domains = s->domains;
    s->sink.tick(s->sink.to, &s->tick);
}

static void score(struct stage *s)
{
    assert_int_equal(scorer_scores(s->scorer, s->values), 0);
}

static void stage_close(struct stage *s)
{
    scorer_free(s->scorer);
}

/* ---- demand */

/* Two domains, 10 s. One lacks 512 MiB of 2 GiB for 4 s, the other nothing of 1 GiB. */
static void shortfall_is_what_was_not_held(void **state)
{
    struct stage s = stage_open(2);

    (void)state;
    give_truth(&s);
    /* what was before the first tick is not of this run */
    s.truths[0].demand_kib_s = 77 * GIB;
    s.truths[0].short_kib_s = 33 * GIB;
    s.truths[0].short_ms = 55000;
    s.truths[0].kills = 9;
    tick_at(&s, 1000);
    s.truths[0].demand_kib_s += 20 * GIB;
    s.truths[0].short_kib_s += 2 * GIB;
    s.truths[0].short_ms += 4000;
    s.truths[0].kills += 2;
    s.truths[1].demand_kib_s += 10 * GIB;
    tick_at(&s, 11000);
    score(&s);
    assert_int_equal(s.values[SCORE_SHORTFALL], 2 * GIB);
    assert_int_equal(s.values[SCORE_SHORTFALL_PART], 66666);   /* 2 of 30 */
    assert_int_equal(s.values[SCORE_SHORTAGE_TIME], 200000);   /* 4 s of 2 x 10 s */
    assert_int_equal(s.values[SCORE_WORST_SHORTFALL], 100000); /* 2 of 20 */
    assert_int_equal(s.values[SCORE_OOM_KILLS], 2);
    stage_close(&s);
}

/* Its sums began with it, between two ticks; what it lacked until it was seen counts, and so does what it
 * lacked until it was seen last. */
static void a_domain_that_comes_and_goes_counts_from_its_beginning(void **state)
{
    struct stage s = stage_open(1);

    (void)state;
    give_truth(&s);
    tick_at(&s, 0);
    s.truths[0].demand_kib_s = 10 * GIB;
    s.truths[1] = (struct host_truth){ .demand_kib_s = GIB, .short_kib_s = GIB, .short_ms = 1000 };
    s.tick.n_domains = 2;
    tick_at(&s, 10000);
    s.truths[0].demand_kib_s = 20 * GIB;
    s.truths[1] =
        (struct host_truth){ .demand_kib_s = 6 * GIB, .short_kib_s = 3 * GIB, .short_ms = 5000 };
    tick_at(&s, 20000);
    s.tick.n_domains = 1;
    s.truths[0].demand_kib_s = 34 * GIB;
    tick_at(&s, 30000);
    score(&s);
    assert_int_equal(s.values[SCORE_SHORTFALL], 3 * GIB);
    assert_int_equal(s.values[SCORE_SHORTFALL_PART], 75000);   /* 3 of 40 */
    assert_int_equal(s.values[SCORE_SHORTAGE_TIME], 121951);   /* 5 of 30 + 1 + 10 s */
    assert_int_equal(s.values[SCORE_WORST_SHORTFALL], 500000); /* 3 of 6 */
    stage_close(&s);
}

static void another_run_of_a_domain_is_another_domain(void **state)
{
    struct stage s = stage_open(1);

    (void)state;
    give_truth(&s);
    s.truths[0] = (struct host_truth){ .demand_kib_s = 100 * GIB, .short_kib_s = 50 * GIB };
    tick_at(&s, 0);
    s.domains[0].run_id = 2;
    s.truths[0] = (struct host_truth){ .demand_kib_s = 4 * GIB, .short_kib_s = GIB };
    tick_at(&s, 1000);
    score(&s);
    assert_int_equal(s.values[SCORE_SHORTFALL], GIB);
    assert_int_equal(s.values[SCORE_SHORTFALL_PART], 250000);
    stage_close(&s);
}

/* x = 1, 1/2: (1 + 1/2)^2 / (2 (1 + 1/4)) = 0.9; with weights 3 and 1: 3.5^2 / (4 x 3.25) = 0.9423... */
static void fairness_is_jains_index_by_weight(void **state)
{
    for (int weighted = 0; weighted < 2; weighted++) {
        struct stage s = stage_open(3);

        (void)state;
        give_truth(&s);
        if (weighted)
            s.domains[0].seen.weight = 3000;
        tick_at(&s, 0);
        s.truths[0] = (struct host_truth){ .demand_kib_s = 8 * GIB };
        s.truths[1] = (struct host_truth){ .demand_kib_s = 2 * GIB, .short_kib_s = GIB };
        tick_at(&s, 1000); /* the third wants nothing: it is not counted */
        score(&s);
        assert_int_equal(s.values[SCORE_FAIRNESS], weighted ? 942307 : 900000);
        stage_close(&s);
    }
}

static void everybody_alike_is_fair_also_with_nothing(void **state)
{
    for (uint64_t short_kib_s = 0; short_kib_s <= 12 * GIB; short_kib_s += 4 * GIB) {
        struct stage s = stage_open(3);

        (void)state;
        give_truth(&s);
        s.domains[1].seen.weight = 1000000;
        tick_at(&s, 0);
        for (int i = 0; i < 3; i++)
            s.truths[i] =
                (struct host_truth){ .demand_kib_s = 12 * GIB, .short_kib_s = short_kib_s };
        tick_at(&s, 1000);
        score(&s);
        assert_int_equal(s.values[SCORE_FAIRNESS], 1000000);
        stage_close(&s);
    }
}

/* ---- reaction */

static void demand(struct stage *s, uint64_t now_ms, uint64_t demand_kib, uint64_t held_kib)
{
    s->truths[0].demand_kib = demand_kib;
    s->truths[0].held_kib = held_kib;
    tick_at(s, now_ms);
}

/* Three rises: held at once; one that goes on while memory lags for 2 s; one that is never held. */
static void reaction_is_how_long_a_rise_lacked_memory(void **state)
{
    struct stage s = stage_open(1);

    (void)state;
    give_truth(&s);
    demand(&s, 0, 100, 100);
    demand(&s, 1000, 200, 200);
    demand(&s, 2000, 200, 200); /* over: 0 s */
    demand(&s, 3000, 300, 250); /* lacks ... */
    demand(&s, 4000, 400, 350);
    demand(&s, 5000, 500, 500); /* ... for 2 s */
    demand(&s, 6000, 500, 500); /* over */
    score(&s);
    assert_int_equal(s.values[SCORE_REACTION_P50], 0);
    assert_int_equal(s.values[SCORE_REACTION_P99], 2000);
    demand(&s, 7000, 900, 500);
    demand(&s, 19000, 900, 500); /* not over, 12 s by now */
    score(&s);
    assert_int_equal(s.values[SCORE_REACTION_P50], 2000);
    assert_int_equal(s.values[SCORE_REACTION_P99], 12000);
    score(&s); /* asking changes nothing */
    assert_int_equal(s.values[SCORE_REACTION_P50], 2000);
    stage_close(&s);
}

static void without_a_rise_there_is_no_reaction(void **state)
{
    struct stage s = stage_open(1);

    (void)state;
    give_truth(&s);
    demand(&s, 0, 500, 100); /* short from the beginning: nobody saw it rise */
    demand(&s, 1000, 500, 100);
    demand(&s, 2000, 400, 400);
    score(&s);
    assert_int_equal(s.values[SCORE_REACTION_P50], UNKNOWN);
    assert_int_equal(s.values[SCORE_REACTION_P99], UNKNOWN);
    stage_close(&s);
}

/* ---- memory */

/* 4 GiB for 98 s, 5 GiB for 1 s, 6 GiB for 1 s, and 7 GiB at the last tick; given 8. */
static void needed_memory_is_weighed_by_time(void **state)
{
    struct stage s = stage_open(2);
    static const struct {
        uint64_t ms, gib;
    } steps[] = { { 0, 4 }, { 40000, 4 }, { 98000, 5 }, { 99000, 6 }, { 100000, 7 } };

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        s.domains[1].seen.balloon_kib = (steps[i].gib - 1) * GIB;
        tick_at(&s, 5000 + steps[i].ms);
    }
    score(&s);
    assert_int_equal(s.values[SCORE_NEEDED_MEAN], 403 * GIB / 100);
    assert_int_equal(s.values[SCORE_NEEDED_P99], 5 * GIB);
    assert_int_equal(s.values[SCORE_NEEDED_PEAK], 7 * GIB);
    assert_int_equal(s.values[SCORE_SAVED], 496250); /* 8 - 4.03 of 8 */
    stage_close(&s);
}

/* 1 -> 2 -> 2 -> 1.5 -> 3 GiB, a minute apart: 1 + 0.5 + 1.5 GiB moved; on average 1.625 GiB for 4 min; down
 * after up and up after down. */
static void churn_is_what_balloons_moved(void **state)
{
    struct stage s = stage_open(1);
    static const uint64_t half_gib[] = { 2, 4, 4, 3, 6 };

    (void)state;
    for (uint64_t i = 0; i < 5; i++) {
        s.domains[0].seen.balloon_kib = half_gib[i] * GIB / 2;
        tick_at(&s, i * 60000);
    }
    score(&s);
    assert_int_equal(s.values[SCORE_CHURN], 27692);     /* 3 / 1.625 / (4/60) = 27.692 an hour */
    assert_int_equal(s.values[SCORE_REVERSALS], 30000); /* 2 in 4 min of one domain */
    stage_close(&s);
}

/* ---- the host */

static void the_reserve_is_broken_from_tick_to_tick(void **state)
{
    struct stage s = stage_open(1);

    (void)state;
    tick_at(&s, 0);
    s.tick.host.available_kib = GIB - 1;
    tick_at(&s, 1000);
    tick_at(&s, 1500);
    s.tick.host.available_kib = GIB;
    tick_at(&s, 4000);
    tick_at(&s, 9000);
    score(&s);
    assert_int_equal(s.values[SCORE_RESERVE_BROKEN], 3000);
    stage_close(&s);
}

static void counts_are_of_this_run(void **state)
{
    struct stage s = stage_open(1);

    (void)state;
    give_truth(&s);
    s.tick.tick = 4; /* the first that was kept */
    s.counts = (struct host_counts){ 3, 100, 50, 7 };
    s.truths[0] = (struct host_truth){ .swap_in_kib = 5, .swap_out_kib = 6 };
    tick_at(&s, 0);
    s.counts = (struct host_counts){ 5, 1100, 450, 9 };
    s.truths[0] = (struct host_truth){ .swap_in_kib = 10, .swap_out_kib = 26 };
    s.tick.policy_error = "no";
    tick_at(&s, 1000);
    tick_at(&s, 2000);
    score(&s);
    assert_int_equal(s.values[SCORE_HOST_KILLS], 2);
    assert_int_equal(s.values[SCORE_HOST_SWAP], 1400);
    assert_int_equal(s.values[SCORE_GUEST_SWAP], 25);
    assert_int_equal(s.values[SCORE_POLICY_FAILURES], 2);
    stage_close(&s);
}

static void what_befell_before_the_first_tick_counts(void **state)
{
    struct stage s = stage_open(1);

    (void)state;
    give_truth(&s);
    s.counts = (struct host_counts){ 3, 100, 50, 7 };
    tick_at(&s, 0);
    tick_at(&s, 1000);
    score(&s);
    assert_int_equal(s.values[SCORE_HOST_KILLS], 3);
    assert_int_equal(s.values[SCORE_HOST_SWAP], 150);
    stage_close(&s);
}

/* ---- what is not known */

static void on_a_real_host_demand_is_unknown(void **state)
{
    static const enum score_id unknown[] = { SCORE_SHORTFALL,     SCORE_SHORTFALL_PART,
                                             SCORE_SHORTAGE_TIME, SCORE_WORST_SHORTFALL,
                                             SCORE_OOM_KILLS,     SCORE_HOST_KILLS,
                                             SCORE_HOST_SWAP,     SCORE_REACTION_P50,
                                             SCORE_REACTION_P99,  SCORE_FAIRNESS };
    struct stage s = stage_open(2);

    (void)state;
    s.domains[0].seen.swap_in_kib_per_s = 300;
    s.domains[0].seen.swap_out_kib_per_s = 200;
    s.domains[1].seen.swap_in_kib_per_s = s.domains[1].seen.swap_out_kib_per_s = UNKNOWN;
    tick_at(&s, 0);
    tick_at(&s, 2000);
    score(&s);
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        assert_int_equal(s.values[unknown[i]], UNKNOWN);
    assert_int_equal(s.values[SCORE_NEEDED_MEAN], 2 * GIB);
    assert_int_equal(s.values[SCORE_GUEST_SWAP], 1000); /* 500 KiB/s for 2 s */
    stage_close(&s);
}

static void without_time_nothing_is_known_but_the_peak(void **state)
{
    struct stage s = stage_open(2);

    (void)state;
    score(&s);
    for (size_t i = 0; i < SCORES; i++)
        assert_int_equal(s.values[i], i == SCORE_POLICY_FAILURES ? 0 : UNKNOWN);
    tick_at(&s, 1000);
    score(&s);
    assert_int_equal(s.values[SCORE_NEEDED_PEAK], 2 * GIB);
    assert_int_equal(s.values[SCORE_NEEDED_MEAN], UNKNOWN);
    assert_int_equal(s.values[SCORE_CHURN], UNKNOWN);
    stage_close(&s);
}

/* ---- how they are shown */

static void values_are_shown_with_their_decimals(void **state)
{
    const struct score_column column = { .per_unit = 1 << 20, .decimals = 2 };
    const struct score_column plain = { .per_unit = 1000, .decimals = 0 };
    static const struct {
        uint64_t value;
        const char *two, *none;
    } rows[] = { { 0, "0.00", "0" },
                 { UNKNOWN, "", "" },
                 { 5242, "0.00", "5" },
                 { 5243, "0.01", "5" },
                 { 1 << 20, "1.00", "1049" },
                 { UINT64_C(3) << 19, "1.50", "1573" },
                 { UNKNOWN - 1, "17592186044416.00", "18446744073709552" } };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[32];

        score_format(&column, rows[i].value, text, sizeof(text));
        assert_string_equal(text, rows[i].two);
        score_format(&plain, rows[i].value, text, sizeof(text));
        assert_string_equal(text, rows[i].none);
    }
}

static void every_score_has_its_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCORES; i++) {
        assert_non_null(score_columns[i].key);
        assert_true(score_columns[i].per_unit > 0);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(score_columns[i].key, score_columns[k].key);
    }
    assert_null(score_columns[SCORES].key);
}

static void quantiles_are_exact_to_their_resolution(void **state)
{
    struct quantiles *q = calloc(1, sizeof(*q));

    (void)state;
    assert_int_equal(quantiles_at(q, 5000), UNKNOWN);
    for (uint64_t i = 1; i <= 100000; i++)
        quantiles_add(q, i, 1);
    for (uint64_t bp = 1; bp <= 10000; bp++) {
        uint64_t got = quantiles_at(q, bp), want = bp * 10;

        if (got < want || (got - want) * QUANTILES_PARTS >= want)
            fail_msg("%ju bp: %ju, not %ju", (uintmax_t)bp, (uintmax_t)got, (uintmax_t)want);
    }
    quantiles_add(q, UINT64_MAX - 1, 1000000);
    assert_int_equal(quantiles_at(q, 5000), UINT64_MAX - 1);
    free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shortfall_is_what_was_not_held),
        cmocka_unit_test(a_domain_that_comes_and_goes_counts_from_its_beginning),
        cmocka_unit_test(another_run_of_a_domain_is_another_domain),
        cmocka_unit_test(fairness_is_jains_index_by_weight),
        cmocka_unit_test(everybody_alike_is_fair_also_with_nothing),
        cmocka_unit_test(reaction_is_how_long_a_rise_lacked_memory),
        cmocka_unit_test(without_a_rise_there_is_no_reaction),
        cmocka_unit_test(needed_memory_is_weighed_by_time),
        cmocka_unit_test(churn_is_what_balloons_moved),
        cmocka_unit_test(the_reserve_is_broken_from_tick_to_tick),
        cmocka_unit_test(counts_are_of_this_run),
        cmocka_unit_test(what_befell_before_the_first_tick_counts),
        cmocka_unit_test(on_a_real_host_demand_is_unknown),
        cmocka_unit_test(without_time_nothing_is_known_but_the_peak),
        cmocka_unit_test(values_are_shown_with_their_decimals),
        cmocka_unit_test(every_score_has_its_row),
        cmocka_unit_test(quantiles_are_exact_to_their_resolution),
    };
    return cmocka_run_group_tests_name("score", tests, NULL, NULL);
}
