/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests of policies: loads the real shared object and lets it decide on made-up domains.
 * Include it first; it brings cmocka. */
#ifndef TESTS_LIB_POLICY_FIXTURE_H
#define TESTS_LIB_POLICY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "memcoord/policy.h"
#include "policy/instance.h"
#include "policy/loader.h"
#include "policy/plan.h"

#define FIXTURE_DOMAINS 64
#define MIB UINT64_C(1024)

struct fixture {
    struct policy *policy;
    struct policy_instance *instance;
    struct plan plan;
    struct memcoord_host host;
    struct memcoord_snapshot snapshot;
    struct memcoord_domain domains[FIXTURE_DOMAINS];
    const struct memcoord_domain *list[FIXTURE_DOMAINS];
    char names[FIXTURE_DOMAINS][16];
    char *states;
    unsigned warnings; /* lines at level 4 since the beginning */
};

static unsigned *fixture_warnings; /* of the fixture that decides now */

__attribute__((format(printf, 3, 0))) static inline void
fixture_vlog(struct memcoord_plan *calls, int level, const char *fmt, va_list args)
{
    char text[512];

    (void)calls;
    assert_true(vsnprintf(text, sizeof(text), fmt, args) > 0);
    *fixture_warnings += level == 4;
}

/* The figures of a host that gives nothing; a test sets pool_kib. */
static inline void fixture_open(struct fixture *f, const char *name)
{
    const char *top = getenv("MEMCOORD_TOP");
    char path[4096], error[512] = "";

    memset(f, 0, sizeof(*f));
    snprintf(path, sizeof(path), "%s/policies", top ? top : ".");
    if (policy_load(name, path, &f->policy, error, sizeof(error)))
        fail_msg("%s", error);
    assert_int_equal(policy_instance_new(f->policy, &f->instance), 0);
    f->states = calloc(FIXTURE_DOMAINS, f->policy->table.domain_state_size + 8);
    assert_non_null(f->states);
    memset(&f->host, 0xff, sizeof(f->host)); /* UNKNOWN */
    f->host.reserve_kib = f->host.capacity_kib = f->host.pool_kib = 0;
    f->host.grantable_kib = 0;
    f->snapshot = (struct memcoord_snapshot){
        .host = &f->host, .domains = f->list, .now_ms = 1000000, .interval_ms = 1000
    };
}

static inline void fixture_close(struct fixture *f)
{
    plan_free(&f->plan);
    policy_instance_free(f->instance);
    policy_unload(f->policy);
    free(f->states);
}

static inline void fixture_set(struct fixture *f, const char *key, const char *value)
{
    char error[512] = "";

    if (policy_instance_set(f->instance, key, value, error, sizeof(error)))
        fail_msg("%s = %s: %s", key, value, error);
}

/* Takes the parameters from conf/`file`, whose policy is this one; nothing may be wrong with it. */
static inline void fixture_configure(struct fixture *f, const char *file)
{
    const char *top = getenv("MEMCOORD_TOP");
    struct problems problems = { 0 };
    struct config config = { 0 };
    char path[4096];

    snprintf(path, sizeof(path), "%s/conf/%s", top ? top : ".", file);
    if (config_load(path, &config, &problems) == 0)
        policy_instance_configure(f->instance, &config, &problems);
    problems_print(&problems, stderr);
    assert_int_equal(problems.n, 0);
    assert_string_equal(config.daemon.policy, f->policy->table.name);
    problems_free(&problems);
    config_free(&config);
}

/* The value of a parameter: KiB, ms, basis points, ... */
static inline uint64_t fixture_value(const struct fixture *f, const char *key)
{
    for (size_t i = 0; i < f->policy->n_params; i++)
        if (strcmp(f->policy->params[i].key, key) == 0)
            return policy_instance_value(f->instance, i);
    fail_msg("no parameter %s", key);
    return 0;
}

/* Adds a domain of which nothing but its size is known. */
static inline struct memcoord_domain *fixture_add(struct fixture *f, uint64_t min_kib,
                                                  uint64_t max_kib, uint64_t balloon_kib)
{
    size_t i = f->snapshot.n_domains++;
    struct memcoord_domain *d = &f->domains[i];

    assert_true(i < FIXTURE_DOMAINS);
    snprintf(f->names[i], sizeof(f->names[i]), "guest%zu", i);
    memset(d, 0xff, sizeof(*d)); /* UNKNOWN */
    d->name = f->names[i];
    d->state = f->policy->table.domain_state_size
                   ? f->states + i * (f->policy->table.domain_state_size + 8)
                   : NULL;
    d->index = (uint32_t)i;
    d->flags = MEMCOORD_MOVABLE;
    d->weight = 1000;
    d->min_kib = min_kib;
    d->max_kib = max_kib;
    d->balloon_kib = d->target_kib = balloon_kib;
    f->list[i] = d;
    return d;
}

/* Statistics that are fresh and belong to the present size. */
static inline void fixture_use(struct memcoord_domain *d, uint64_t used_kib)
{
    d->used_kib = used_kib;
    d->usable_kib = d->unused_kib = d->balloon_kib > used_kib ? d->balloon_kib - used_kib : 0;
    d->guest_total_kib = d->balloon_kib;
    d->growth_kib_per_s = 0;
    d->stats_age_ms = 0;
}

static inline struct memcoord_domain *fixture_guest(struct fixture *f, uint64_t min_kib,
                                                    uint64_t max_kib, uint64_t balloon_kib,
                                                    uint64_t used_kib)
{
    struct memcoord_domain *d = fixture_add(f, min_kib, max_kib, balloon_kib);

    fixture_use(d, used_kib);
    return d;
}

/* One tick, an interval after the one before. */
static inline void fixture_decide(struct fixture *f)
{
    f->snapshot.tick++;
    f->snapshot.now_ms += f->snapshot.interval_ms;
    assert_int_equal(plan_begin(&f->plan, &f->snapshot, f->policy->table.name), 0);
    f->plan.calls.vlog = fixture_vlog;
    fixture_warnings = &f->warnings;
    assert_int_equal(policy_instance_decide(f->instance, &f->snapshot, &f->plan), 0);
    assert_int_equal(f->plan.strangers, 0);
}

/* MEMCOORD_UNKNOWN: nothing was asked for it. */
static inline uint64_t fixture_asked(const struct fixture *f, const struct memcoord_domain *d)
{
    return f->plan.entries[d->index].asked_kib;
}

/* Its target after this tick, if all is granted. */
static inline uint64_t fixture_size(const struct fixture *f, const struct memcoord_domain *d)
{
    uint64_t asked_kib = fixture_asked(f, d);

    return asked_kib == MEMCOORD_UNKNOWN ? d->target_kib : asked_kib;
}

static inline const char *fixture_why(const struct fixture *f, const struct memcoord_domain *d)
{
    return f->plan.entries[d->index].why;
}

/* A sequence that is the same on every machine (splitmix64): a number below `below`. */
static inline uint64_t fixture_random(uint64_t *seed, uint64_t below)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

#endif
