/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/instance.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/values.h"
#include "policy/process.h"
#include "policy/vet.h"
#include "util/complain.h"
#include "util/suggest.h"

int policy_instance_new(const struct policy *policy, struct policy_instance **instance)
{
    struct policy_instance *made = calloc(1, sizeof(*made));
    if (!made)
        return -ENOMEM;

    made->policy = policy;
    made->state = calloc(1, policy->table.state_size + 1); /* never NULL for a size of 0 */
    made->fresh = calloc(1, policy->table.state_size + 1);
    if (!made->state || !made->fresh) {
        policy_instance_free(made);
        return -ENOMEM;
    }
    vet_write_defaults(policy, made->state);
    vet_write_defaults(policy, made->fresh);
    *instance = made;
    return 0;
}

void policy_instance_free(struct policy_instance *instance)
{
    if (!instance)
        return;
    free(instance->state);
    free(instance->fresh);
    free(instance);
}

static const struct memcoord_param *find_param(const struct policy *policy, const char *key)
{
    for (size_t i = 0; i < policy->n_params; i++)
        if (strcmp(policy->params[i].key, key) == 0)
            return &policy->params[i];
    return NULL;
}

/* Says that there is no `key`, and which there are. */
static int no_such_key(const struct policy *policy, const char *key, char *error, size_t error_size)
{
    struct suggestion best = { .distance = UINT_MAX };
    size_t used;

    if (policy->n_params == 0)
        return complain(error, error_size, -ENOENT, "'%s': policy %s has no parameters", key,
                        policy->table.name);
    for (size_t i = 0; i < policy->n_params; i++)
        suggest_consider(&best, key, policy->params[i].key);
    complain(error, error_size, 0, "'%s' is no parameter of policy %s: %s%s%sit has", key,
             policy->table.name, best.word ? "did you mean " : "", best.word ? best.word : "",
             best.word ? "? " : "");
    for (size_t i = 0; i < policy->n_params && (used = strlen(error)) + 1 < error_size; i++)
        snprintf(error + used, error_size - used, "%s %s", i ? "," : "", policy->params[i].key);
    return -ENOENT;
}

static int set_in(const struct policy *policy, void *state, const char *key, const char *value,
                  char *error, size_t error_size)
{
    const struct memcoord_param *p = find_param(policy, key);
    uint64_t parsed;

    if (!p)
        return no_such_key(policy, key, error, error_size);
    if (value_parse(p->type, p->range, value, &parsed, error, error_size))
        return -EINVAL;
    memcpy((char *)state + p->offset, &parsed, sizeof(parsed));
    return 0;
}

/* Parameters belong to the state as it begins, too. */
static void keep_parameters(struct policy_instance *instance)
{
    for (size_t i = 0; i < instance->policy->n_params; i++) {
        size_t offset = instance->policy->params[i].offset;

        memcpy((char *)instance->fresh + offset, (const char *)instance->state + offset,
               sizeof(uint64_t));
    }
}

int policy_instance_set(struct policy_instance *instance, const char *key, const char *value,
                        char *error, size_t error_size)
{
    int r = set_in(instance->policy, instance->state, key, value, error, error_size);

    if (!r)
        keep_parameters(instance);
    return r;
}

/* Sets every entry of [policy NAME] in `state`; *section_line is where the section begins. */
static int set_entries(const struct policy *policy, void *state, const struct config *config,
                       struct problems *problems, int *section_line)
{
    char error[320];
    int r = 0;

    for (size_t i = 0; i < config->n_policy_entries; i++) {
        const struct policy_entry *entry = &config->policy_entries[i];
        if (strcmp(entry->policy, policy->table.name) != 0)
            continue;
        if (!entry->key) {
            *section_line = entry->line;
            continue;
        }
        int e = set_in(policy, state, entry->key, entry->value, error, sizeof(error));
        if (e)
            problems_add(problems, config->file, entry->line, "[policy %s] %s%s%s", entry->policy,
                         e == -ENOENT ? "" : entry->key, e == -ENOENT ? "" : ": ", error);
        if (e)
            r = -EINVAL;
    }
    return r;
}

/* What check() says of `state` in *wrong; or -EINPROGRESS. */
static int ask_check(const struct policy *policy, const void *state, bool wait, const char **wrong)
{
    if (policy->process)
        return policy_process_check(policy->process, state, wait, wrong);
    *wrong = policy->table.check ? policy->table.check(state) : NULL;
    return 0;
}

int policy_instance_configure_soon(struct policy_instance *instance, const struct config *config,
                                   bool wait, struct problems *problems)
{
    const struct policy *policy = instance->policy;
    int line = config->policy_line;
    void *state = malloc(policy->table.state_size + 1);
    if (!state) {
        problems_add(problems, config->file, line, "policy %s: out of memory", policy->table.name);
        return -ENOMEM;
    }

    /* in a copy: if anything is wrong, nothing is applied */
    memcpy(state, instance->state, policy->table.state_size);
    int r = set_entries(policy, state, config, problems, &line);
    if (!r) {
        const char *wrong = NULL;
        r = ask_check(policy, state, wait, &wrong);
        if (!r && wrong) {
            problems_add(problems, config->file, line, "[policy %s] %s", policy->table.name, wrong);
            r = -EINVAL;
        }
    }
    if (!r) {
        memcpy(instance->state, state, policy->table.state_size);
        keep_parameters(instance);
    }
    free(state);
    return r;
}

int policy_instance_configure(struct policy_instance *instance, const struct config *config,
                              struct problems *problems)
{
    return policy_instance_configure_soon(instance, config, true, problems);
}

const char *policy_instance_check(const struct policy_instance *instance)
{
    const char *wrong;

    ask_check(instance->policy, instance->state, true, &wrong);
    return wrong;
}

uint64_t policy_instance_value(const struct policy_instance *instance, size_t i)
{
    uint64_t value;

    memcpy(&value, (const char *)instance->state + instance->policy->params[i].offset,
           sizeof(value));
    return value;
}

static void begin_anew(struct policy_instance *instance, const struct memcoord_snapshot *snapshot)
{
    const struct memcoord_policy *table = &instance->policy->table;

    memcpy(instance->state, instance->fresh, table->state_size);
    for (size_t i = 0; table->domain_state_size && i < snapshot->n_domains; i++)
        memset(snapshot->domains[i]->state, 0, table->domain_state_size);
}

static int decide_elsewhere(struct policy_instance *instance,
                            const struct memcoord_snapshot *snapshot, struct plan *plan)
{
    struct policy_process *process = instance->policy->process;

    if (policy_process_ready(process, snapshot->now_ms, plan) < 0)
        return plan->failed;
    if (policy_process_is_new(process) && !instance->policy->table.state_version)
        begin_anew(instance, snapshot);
    if (policy_process_decide(process, instance->state, snapshot, plan) < 0)
        begin_anew(instance, snapshot);
    return plan->failed;
}

static int decide_here(struct policy_instance *instance, const struct memcoord_snapshot *snapshot,
                       struct plan *plan)
{
    int r = instance->policy->table.decide(instance->state, snapshot, &plan->calls);

    plan_end(plan);
    return plan_finish(plan, r);
}

int policy_instance_decide(struct policy_instance *instance,
                           const struct memcoord_snapshot *snapshot, struct plan *plan)
{
    return instance->policy->process ? decide_elsewhere(instance, snapshot, plan)
                                     : decide_here(instance, snapshot, plan);
}

int policy_instance_try(struct policy_instance *instance, const struct memcoord_snapshot *snapshot,
                        struct plan *plan, bool wait)
{
    struct policy_process *process = instance->policy->process;

    if (!process)
        decide_here(instance, snapshot, plan);
    else if (policy_process_try(process, instance->state, snapshot, plan, wait) == -EINPROGRESS)
        return -EINPROGRESS;
    /* a policy's own word for why it failed must not be taken for "not yet" */
    return plan->failed == -EINPROGRESS ? -ECANCELED : plan->failed;
}
