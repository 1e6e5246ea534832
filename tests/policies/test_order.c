/* SPDX-License-Identifier: BSD-3-Clause */
/* The order of the domains means nothing: two instances see the same host, one in another order, for
 * many ticks on which what they keep depends. */
#include "lib/policy_fixture.h"

#define CASES 150
#define TICKS 12

static uint64_t maybe(uint64_t *seed, uint64_t below)
{
    return fixture_random(seed, 10) ? fixture_random(seed, below) : MEMCOORD_UNKNOWN;
}

static void random_figures(struct memcoord_domain *d, uint64_t *seed)
{
    static const uint32_t others[] = { 0, MEMCOORD_SETTLING, MEMCOORD_STALE };

    d->flags = fixture_random(seed, 8) ? MEMCOORD_MOVABLE | others[fixture_random(seed, 3)]
                                       : MEMCOORD_PAUSED;
    d->used_kib = maybe(seed, 2048 * MIB);
    d->usable_kib = maybe(seed, 512 * MIB);
    d->unused_kib = maybe(seed, 512 * MIB);
    d->growth_kib_per_s = maybe(seed, 100 * MIB);
    d->stats_age_ms = maybe(seed, 5000);
    d->balloon_kib = d->min_kib + fixture_random(seed, 2048 * MIB);
    d->target_kib = d->min_kib + fixture_random(seed, 2048 * MIB);
}

/* Many of a kind, so that there are ties. */
static void random_domain(struct fixture *f, uint64_t *seed)
{
    uint64_t min_kib = fixture_random(seed, 3) * 100 * MIB;
    uint64_t max_kib = min_kib + fixture_random(seed, 4) * 700 * MIB;
    struct memcoord_domain *d = fixture_add(f, min_kib, max_kib, max_kib);

    d->weight = fixture_random(seed, 4) * 500;
    random_figures(d, seed);
    if (d->index > 0 && fixture_random(seed, 2)) {
        d->used_kib = d[-1].used_kib;
        d->min_kib = d[-1].min_kib;
        d->max_kib = d[-1].max_kib;
        d->weight = d[-1].weight;
    }
}

/* The same domains as `from` in another order; each keeps its own state. */
static void copy_shuffled(struct fixture *to, const struct fixture *from, const size_t *order)
{
    size_t stride = from->policy->table.domain_state_size + 8;

    to->snapshot.n_domains = from->snapshot.n_domains;
    to->host = from->host;
    for (size_t i = 0; i < from->snapshot.n_domains; i++) {
        struct memcoord_domain *d = &to->domains[i];
        *d = from->domains[order[i]];
        d->index = (uint32_t)i;
        if (d->state)
            d->state = to->states + order[i] * stride;
        to->list[i] = d;
    }
}

static void shuffle(size_t *order, size_t n, uint64_t *seed)
{
    for (size_t i = 0; i < n; i++) {
        size_t j = fixture_random(seed, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
}

static void compare(const char *policy, unsigned i, const struct fixture *a,
                    const struct fixture *b, const size_t *order)
{
    for (size_t k = 0; k < a->snapshot.n_domains; k++) {
        const struct memcoord_domain *x = a->list[order[k]], *y = b->list[k];
        if (fixture_asked(a, x) != fixture_asked(b, y) ||
            strcmp(fixture_why(a, x), fixture_why(b, y)) != 0)
            fail_msg("%s, case %u, %s: %llu (%s) in one order, %llu (%s) in another", policy, i,
                     x->name, (unsigned long long)fixture_asked(a, x), fixture_why(a, x),
                     (unsigned long long)fixture_asked(b, y), fixture_why(b, y));
    }
}

static void set_both(struct fixture *a, struct fixture *b, const char *key, const char *value)
{
    fixture_set(a, key, value);
    fixture_set(b, key, value);
}

static unsigned run_case(const char *policy, unsigned i, uint64_t *seed)
{
    struct fixture a, b;
    size_t order[FIXTURE_DOMAINS], n = 1 + fixture_random(seed, 40);
    unsigned asked = 0;

    fixture_open(&a, policy);
    fixture_open(&b, policy);
    if (a.policy->table.domain_state_size > 0 || strcmp(policy, "proportional") == 0)
        set_both(&a, &b, "surplus", i % 2 ? "share" : "keep");
    for (size_t k = 0; k < n; k++)
        random_domain(&a, seed);
    for (unsigned tick = 0; tick < TICKS; tick++) {
        a.host.pool_kib = fixture_random(seed, n * 1500 * MIB);
        for (size_t k = 0; tick && k < n; k++)
            if (fixture_random(seed, 2))
                random_figures(&a.domains[k], seed);
        shuffle(order, n, seed);
        copy_shuffled(&b, &a, order);
        fixture_decide(&a);
        fixture_decide(&b);
        compare(policy, i, &a, &b, order);
        assert_int_equal(a.warnings, b.warnings);
        for (size_t k = 0; k < n; k++)
            asked += fixture_asked(&a, a.list[k]) != MEMCOORD_UNKNOWN;
    }
    fixture_close(&a);
    fixture_close(&b);
    return asked;
}

static void the_order_of_domains_changes_nothing(void **state)
{
    const char *policy = *state;
    uint64_t seed = 23;
    unsigned asked = 0;

    for (unsigned i = 0; i < CASES; i++)
        asked += run_case(policy, i, &seed);
    assert_true(strcmp(policy, "hold") == 0 ? asked == 0 : asked > CASES);
}

#define OF(policy)                                                                 \
    {                                                                              \
        policy, the_order_of_domains_changes_nothing, NULL, NULL, (void *)(policy) \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        OF("hold"),
        OF("threshold"),
        OF("proportional"),
        OF("fair-share"),
    };
    return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
