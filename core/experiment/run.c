/* SPDX-License-Identifier: BSD-3-Clause */
#include "experiment/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/coordinator.h"
#include "host/sim_host.h"
#include "policy/settings.h"
#include "record/recorder.h"

struct run run_of(const struct experiment *e, size_t i)
{
    size_t of_scenario = e->n_variants * e->n_seeds;

    return (struct run){ .scenario = &e->scenarios[i / of_scenario],
                         .variant = &e->variants[i % of_scenario / e->n_seeds],
                         .seed = e->seeds[i % e->n_seeds] };
}

char *run_file_name(const struct run *run)
{
    char *text = NULL;

    if (asprintf(&text, "%s--%s--%" PRIu64, run->variant->file_name, run->scenario->name,
                 run->seed) < 0)
        return NULL;
    return text;
}

/* ---- ticks */

struct doing {
    const struct run *run;
    struct run_result *result;
    struct scorer *scorer;
    struct record_sink to_scorer;
    struct recorder *recorder; /* NULL: nothing is recorded */
    struct record_sink to_recorder;
};

static void take(void *to, const struct record_tick *tick)
{
    struct doing *d = to;

    d->result->ticks++;
    d->result->domain_ticks += tick->n_domains;
    d->to_scorer.tick(d->to_scorer.to, tick);
    if (d->recorder)
        d->to_recorder.tick(d->to_recorder.to, tick);
}

/* ---- the policy's time: decide() is called through here. One run is all that a process does. */

static const struct policy *timed;
static struct run_result *timed_result;

static uint64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int decide_timed(void *state, const struct memcoord_snapshot *snapshot,
                        struct memcoord_plan *plan)
{
    uint64_t before_us = now_us(), us;
    int r = timed->table.decide(state, snapshot, plan);

    us = now_us() - before_us;
    timed_result->policy_us += us;
    timed_result->policy_most_us = memcoord_max(timed_result->policy_most_us, us);
    return r;
}

/* ---- a run */

static int coordinate(struct doing *d, struct scenario *scenario, const struct record_sink *sink)
{
    static volatile sig_atomic_t never;
    const struct variant *v = d->run->variant;
    struct policy_instance instance = *v->instance;
    struct policy policy = *v->instance->policy;
    struct coordinator c = { .config = &v->config, .instance = &instance, .sink = sink };
    int r;

    timed = v->instance->policy;
    timed_result = d->result;
    policy.table.decide = decide_timed;
    instance.policy = &policy;
    r = sim_host_open_scenario(scenario, d->run->scenario->uri, &c.host);
    if (r == 0)
        r = domains_set_policy_state(&c.domains, policy.table.domain_state_size);
    if (r == 0)
        coordinator_run(&c, 0, &never);
    host_close(c.host);
    coordinator_free(&c);
    return r;
}

static int go(struct doing *d)
{
    const struct variant *v = d->run->variant;
    struct scenario scenario = d->run->scenario->scenario;
    const struct record_sink sink = { d, take };

    scenario.seed = d->run->seed;
    if (v->is_limit)
        return limit_run(v->limit, &scenario, &v->config, &sink, NULL);
    return coordinate(d, &scenario, &sink);
}

/* ---- its recording */

static int begin_recording(struct doing *d, const char *file)
{
    const struct variant *v = d->run->variant;
    const struct recorder_options options = { .file = file, .must = true };
    struct config config = v->config; /* shares what it points to */
    char *settings;
    struct record_run about = {
        .host = d->run->scenario->uri,
        .policy = v->is_limit ? v->name : v->instance->policy->table.name,
        .interval_ms = v->config.daemon.interval_ms,
        .variant = v->name,
        .scenario = d->run->scenario->name,
        .seed = d->run->seed,
        .started_unix_ms = MEMCOORD_UNKNOWN,
    };
    int r = -ENOMEM;

    config.daemon.uri = d->run->scenario->uri;
    about.settings = settings = settings_text(&config, v->instance);
    if (settings)
        r = recorder_open(&options, &about, &d->recorder, d->result->failed,
                          sizeof(d->result->failed));
    if (r == 0)
        d->to_recorder = recorder_sink(d->recorder);
    free(settings);
    return r;
}

/* ---- the interface */

static int do_it(struct doing *d, const char *recording)
{
    int r = d->scorer ? 0 : -ENOMEM, closed;

    if (r == 0 && recording)
        r = begin_recording(d, recording);
    if (r == 0) {
        d->to_scorer = scorer_sink(d->scorer);
        r = go(d);
    }
    if (r == 0)
        r = scorer_scores(d->scorer, d->result->scores);
    closed = recorder_close(d->recorder);
    return r < 0 ? r : closed;
}

void run_do(const struct run *run, const char *recording, struct run_result *result)
{
    struct doing d = { .run = run, .result = result, .scorer = scorer_new() };
    uint64_t before_us = now_us();
    int r;

    *result = (struct run_result){ 0 };
    r = do_it(&d, recording);
    result->wall_us = now_us() - before_us;
    if (r < 0 && !*result->failed)
        snprintf(result->failed, sizeof(result->failed), "%s", strerror(-r));
    result->done = r == 0;
    scorer_free(d.scorer);
}
