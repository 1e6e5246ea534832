/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What it costs that a policy has a process of its own: the same made-up snapshots are decided on in process and
 * there, one after the other, with a millisecond between two ticks, so that the process sleeps as it would. Prints
 * the medians, and how long it takes from the start of a process to its first answer.
 *
 *     process POLICY_PATH MEMCOORD
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/random.h"
#include "policy/instance.h"
#include "policy/process.h"
#include "util/log.h"

#define MIB UINT64_C(1024)
#define TICKS 400
#define STARTS 20

struct bench {
    const char *policy, *policy_path, *memcoord;
    size_t n;
    struct random random;
    struct memcoord_host host;
    struct memcoord_snapshot snapshot;
    struct memcoord_domain *domains;
    const struct memcoord_domain **list;
    char (*names)[32];
};

struct side {
    struct policy *policy;
    struct policy_instance *instance;
    struct plan plan;
    char *states;
};

static void die(const char *what)
{
    fprintf(stderr, "process: %s\n", what);
    exit(1);
}

static void *many(size_t n, size_t size)
{
    void *p = calloc(n, size);

    if (!p)
        die("out of memory");
    return p;
}

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void begin(struct bench *b)
{
    b->domains = many(b->n, sizeof(*b->domains));
    b->list = many(b->n, sizeof(*b->list));
    b->names = many(b->n, sizeof(*b->names));
    for (size_t i = 0; i < b->n; i++) {
        struct memcoord_domain *d = &b->domains[i];

        snprintf(b->names[i], sizeof(b->names[i]), "guest%zu", i);
        memset(d, 0xff, sizeof(*d)); /* UNKNOWN */
        d->name = b->names[i];
        d->index = (uint32_t)i;
        d->flags = MEMCOORD_MOVABLE;
        d->weight = 1000;
        d->min_kib = 256 * MIB;
        d->max_kib = between(&b->random, 2, 16) * 1024 * MIB;
        d->balloon_kib = d->target_kib = between(&b->random, d->max_kib / 2, d->max_kib);
        b->list[i] = d;
    }
    b->host = (struct memcoord_host){ .total_kib = b->n * 8192 * MIB,
                                      .capacity_kib = b->n * 7000 * MIB,
                                      .pool_kib = b->n * 6000 * MIB };
    b->snapshot = (struct memcoord_snapshot){
        .host = &b->host, .domains = b->list, .n_domains = b->n, .interval_ms = 1000
    };
}

/* One second of the guests' lives. */
static void live(struct bench *b)
{
    b->snapshot.tick++;
    b->snapshot.now_ms += 1000;
    for (size_t i = 0; i < b->n; i++) {
        struct memcoord_domain *d = &b->domains[i];

        d->usable_kib = between(&b->random, 0, d->balloon_kib / 2);
        d->used_kib = d->balloon_kib - d->usable_kib;
        d->unused_kib = d->usable_kib / 2;
        d->growth_kib_per_s = 0;
        d->stats_age_ms = 500;
    }
}

static void open_side(const struct bench *b, bool apart, struct side *side)
{
    const struct process_options options = {
        .deadline_ms = 10000, .failures = 1, .memory_kib = 256 * MIB, .executable = b->memcoord
    };
    char error[512];
    int r = apart ? policy_load_apart(b->policy, b->policy_path, &options, &side->policy, error,
                                      sizeof(error))
                  : policy_load(b->policy, b->policy_path, &side->policy, error, sizeof(error));

    if (r < 0)
        die(error);
    if (policy_instance_new(side->policy, &side->instance) < 0)
        die("out of memory");
    side->states = many(b->n + 1, side->policy->table.domain_state_size + 16);
}

static void close_side(struct side *side)
{
    plan_free(&side->plan);
    policy_instance_free(side->instance);
    policy_unload(side->policy);
    free(side->states);
    memset(side, 0, sizeof(*side));
}

/* Microseconds of a decision. */
static double decide(struct bench *b, struct side *side)
{
    size_t size = side->policy->table.domain_state_size;
    double begun_us;

    for (size_t i = 0; i < b->n; i++)
        b->domains[i].state = size ? side->states + i * size : NULL;
    begun_us = now_us();
    if (plan_begin(&side->plan, &b->snapshot, side->policy->table.name) < 0 ||
        policy_instance_decide(side->instance, &b->snapshot, &side->plan) < 0)
        die(side->plan.error);
    plan_end(&side->plan);
    return now_us() - begun_us;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *us, size_t n)
{
    qsort(us, n, sizeof(*us), by_size);
    return us[n / 2];
}

static double start(struct bench *b)
{
    static double us[STARTS];

    for (int i = 0; i < STARTS; i++) {
        struct side side = { 0 };

        us[i] = now_us();
        open_side(b, true, &side);
        decide(b, &side);
        us[i] = now_us() - us[i];
        close_side(&side);
    }
    return median(us, STARTS);
}

static void measure(struct bench *b)
{
    static double here_us[TICKS], there_us[TICKS];
    const struct timespec rest = { .tv_nsec = 1000000 };
    struct side here = { 0 }, there = { 0 };
    double here_median, there_median;

    begin(b);
    open_side(b, false, &here);
    open_side(b, true, &there);
    for (int i = -20; i < TICKS; i++) { /* the first are to warm up */
        live(b);
        nanosleep(&rest, NULL);
        here_us[i < 0 ? 0 : i] = decide(b, &here);
        there_us[i < 0 ? 0 : i] = decide(b, &there);
    }
    here_median = median(here_us, TICKS);
    there_median = median(there_us, TICKS);
    printf("%-14s %7zu %11.1f %12.1f %12.1f %12.1f\n", b->policy, b->n, here_median, there_median,
           there_median - here_median, start(b) / 1000);
    fflush(stdout);
    close_side(&here);
    close_side(&there);
    free(b->domains);
    free(b->list);
    free(b->names);
}

int main(int argc, char **argv)
{
    static const char *const policies[] = { "hold", "threshold", "fair-share" };
    static const size_t sizes[] = { 100, 10000 };

    if (argc != 3)
        die("want POLICY_PATH MEMCOORD");
    log_open(LOG_LEVEL_ERROR);
    printf("%-14s %7s %11s %12s %12s %12s\n", "policy", "domains", "in process", "own process",
           "difference", "start, ms");
    for (size_t p = 0; p < sizeof(policies) / sizeof(policies[0]); p++) {
        for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
            struct bench b = { .policy = policies[p],
                               .policy_path = argv[1],
                               .memcoord = argv[2],
                               .n = sizes[s],
                               .random = { 4711 } };

            measure(&b);
        }
    }
    return 0;
}
