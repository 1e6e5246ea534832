/* SPDX-License-Identifier: BSD-3-Clause */
/* A shipped scenario (conf/scenarios) run with a shipped policy, and what was seen of each guest. */
#ifndef TESTS_LIB_SHIPPED_RUN_H
#define TESTS_LIB_SHIPPED_RUN_H

#include "lib/policy_names.h"
#include "lib/sim_fixture.h"

#define SHIPPED_GUESTS 16
/* Those by which the scenarios show what they are there for; policy_names() has all. */
#define SHIPPED_POLICIES 4

static const char *const shipped_policies[SHIPPED_POLICIES] = { "hold", "threshold", "proportional",
                                                                "fair-share" };

struct guest_seen {
    char name[32];
    uint64_t first_kib, last_kib, most_kib, least_kib; /* its balloon */
    uint64_t least_after_most_kib;
    uint64_t at_kib[24]; /* at each 24th part of the scenario */
    uint64_t usable_kib; /* at the last tick */
    struct host_truth truth;
};

/* Guests in the order in which they were first seen. */
struct shipped_run {
    const char *scenario, *policy; /* for messages */
    uint64_t memory_kib, duration_ms;
    struct guest_seen guests[SHIPPED_GUESTS];
    size_t n_guests;
    uint64_t ticks, moved_kib, balloons_kib; /* over all ticks */
    struct host_counts counts;
    bool ended;
};

#define assert_run(run, condition)                                              \
    do {                                                                        \
        if (!(condition))                                                       \
            fail_msg("%s, %s: %s", (run)->scenario, (run)->policy, #condition); \
    } while (0)

static inline struct guest_seen *shipped_guest(struct shipped_run *run, const char *name)
{
    for (size_t i = 0; i < run->n_guests; i++)
        if (strcmp(run->guests[i].name, name) == 0)
            return &run->guests[i];
    assert_run(run, run->n_guests < SHIPPED_GUESTS);
    snprintf(run->guests[run->n_guests].name, sizeof(run->guests[0].name), "%s", name);
    run->guests[run->n_guests].least_kib = UINT64_MAX;
    return &run->guests[run->n_guests++];
}

static inline bool is_size(uint64_t kib)
{
    return kib == MEMCOORD_UNKNOWN || kib <= 16 * GIB;
}

/* Nothing that can't be. */
static inline void shipped_domain_is_sane(struct shipped_run *run, const struct record_domain *d)
{
    const struct memcoord_domain *seen = &d->seen;

    assert_run(run, seen->min_kib <= seen->max_kib);
    assert_run(run, seen->balloon_kib > 0 && seen->balloon_kib <= seen->max_kib);
    assert_run(run, seen->target_kib > 0 && seen->target_kib <= seen->max_kib);
    assert_run(run, d->granted_kib > 0 && d->granted_kib <= seen->max_kib);
    assert_run(run, is_size(d->asked_kib) && is_size(seen->used_kib) && is_size(seen->usable_kib));
    assert_run(run, is_size(seen->unused_kib) && is_size(seen->guest_total_kib));
    assert_run(run, is_size(seen->rss_kib) && is_size(seen->growth_kib_per_s));
    assert_run(run, d->truth && d->truth->held_kib <= seen->max_kib);
    assert_run(run, d->truth->short_kib_s <= d->truth->demand_kib_s);
}

static inline void shipped_note_guest(struct shipped_run *run, const struct record_domain *d,
                                      uint64_t part)
{
    struct guest_seen *g = shipped_guest(run, d->seen.name);
    uint64_t kib = d->seen.balloon_kib;

    if (g->most_kib == 0)
        g->first_kib = kib;
    if (kib > g->most_kib)
        g->least_after_most_kib = g->most_kib = kib;
    g->least_after_most_kib = memcoord_min(g->least_after_most_kib, kib);
    g->least_kib = memcoord_min(g->least_kib, kib);
    g->last_kib = kib;
    g->at_kib[memcoord_min(part, 23)] = kib;
    g->usable_kib = d->seen.usable_kib;
    assert_run(run, d->truth->kills >= g->truth.kills && d->truth->short_ms >= g->truth.short_ms);
    g->truth = *d->truth;
    run->balloons_kib += kib;
    run->moved_kib += domain_distance(d->granted_kib, d->seen.target_kib);
}

static inline void shipped_tick(void *to, const struct record_tick *tick)
{
    struct shipped_run *run = to;
    const struct memcoord_host *host = &tick->host;
    uint64_t passed_ms = tick->now_ms - SIM_EPOCH_MS;

    run->ticks++;
    assert_run(run, tick->tick == run->ticks && passed_ms <= run->duration_ms);
    assert_run(run, host->total_kib == run->memory_kib && host->available_kib <= host->total_kib);
    assert_run(run, host->available_kib >= host->reserve_kib); /* these scenarios allow it */
    assert_run(run, host->psi_some_bp <= 10000 && !tick->policy_error && tick->counts);
    for (size_t i = 0; i < tick->n_domains; i++) {
        shipped_domain_is_sane(run, &tick->domains[i]);
        shipped_note_guest(run, &tick->domains[i], passed_ms * 24 / run->duration_ms);
    }
    run->counts = *tick->counts;
}

/* conf/scenarios/NAME.ini, as fast as it can. */
static inline struct host *shipped_open(const char *name, struct shipped_run *run)
{
    struct problems problems = { 0 };
    struct scenario scenario;
    struct host *host = NULL;
    char path[512];

    snprintf(path, sizeof(path), "%s/conf/scenarios/%s.ini", getenv("MEMCOORD_TOP"), name);
    if (scenario_load(path, &scenario, &problems) < 0)
        fail_msg("%s", problems.list[0].text);
    scenario.speed = 0;
    run->memory_kib = scenario.memory_kib;
    run->duration_ms = scenario.duration_ms;
    assert_int_equal(sim_host_open_scenario(&scenario, name, &host), 0);
    return host;
}

/* Runs it to its end through the whole loop, with the defaults of everything. */
static inline void shipped_run(const char *scenario, const char *policy, struct shipped_run *run)
{
    struct record_sink sink = { run, shipped_tick };
    struct sim_run sim;

    *run = (struct shipped_run){ .scenario = scenario, .policy = policy };
    sim_run_open(&sim, shipped_open(scenario, run), policy);
    sim.c.sink = &sink;
    /* it ends by itself: twice as many ticks as it can have are never needed */
    coordinator_run(&sim.c, 4 * run->duration_ms / sim.config.daemon.interval_ms, &sim_stop);
    run->ended = sim.host->ops->now_ms(sim.host) == SIM_EPOCH_MS + run->duration_ms;
    sim_run_close(&sim);
}

#endif
