/* SPDX-License-Identifier: BSD-3-Clause */
/* fair-share: memory by weight, with a tax on idle memory; see fair-share.md. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "memcoord/policy.h"

__extension__ typedef unsigned __int128 u128;

enum { WHOLE_BP = 10000 };
enum { FALL_STEPS = 64 }; /* steps in a time constant: (63/64)^64 is 1/e but for 1% */
enum surplus { SURPLUS_KEEP, SURPLUS_SHARE };

struct fair_share {
    uint64_t tax_bp, fall_ms;
    uint64_t surplus; /* enum surplus */
    uint64_t headroom_min_kib, headroom_bp;
    uint64_t crowded; /* the minima do not fit, and it was said */
};

static const struct memcoord_param params[] = {
    MEMCOORD_PERCENT(struct fair_share, tax_bp, "tax", "75%", "0%..99%",
                     "how much less idle memory counts than active memory"),
    MEMCOORD_DURATION(struct fair_share, fall_ms, "fall", "30s", "0..60min",
                      "how slowly active memory follows a fall: 63% of it in this time"),
    MEMCOORD_CHOICE(struct fair_share, surplus, "surplus", "keep", "keep|share",
                    "what active memory and headroom leave over: kept by the host, or shared"),
    MEMCOORD_SIZE(struct fair_share, headroom_min_kib, "headroom_min", "100MiB", "0..1TiB",
                  "with surplus = keep: what a domain may get above its active memory, at least"),
    MEMCOORD_PERCENT(struct fair_share, headroom_bp, "headroom", "25%", "0%..100%",
                     "the same as a part of its active memory; the larger counts"),
    MEMCOORD_PARAMS_END
};

/* What is kept of each domain: zeroed when it appears. */
struct activity {
    uint64_t active_kib;
    uint64_t at_ms; /* the time that active_kib is of */
};

/* Where the common level finds a domain, in the order in which a rising level meets them. */
enum phase {
    PHASE_MIN,   /* the level gives it less than its minimum */
    PHASE_PLAIN, /* no more than active memory */
    PHASE_TAXED, /* some idle memory too */
    PHASE_FULL   /* all that it may have */
};

/* One domain that takes part. */
struct share {
    const struct memcoord_domain *domain;
    uint64_t weight; /* not 0 */
    uint64_t active_kib, low_kib, high_kib;
    uint64_t size_kib; /* what it gets */
    enum phase phase;
    bool rounded; /* it would get a part of a KiB more */
};

/* A domain enters `phase` when T (see below) is reach / weight. */
struct step {
    struct share *share;
    uint64_t reach, weight;
    enum phase from, phase;
};

/*
 * Domains that divide a pool. A domain of weight w and active memory A is worth, at the level t,
 *   w t                          up to A, and
 *   A + (w t - A) (1 - tax)      beyond.
 * With T = t x untaxed_bp, `reach` = w T is an integer for each whole KiB; and all domains together
 * are worth (fixed + rise T) / unit, where their phases say what is fixed and what rises.
 */
struct division {
    struct share *shares;
    size_t n;
    uint64_t pool_kib, untaxed_bp;
    u128 unit, fixed, rise;
};

/* Active memory: follows used memory up at once, and down in steps that depend on time alone,
 * however many ticks it has. */
static uint64_t active_kib(const struct fair_share *f, const struct memcoord_domain *d,
                           uint64_t now_ms)
{
    struct activity *a = d->state;
    uint64_t step_ms = memcoord_max(f->fall_ms / FALL_STEPS, 1);

    if (f->fall_ms == 0 || now_ms < a->at_ms)
        a->active_kib = d->used_kib;
    for (; a->active_kib > d->used_kib && now_ms - a->at_ms >= step_ms; a->at_ms += step_ms)
        a->active_kib -= (a->active_kib - d->used_kib + FALL_STEPS - 1) / FALL_STEPS;
    if (a->active_kib <= d->used_kib) {
        a->active_kib = d->used_kib;
        a->at_ms = now_ms;
    }
    return a->active_kib;
}

static struct share make_share(const struct fair_share *f, const struct memcoord_domain *d,
                               uint64_t now_ms)
{
    struct share share = { .domain = d, .weight = memcoord_max(d->weight, 1) };
    uint64_t headroom_kib;

    share.active_kib = active_kib(f, d, now_ms);
    headroom_kib = memcoord_max(f->headroom_min_kib,
                                memcoord_mul_div(share.active_kib, f->headroom_bp, WHOLE_BP));
    share.low_kib = d->min_kib;
    share.high_kib = d->max_kib;
    if (f->surplus == SURPLUS_KEEP)
        share.high_kib = memcoord_clamp(share.active_kib + headroom_kib, d->min_kib, d->max_kib);
    return share;
}

/* T at which a domain is worth `kib`, x its weight. */
static uint64_t reach_of(const struct division *v, const struct share *s, uint64_t kib)
{
    if (kib <= s->active_kib)
        return kib * v->untaxed_bp;
    return s->active_kib * v->untaxed_bp + (kib - s->active_kib) * WHOLE_BP;
}

/* What a domain adds to `fixed` and `rise` in a phase. */
static void add_worth(struct division *v, const struct share *s, enum phase phase)
{
    u128 untaxed = v->untaxed_bp, w = s->weight;

    switch (phase) {
    case PHASE_MIN:
        v->fixed += v->unit * s->low_kib;
        break;
    case PHASE_PLAIN:
        v->rise += w * WHOLE_BP;
        break;
    case PHASE_TAXED:
        v->fixed += untaxed * (WHOLE_BP - untaxed) * s->active_kib;
        v->rise += w * untaxed;
        break;
    case PHASE_FULL:
        v->fixed += v->unit * s->high_kib;
        break;
    }
}

/* Steps may be taken in any order: the sums are right as soon as none below the level is missing. */
static void take_step(struct division *v, const struct step *step)
{
    struct division before = { .untaxed_bp = v->untaxed_bp, .unit = v->unit };

    add_worth(&before, step->share, step->from);
    v->fixed -= before.fixed;
    v->rise -= before.rise;
    add_worth(v, step->share, step->phase);
}

/* Adds the steps of one domain, which is in PHASE_MIN, at `steps`; returns how many. */
static size_t add_steps(const struct division *v, struct share *s, struct step *steps)
{
    uint64_t taxed_from_kib = memcoord_max(s->active_kib, s->low_kib);
    enum phase from = PHASE_MIN;
    size_t n = 0;

    if (s->low_kib == s->high_kib)
        return 0;
    if (s->low_kib < s->active_kib) {
        steps[n++] = (struct step){ s, reach_of(v, s, s->low_kib), s->weight, from, PHASE_PLAIN };
        from = PHASE_PLAIN;
    }
    if (s->active_kib < s->high_kib) {
        steps[n++] =
            (struct step){ s, reach_of(v, s, taxed_from_kib), s->weight, from, PHASE_TAXED };
        from = PHASE_TAXED;
    }
    steps[n++] = (struct step){ s, reach_of(v, s, s->high_kib), s->weight, from, PHASE_FULL };
    return n;
}

static int by_level(const void *a, const void *b)
{
    const struct step *x = a, *y = b;
    u128 l = (u128)x->reach * y->weight, r = (u128)y->reach * x->weight;

    return (l > r) - (l < r);
}

static void swap(struct step *a, struct step *b)
{
    struct step c = *a;

    *a = *b;
    *b = c;
}

/* Puts the `*below` steps below the pivot first, then those of its level, up to `*upto`. */
static void split(struct step *steps, size_t n, struct step pivot, size_t *below, size_t *upto)
{
    *below = 0;
    *upto = n;
    for (size_t i = 0; i < *upto;) {
        int order = by_level(&steps[i], &pivot);
        if (order < 0)
            swap(&steps[i++], &steps[(*below)++]);
        else if (order > 0)
            swap(&steps[i], &steps[--*upto]);
        else
            i++;
    }
}

/* Whether the domains are worth the pool at the level of `step`: all steps below it were taken. */
static bool fills(const struct division *v, const struct step *step)
{
    return v->fixed * step->weight + v->rise * step->reach >= v->unit * v->pool_kib * step->weight;
}

static void take_sorted(struct division *v, struct step *steps, size_t n)
{
    qsort(steps, n, sizeof *steps, by_level);
    for (size_t i = 0; i < n && !fills(v, &steps[i]); i++) {
        take_step(v, &steps[i]);
        steps[i].share->phase = steps[i].phase;
    }
}

/*
 * Takes all steps at which the domains are worth less than the pool. As in quickselect, only the half
 * in which the level lies is split further, which usually looks three times at a step: sorting all of
 * them takes several times as long. In some orders hardly anything is split off each time: after six
 * looks at a step, on average, what is left is sorted, so that no order takes more than O(n log n).
 */
static void raise_level(struct division *v, struct step *steps, size_t n)
{
    size_t looks = 6 * n;

    while (n > 0 && n <= looks) {
        struct step pivot = steps[n / 2];
        struct division at = *v;
        size_t below, upto;

        looks -= n;
        split(steps, n, pivot, &below, &upto);
        for (size_t i = 0; i < below; i++)
            take_step(&at, &steps[i]);
        if (fills(&at, &pivot)) {
            n = below;
            continue;
        }
        for (size_t i = below; i < upto; i++)
            take_step(&at, &steps[i]);
        for (size_t i = 0; i < upto; i++)
            if (steps[i].share->phase < steps[i].phase)
                steps[i].share->phase = steps[i].phase;
        *v = at;
        steps += upto;
        n -= upto;
    }
    take_sorted(v, steps, n);
}

/* What a domain is worth at T = (unit x pool - fixed) / rise, rounded down. */
static void set_size(const struct division *v, struct share *s)
{
    u128 reach, per_kib;

    if (s->phase == PHASE_MIN || s->phase == PHASE_FULL) {
        s->size_kib = s->phase == PHASE_MIN ? s->low_kib : s->high_kib;
        s->rounded = false;
        return;
    }
    reach = (v->unit * v->pool_kib - v->fixed) * s->weight;
    per_kib = v->rise * v->untaxed_bp;
    s->size_kib = 0;
    if (s->phase == PHASE_TAXED) {
        reach -= per_kib * s->active_kib;
        per_kib = v->rise * WHOLE_BP;
        s->size_kib = s->active_kib;
    }
    s->size_kib += (uint64_t)(reach / per_kib);
    s->rounded = reach % per_kib != 0;
}

static int by_name(const void *a, const void *b)
{
    const struct share *const *x = a, *const *y = b;

    return strcmp((*x)->domain->name, (*y)->domain->name);
}

/* Gives the few KiB that rounding left to those who lost a part of one, by name. */
static int give_rest(struct division *v, struct memcoord_plan *plan)
{
    struct share **losers = memcoord_scratch(plan, v->n, sizeof *losers);
    uint64_t left_kib = v->pool_kib;
    size_t n = 0;

    if (!losers)
        return -ENOMEM;
    for (size_t i = 0; i < v->n; i++) {
        left_kib -= v->shares[i].size_kib;
        if (v->shares[i].rounded)
            losers[n++] = &v->shares[i];
    }
    if (left_kib > 0)
        qsort(losers, n, sizeof *losers, by_name);
    for (size_t i = 0; i < n && i < left_kib; i++)
        losers[i]->size_kib++;
    return 0;
}

/* Finds the level at which the domains, all in PHASE_MIN, fill the pool: it is more than their minima
 * and less than all that they may have. */
static int fill(struct division *v, struct memcoord_plan *plan)
{
    struct step *steps = memcoord_scratch(plan, 3 * v->n, sizeof *steps);
    size_t n = 0;

    if (!steps)
        return -ENOMEM;
    for (size_t i = 0; i < v->n; i++) {
        add_worth(v, &v->shares[i], PHASE_MIN);
        n += add_steps(v, &v->shares[i], steps + n);
    }
    raise_level(v, steps, n);
    for (size_t i = 0; i < v->n; i++)
        set_size(v, &v->shares[i]);
    return give_rest(v, plan);
}

/* Puts all into one phase, PHASE_MIN or PHASE_FULL; returns what they get, in all. */
static uint64_t give_all(struct share *shares, size_t n, enum phase phase)
{
    uint64_t sum_kib = 0;

    for (size_t i = 0; i < n; i++) {
        shares[i].phase = phase;
        shares[i].size_kib = phase == PHASE_MIN ? shares[i].low_kib : shares[i].high_kib;
        sum_kib += shares[i].size_kib;
    }
    return sum_kib;
}

/* Divides the pool among `shares` and takes from it what they get. */
static int divide(struct share *shares, size_t n, uint64_t *pool_kib, uint64_t tax_bp,
                  struct memcoord_plan *plan)
{
    struct division v = { .shares = shares, .n = n, .pool_kib = *pool_kib };
    uint64_t low_kib, high_kib = give_all(shares, n, PHASE_FULL);

    if (high_kib <= *pool_kib) {
        *pool_kib -= high_kib;
        return 0;
    }
    low_kib = give_all(shares, n, PHASE_MIN);
    if (low_kib >= *pool_kib) {
        *pool_kib = 0;
        return 0;
    }
    *pool_kib = 0;
    v.untaxed_bp = WHOLE_BP - tax_bp;
    v.unit = (u128)WHOLE_BP * v.untaxed_bp;
    return fill(&v, plan);
}

static bool takes_part(const struct memcoord_domain *d)
{
    return d->flags & MEMCOORD_MOVABLE && d->used_kib != MEMCOORD_UNKNOWN;
}

/* Domains whose use is not known hold what they have, within their bounds; the others get the rest.
 * Returns what they hold. */
static uint64_t keep_unknown(const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    uint64_t held_kib = 0;

    for (size_t i = 0; i < s->n_domains; i++) {
        const struct memcoord_domain *d = s->domains[i];
        uint64_t kib = memcoord_clamp(d->target_kib, d->min_kib, d->max_kib);
        if (!(d->flags & MEMCOORD_MOVABLE) || takes_part(d))
            continue;
        held_kib += kib;
        if (kib != d->target_kib)
            memcoord_set_target(plan, d, kib, "within its bounds");
    }
    return held_kib;
}

/* Adds the domains with a weight, or those without; returns how many. */
static size_t add_shares(struct share *shares, const struct fair_share *f,
                         const struct memcoord_snapshot *s, bool weighted)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_domains; i++)
        if (takes_part(s->domains[i]) && (s->domains[i]->weight > 0) == weighted)
            shares[n++] = make_share(f, s->domains[i], s->now_ms);
    return n;
}

/* Warns when the minima no longer fit: once, until they fitted again. */
static void warn_if_crowded(struct fair_share *f, uint64_t min_kib, uint64_t pool_kib,
                            struct memcoord_plan *plan)
{
    bool crowded = min_kib > pool_kib;

    if (crowded && !f->crowded)
        memcoord_log(plan, 4,
                     "the minima are %" PRIu64 " MiB in all and %" PRIu64
                     " MiB can be given: all get their minimum",
                     (min_kib + 1023) / 1024, pool_kib / 1024);
    f->crowded = crowded;
}

static const char *why(const struct fair_share *f, const struct share *s)
{
    if (s->size_kib == s->low_kib)
        return f->crowded ? "min: not even the minima fit" : "min";
    switch (s->phase) {
    case PHASE_PLAIN:
        return "share by weight, all of it active";
    case PHASE_TAXED:
        return f->tax_bp > 0 ? "share by weight, idle memory taxed" : "share by weight";
    default:
        return f->surplus == SURPLUS_KEEP ? "active memory and headroom" : "max";
    }
}

static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    struct fair_share *f = state;
    struct share *shares = memcoord_scratch(plan, s->n_domains + 1, sizeof *shares);
    uint64_t pool_kib = s->host->pool_kib, light_min_kib, weighted_kib;
    size_t weighted, light;
    int r;

    if (!shares)
        return -ENOMEM;
    pool_kib -= memcoord_min(pool_kib, keep_unknown(s, plan));
    weighted = add_shares(shares, f, s, true);
    light = add_shares(shares + weighted, f, s, false);
    warn_if_crowded(f, give_all(shares, weighted + light, PHASE_MIN), pool_kib, plan);

    /* Weight 0 comes after all others: it has its minimum, and what they leave, in equal shares. */
    light_min_kib = memcoord_min(pool_kib, give_all(shares + weighted, light, PHASE_MIN));
    weighted_kib = pool_kib - light_min_kib;
    r = divide(shares, weighted, &weighted_kib, f->tax_bp, plan);
    pool_kib = weighted_kib + light_min_kib;
    if (r == 0)
        r = divide(shares + weighted, light, &pool_kib, f->tax_bp, plan);
    for (size_t i = 0; r == 0 && i < weighted + light; i++)
        memcoord_set_target(plan, shares[i].domain, shares[i].size_kib, why(f, &shares[i]));
    return r;
}

MEMCOORD_POLICY(
        .name = "fair-share", .summary = "memory by weight, with a tax on idle memory",
        .state_size = sizeof(struct fair_share), .domain_state_size = sizeof(struct activity),
        .state_version = 1, .params = params, .decide = decide,
        .source = "Waldspurger, Memory Resource Management in VMware ESX Server, OSDI 2002");
