/* SPDX-License-Identifier: BSD-3-Clause */
/* What `memcoord decide` reads: the first byte chooses whether there is a guard, then snapshots in JSON follow,
 * one a line. Whatever they say, what the guard grants is within its rules. */
#include "lib/fuzz.h"

#include <jansson.h>

#include "commands/decide_read.h"
#include "commands/decide_states.h"
#include "commands/decide_write.h"
#include "commands/decision.h"

static struct config config;
static struct policy_instance *instances[FUZZ_POLICIES_MAX];

static void fuzz_begin(void)
{
    fuzz_assert(config_defaults(&config) == 0);
    fuzz_load_policies();
    for (size_t i = 0; i < fuzz_n_policies; i++)
        fuzz_assert(policy_instance_new(fuzz_policies[i], &instances[i]) == 0);
#ifdef FUZZER /* else it is so already */
    fuzz_assert(freopen("/dev/null", "w", stdout));
#endif
}

/* ---- the guard's rules 1-4 and 6 */

static void check_bounds(const struct memcoord_domain *d, uint64_t granted_kib)
{
    if (granted_kib == d->target_kib)
        return;
    fuzz_assert(d->flags & MEMCOORD_MOVABLE);
    if (d->target_kib > d->max_kib)
        fuzz_assert(granted_kib < d->target_kib && granted_kib >= d->min_kib);
    else if (d->target_kib < d->min_kib)
        fuzz_assert(granted_kib > d->target_kib && granted_kib <= d->max_kib);
    else
        fuzz_assert(granted_kib >= d->min_kib && granted_kib <= d->max_kib);
}

static void check_shrink(const struct guard_settings *guard, const struct snapshot_domain *domain,
                         uint64_t granted_kib)
{
    const struct memcoord_domain *d = &domain->seen;

    if (granted_kib >= d->target_kib)
        return;
    fuzz_assert(!(d->flags & (MEMCOORD_NEW | MEMCOORD_SETTLING | MEMCOORD_STALE)));
    fuzz_assert(d->used_kib != MEMCOORD_UNKNOWN && !domain->shrink_paused);
    fuzz_assert(granted_kib >= d->used_kib + guard->guest_reserve_kib);
    fuzz_assert(domain->shrunk_kib + (d->target_kib - granted_kib) <=
                amount_of(guard->max_shrink, d->balloon_kib));
}

static void check_verdicts(const struct decision *decision)
{
    const struct snapshot *s = &decision->snapshot;
    const uint64_t budget_kib = s->host.grantable_kib > 0 ? (uint64_t)s->host.grantable_kib : 0;
    uint64_t cost_kib = 0;

    for (size_t i = 0; i < s->seen.n_domains; i++) {
        const struct memcoord_domain *d = &s->domains[i].seen;
        uint64_t granted_kib = decision->verdicts[i].granted_kib;
        uint64_t held_kib = memcoord_max(d->balloon_kib, d->target_kib);

        check_bounds(d, granted_kib);
        check_shrink(&decision->guard, &s->domains[i], granted_kib);
        cost_kib += granted_kib > held_kib ? granted_kib - held_kib : 0;
    }
    fuzz_assert(cost_kib <= budget_kib);
}

/* ---- lines */

static int decide(struct decision *decision, struct decide_states *states, json_t *line)
{
    char error[512] = "";
    int r = decide_read(line, &config, &decision->guard, &decision->snapshot, error, sizeof(error));

    if (r == 0)
        r = decide_states_attach(states, &decision->snapshot, NULL,
                                 decision->instance->policy->table.domain_state_size, error,
                                 sizeof(error));
    if (r < 0) {
        fuzz_assert(r == -EINVAL && *error);
        return r;
    }
    fuzz_assert(decision_make(decision) == 0);
    if (!decision->no_guard)
        check_verdicts(decision);
    if (decision->plan.failed)
        return decide_write_error(&decision->snapshot, decision->plan.error);
    return decide_write(&decision->guard, &decision->snapshot, &decision->plan, decision->verdicts,
                        NULL);
}

static void decide_lines(struct decision *decision, const char *text, size_t size)
{
    struct decide_states states = { 0 };
    int r = 0;

    while (r == 0 && size > 0) {
        const char *end = memchr(text, '\n', size);
        size_t length = end ? (size_t)(end - text) : size;
        json_error_t wrong;
        json_t *line = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &wrong);

        r = line ? decide(decision, &states, line) : -EINVAL;
        json_decref(line);
        length += end ? 1 : 0;
        text += length;
        size -= length;
    }
    decide_states_free(&states);
}

/* From a copy of the state as it begins. */
static void decide_all(const struct policy_instance *fresh, bool no_guard, const char *text,
                       size_t size)
{
    struct policy_instance instance = *fresh;
    struct decision decision = { .guard = config.guard,
                                 .no_guard = no_guard,
                                 .instance = &instance };
    void *state = malloc(fresh->policy->table.state_size + 1);

    fuzz_assert(state);
    memcpy(state, fresh->state, fresh->policy->table.state_size);
    instance.state = state;
    if (no_guard)
        decision.guard.rescue = 0;
    decide_lines(&decision, text, size);
    decision_free(&decision);
    free(state);
}

static int fuzz_one(const uint8_t *data, size_t size)
{
    if (size == 0)
        return -1;
    for (size_t i = fuzz_first_policy(size); i < fuzz_end_of_policies(size); i++)
        decide_all(instances[i], data[0] / 4 % 2, (const char *)data + 1, size - 1);
    return 0;
}
