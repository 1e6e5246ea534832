/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A policy on trial: it decides on snapshots as they are and as they might be, each time from the same memory.
 * What it keeps is plain data, so that a decision can be tried and taken back.
 *
 * Include lib/guard_budget.h's family before (it brings cmocka).
 */
#ifndef TESTS_LIB_POLICY_TRIAL_H
#define TESTS_LIB_POLICY_TRIAL_H

#include <stdlib.h>
#include <string.h>

#include "config/values.h"
#include "lib/random.h"
#include "policy/instance.h"
#include "policy/loader.h"
#include "policy/plan.h"

struct trial {
    struct policy *policy;
    struct policy_instance *instance;
    struct plan plan;
    size_t slots, stride;
    char *states; /* of the domains: `slots` of `stride` bytes */
    size_t warnings;
};

static struct trial *trial_of_now;

__attribute__((format(printf, 3, 0))) static inline void
trial_vlog(struct memcoord_plan *calls, int level, const char *fmt, va_list args)
{
    char text[512];

    (void)calls;
    assert_true(vsnprintf(text, sizeof(text), fmt, args) > 0);
    trial_of_now->warnings += level == 4;
}

/* For so many domains at most. */
static inline void trial_open(struct trial *t, const char *name, size_t slots)
{
    const char *top = getenv("MEMCOORD_TOP");
    char path[4096], error[512] = "";

    memset(t, 0, sizeof(*t));
    snprintf(path, sizeof(path), "%s/policies", top ? top : ".");
    if (policy_load(name, path, &t->policy, error, sizeof(error)))
        fail_msg("%s", error);
    assert_int_equal(policy_instance_new(t->policy, &t->instance), 0);
    t->slots = slots;
    t->stride = (t->policy->table.domain_state_size + 15) / 16 * 16;
    t->states = calloc(slots + 1, t->stride + 1);
    assert_non_null(t->states);
}

static inline void trial_close(struct trial *t)
{
    plan_free(&t->plan);
    policy_instance_free(t->instance);
    policy_unload(t->policy);
    free(t->states);
}

/* ---- memory */

static inline void *trial_state(const struct trial *t, size_t slot)
{
    assert_true(slot < t->slots);
    return t->stride ? t->states + slot * t->stride : NULL;
}

static inline void trial_forget(struct trial *t, size_t slot)
{
    if (t->stride)
        memset(trial_state(t, slot), 0, t->stride);
}

/* All of it begins anew, with the parameters that are set. */
static inline void trial_begin(struct trial *t)
{
    memcpy(t->instance->state, t->instance->fresh, t->policy->table.state_size);
    memset(t->states, 0, t->slots * t->stride);
    t->warnings = 0;
}

/* Bytes of all that it keeps: of its state and those of the domains. */
static inline size_t trial_bytes(const struct trial *t)
{
    return t->policy->table.state_size + t->slots * t->stride;
}

static inline void trial_save(const struct trial *t, char *memory)
{
    memcpy(memory, t->instance->state, t->policy->table.state_size);
    memcpy(memory + t->policy->table.state_size, t->states, t->slots * t->stride);
}

static inline void trial_load(struct trial *t, const char *memory)
{
    memcpy(t->instance->state, memory, t->policy->table.state_size);
    memcpy(t->states, memory + t->policy->table.state_size, t->slots * t->stride);
}

/* ---- parameters */

/* Any number of the range, small ones as often as large ones: most lie where they matter. */
static inline uint64_t trial_any(struct random *r, uint64_t low, uint64_t high)
{
    uint64_t bits = 1;

    while ((high - low) >> bits)
        bits++;
    return one_in(r, 10) ? low : low + (below(r, high - low + 1) >> below(r, bits));
}

/* A random value of parameter `p`, as it is written. */
static inline void trial_random_value(const struct memcoord_param *p, struct random *r, char *text,
                                      size_t size)
{
    char range[256], error[256], *high;
    uint64_t from = 0, to = 0;

    snprintf(range, sizeof(range), "%s", p->range);
    if (p->type == MEMCOORD_TYPE_CHOICE || p->type == MEMCOORD_TYPE_BOOLEAN) {
        for (const char *c = range; (c = strchr(c, '|')); c++)
            to++;
        value_format(p->type, p->range, below(r, to + 1), text, size);
        return;
    }
    high = strstr(range, "..");
    assert_non_null(high);
    *high = '\0';
    assert_int_equal(value_parse(p->type, p->range, range, &from, error, sizeof(error)), 0);
    assert_int_equal(value_parse(p->type, p->range, high + 2, &to, error, sizeof(error)), 0);
    value_format(p->type, p->range, trial_any(r, from, to), text, size);
}

/* Moves about half of the parameters within their ranges, each unless check() is against it. */
static inline void trial_set_any(struct trial *t, struct random *r)
{
    const struct policy *policy = t->policy;
    char text[64], before[64], error[512];

    for (size_t n = 2 * policy->n_params; n > 0; n--) {
        const size_t i = below(r, policy->n_params);
        const struct memcoord_param *p = &policy->params[i];

        value_format(p->type, p->range, policy_instance_value(t->instance, i), before,
                     sizeof(before));
        trial_random_value(p, r, text, sizeof(text));
        if (one_in(r, 2))
            continue;
        if (policy_instance_set(t->instance, p->key, text, error, sizeof(error)))
            fail_msg("%s", error);
        if (policy_instance_check(t->instance))
            assert_int_equal(policy_instance_set(t->instance, p->key, before, error, sizeof(error)),
                             0);
    }
}

static inline void trial_set_defaults(struct trial *t)
{
    char error[512];

    for (size_t i = 0; i < t->policy->n_params; i++)
        assert_int_equal(policy_instance_set(t->instance, t->policy->params[i].key,
                                             t->policy->params[i].initial, error, sizeof(error)),
                         0);
}

static inline void trial_print_parameters(const struct trial *t)
{
    char text[64];

    print_error("  policy %s:", t->policy->table.name);
    for (size_t i = 0; i < t->policy->n_params; i++) {
        const struct memcoord_param *p = &t->policy->params[i];

        value_format(p->type, p->range, policy_instance_value(t->instance, i), text, sizeof(text));
        print_error(" %s=%s", p->key, text);
    }
    print_error("\n");
}

/* ---- decisions */

/* What it asks for, by index; MEMCOORD_UNKNOWN: nothing. Returns how many warnings it had. */
static inline size_t trial_decide(struct trial *t, const struct memcoord_snapshot *s,
                                  uint64_t *asked_kib)
{
    trial_of_now = t;
    t->warnings = 0;
    assert_int_equal(plan_begin(&t->plan, s, t->policy->table.name), 0);
    t->plan.calls.vlog = trial_vlog;
    if (policy_instance_decide(t->instance, s, &t->plan))
        fail_msg("%s: %s", t->policy->table.name, t->plan.error);
    assert_int_equal(t->plan.strangers, 0);
    for (size_t i = 0; i < s->n_domains; i++)
        asked_kib[i] = t->plan.entries[i].asked_kib;
    return t->warnings;
}

#endif
