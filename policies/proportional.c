/* SPDX-License-Identifier: BSD-3-Clause */
/* proportional: each domain gets what it uses and headroom; see proportional.md for what happens
 * when that does not fit. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "memcoord/policy.h"

__extension__ typedef unsigned __int128 u128;

enum surplus { SURPLUS_KEEP, SURPLUS_SHARE };

struct proportional {
    uint64_t headroom_min_kib, headroom_bp;
    uint64_t surplus; /* enum surplus */
    uint64_t crowded; /* the minima do not fit, and it was said */
};

static const struct memcoord_param params[] = {
    MEMCOORD_SIZE(struct proportional, headroom_min_kib, "headroom_min", "100MiB", "0..1TiB",
                  "what a domain gets above what it uses, at least"),
    MEMCOORD_PERCENT(struct proportional, headroom_bp, "headroom", "25%", "0%..100%",
                     "the same as a part of what it uses; the larger counts"),
    MEMCOORD_CHOICE(struct proportional, surplus, "surplus", "keep", "keep|share",
                    "what all demands leave over: the host keeps it, or domains share it"),
    MEMCOORD_PARAMS_END
};

/* One domain that takes part; min <= used <= demand <= max. */
struct claim {
    const struct memcoord_domain *domain;
    uint64_t used_kib;   /* within the bounds */
    uint64_t demand_kib; /* used and headroom, within the bounds */
    uint64_t size_kib;   /* what it gets */
};

struct claims {
    struct claim *list;
    size_t n;
    uint64_t pool_kib;                      /* to be divided among them */
    uint64_t min_kib, used_kib, demand_kib; /* sums */
};

static uint64_t headroom_part_kib(const struct proportional *p, const struct memcoord_domain *d)
{
    return memcoord_mul_div(d->used_kib, p->headroom_bp, 10000);
}

/* The core puts the parameter's figure behind its name: that of the larger one. */
static const char *demand_words(const struct proportional *p, const struct memcoord_domain *d)
{
    return headroom_part_kib(p, d) > p->headroom_min_kib ? "used and headroom"
                                                         : "used and headroom_min";
}

static void add_claim(struct claims *c, const struct proportional *p,
                      const struct memcoord_domain *d)
{
    struct claim *claim = &c->list[c->n++];
    uint64_t headroom_kib = memcoord_max(p->headroom_min_kib, headroom_part_kib(p, d));

    claim->domain = d;
    claim->used_kib = memcoord_clamp(d->used_kib, d->min_kib, d->max_kib);
    claim->demand_kib = memcoord_clamp(d->used_kib + headroom_kib, d->min_kib, d->max_kib);
    c->min_kib += d->min_kib;
    c->used_kib += claim->used_kib;
    c->demand_kib += claim->demand_kib;
}

/* A domain whose use is not known holds what it has, within its bounds; the others get the rest. */
static void keep_size(struct claims *c, const struct memcoord_domain *d, struct memcoord_plan *plan)
{
    uint64_t kib = memcoord_clamp(d->target_kib, d->min_kib, d->max_kib);

    c->pool_kib -= memcoord_min(c->pool_kib, kib);
    if (kib != d->target_kib)
        memcoord_set_target(plan, d, kib, "within its bounds");
}

static int gather(struct claims *c, const struct proportional *p, const struct memcoord_snapshot *s,
                  struct memcoord_plan *plan)
{
    *c = (struct claims){ .pool_kib = s->host->pool_kib };
    c->list = memcoord_scratch(plan, s->n_domains + 1, sizeof *c->list);
    if (!c->list)
        return -ENOMEM;
    for (size_t i = 0; i < s->n_domains; i++) {
        const struct memcoord_domain *d = s->domains[i];
        if (!(d->flags & MEMCOORD_MOVABLE))
            continue;
        if (d->used_kib == MEMCOORD_UNKNOWN)
            keep_size(c, d, plan);
        else
            add_claim(c, p, d);
    }
    return 0;
}

static int by_growth_allowed(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;
    u128 l = (u128)x->domain->max_kib * y->demand_kib, r = (u128)y->domain->max_kib * x->demand_kib;

    if (x->demand_kib == 0 || y->demand_kib == 0)
        return (x->demand_kib == 0) - (y->demand_kib == 0);
    return (l > r) - (l < r);
}

/* The pool exceeds all demands: it is divided in proportion to them, up to max. Those who reach max
 * soonest come first; what they leave raises the level of the rest. */
static void share_surplus(struct claims *c)
{
    uint64_t left_kib = c->pool_kib, demand_kib = c->demand_kib;
    size_t i;

    qsort(c->list, c->n, sizeof *c->list, by_growth_allowed);
    for (i = 0; i < c->n && demand_kib > 0; i++) {
        struct claim *claim = &c->list[i];
        if ((u128)claim->domain->max_kib * demand_kib > (u128)claim->demand_kib * left_kib)
            break;
        claim->size_kib = claim->domain->max_kib;
        left_kib -= claim->size_kib;
        demand_kib -= claim->demand_kib;
    }
    for (; i < c->n; i++) /* without demand there is nothing to be in proportion to */
        c->list[i].size_kib =
            demand_kib ? memcoord_mul_div(c->list[i].demand_kib, left_kib, demand_kib) : 0;
}

/* All used memory fits, not all headroom: every headroom is scaled by the same factor. */
static void scale_headroom(struct claims *c)
{
    for (size_t i = 0; i < c->n; i++)
        c->list[i].size_kib =
            c->list[i].used_kib + memcoord_mul_div(c->list[i].demand_kib - c->list[i].used_kib,
                                                   c->pool_kib - c->used_kib,
                                                   c->demand_kib - c->used_kib);
}

static int by_weight_falling(const void *a, const void *b)
{
    uint64_t l = ((const struct claim *)a)->domain->weight;
    uint64_t r = ((const struct claim *)b)->domain->weight;

    return (l < r) - (l > r);
}

static uint64_t wanted_kib(const struct claim *claim)
{
    return claim->used_kib - claim->domain->min_kib;
}

/* What each heavy claim wants x its weight; of claims that all have weight 0, what each wants. */
static u128 wanted_weight(const struct claim *claim, bool heavy)
{
    return heavy ? (u128)wanted_kib(claim) * claim->domain->weight : wanted_kib(claim);
}

static u128 sum_wanted(const struct claims *c, size_t from, bool heavy)
{
    u128 sum = 0;

    for (size_t i = from; i < c->n; i++)
        sum += wanted_weight(&c->list[i], heavy);
    return sum;
}

/* Not even used memory fits: min + level x weight x (used - min), no more than used. The heaviest
 * are full first; what they leave raises the level of the rest. Weight 0 comes after all others. */
static void fill_by_weight(struct claims *c)
{
    uint64_t left_kib = c->pool_kib - c->min_kib;
    u128 sum = sum_wanted(c, 0, true);
    bool heavy;
    size_t i;

    qsort(c->list, c->n, sizeof *c->list, by_weight_falling);
    for (i = 0; i < c->n; i++) {
        struct claim *claim = &c->list[i];
        uint64_t weight = claim->domain->weight;
        if (weight == 0 || left_kib * (u128)weight < sum)
            break;
        claim->size_kib = claim->used_kib;
        left_kib -= wanted_kib(claim);
        sum -= wanted_weight(claim, true);
    }
    heavy = i < c->n && c->list[i].domain->weight > 0;
    if (!heavy)
        sum = sum_wanted(c, i, false);
    for (; i < c->n; i++) {
        struct claim *claim = &c->list[i];
        u128 part = sum ? wanted_weight(claim, heavy) * left_kib / sum : 0;
        claim->size_kib = claim->domain->min_kib + (uint64_t)part;
    }
}

static void give_min(struct claims *c)
{
    for (size_t i = 0; i < c->n; i++)
        c->list[i].size_kib = c->list[i].domain->min_kib;
}

static void give_demand(struct claims *c)
{
    for (size_t i = 0; i < c->n; i++)
        c->list[i].size_kib = c->list[i].demand_kib;
}

/* Sets each size; returns why it is what it is, NULL where each gets its demand. */
static const char *divide(struct claims *c, bool share)
{
    if (c->min_kib > c->pool_kib) {
        give_min(c);
        return "min: not even the minima fit";
    }
    if (c->used_kib > c->pool_kib) {
        fill_by_weight(c);
        return "min and part of used, by weight";
    }
    if (c->demand_kib > c->pool_kib) {
        scale_headroom(c);
        return "used and part of the headroom";
    }
    if (share) {
        share_surplus(c);
        return "used, headroom and part of the surplus";
    }
    give_demand(c);
    return NULL;
}

/* Warns when the minima no longer fit: once, until they fitted again. */
static void warn_if_crowded(struct proportional *p, const struct claims *c,
                            struct memcoord_plan *plan)
{
    bool crowded = c->min_kib > c->pool_kib;

    if (crowded && !p->crowded)
        memcoord_log(plan, 4,
                     "the minima of %zu domains are %" PRIu64 " MiB and %" PRIu64
                     " MiB can be given: all get their minimum",
                     c->n, (c->min_kib + 1023) / 1024, c->pool_kib / 1024);
    p->crowded = crowded;
}

static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    struct proportional *p = state;
    struct claims c;
    const char *why;

    if (gather(&c, p, s, plan))
        return -ENOMEM;
    warn_if_crowded(p, &c, plan);
    why = divide(&c, p->surplus == SURPLUS_SHARE);
    for (size_t i = 0; i < c.n; i++)
        memcoord_set_target(plan, c.list[i].domain, c.list[i].size_kib,
                            why ? why : demand_words(p, c.list[i].domain));
    return 0;
}

MEMCOORD_POLICY(.name = "proportional",
                .summary = "what each guest uses and headroom, scaled down when it does not fit",
                .state_size = sizeof(struct proportional), .state_version = 1, .params = params,
                .decide = decide, .source = "after Xen's squeezed, with weights");
