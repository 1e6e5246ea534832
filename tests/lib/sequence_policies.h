/* SPDX-License-Identifier: BSD-3-Clause */
/* The policies that are asked in random sequences: those of this tree, a hostile one, and none. */
#ifndef TESTS_LIB_SEQUENCE_POLICIES_H
#define TESTS_LIB_SEQUENCE_POLICIES_H

#include "lib/policy_text.h"
#include "lib/sequence_world.h"
#include "policy/loader.h"

static struct random *hostile_random;

static inline int hostile_decide(void *state, const struct memcoord_snapshot *s,
                                 struct memcoord_plan *plan)
{
    struct random *r = hostile_random;
    (void)state;
    for (size_t i = 0; i < s->n_domains; i++) {
        const struct memcoord_domain *d = s->domains[i];
        const uint64_t asks[] = { 0,
                                  UINT64_MAX - 1,
                                  random_next(r) >> below(r, 64),
                                  d->target_kib + below(r, 200 * MIB),
                                  less(d->target_kib, below(r, 200 * MIB)),
                                  d->min_kib - 1,
                                  d->max_kib };
        if (!one_in(r, 3))
            memcoord_set_target(plan, d, asks[below(r, sizeof(asks) / sizeof(asks[0]))], "");
    }
    return 0;
}

static struct policy hostile = { .table = { .name = "hostile", .decide = hostile_decide } };

/* Those of this tree, and last the hostile one and none: the guard alone. Those that say that they come to rest on
 * constant demand are first. */
static struct policy *policies[POLICIES_MAX + 2];
static size_t n_policies, n_real, n_restful;

static inline void load_real_policies(bool restful)
{
    static struct policy_text texts[POLICIES_MAX];
    const size_t n = policy_texts(texts);
    char error[256], path[4200];
    snprintf(path, sizeof(path), "%.4096s/policies", policies_top());
    for (size_t i = 0; i < n; i++) {
        if (policy_text_says_yes(&texts[i], AT_REST) != restful)
            continue;
        if (policy_load(texts[i].name, path, &policies[n_real], error, sizeof(error)) < 0)
            fail_msg("%s", error);
        n_real++;
    }
}

static inline int load_policies(void **state)
{
    (void)state;
    load_real_policies(true);
    n_restful = n_real;
    load_real_policies(false);
    policies[n_real] = &hostile;
    n_policies = n_real + 2;
    return 0;
}

static inline int unload_policies(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_real; i++)
        policy_unload(policies[i]);
    return 0;
}

#endif
