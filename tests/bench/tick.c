/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a tick costs without a host: made-up views of 10 to 10,000 domains go through the real
 * remembering, snapshot, policy and guard. Guests' needs move a little each second, and one in fifty
 * guests changes its load; targets that are granted arrive at once. The host has too little for all,
 * so that policies that divide do so. Prints the median over many ticks, for each policy of the folder.
 *
 * The last row has the domains in an order in which quickselect takes O(n^2): fair-share must not.
 *
 *     tick [POLICY_PATH]
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/domains.h"
#include "control/guard.h"
#include "lib/random.h"
#include "policy/instance.h"
#include "policy/loader.h"
#include "policy/plan.h"
#include "util/log.h"

#define MIB UINT64_C(1024)
#define WARM_UP_TICKS 20
#define MAX_TICKS 400

enum phase { REMEMBER, SNAPSHOT, DECIDE, GUARD, PHASES };

struct bench {
    bool worst_order;
    struct config config;
    struct random random;
    struct policy *policy;
    struct policy_instance *instance;
    size_t n;
    /* the host */
    struct host_view view;
    char (*names)[32];
    uint64_t *used_kib;
    /* the core */
    struct domains domains;
    struct snapshot snapshot;
    struct plan plan;
    uint64_t *asked_kib;
    struct guard_verdict *verdicts;
    uint64_t changes;
};

static void die(const char *what)
{
    fprintf(stderr, "tick: %s\n", what);
    exit(1);
}

static void *many(size_t n, size_t size)
{
    void *p = calloc(n, size);

    if (!p)
        die("out of memory");
    return p;
}

/* Most of what it has: with headroom more than the host can give to all. */
static uint64_t need(struct bench *b, const struct host_domain *d)
{
    if (b->worst_order)
        return d->balloon_kib;
    return between(&b->random, d->balloon_kib * 3 / 4, d->balloon_kib - 80 * MIB);
}

static void begin_host(struct bench *b)
{
    struct host_view *view = &b->view;

    view->domains = many(b->n, sizeof(*view->domains));
    view->n_domains = b->n;
    view->now_ms = 1000000;
    for (size_t i = 0; i < b->n; i++) {
        struct host_domain *d = &view->domains[i];

        snprintf(b->names[i], sizeof(b->names[i]), "guest%zu", i);
        *d = (struct host_domain){ .name = b->names[i], .run_id = (int64_t)i + 1 };
        memcpy(d->uuid, &i, sizeof(i));
        d->max_kib = between(&b->random, 2, 16) * 1024 * MIB;
        d->balloon_kib = between(&b->random, d->max_kib / 2, d->max_kib);
        b->used_kib[i] = need(b, d);
    }
}

/* All guests use all that they may have. Minima, a quarter of it, rise over the even ranks, twice: what
 * is in the middle is one of the lowest each time that quickselect looks there. */
static void begin_worst_order(struct bench *b)
{
    char error[512];

    for (size_t i = 0; i < b->n; i++) {
        struct host_domain *d = &b->view.domains[i];

        d->max_kib = d->balloon_kib = (16 * 1024 + 2 * i % b->n) * MIB;
        b->used_kib[i] = d->balloon_kib;
    }
    b->config.host.limit_kib = b->n * 8 * 1024 * MIB; /* more than the minima, less than all */
    if (policy_instance_set(b->instance, "surplus", "share", error, sizeof(error)) < 0)
        die(error);
}

/* One second of the guests' lives. */
static void live(struct bench *b)
{
    struct host_view *view = &b->view;
    uint64_t held_kib = 0;

    view->now_ms += 1000;
    for (size_t i = 0; i < b->n; i++) {
        struct host_domain *d = &view->domains[i];

        if (one_in(&b->random, 50))
            b->used_kib[i] = need(b, d);
        d->sampled_ms = view->now_ms - between(&b->random, 0, 900);
        d->usable_kib = d->balloon_kib - memcoord_min(d->balloon_kib, b->used_kib[i]);
        d->usable_kib -= memcoord_min(d->usable_kib, between(&b->random, 0, 2 * MIB));
        d->unused_kib = d->usable_kib / 2;
        d->guest_total_kib = d->balloon_kib - 40 * MIB;
        d->disk_caches_kib = d->usable_kib / 2;
        d->rss_kib = d->balloon_kib + 60 * MIB;
        held_kib += d->rss_kib;
    }
    view->memory = (struct host_memory){ .total_kib = held_kib + held_kib / 8,
                                         .available_kib = held_kib / 16,
                                         .free_kib = held_kib / 32 };
}

static void arrive(struct bench *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct guard_verdict *v = &b->verdicts[i];

        if (v->granted_kib == b->snapshot.domains[i].seen.target_kib)
            continue;
        domain_asked(b->domains.list[i], v->granted_kib, b->view.now_ms, 1000);
        b->view.domains[i].balloon_kib = v->granted_kib;
        b->changes++;
    }
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void tick(struct bench *b, uint64_t ns[PHASES])
{
    uint64_t at[PHASES + 1];

    at[REMEMBER] = now_ns();
    if (domains_see(&b->domains, &b->view, &b->config) < 0)
        die("domains_see failed");
    if (b->domains.policy_state_size != b->policy->table.domain_state_size &&
        domains_set_policy_state(&b->domains, b->policy->table.domain_state_size) < 0)
        die("no memory for the policy's state");
    at[SNAPSHOT] = now_ns();
    if (domains_snapshot(&b->domains, &b->view, &b->config, &b->snapshot) < 0)
        die("domains_snapshot failed");
    at[DECIDE] = now_ns();
    if (plan_begin(&b->plan, &b->snapshot.seen, b->policy->table.name) < 0 ||
        policy_instance_decide(b->instance, &b->snapshot.seen, &b->plan) < 0)
        die("the policy failed");
    plan_end(&b->plan);
    at[GUARD] = now_ns();
    for (size_t i = 0; i < b->n; i++)
        b->asked_kib[i] = b->plan.entries[i].asked_kib;
    if (guard_apply(&b->config.guard, &b->snapshot, b->asked_kib, b->verdicts) < 0)
        die("guard_apply failed");
    at[PHASES] = now_ns();
    for (int i = 0; i < PHASES; i++)
        ns[i] = at[i + 1] - at[i];
}

static int by_size(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static double median_us(uint64_t *ns, size_t n, size_t n_domains)
{
    qsort(ns, n, sizeof(*ns), by_size);
    return (double)ns[n / 2] / 1000 / (double)n_domains;
}

static void print_row(const struct bench *b, uint64_t (*ns)[MAX_TICKS], size_t ticks)
{
    double us[PHASES + 1];

    for (int p = 0; p <= PHASES; p++)
        us[p] = median_us(ns[p], ticks, b->n);
    printf("%-16s %7zu %9.1f %9.3f %9.3f %9.3f %9.3f %9.3f\n",
           b->worst_order ? "fair-share worst" : b->policy->table.name, b->n,
           (double)b->changes / (double)ticks, us[SNAPSHOT], us[DECIDE], us[GUARD], us[PHASES],
           us[REMEMBER]);
    fflush(stdout);
}

static void measure(struct bench *b)
{
    static uint64_t all[PHASES + 1][MAX_TICKS]; /* the last: snapshot, decide and guard */
    const size_t ticks = b->n >= 10000 ? MAX_TICKS / 8 : MAX_TICKS;

    for (int i = 0; i < WARM_UP_TICKS; i++) {
        uint64_t ns[PHASES];

        live(b);
        tick(b, ns);
        arrive(b);
    }
    b->changes = 0;
    for (size_t i = 0; i < ticks; i++) {
        uint64_t ns[PHASES];

        live(b);
        tick(b, ns);
        arrive(b);
        for (int p = 0; p < PHASES; p++)
            all[p][i] = ns[p];
        all[PHASES][i] = ns[SNAPSHOT] + ns[DECIDE] + ns[GUARD];
    }
    print_row(b, all, ticks);
}

static void run(const char *policy, const char *policy_path, size_t n, bool worst_order)
{
    struct bench b = { .worst_order = worst_order, .random = { 4711 }, .n = n };
    char error[512];

    if (config_defaults(&b.config) < 0)
        die("out of memory");
    if (policy_load(policy, policy_path, &b.policy, error, sizeof(error)) < 0)
        die(error);
    if (policy_instance_new(b.policy, &b.instance) < 0)
        die("out of memory");
    b.names = many(n, sizeof(*b.names));
    b.used_kib = many(n, sizeof(*b.used_kib));
    b.asked_kib = many(n, sizeof(*b.asked_kib));
    b.verdicts = many(n, sizeof(*b.verdicts));
    begin_host(&b);
    if (worst_order)
        begin_worst_order(&b);
    measure(&b);
    plan_free(&b.plan);
    snapshot_free(&b.snapshot);
    domains_free(&b.domains);
    policy_instance_free(b.instance);
    policy_unload(b.policy);
    config_free(&b.config);
    free(b.view.domains);
    free(b.names);
    free(b.used_kib);
    free(b.asked_kib);
    free(b.verdicts);
}

/* The policy in the file `path`. */
static int run_sizes(const char *path, void *policy_path)
{
    static const size_t sizes[] = { 10, 100, 1000, 10000 };

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        run(path, policy_path, sizes[i], false);
    return 0;
}

int main(int argc, char **argv)
{
    char *path = argc > 1 ? argv[1] : (char[]){ "policies" };

    log_open(LOG_LEVEL_ERROR);
    printf("%-16s %7s %9s %9s %9s %9s %9s %9s\n", "policy", "domains", "changes", "snapshot",
           "policy", "guard", "tick", "remember");
    if (policy_list(path, run_sizes, path))
        die("out of memory");
    run("fair-share", path, 10000, true);
    return 0;
}
