/* SPDX-License-Identifier: BSD-3-Clause */
/* Simulated hosts from scenarios that stand in a test, alone or under a coordinator. */
#ifndef TESTS_LIB_SIM_FIXTURE_H
#define TESTS_LIB_SIM_FIXTURE_H

#include "lib/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/coordinator.h"
#include "host/sim_host.h"

#define GIB (1024 * MIB)

/* The scenario in `text`; all that is wrong with it is said. */
static inline int sim_read(const char *text, struct scenario *scenario, struct problems *problems)
{
    char path[] = "/tmp/memcoord-sim-XXXXXX";
    int fd = mkstemp(path), r;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    r = scenario_load(path, scenario, problems);
    unlink(path);
    return r;
}

/* A host of `memory` for `seconds` with the guests in `guests`; the clock is 0 at its beginning. */
static inline struct host *sim_open_seed(const char *memory, unsigned seconds, unsigned seed,
                                         const char *guests)
{
    static char text[1 << 16];
    struct problems problems = { 0 };
    struct scenario scenario;
    struct host *host = NULL;

    snprintf(text, sizeof(text), "[scenario]\nduration = %us\nseed = %u\n[host]\nmemory = %s\n%s",
             seconds, seed, memory, guests);
    if (sim_read(text, &scenario, &problems) < 0)
        fail_msg("%s", problems.list ? problems.list[0].text : "?");
    problems_free(&problems);
    assert_int_equal(sim_host_open_scenario(&scenario, "sim:test", &host), 0);
    return host;
}

static inline struct host *sim_open(const char *memory, unsigned seconds, const char *guests)
{
    return sim_open_seed(memory, seconds, 1, guests);
}

/* Until `ms` after the beginning, whatever wakes it before. */
static inline void sim_until(struct host *host, uint64_t ms)
{
    while (host->ops->now_ms(host) < SIM_EPOCH_MS + ms)
        if (host->ops->wait(host, SIM_EPOCH_MS + ms) == HOST_WAKE_END)
            return;
}

static inline const struct sim_guest *sim_guest(struct host *host, size_t i)
{
    return &sim_host_machine(host)->guests[i];
}

static inline const struct host_view *sim_look(struct host *host)
{
    const struct host_view *view = NULL;
    const char *why = NULL;

    assert_int_equal(host->ops->gather(host, &view, &why), 0);
    return view;
}

/* Asks the i-th domain of the present view for a balloon. */
static inline void sim_ask(struct host *host, size_t i, uint64_t kib)
{
    assert_int_equal(host->ops->set_target(host, sim_look(host)->domains[i].uuid, kib), 0);
}

/* ---- under a coordinator */

struct sim_run {
    struct host *host;
    struct config config;
    struct policy *policy;
    struct policy_instance *instance;
    struct coordinator c;
};

static volatile sig_atomic_t sim_stop;

static inline void sim_run_open(struct sim_run *run, struct host *host, const char *policy)
{
    char error[256], path[512];

    *run = (struct sim_run){ .host = host };
    assert_int_equal(config_defaults(&run->config), 0);
    snprintf(path, sizeof(path), "%s/policies", getenv("MEMCOORD_TOP"));
    if (policy_load(policy, path, &run->policy, error, sizeof(error)) < 0)
        fail_msg("%s", error);
    assert_int_equal(policy_instance_new(run->policy, &run->instance), 0);
    run->c =
        (struct coordinator){ .config = &run->config, .host = host, .instance = run->instance };
    assert_int_equal(
        domains_set_policy_state(&run->c.domains, run->policy->table.domain_state_size), 0);
}

static inline void sim_run_close(struct sim_run *run)
{
    coordinator_free(&run->c);
    policy_instance_free(run->instance);
    policy_unload(run->policy);
    config_free(&run->config);
    host_close(run->host);
}

#endif
