/* SPDX-License-Identifier: BSD-3-Clause */
/* A coordinator with a real policy on a host in memory. */
#ifndef TESTS_LIB_COORDINATOR_FIXTURE_H
#define TESTS_LIB_COORDINATOR_FIXTURE_H

#include "lib/cmocka.h"

#include <stdlib.h>

#include "control/coordinator.h"
#include "lib/fake_host.h"

struct bench {
    struct fake_host fake;
    struct config config;
    struct policy *policy;
    struct policy_instance *instance;
    struct origins origins;
    struct coordinator c;
};

static volatile sig_atomic_t stop;

/* The daemon ends, and another takes its place; what the domains had was written down. */
static inline void begin_anew(struct bench *b)
{
    coordinator_free(&b->c);
    b->c = (struct coordinator){
        .config = &b->config, .host = &b->fake.host, .instance = b->instance, .origins = &b->origins
    };
    assert_int_equal(domains_set_policy_state(&b->c.domains, b->policy->table.domain_state_size),
                     0);
}

static inline void open_bench(struct bench *b, size_t n, const char *policy)
{
    char error[256], path[512];

    memset(b, 0, sizeof(*b));
    stop = 0;
    fake_open(&b->fake, n);
    assert_int_equal(config_defaults(&b->config), 0);
    b->config.domain_defaults.min = (struct amount){ .kib = 200 * MIB };
    snprintf(path, sizeof(path), "%s/policies", getenv("MEMCOORD_TOP"));
    if (policy_load(policy, path, &b->policy, error, sizeof(error)) < 0)
        fail_msg("%s", error);
    assert_int_equal(policy_instance_new(b->policy, &b->instance), 0);
    begin_anew(b);
}

/* So many ticks; the next ones begin an interval later. */
static inline void run_ticks(struct bench *b, uint64_t n)
{
    coordinator_run(&b->c, n, &stop);
    b->fake.now_ms += b->config.daemon.interval_ms;
}

/* Somebody else sets the balloon of domain i. */
static inline void set_by_another(struct bench *b, size_t i, uint64_t kib)
{
    b->fake.view.memory.available_kib += b->fake.domains[i].balloon_kib - kib;
    b->fake.domains[i].balloon_kib = kib;
}

static inline void close_bench(struct bench *b)
{
    coordinator_free(&b->c);
    origins_free(&b->origins);
    policy_instance_free(b->instance);
    policy_unload(b->policy);
    config_free(&b->config);
}

#endif
