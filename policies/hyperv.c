/* SPDX-License-Identifier: BSD-3-Clause */
/* hyperv: what each guest needs and a buffer; when that does not fit, by weight, then by memory
 * pressure, after Hyper-V's Dynamic Memory; see hyperv.md. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "memcoord/policy.h"

__extension__ typedef unsigned __int128 u128;

enum { WHOLE_BP = 10000 };
enum first { FIRST_WEIGHT, FIRST_NEED };

struct hyperv {
    uint64_t buffer_bp;
    uint64_t first;   /* enum first */
    uint64_t crowded; /* the minima do not fit, and it was said */
};

static const struct memcoord_param params[] = {
    MEMCOORD_PERCENT(struct hyperv, buffer_bp, "buffer", "20%", "0%..2000%",
                     "what a domain gets above what it needs, as a part of that"),
    MEMCOORD_CHOICE(struct hyperv, first, "first", "weight", "weight|need",
                    "when short: heavier domains with their buffer first, or what all need"),
    MEMCOORD_PARAMS_END
};

/* One domain that takes part; min <= low <= size <= high <= target <= max. */
struct claim {
    const struct memcoord_domain *domain;
    uint64_t need_kib;          /* what it uses; may be outside of its bounds */
    uint64_t target_kib;        /* need and buffer, within the bounds */
    uint64_t low_kib, high_kib; /* what it has already, and may get next */
    uint64_t size_kib;          /* what it gets */
};

/*
 * Within a weight the highest pressure (need / size) is relieved first, so that all come to the same
 * pressure 1 / L, but for those that are at `low` or `high`. With a rising L a domain starts to grow at
 * L = low / need, and is full at L = high / need.
 */
struct event {
    const struct claim *claim;
    uint64_t at_kib; /* L is at_kib / claim->need_kib */
};

static void add_claim(struct claim *claim, const struct hyperv *v, const struct memcoord_domain *d)
{
    uint64_t kib = memcoord_mul_div(d->used_kib, WHOLE_BP + v->buffer_bp, WHOLE_BP);

    *claim = (struct claim){ .domain = d, .need_kib = d->used_kib };
    claim->target_kib = memcoord_clamp(kib, d->min_kib, d->max_kib);
    claim->size_kib = d->min_kib;
}

/* A domain whose need is not known holds what it has, within its bounds; the others get the rest. */
static void keep_size(uint64_t *pool_kib, const struct memcoord_domain *d,
                      struct memcoord_plan *plan)
{
    uint64_t kib = memcoord_clamp(d->target_kib, d->min_kib, d->max_kib);

    *pool_kib -= memcoord_min(*pool_kib, kib);
    if (kib != d->target_kib)
        memcoord_set_target(plan, d, kib, "within its bounds");
}

/* Returns how many take part; all have their min. */
static size_t gather(struct claim *claims, const struct hyperv *v,
                     const struct memcoord_snapshot *s, uint64_t *pool_kib,
                     struct memcoord_plan *plan)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_domains; i++) {
        const struct memcoord_domain *d = s->domains[i];
        if (!(d->flags & MEMCOORD_MOVABLE))
            continue;
        if (d->used_kib == MEMCOORD_UNKNOWN)
            keep_size(pool_kib, d, plan);
        else
            add_claim(&claims[n++], v, d);
    }
    return n;
}

static int by_weight_falling(const void *a, const void *b)
{
    uint64_t l = ((const struct claim *)a)->domain->weight;
    uint64_t r = ((const struct claim *)b)->domain->weight;

    return (l < r) - (l > r);
}

static int by_level(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    u128 l = (u128)x->at_kib * y->claim->need_kib, r = (u128)y->at_kib * x->claim->need_kib;

    return (l > r) - (l < r);
}

/* The events of all claims that can grow, in the order in which a rising L meets them. */
static size_t list_events(struct event *events, const struct claim *claims, size_t n)
{
    size_t m = 0;

    for (size_t i = 0; i < n; i++) {
        const struct claim *c = &claims[i];
        if (c->low_kib == c->high_kib)
            continue;
        events[m++] = (struct event){ c, c->low_kib };
        events[m++] = (struct event){ c, c->high_kib };
    }
    qsort(events, m, sizeof *events, by_level);
    return m;
}

/*
 * Gives the claims, which have `low` and can't all have `high`, that and `left_kib` more. Those that
 * grow with L are worth rise x L, the others `fixed`; the L that is looked for lies before the first
 * event at which all are worth more than there is.
 */
static void relieve(struct claim *claims, size_t n, uint64_t left_kib, struct event *events)
{
    size_t m = list_events(events, claims, n);
    uint64_t rise = 0, fixed_kib = 0, all_kib;

    for (size_t i = 0; i < n; i++)
        fixed_kib += claims[i].low_kib;
    all_kib = fixed_kib + left_kib;
    for (size_t i = 0; i < m; i++) {
        const struct claim *c = events[i].claim;
        uint64_t at_kib = events[i].at_kib;

        if ((u128)fixed_kib * c->need_kib + (u128)rise * at_kib >= (u128)all_kib * c->need_kib)
            break;
        fixed_kib = at_kib == c->low_kib ? fixed_kib - at_kib : fixed_kib + at_kib;
        rise = at_kib == c->low_kib ? rise + c->need_kib : rise - c->need_kib;
    }
    for (size_t i = 0; i < n; i++) {
        struct claim *c = &claims[i];
        uint64_t kib = rise ? memcoord_mul_div(c->need_kib, all_kib - fixed_kib, rise) : c->low_kib;
        c->size_kib = memcoord_clamp(kib, c->low_kib, c->high_kib);
    }
}

/* Gives claims of one weight what they may get next, or what is left of the pool. */
static void give(struct claim *claims, size_t n, uint64_t *left_kib, struct event *events)
{
    uint64_t wanted_kib = 0;

    for (size_t i = 0; i < n; i++)
        wanted_kib += claims[i].high_kib - claims[i].low_kib;
    if (wanted_kib > *left_kib) {
        relieve(claims, n, *left_kib, events);
        *left_kib = 0;
        return;
    }
    for (size_t i = 0; i < n; i++)
        claims[i].size_kib = claims[i].high_kib;
    *left_kib -= wanted_kib;
}

/* One round of giving, by weight: up to what is needed, or up to the target. */
static void give_all(struct claim *claims, size_t n, bool need_only, uint64_t *left_kib,
                     struct event *events)
{
    size_t from = 0;

    for (size_t i = 0; i < n; i++) {
        struct claim *c = &claims[i];
        c->low_kib = c->size_kib;
        c->high_kib = c->target_kib;
        if (need_only)
            c->high_kib = memcoord_clamp(c->need_kib, c->low_kib, c->target_kib);
    }
    for (size_t i = 1; i <= n; i++)
        if (i == n || claims[i].domain->weight != claims[from].domain->weight) {
            give(claims + from, i - from, left_kib, events);
            from = i;
        }
}

/* Warns when the minima no longer fit: once, until they fitted again. */
static void warn_if_crowded(struct hyperv *v, size_t n, uint64_t min_kib, uint64_t pool_kib,
                            struct memcoord_plan *plan)
{
    bool crowded = min_kib > pool_kib;

    if (crowded && !v->crowded)
        memcoord_log(plan, 4,
                     "the minima of %zu domains are %" PRIu64 " MiB and %" PRIu64
                     " MiB can be given: all get their minimum",
                     n, (min_kib + 1023) / 1024, pool_kib / 1024);
    v->crowded = crowded;
}

/* Divides the pool among the claims, which have their min. */
static int divide(struct hyperv *v, struct claim *claims, size_t n, uint64_t pool_kib,
                  struct memcoord_plan *plan)
{
    struct event *events = memcoord_scratch(plan, 2 * n + 1, sizeof *events);
    uint64_t min_kib = 0;

    if (!events)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        min_kib += claims[i].size_kib;
    warn_if_crowded(v, n, min_kib, pool_kib, plan);
    if (v->crowded)
        return 0;
    pool_kib -= min_kib;
    qsort(claims, n, sizeof *claims, by_weight_falling);
    if (v->first == FIRST_NEED)
        give_all(claims, n, true, &pool_kib, events);
    give_all(claims, n, false, &pool_kib, events);
    return 0;
}

static const char *why(const struct hyperv *v, const struct claim *c)
{
    if (v->crowded)
        return "min: not even the minima fit";
    if (c->size_kib == c->target_kib)
        return "used and buffer";
    return c->size_kib == c->domain->min_kib ? "min: memory is short"
                                             : "memory is short: by weight, then by pressure";
}

static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    struct hyperv *v = state;
    struct claim *claims = memcoord_scratch(plan, s->n_domains + 1, sizeof *claims);
    uint64_t pool_kib = s->host->pool_kib;
    size_t n;

    if (!claims)
        return -ENOMEM;
    n = gather(claims, v, s, &pool_kib, plan);
    if (divide(v, claims, n, pool_kib, plan))
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        memcoord_set_target(plan, claims[i].domain, claims[i].size_kib, why(v, &claims[i]));
    return 0;
}

MEMCOORD_POLICY(.name = "hyperv",
                .summary =
                    "what each guest needs and a buffer; when short, by weight and memory pressure",
                .state_size = sizeof(struct hyperv), .state_version = 1, .params = params,
                .decide = decide, .source = "Hyper-V's Dynamic Memory, as documented by Microsoft");
