/* SPDX-License-Identifier: BSD-3-Clause */
/* A run that is read back from its recording has the scores that it had live. */
#include "lib/sim_fixture.h"

#include "experiment/limits.h"
#include "experiment/score.h"
#include "record/recorder.h"
#include "record/recording.h"
#include "util/log.h"

/* Short of memory, with guests that come, go, swap and are killed. */
static const char text[] =
    "[scenario]\nduration = 90s\nseed = 5\n[host]\nmemory = 3GiB\n[guests]\nmax = 2GiB\n"
    "balloon = 512MiB\nmin = 256MiB\n"
    "[guest walks]\nweight = 3000\nload = walk 100MiB to 1500MiB step 300MiB every 3s\n"
    "[guest swaps]\nswap = 200MiB\nload = ramp 40MiB/s to 1800MiB\n"
    "[guest comes]\nstart = 20500ms\nload = ramp 200MiB/s to 1900MiB; free; repeat\n"
    "[guest goes]\nstop = 50300ms\nload = take 300MiB\n";

static char folder[] = "/tmp/memcoord-recorded-XXXXXX", file[64];

struct two {
    struct record_sink a, b;
};

static void to_both(void *to, const struct record_tick *tick)
{
    const struct two *two = to;

    two->a.tick(two->a.to, tick);
    two->b.tick(two->b.to, tick);
}

static void run_policy(struct scenario *scenario, const struct record_sink *sink)
{
    struct host *host;
    struct sim_run run;

    assert_int_equal(sim_host_open_scenario(scenario, "sim:test", &host), 0);
    sim_run_open(&run, host, "proportional");
    run.c.sink = sink;
    coordinator_run(&run.c, 0, &sim_stop);
    sim_run_close(&run);
}

static void run_oracle(struct scenario *scenario, const struct record_sink *sink)
{
    struct config config;

    assert_int_equal(config_defaults(&config), 0);
    assert_int_equal(limit_run(LIMIT_ORACLE, scenario, &config, sink, NULL), 0);
    config_free(&config);
    scenario_free(scenario);
}

static void score_live(void (*run)(struct scenario *, const struct record_sink *),
                       uint64_t values[SCORES_MAX])
{
    const struct recorder_options options = { .file = file, .must = true };
    const struct record_run about = { .host = "sim:test",
                                      .policy = "p",
                                      .settings = "",
                                      .interval_ms = 1000,
                                      .seed = 5,
                                      .started_unix_ms = MEMCOORD_UNKNOWN };
    struct scorer *scorer = scorer_new();
    struct problems problems = { 0 };
    struct recorder *recorder;
    struct scenario scenario;
    char error[256];

    assert_int_equal(sim_read(text, &scenario, &problems), 0);
    assert_int_equal(recorder_open(&options, &about, &recorder, error, sizeof(error)), 0);
    struct two two = { scorer_sink(scorer), recorder_sink(recorder) };
    struct record_sink both = { &two, to_both };
    run(&scenario, &both);
    assert_int_equal(recorder_close(recorder), 0);
    assert_int_equal(scorer_scores(scorer, values), 0);
    scorer_free(scorer);
}

static void score_recorded(uint64_t values[SCORES_MAX])
{
    struct scorer *scorer = scorer_new();
    struct record_sink sink = scorer_sink(scorer);
    struct recording *recording;
    char error[256];

    assert_int_equal(recording_open(file, &recording, error, sizeof(error)), 0);
    assert_int_equal(recording_read(recording, 0, &sink, NULL, error, sizeof(error)), 0);
    recording_close(recording);
    assert_int_equal(scorer_scores(scorer, values), 0);
    scorer_free(scorer);
}

static void a_recorded_run_has_the_scores_that_it_had_live(void **state)
{
    void (*const runs[])(struct scenario *, const struct record_sink *) = { run_policy,
                                                                            run_oracle };

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof(file), "%s/x.db", folder);
    for (size_t r = 0; r < 2; r++) {
        uint64_t live[SCORES_MAX], recorded[SCORES_MAX];

        score_live(runs[r], live);
        score_recorded(recorded);
        unlink(file);
        for (size_t i = 0; i < SCORES; i++)
            if (live[i] != recorded[i])
                fail_msg("%s: %ju live, %ju recorded", score_columns[i].key, (uintmax_t)live[i],
                         (uintmax_t)recorded[i]);
        /* it is a run in which there is something to score */
        assert_true(live[SCORE_SHORTFALL] > 0 && live[SCORE_CHURN] > 0);
        if (runs[r] == run_policy)
            assert_true(live[SCORE_OOM_KILLS] > 0 && live[SCORE_GUEST_SWAP] > 0);
    }
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_recorded_run_has_the_scores_that_it_had_live),
    };
    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("score_recorded", tests, NULL, NULL);
}
