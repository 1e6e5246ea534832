/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whole ticks over random sequences: the coordinator with all that it remembers, real policies and a
 * hostile one, before guests whose truth it is told late, in part, or not at all
 * (lib/sequence_world.h, sequence_host.h). What is promised holds for the truth, at each target that is set:
 *  - a target is within min and max, or nearer to them than where the guest was;
 *  - no target is set for a domain that is paused, migrating or not managed;
 *  - a domain loses at most max_shrink in an interval by memcoord's hand;
 * and where nobody else sets balloons:
 *  - one that never gives statistics is not shrunk in its first 30 s;
 *  - with others, a shrink leaves guest_reserve of what the guest could truly use at the last sample that was told,
 *    which is no older than stale_after, and of the size that it was asked to have. What it uses since
 *    that moment nobody can know: it comes out of guest_reserve, and then a rescue is due;
 *  - a shrink that is under way when statistics go stale is taken back;
 *  - nobody else is said to have moved a balloon;
 *  - what guests have or are on their way to stays within [host] limit, and leaves the host its
 *    reserve when they touch all of it;
 *  - a balloon is held for stuck if it has not moved for 5 s while it was to, and is asked for at most a quarter of
 *    max_shrink in 10 s, until it moves;
 *  - guests on constant demand come to rest.
 *
 * A failure prints the tick; SEQUENCE_CASE=NUMBER runs that case alone, and prints each of its ticks.
 * SEQUENCE_CASES=NUMBER runs that many instead of the usual number.
 */
#include "lib/cmocka.h"

#include <inttypes.h>
#include <stdlib.h>

#include "control/coordinator.h"
#include "lib/sequence_host.h"
#include "lib/sequence_policies.h"
#include "util/log.h"

#define CASES 8000
#define TICKS 50
#define REST_CASES 800
#define REST_TICKS 400
#define QUIET_TICKS 100
#define FIRST_SEED UINT64_C(20250312)
/* Without so many, its guest may be booting. */
#define NEW_SAMPLES 3
/* What moves by less stands still for the core, also while it learns what a guest's kernel takes. */
#define NOISE_KIB DOMAIN_NOISE_KIB
/* A balloon that rests so far beside its target has arrived. */
#define BESIDE_KIB DOMAIN_ARRIVED_KIB
/* One that stands still for so long is not on its way, by default; it is tried so often. */
#define GIVEN_UP_MS 5000
#define PROBE_MS 10000
/* One that never gives statistics may be booting for so long. */
#define MUTE_MS 30000
/* For so long a move may be ours or somebody else's. */
#define CONTESTED_MS 10000

struct run {
    struct world world; /* first: what the world's calls are given */
    struct config config;
    struct coordinator c;
    struct policy_instance *instance;
    const char *policy;
};

/* ---- printing a case */

static const char *wanted_case(void)
{
    return getenv("SEQUENCE_CASE");
}

static void print_guest(const struct run *run, size_t i)
{
    const struct world *w = &run->world;
    const struct world_guest *g = &w->guests[i];
    print_error("  %s%s%s%s%s%s: %" PRIu64 "..%" PRIu64 ", has %" PRIu64 ", sent to %" PRIu64
                "%s, uses %" PRIu64 " and %" PRIu64 ", rss %" PRIu64 "\n",
                g->name, g->managed ? "" : " unmanaged", g->unmanageable ? " unmanageable" : "",
                g->state == HOST_DOMAIN_PAUSED ? " paused" : "",
                g->state == HOST_DOMAIN_MIGRATING ? " migrating" : "", g->stuck ? " stuck" : "",
                g->min_kib, g->max_kib, g->size_kib, g->device_kib,
                g->others_came_last ? " by others" : "", g->used_kib, g->kernel_kib, world_rss(g));
    print_error("        told: has %" PRIu64 "; sample of %" PRIu64 " ms: has %" PRIu64
                ", usable %" PRIu64 "\n",
                g->told_kib, g->told.at_ms, g->told.size_kib, g->told.usable_kib);
    if (i >= run->c.domains.n)
        return;
    const struct domain *d = run->c.domains.list[i];
    print_error("        core: target %" PRIu64 " balloon %" PRIu64 " used %" PRId64
                " growth %" PRId64 " flags %#x shrunk %" PRIu64 " set at %" PRIu64 " ms\n",
                d->target_kib, d->balloon_kib, (int64_t)d->sample.used_kib,
                (int64_t)d->sample.growth_kib_per_s,
                i < run->c.snapshot.seen.n_domains ? run->c.snapshot.domains[i].seen.flags : 0,
                d->shrunk_kib, d->set_ms);
}

static void print_run(const struct run *run)
{
    const struct world *w = &run->world;
    print_error("case %" PRIu64 ", tick %" PRIu64 " at %" PRIu64 " ms, policy %s; KiB throughout\n"
                "  total %" PRIu64 " available %" PRId64 " limit %" PRIu64 " grantable %" PRId64
                " guest_reserve %" PRIu64 " max_shrink %" PRIu64 "/%" PRIu64 "bp interval %" PRIu64
                " ms\n",
                w->seed, w->tick, w->now_ms, run->policy, w->total_kib, world_available(w),
                run->config.host.limit_kib, run->c.snapshot.host.grantable_kib,
                run->config.guard.guest_reserve_kib, run->config.guard.max_shrink.kib,
                run->config.guard.max_shrink.bp, run->config.daemon.interval_ms);
    for (size_t i = 0; i < w->n; i++)
        print_guest(run, i);
}

static void broken(const struct run *run, const struct world_guest *g, uint64_t kib,
                   const char *what, const char *file, int line)
{
    print_run(run);
    print_error("broken: %s -> %" PRIu64 ": %s; again with SEQUENCE_CASE=%" PRIu64 "\n",
                g ? g->name : "all", kib, what, run->world.seed);
    _fail(file, line);
}
#define holds(run, g, kib, condition, what)                \
    do {                                                   \
        if (!(condition))                                  \
            broken(run, g, kib, what, __FILE__, __LINE__); \
    } while (0)

/* ---- what holds for each target that is set */

/* What it did not follow is withdrawn: it is told to stay where it is. */
static bool is_withdrawn(const struct run *run, const struct world_guest *g, uint64_t kib)
{
    return world_stands(&run->world, g, GIVEN_UP_MS) &&
           (kib == g->told_kib || kib == g->told.size_kib);
}

/* What somebody else gave it, and a target of ours pulled away, is given back to it. */
static bool is_given_back(const struct run *run, const struct world_guest *g, uint64_t kib)
{
    return run->world.opponent && world_was_told(g, kib);
}

static void check_may_be_set(const struct run *run, const struct world_guest *g, uint64_t kib)
{
    holds(run, g, kib, g->managed, "set, and it is not managed");
    if (is_given_back(run, g, kib))
        return;
    holds(run, g, kib, !g->unmanageable || is_withdrawn(run, g, kib), "set, and must not be");
    holds(run, g, kib, g->state == HOST_DOMAIN_RUNNING, "set, and it does not run here");
}

/* Where it starts outside its bounds, each target is nearer to them, or is where it starts. Beside
 * somebody else, that is any of the sizes that were told lately. */
static void check_bounds(const struct run *run, const struct world_guest *g, uint64_t kib)
{
    const struct world *w = &run->world;
    uint64_t high = memcoord_max(memcoord_max(g->device_kib, g->ours_kib), world_told_most(w, g));
    uint64_t low = memcoord_min(memcoord_min(g->device_kib, g->ours_kib), world_told_least(w, g));
    for (size_t i = 0; w->opponent && i < 2 * WORLD_TOLD; i++) {
        high = memcoord_max(high, g->was_told_kib[i]);
        low = g->was_told_kib[i] ? memcoord_min(low, g->was_told_kib[i]) : low;
    }
    holds(run, g, kib, kib <= memcoord_max(g->max_kib, high), "above max");
    holds(run, g, kib, kib >= memcoord_min(g->min_kib, low), "below min");
}

/* The tick of an interval may come by a tenth too early. */
static void check_pace(const struct run *run, const struct world_guest *g, uint64_t kib)
{
    const uint64_t interval_ms = run->config.daemon.interval_ms;
    const struct amount *most = &run->config.guard.max_shrink;
    const uint64_t beside = run->world.opponent ? BESIDE_KIB : 0;
    const uint64_t known = world_known_kib(&run->world, g), loss = less(known, kib + beside);
    const uint64_t had = memcoord_max(known, g->told_kib) + BESIDE_KIB;
    const uint64_t before =
        world_lost_since(g, run->world.now_ms - (interval_ms - interval_ms / 10));
    if (loss && !is_given_back(run, g, kib) && !world_is_contested(&run->world, g, CONTESTED_MS))
        holds(run, g, kib,
              before + loss <= memcoord_max(most->kib, had * most->bp / 10000) + beside,
              "shrunk by more than max_shrink in an interval");
}

/* Nobody knows what it uses: bounds and pace are all. */
static void check_mute_shrink(const struct run *run, const struct world_guest *g, uint64_t kib)
{
    holds(run, g, kib, run->world.now_ms - WORLD_BEGIN_MS >= MUTE_MS,
          "shrunk without statistics while it may be booting");
    holds(run, g, kib,
          domain_distance(g->told_kib, g->ours_kib) <= BESIDE_KIB + NOISE_KIB ||
              world_stands(&run->world, g, GIVEN_UP_MS),
          "shrunk without statistics while it is on its way");
}

static void check_shrink(const struct run *run, const struct world_guest *g, uint64_t kib)
{
    const struct world_sample *s = &g->told;
    const uint64_t from = world_stands(&run->world, g, GIVEN_UP_MS)
                              ? world_told_least(&run->world, g)
                              : g->device_kib;
    if (kib >= memcoord_min(from, g->device_kib))
        return;
    if (g->mute) {
        check_mute_shrink(run, g, kib);
        return;
    }
    holds(run, g, kib, g->n_told >= NEW_SAMPLES, "shrunk while it is new");
    holds(run, g, kib, run->world.now_ms - s->at_ms <= run->config.guard.stale_after_ms,
          "shrunk by stale statistics");
    holds(run, g, kib,
          domain_distance(s->size_kib, from) <= BESIDE_KIB + NOISE_KIB ||
              domain_distance(s->size_kib, g->device_kib) <= BESIDE_KIB + NOISE_KIB,
          "shrunk while it settles");
    holds(run, g, kib,
          kib + NOISE_KIB >= s->size_kib - s->usable_kib + run->config.guard.guest_reserve_kib,
          "shrunk below guest_reserve");
}

/* What somebody is in need of, or a policy, it may be asked to take at any time, and to give less than before. */
static void check_probe(const struct run *run, struct world_guest *g, uint64_t kib)
{
    const struct amount *most = &run->config.guard.max_shrink;
    const struct domain *d = run->c.domains.list[g - run->world.guests];
    if (!d->stuck.is_stuck || kib >= world_told_least(&run->world, g) || kib > g->ours_kib)
        return;
    holds(run, g, kib, run->world.now_ms - g->probed_ms >= PROBE_MS,
          "stuck, and tried again too soon");
    holds(run, g, kib,
          less(d->balloon_kib, kib) <= memcoord_max(most->kib, g->told_kib * most->bp / 10000) / 4,
          "stuck, and tried with too much");
    g->probed_ms = run->world.now_ms;
}

/* One that it holds for stuck has not moved for so long, while it was sent elsewhere. */
static void check_stuck(const struct run *run)
{
    for (size_t i = 0; i < run->c.domains.n && !run->world.opponent; i++) {
        const struct world_guest *g = &run->world.guests[i];
        const struct domain_stuck *stuck = &run->c.domains.list[i]->stuck;
        holds(run, g, 0, !stuck->is_stuck || stuck->stood_ms >= GIVEN_UP_MS, "stuck too early");
    }
}

static void on_set(struct world *w, struct world_guest *g, uint64_t kib)
{
    const struct run *run = (const struct run *)w;
    check_may_be_set(run, g, kib);
    check_bounds(run, g, kib);
    check_pace(run, g, kib);
    if (w->opponent)
        return;
    check_shrink(run, g, kib);
    check_probe(run, g, kib);
}

/* ---- what holds at each moment */

static void on_step(struct world *w)
{
    const struct run *run = (const struct run *)w;
    const struct amount *reserve = &run->config.host.reserve;
    int64_t left = (int64_t)w->total_kib;
    if (w->opponent)
        return;
    for (size_t i = 0; i < w->n; i++)
        left -= (int64_t)(world_holds(&w->guests[i]) + w->guests[i].own_kib);
    holds(run, NULL, 0,
          !run->config.host.limit_kib || world_all_hold(w) <= run->config.host.limit_kib,
          "beyond the limit");
    holds(run, NULL, 0,
          left >= (int64_t)memcoord_max(reserve->kib, w->total_kib * reserve->bp / 10000),
          "the host can lose its reserve");
}

/* ---- the sequences */

static void configure(struct run *run)
{
    struct config *config = &run->config;
    struct world *w = &run->world;
    assert_int_equal(config_defaults(config), 0);
    assert_non_null(config->domain_rules = calloc(w->n, sizeof(*config->domain_rules)));
    for (size_t i = 0; i < w->n; i++) {
        const struct world_guest *g = &w->guests[i];
        config->domain_rules[i] = (struct domain_rule){ .glob = strdup(g->name),
                                                        .has_min = true,
                                                        .has_max = true,
                                                        .has_manage = true,
                                                        .has_statistics = true,
                                                        .settings = { .min = { g->min_kib, 0 },
                                                                      .max_kib = g->max_kib,
                                                                      .weight = 1000,
                                                                      .manage = g->managed,
                                                                      .statistics = g->mute } };
        config->n_domain_rules++;
    }
    if (one_in(&w->random, 2))
        config->host.limit_kib =
            world_all_hold(w) + below(&w->random, (one_in(&w->random, 2) ? 100 : 1024) * MIB);
    config_set_interval(config, between(&w->random, 500, one_in(&w->random, 3) ? 10000 : 2500));
    if (w->constant || one_in(&w->random, 2))
        return;
    config->guard.guest_reserve_kib = between(&w->random, 64, 300) * MIB;
    config->guard.max_shrink =
        (struct amount){ between(&w->random, 1, 200) * MIB, below(&w->random, 3000) };
}

static void begin(struct run *run, uint64_t seed, bool constant, bool opponent)
{
    struct world *w = &run->world;
    *run = (struct run){ .world = { .random = { seed },
                                    .constant = constant,
                                    .opponent = opponent,
                                    .on_set = on_set,
                                    .on_step = on_step } };
    const size_t policy = below(&w->random, constant ? n_restful : n_policies);
    world_begin(w, seed, below(&w->random, (one_in(&w->random, 2) ? 200 : 2048) * MIB));
    configure(run);
    const struct amount *reserve = &run->config.host.reserve;
    w->total_kib +=
        memcoord_max(reserve->kib, w->total_kib * reserve->bp / (10000 - reserve->bp)) + 1;
    run->policy = policies[policy] ? policies[policy]->table.name : "none";
    if (policies[policy])
        assert_int_equal(policy_instance_new(policies[policy], &run->instance), 0);
    run->c =
        (struct coordinator){ .config = &run->config, .host = &w->host, .instance = run->instance };
    hostile_random = &w->random;
    if (run->instance)
        assert_int_equal(
            domains_set_policy_state(&run->c.domains, policies[policy]->table.domain_state_size),
            0);
}

static void end(struct run *run)
{
    coordinator_free(&run->c);
    policy_instance_free(run->instance);
    config_free(&run->config);
}

/* A shrink that is under way when statistics go stale is taken back. */
static void check_recall(const struct run *run)
{
    const struct world *w = &run->world;
    for (size_t i = 0; i < w->n && !w->opponent; i++) {
        const struct world_guest *g = &w->guests[i];
        if (g->n_told && w->now_ms - g->told.at_ms > run->config.guard.stale_after_ms &&
            g->managed && !g->unmanageable && g->state == HOST_DOMAIN_RUNNING &&
            g->refused_ms != w->now_ms && run->c.domains.list[i]->retry_ms <= w->now_ms)
            holds(run, g, g->device_kib,
                  g->device_kib + BESIDE_KIB >= memcoord_min(world_told_least(w, g), g->max_kib),
                  "goes on to shrink by stale statistics");
    }
}

/* What the core did is not taken for somebody else's doing: that would be left to him. */
static void check_blame(const struct run *run)
{
    for (size_t i = 0; i < run->c.domains.n && !run->world.opponent; i++)
        holds(run, &run->world.guests[i], 0, run->c.domains.list[i]->foreign_ms == 0,
              "somebody else is said to have moved it");
}

static void tick(struct run *run)
{
    struct world *w = &run->world;
    const uint64_t interval_ms = run->config.daemon.interval_ms;
    const bool early = !w->constant && one_in(&w->random, 6);
    assert_int_equal(coordinator_tick(&run->c), 0);
    if (wanted_case())
        print_run(run);
    check_blame(run);
    check_stuck(run);
    check_recall(run);
    world_move(w, early ? between(&w->random, 40, interval_ms) : interval_ms);
}

static void run_cases(uint64_t usual, void (*run_case)(uint64_t seed))
{
    const char *cases = getenv("SEQUENCE_CASES");
    if (wanted_case()) {
        run_case(strtoull(wanted_case(), NULL, 10));
        return;
    }
    const uint64_t n = cases ? strtoull(cases, NULL, 10) : usual;
    print_message("# %" PRIu64 " sequences from seed %" PRIu64 "\n", n, FIRST_SEED);
    for (uint64_t i = 0; i < n; i++)
        run_case(FIRST_SEED + i);
}

static void run_alone(uint64_t seed)
{
    static struct run run;
    begin(&run, seed, false, false);
    for (int i = 0; i < TICKS; i++)
        tick(&run);
    end(&run);
}

static void what_is_promised_holds_at_each_target(void **state)
{
    (void)state;
    run_cases(CASES, run_alone);
}

static void run_against_others(uint64_t seed)
{
    static struct run run;
    begin(&run, seed, false, true);
    for (int i = 0; i < TICKS; i++)
        tick(&run);
    end(&run);
}

static void bounds_and_pace_hold_beside_one_who_sets_balloons_too(void **state)
{
    (void)state;
    run_cases(CASES, run_against_others);
}

/* A guest that uses all that it has, and does not say so, gives nothing: that is tried again and again. */
static bool is_tried_for_ever(const struct run *run, size_t i)
{
    return run->world.guests[i].mute && run->c.domains.list[i]->stuck.is_stuck;
}

static void run_to_rest(uint64_t seed)
{
    static struct run run;
    begin(&run, seed, true, false);
    for (int i = 0; i < REST_TICKS; i++)
        tick(&run);
    uint64_t sets[WORLD_GUESTS];
    for (size_t i = 0; i < run.world.n; i++)
        sets[i] = run.world.guests[i].n_sets;
    for (int i = 0; i < QUIET_TICKS; i++)
        tick(&run);
    for (size_t i = 0; i < run.world.n; i++)
        holds(&run, &run.world.guests[i], 0,
              run.world.guests[i].n_sets <= sets[i] + 1 || is_tried_for_ever(&run, i),
              "moved again and again, though nothing changes");
    end(&run);
}

static void guests_on_constant_demand_come_to_rest(void **state)
{
    (void)state;
    run_cases(REST_CASES, run_to_rest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_promised_holds_at_each_target),
        cmocka_unit_test(bounds_and_pace_hold_beside_one_who_sets_balloons_too),
        cmocka_unit_test(guests_on_constant_demand_come_to_rest),
    };
    log_open(wanted_case() ? LOG_LEVEL_INFO : (enum log_level)0);
    return cmocka_run_group_tests_name("sequences", tests, load_policies, unload_policies);
}
