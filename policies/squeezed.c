/* SPDX-License-Identifier: BSD-3-Clause */
/* squeezed: all domains stand at the same part of their way from min to max. It needs no statistics. See
 * squeezed.md. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "memcoord/policy.h"

__extension__ typedef unsigned __int128 u128;

/* What was said last of host_target. */
enum said { SAID_NOTHING, SAID_FREE, SAID_NOT_FREE };

struct squeezed {
    uint64_t host_target_kib, inaccuracy_kib;
    uint64_t said; /* enum said */
};

static const struct memcoord_param params[] = {
    MEMCOORD_SIZE(struct squeezed, host_target_kib, "host_target", "0", "0..16TiB",
                  "what stays free beyond the host's reserve, as for a guest that will be started"),
    MEMCOORD_SIZE(struct squeezed, inaccuracy_kib, "inaccuracy", "4MiB", "0..1GiB",
                  "a balloon may rest so far from its target: twice of it is not counted on"),
    MEMCOORD_PARAMS_END
};

/* What was asked of a domain in the tick before, and how that ended. */
struct before {
    uint64_t asked_kib, target_kib;
    uint64_t could_shrink; /* nothing was on its way */
    uint64_t refused;      /* so often in a row a shrink was asked for, and did not begin */
};

static const uint32_t never_shrunk = MEMCOORD_NEW | MEMCOORD_STALE;
/* A tick of an interval that comes early is refused for the pace; a second one is not. */
static const uint64_t refused_max = 2;

/* One domain that takes part. */
struct share {
    const struct memcoord_domain *domain;
    uint64_t range_kib; /* max - min */
    uint64_t floor_kib; /* it will hold no less: min, or what it has if it gives nothing now */
    uint64_t asked_kib;
};

struct shares {
    struct share *list;
    size_t n;
    uint64_t free_kib;             /* now, beyond the reserve and what the guard keeps */
    uint64_t spread_kib;           /* what they may hold in all */
    uint64_t gamma_num, gamma_den; /* 0..1 */
};

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static uint64_t holds_kib(const struct memcoord_domain *d)
{
    return memcoord_max(d->balloon_kib, d->target_kib);
}

/* ---- who gives nothing now */

static bool is_refused(const struct memcoord_domain *d, const struct before *b)
{
    return b->could_shrink && b->asked_kib < b->target_kib && d->target_kib >= b->target_kib;
}

static void see_outcome(const struct memcoord_domain *d)
{
    struct before *b = d->state;

    b->refused = is_refused(d, b) ? b->refused + 1 : b->could_shrink ? 0 : b->refused;
}

/* It boots, its statistics are old, or the guard leaves it what it has for the guest's sake. Stuck ones are not
 * MOVABLE, and no part of this. */
static bool gives_nothing(const struct memcoord_domain *d)
{
    const struct before *b = d->state;

    return (d->flags & never_shrunk) || b->refused >= refused_max;
}

static void remember(const struct share *share)
{
    const struct memcoord_domain *d = share->domain;
    struct before *b = d->state;

    b->asked_kib = share->asked_kib;
    b->target_kib = d->target_kib;
    b->could_shrink = !(d->flags & (never_shrunk | MEMCOORD_SETTLING));
}

/* ---- what there is */

static void add_share(struct shares *s, const struct memcoord_domain *d)
{
    uint64_t floor_kib = d->min_kib;

    see_outcome(d);
    if (gives_nothing(d))
        floor_kib = memcoord_max(holds_kib(d), d->min_kib);
    s->list[s->n++] =
        (struct share){ .domain = d, .range_kib = d->max_kib - d->min_kib, .floor_kib = floor_kib };
}

static int gather(struct shares *s, const struct squeezed *q, const struct memcoord_snapshot *seen,
                  struct memcoord_plan *plan)
{
    uint64_t hold_kib = 0;

    *s = (struct shares){ .list = memcoord_scratch(plan, seen->n_domains + 1, sizeof *s->list) };
    if (!s->list)
        return -ENOMEM;
    for (size_t i = 0; i < seen->n_domains; i++) {
        const struct memcoord_domain *d = seen->domains[i];

        if (!(d->flags & MEMCOORD_MOVABLE))
            continue;
        add_share(s, d);
        hold_kib += holds_kib(d);
    }
    s->free_kib = less(seen->host->pool_kib, hold_kib);
    s->spread_kib = less(seen->host->pool_kib, q->host_target_kib + 2 * q->inaccuracy_kib * s->n);
    return 0;
}

/* ---- gamma */

/* Compares how far up from min their floors are. Without a range there is no way. */
static int by_floor(const void *a, const void *b)
{
    const struct share *x = a, *y = b;
    u128 l = (u128)(x->floor_kib - x->domain->min_kib) * y->range_kib;
    u128 r = (u128)(y->floor_kib - y->domain->min_kib) * x->range_kib;

    if (x->range_kib == 0 || y->range_kib == 0)
        return (x->range_kib == 0) - (y->range_kib == 0);
    return (l > r) - (l < r);
}

/* Whether gamma would have it below its floor. */
static bool is_below_floor(const struct shares *s, const struct share *share)
{
    return (u128)s->gamma_num * share->range_kib <
           (u128)(share->floor_kib - share->domain->min_kib) * s->gamma_den;
}

/* So much of the way from min to max that all of `surplus_kib` is given to ranges of `range_kib` in all. */
static void set_gamma(struct shares *s, uint64_t surplus_kib, uint64_t range_kib)
{
    s->gamma_num = memcoord_min(surplus_kib, range_kib);
    s->gamma_den = memcoord_max(range_kib, 1);
}

/* The floors that are highest on the way are above gamma: those domains hold what they have, and the others
 * divide the rest. Each one that is left out lowers gamma. */
static void find_gamma(struct shares *s)
{
    uint64_t base_kib = 0,
             range_kib = 0; /* of those that move with gamma: sums of min, of ranges */
    uint64_t fixed_kib = 0;
    size_t moving = s->n;

    qsort(s->list, s->n, sizeof *s->list, by_floor);
    for (size_t i = 0; i < s->n; i++) {
        base_kib += s->list[i].domain->min_kib;
        range_kib += s->list[i].range_kib;
    }
    set_gamma(s, less(s->spread_kib, base_kib), range_kib);
    while (moving > 0 &&
           (s->list[moving - 1].range_kib == 0 || is_below_floor(s, &s->list[moving - 1]))) {
        const struct share *share = &s->list[--moving];

        fixed_kib += share->floor_kib;
        base_kib -= share->domain->min_kib;
        range_kib -= share->range_kib;
        set_gamma(s, less(s->spread_kib, base_kib + fixed_kib), range_kib);
    }
}

/* ---- targets */

static uint64_t target_kib(const struct shares *s, const struct share *share)
{
    return share->domain->min_kib + memcoord_mul_div(share->range_kib, s->gamma_num, s->gamma_den);
}

static uint64_t grows_kib(const struct share *share)
{
    return less(share->asked_kib, share->domain->target_kib);
}

/* Free first, then give: what others are still to free is not given yet, or host_target would be. All grows are cut
 * in proportion, but none below min. */
static void cut_grows(struct shares *s, uint64_t free_kib)
{
    uint64_t grow_kib = 0;

    for (size_t i = 0; i < s->n; i++)
        grow_kib += grows_kib(&s->list[i]);
    for (size_t i = 0; i < s->n && grow_kib > free_kib; i++) {
        struct share *share = &s->list[i];
        uint64_t kib = memcoord_mul_div(grows_kib(share), free_kib, grow_kib);

        if (grows_kib(share) > 0)
            share->asked_kib =
                memcoord_max(share->domain->target_kib + kib, share->domain->min_kib);
    }
}

static const char *words(const struct shares *s)
{
    if (s->gamma_num == s->gamma_den)
        return "max: there is enough for all";
    return s->gamma_num > 0 ? "its part between min and max" : "min: there is no more";
}

/* ---- what is said of host_target */

/* Whether nothing more will become free. */
static bool is_final(const struct shares *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct share *share = &s->list[i];

        if ((share->domain->flags & (MEMCOORD_NEW | MEMCOORD_SETTLING)) ||
            (share->asked_kib < share->domain->target_kib && !gives_nothing(share->domain)))
            return false;
    }
    return true;
}

static void say(struct squeezed *q, const struct shares *s, struct memcoord_plan *plan)
{
    bool is_free = s->free_kib >= q->host_target_kib, is_over = !is_free && is_final(s);

    if (q->host_target_kib == 0 || (!is_free && q->said == SAID_FREE)) {
        q->said = SAID_NOTHING;
    } else if (is_free && q->said != SAID_FREE) {
        q->said = SAID_FREE;
        memcoord_log(plan, 6, "%" PRIu64 " MiB are free: host_target is met", s->free_kib / 1024);
    } else if (is_over && q->said != SAID_NOT_FREE) {
        q->said = SAID_NOT_FREE;
        memcoord_log(plan, 4,
                     "%" PRIu64 " of host_target's %" PRIu64
                     " MiB are free, and no domain gives more: each is at min, or does not give",
                     s->free_kib / 1024, q->host_target_kib / 1024);
    }
}

static int decide(void *state, const struct memcoord_snapshot *seen, struct memcoord_plan *plan)
{
    struct squeezed *q = state;
    struct shares s;

    if (gather(&s, q, seen, plan))
        return -ENOMEM;
    find_gamma(&s);
    for (size_t i = 0; i < s.n; i++)
        s.list[i].asked_kib = target_kib(&s, &s.list[i]);
    cut_grows(&s, less(s.free_kib, q->host_target_kib));
    say(q, &s, plan);
    for (size_t i = 0; i < s.n; i++) {
        memcoord_set_target(plan, s.list[i].domain, s.list[i].asked_kib, words(&s));
        remember(&s.list[i]);
    }
    return 0;
}

MEMCOORD_POLICY(.name = "squeezed",
                .summary =
                    "each domain at the same part of its way from min to max, without statistics",
                .state_size = sizeof(struct squeezed), .domain_state_size = sizeof(struct before),
                .state_version = 1, .params = params, .decide = decide,
                .source = "after Xen's squeezed (xapi-project/xen-api, ocaml/squeezed)");
