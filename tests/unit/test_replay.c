/* SPDX-License-Identifier: BSD-3-Clause */
/* A policy replayed on its own run decides as it did, in every shipped scenario, to the KiB; another one, or
 * one that is shown less, does not. */
#include "lib/shipped_run.h"

#include "commands/replay_run.h"
#include "util/log.h"

#define SCENARIOS 5

static const char *const scenarios[SCENARIOS] = { "demo", "noisy-neighbour", "stuck-balloons",
                                                  "thundering-herd", "tight-host" };

/* What a tick is told as; NULL: as it is. */
typedef void changer(struct record_domain *d);

struct replayed {
    struct replay_run run;
    struct record_sink sink;
    changer *change;
};

static void hand_on(void *to, const struct record_tick *tick)
{
    static struct record_domain domains[SHIPPED_GUESTS];
    struct replayed *r = to;
    struct record_tick copy = *tick;

    assert_true(tick->n_domains <= SHIPPED_GUESTS);
    for (size_t i = 0; i < tick->n_domains; i++) {
        domains[i] = tick->domains[i];
        if (r->change)
            r->change(&domains[i]);
    }
    copy.domains = domains;
    r->sink.tick(r->sink.to, &copy);
}

/* Runs `scenario` with the policy `recorded`, and replays each tick with `replayed`; returns what is counted,
 * which is to be freed. */
static struct replay_run replay(const char *scenario, const char *recorded, const char *replayed,
                                changer *change)
{
    struct shipped_run ignored;
    struct sim_run sim, other;
    struct replayed r = { .change = change };
    struct record_sink sink = { &r, hand_on };

    sim_run_open(&sim, shipped_open(scenario, &ignored), recorded);
    sim_run_open(&other, shipped_open(scenario, &ignored), replayed);
    r.run =
        (struct replay_run){ .decision = { .guard = sim.config.guard, .instance = other.instance },
                             .interval_ms = sim.config.daemon.interval_ms };
    r.sink = replay_run_sink(&r.run);
    sim.c.sink = &sink;
    coordinator_run(&sim.c, 0, &sim_stop);
    assert_int_equal(r.run.err, 0);
    assert_int_equal(r.run.tally.n_ticks, sim.c.snapshot.seen.tick);
    sim_run_close(&sim);
    sim_run_close(&other);
    return r.run;
}

static uint64_t differences(const char *scenario, const char *recorded, const char *replayed,
                            changer *change)
{
    struct replay_run run = replay(scenario, recorded, replayed, change);
    uint64_t n = run.tally.n_differ;

    assert_true(run.tally.n_decisions > 0);
    replay_run_free(&run);
    return n;
}

static void each_policy_decides_again_as_it_did(void **state)
{
    char names[POLICIES_MAX][POLICY_NAME_BYTES];
    const size_t n = policy_names(names);

    (void)state;
    assert_true(n >= SHIPPED_POLICIES);
    for (size_t s = 0; s < SCENARIOS; s++)
        for (size_t p = 0; p < n; p++)
            if (differences(scenarios[s], names[p], names[p], NULL) != 0)
                fail_msg("%s, %s: it decides otherwise on what it saw", scenarios[s], names[p]);
}

static void another_one_decides_otherwise(void **state)
{
    (void)state;
    for (size_t p = 0; p < SHIPPED_POLICIES; p++)
        for (size_t q = 0; q < SHIPPED_POLICIES; q++)
            if (p != q &&
                differences("noisy-neighbour", shipped_policies[p], shipped_policies[q], NULL) == 0)
                fail_msg("%s, replayed with %s: nothing differs", shipped_policies[p],
                         shipped_policies[q]);
}

static void without_guard_flags(struct record_domain *d)
{
    d->guard_flags = 0;
}

static void as_if_just_shrunk(struct record_domain *d)
{
    d->shrunk_kib = GIB;
}

static void as_another_run(struct record_domain *d)
{
    d->run_id++; /* the same for all ticks: no difference */
}

/* A new run at each tick: the policy's state of the domain is never kept. */
static void as_a_new_run(struct record_domain *d)
{
    static int64_t run_id;

    d->run_id = ++run_id;
}

/* Told otherwise, it makes a difference. */
static void what_the_guard_and_the_state_need_is_there(void **state)
{
    (void)state;
    assert_true(differences("stuck-balloons", "proportional", "proportional", without_guard_flags) >
                0);
    assert_true(differences("stuck-balloons", "proportional", "proportional", as_if_just_shrunk) >
                0);
    assert_true(differences("stuck-balloons", "fair-share", "fair-share", as_another_run) == 0);
    assert_true(differences("noisy-neighbour", "fair-share", "fair-share", as_a_new_run) > 0);
}

static char *printed(const struct replay_tally *tally)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    assert_non_null(out);
    replay_tally_print(tally, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* ---- the sums, from one tick that is made by hand */

static struct replay_run by_hand(uint64_t asked_kib, uint64_t granted_kib)
{
    static struct snapshot_domain domain = { .seen = { .name = "a" } };
    static struct plan_entry entry = { .why = "of its own" };
    struct record_domain was = { .seen = domain.seen, .asked_kib = MEMCOORD_UNKNOWN };
    struct record_tick tick = { .now_ms = 5000, .domains = &was, .n_domains = 1 };
    struct guard_verdict verdict = { asked_kib, granted_kib, GUARD_AS_ASKED };
    struct replay_run run = { 0 };
    struct decision d = { .snapshot = { .domains = &domain },
                          .plan = { .entries = &entry },
                          .verdicts = &verdict };

    domain.seen.target_kib = was.granted_kib = 512 * MIB;
    assert_int_equal(replay_tally_count(&run.tally, &tick, &d), 0);
    return run;
}

static void sums_count_from_the_target_where_nothing_was_asked(void **state)
{
    struct replay_run run = by_hand(1536 * MIB, 1024 * MIB);
    char *text = printed(&run.tally);

    (void)state;
    assert_int_equal(run.tally.asked_more_kib, 1024 * MIB);
    assert_int_equal(run.tally.asked_less_kib, 0);
    assert_int_equal(run.tally.granted_more_kib, 512 * MIB);
    assert_string_equal(
        text, "1 ticks in 0.0 s, 1 decisions: 1 differ, in 1 ticks\n"
              "in sum, asked: 1.00 GiB more and 0.00 GiB less; granted: 0.50 GiB more and "
              "0.00 GiB less\n"
              "a: 1 differ\n"
              "  first at 0.0 s: asks 1536 MiB, 512 -> 1024 MiB (of its own)\n"
              "    recorded: stays at 512 MiB (not asked)\n");
    free(text);
    replay_tally_free(&run.tally);
    run = by_hand(256 * MIB, 256 * MIB);
    assert_int_equal(run.tally.asked_less_kib, 256 * MIB);
    assert_int_equal(run.tally.granted_less_kib, 256 * MIB);
    replay_tally_free(&run.tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_policy_decides_again_as_it_did),
        cmocka_unit_test(another_one_decides_otherwise),
        cmocka_unit_test(what_the_guard_and_the_state_need_is_there),
        cmocka_unit_test(sums_count_from_the_target_where_nothing_was_asked),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
