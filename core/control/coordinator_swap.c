/* SPDX-License-Identifier: BSD-3-Clause */
/* Another policy, and other settings, between two ticks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/bounds.h"
#include "control/coordinator.h"
#include "policy/keep.h"
#include "util/complain.h"

static bool keeps_state(const struct coordinator *c, const struct policy_instance *instance)
{
    return c->instance && policy_keeps_state(c->instance->policy, instance->policy);
}

/* Where no look has come to an end yet, nothing is known of the host. */
static struct host_view last_view(const struct coordinator *c)
{
    static const struct host_memory nothing = {
        MEMCOORD_UNKNOWN, MEMCOORD_UNKNOWN, MEMCOORD_UNKNOWN, MEMCOORD_UNKNOWN, MEMCOORD_UNKNOWN,
        MEMCOORD_UNKNOWN, MEMCOORD_UNKNOWN, MEMCOORD_UNKNOWN, MEMCOORD_UNKNOWN
    };

    return c->domains.tick > 0 ? c->seen : (struct host_view){ .memory = nothing };
}

static void attach_states(const struct coordinator *c, const struct policy_instance *instance,
                          struct coordinator_trial *t)
{
    size_t size = instance->policy->table.domain_state_size;
    bool kept = keeps_state(c, instance);

    for (size_t i = 0; size > 0 && i < c->domains.n; i++) {
        char *state = t->domain_states + i * size;

        if (kept)
            memcpy(state, c->domains.list[i]->policy_state, size);
        t->snapshot.domains[i].seen.state = state;
    }
}

static int prepare(const struct coordinator *c, const struct config *config,
                   const struct policy_instance *instance, struct coordinator_trial *t)
{
    const struct memcoord_policy *table = &instance->policy->table;
    const struct host_view view = last_view(c);
    int r = domains_preview(&c->domains, &view, config, &t->snapshot);

    if (r < 0)
        return r;
    t->domain_states = calloc(c->domains.n + 1, table->domain_state_size + 1);
    t->state = malloc(table->state_size + 1);
    if (!t->domain_states || !t->state)
        return -ENOMEM;
    memcpy(t->state, instance->state, table->state_size);
    attach_states(c, instance, t);
    return plan_begin(&t->plan, &t->snapshot.seen, table->name);
}

void coordinator_trial_free(struct coordinator_trial *t)
{
    snapshot_free(&t->snapshot);
    plan_free(&t->plan);
    free(t->domain_states);
    free(t->state);
    *t = (struct coordinator_trial){ 0 };
}

static int try(const struct coordinator *c, const struct config *config,
               struct policy_instance *instance, struct coordinator_trial *t, bool wait,
               char *error, size_t error_size)
{
    int r = t->state ? 0 : prepare(c, config, instance, t);

    if (r < 0)
        return complain(error, error_size, r, "out of memory");
    r = policy_instance_try(instance, &t->snapshot.seen, &t->plan, wait);
    if (r == -EINPROGRESS)
        return r;
    if (r < 0)
        complain(error, error_size, r, "%s", t->plan.error[0] ? t->plan.error : strerror(-r));
    memcpy(instance->state, t->state, instance->policy->table.state_size);
    return r;
}

int coordinator_try_soon(const struct coordinator *c, const struct config *config,
                         struct policy_instance *instance, struct coordinator_trial *trial,
                         char *error, size_t error_size)
{
    return try(c, config, instance, trial, false, error, error_size);
}

int coordinator_try(const struct coordinator *c, const struct config *config,
                    struct policy_instance *instance, char *error, size_t error_size)
{
    struct coordinator_trial t = { 0 };
    int r = try(c, config, instance, &t, true, error, error_size);

    coordinator_trial_free(&t);
    return r;
}

int coordinator_swap(struct coordinator *c, const struct config *config,
                     struct policy_instance *instance)
{
    int r = keeps_state(c, instance)
                ? 0
                : domains_set_policy_state(&c->domains, instance->policy->table.domain_state_size);

    if (r < 0)
        return r;
    c->config = config;
    c->instance = instance;
    domains_configure(&c->domains, config);
    for (size_t i = 0; i < c->domains.n; i++)
        bounds_warn(config, c->domains.list[i]);
    /* what the policy before was told off for is not this one's */
    memset(c->plan.limits, 0, sizeof(c->plan.limits));
    c->policy_failed = (struct log_limit){ 0 };
    return 0;
}
