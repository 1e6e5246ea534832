/* SPDX-License-Identifier: BSD-3-Clause */
/* qubes: memory in proportion to what guests prefer, as Qubes OS's qmemman divides it. See
 * qubes.md. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "memcoord/policy.h"

__extension__ typedef unsigned __int128 u128;

enum { WHOLE_BP = 10000 };

struct qubes {
    uint64_t factor_bp, preferred_min_kib, give_bp;
    uint64_t donor_min_kib, transfer_min_kib, urgent_min_kib;
};

static const struct memcoord_param params[] = {
    MEMCOORD_PERCENT(struct qubes, factor_bp, "factor", "130%", "100%..1000%",
                     "what a domain prefers to have, as a part of what it uses"),
    MEMCOORD_SIZE(struct qubes, preferred_min_kib, "preferred_min", "200MiB", "0..1TiB",
                  "what it prefers at least, up to its max"),
    MEMCOORD_PERCENT(struct qubes, give_bp, "give", "99.9%", "0%..100%",
                     "how much of the memory is divided when there is a surplus"),
    MEMCOORD_SIZE(struct qubes, donor_min_kib, "donor_min", "10MiB", "0..1TiB",
                  "when memory is short, take nothing from a domain that has less to spare"),
    MEMCOORD_SIZE(struct qubes, transfer_min_kib, "transfer_min", "150MiB", "0..1TiB",
                  "leave all as it is while no more than this would move, in all"),
    MEMCOORD_SIZE(struct qubes, urgent_min_kib, "urgent_min", "15MiB", "0..1TiB",
                  "but not if one that has less than it prefers gets more than this"),
    MEMCOORD_PARAMS_END
};

/* One domain that takes part; min <= preferred <= max. */
struct claim {
    const struct memcoord_domain *domain;
    uint64_t preferred_kib;
    uint64_t size_kib;           /* what it gets */
    uint64_t room_kib, part_kib; /* when memory is short: what it can take or give, and does */
    const char *why;
};

struct claims {
    struct claim *list;
    size_t n;
    uint64_t pool_kib;      /* to be divided among them */
    uint64_t held_kib;      /* what they have of it */
    uint64_t preferred_kib; /* sum */
};

static void add_claim(struct claims *c, const struct qubes *q, const struct memcoord_domain *d)
{
    struct claim *claim = &c->list[c->n++];
    uint64_t kib = memcoord_mul_div(d->used_kib, q->factor_bp, WHOLE_BP);

    claim->domain = d;
    claim->preferred_kib =
        memcoord_clamp(memcoord_max(kib, q->preferred_min_kib), d->min_kib, d->max_kib);
    c->held_kib += memcoord_max(d->balloon_kib, d->target_kib);
    c->preferred_kib += claim->preferred_kib;
}

/* A domain whose use is not known holds what it has, within its bounds; the others get the rest. */
static void keep_size(struct claims *c, const struct memcoord_domain *d, struct memcoord_plan *plan)
{
    uint64_t kib = memcoord_clamp(d->target_kib, d->min_kib, d->max_kib);

    c->pool_kib -= memcoord_min(c->pool_kib, memcoord_max(kib, d->balloon_kib));
    if (kib != d->target_kib)
        memcoord_set_target(plan, d, kib, "within its bounds");
}

static int gather(struct claims *c, const struct qubes *q, const struct memcoord_snapshot *s,
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
            add_claim(c, q, d);
    }
    return 0;
}

/* ---- more than all prefer */

static int by_room_to_max(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;
    u128 l = (u128)x->domain->max_kib * y->preferred_kib;
    u128 r = (u128)y->domain->max_kib * x->preferred_kib;

    if (x->preferred_kib == 0 || y->preferred_kib == 0) /* these get nothing: last */
        return (x->preferred_kib == 0) - (y->preferred_kib == 0);
    return (l > r) - (l < r);
}

/* All that is divided goes in proportion to preferred, up to max. Those who reach max soonest come
 * first; what they leave goes to the others in the same proportion. */
static void share_surplus(struct claims *c, const struct qubes *q)
{
    u128 left =
        (u128)c->pool_kib * q->give_bp; /* KiB x basis points: nothing is rounded on the way */
    uint64_t preferred_kib = c->preferred_kib;
    size_t i;

    qsort(c->list, c->n, sizeof *c->list, by_room_to_max);
    for (i = 0; i < c->n && preferred_kib > 0; i++) {
        struct claim *claim = &c->list[i];
        u128 max = (u128)claim->domain->max_kib * WHOLE_BP;
        if (max * preferred_kib > left * claim->preferred_kib)
            break;
        claim->size_kib = claim->domain->max_kib;
        claim->why = "max: its part of the surplus is more";
        left -= max;
        preferred_kib -= claim->preferred_kib;
    }
    for (; i < c->n; i++) {
        struct claim *claim = &c->list[i];
        u128 part = preferred_kib ? left * claim->preferred_kib / preferred_kib / WHOLE_BP : 0;
        claim->size_kib = memcoord_max((uint64_t)part, claim->domain->min_kib);
        claim->why = "what it prefers and its part of the surplus";
    }
}

/* ---- less than all prefer */

/* Who has at least `spare_kib` more than it prefers gives that; the others keep what they have. */
static void start_short(struct claim *claim, uint64_t spare_kib)
{
    const struct memcoord_domain *d = claim->domain;

    claim->size_kib = memcoord_clamp(d->target_kib, d->min_kib, d->max_kib);
    claim->why = "keeps what it has";
    if (d->target_kib > claim->preferred_kib && d->target_kib - claim->preferred_kib >= spare_kib) {
        claim->size_kib = claim->preferred_kib;
        claim->why = "gives what it has above what it prefers";
    }
}

/* Returns what all keep. */
static uint64_t start_all_short(struct claims *c, uint64_t spare_kib)
{
    uint64_t kept_kib = 0;

    for (size_t i = 0; i < c->n; i++) {
        start_short(&c->list[i], spare_kib);
        kept_kib += c->list[i].size_kib;
    }
    return kept_kib;
}

static int by_room(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;
    u128 l = (u128)x->room_kib * y->preferred_kib, r = (u128)y->room_kib * x->preferred_kib;

    if (x->preferred_kib == 0 || y->preferred_kib == 0) /* these have no part: last */
        return (x->preferred_kib == 0) - (y->preferred_kib == 0);
    return (l > r) - (l < r);
}

/* Sets each one's part of `kib`: in proportion to preferred, up to its room. Those whose room ends
 * soonest come first; the others have more instead. */
static void set_parts(struct claims *c, uint64_t kib, bool rounded_up)
{
    uint64_t preferred_kib = c->preferred_kib;
    size_t i;

    qsort(c->list, c->n, sizeof *c->list, by_room);
    for (i = 0; i < c->n && preferred_kib > 0; i++) {
        struct claim *claim = &c->list[i];
        if ((u128)claim->room_kib * preferred_kib > (u128)kib * claim->preferred_kib)
            break;
        claim->part_kib = claim->room_kib;
        kib -= claim->room_kib;
        preferred_kib -= claim->preferred_kib;
    }
    for (; i < c->n && preferred_kib > 0; i++) {
        u128 part = (u128)kib * c->list[i].preferred_kib + (rounded_up ? preferred_kib - 1 : 0);
        c->list[i].part_kib = (uint64_t)(part / preferred_kib);
    }
}

/* Up to what each prefers: what it got beyond that it would have to give back in the next tick. */
static void give_rest(struct claims *c, uint64_t rest_kib)
{
    for (size_t i = 0; i < c->n; i++)
        c->list[i].room_kib =
            c->list[i].preferred_kib - memcoord_min(c->list[i].preferred_kib, c->list[i].size_kib);
    set_parts(c, rest_kib, false);
    for (size_t i = 0; i < c->n; i++) {
        c->list[i].size_kib += c->list[i].part_kib;
        if (c->list[i].part_kib > 0)
            c->list[i].why = "its part of what others spare";
    }
}

/* Not even what all keep fits: what is missing is taken from all, down to min. */
static void take_missing(struct claims *c, uint64_t missing_kib)
{
    for (size_t i = 0; i < c->n; i++)
        c->list[i].room_kib = c->list[i].size_kib - c->list[i].domain->min_kib;
    set_parts(c, missing_kib, true);
    for (size_t i = 0; i < c->n; i++) {
        struct claim *claim = &c->list[i];
        claim->size_kib -= claim->part_kib;
        claim->why = claim->part_kib < claim->room_kib ? "less than it prefers: memory is short"
                                                       : "min: memory is short";
    }
}

static void share_shortage(struct claims *c, const struct qubes *q)
{
    uint64_t kept_kib = start_all_short(c, q->donor_min_kib);

    if (kept_kib > c->pool_kib) /* then little is worth it, too */
        kept_kib = start_all_short(c, 0);
    if (kept_kib <= c->pool_kib)
        give_rest(c, c->pool_kib - kept_kib);
    else
        take_missing(c, kept_kib - c->pool_kib);
}

/* ---- */

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* Whether one domain's change must not wait for others. */
static bool is_urgent(const struct claim *claim, const struct qubes *q)
{
    const struct memcoord_domain *d = claim->domain;

    if (d->target_kib < d->min_kib || d->target_kib > d->max_kib)
        return true;
    return d->target_kib < claim->preferred_kib &&
           claim->size_kib > d->target_kib + q->urgent_min_kib;
}

/* Whether enough would move: sizes depend on what all others use, and would hardly ever rest. Where
 * domains hold more than there is, nothing may wait. */
static bool is_significant(const struct claims *c, const struct qubes *q)
{
    uint64_t moved_kib;

    if (c->held_kib > c->pool_kib)
        return true;
    moved_kib = c->pool_kib - c->held_kib; /* what nobody has yet */
    for (size_t i = 0; i < c->n; i++) {
        if (is_urgent(&c->list[i], q))
            return true;
        moved_kib += distance(c->list[i].size_kib, c->list[i].domain->target_kib);
    }
    return moved_kib > q->transfer_min_kib;
}

static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    const struct qubes *q = state;
    struct claims c;

    if (gather(&c, q, s, plan))
        return -ENOMEM;
    if (c.pool_kib > c.preferred_kib)
        share_surplus(&c, q);
    else
        share_shortage(&c, q);
    if (!is_significant(&c, q))
        return 0;
    for (size_t i = 0; i < c.n; i++)
        memcoord_set_target(plan, c.list[i].domain, c.list[i].size_kib, c.list[i].why);
    return 0;
}

MEMCOORD_POLICY(.name = "qubes",
                .summary = "memory in proportion to what guests prefer, as in Qubes OS",
                .state_size = sizeof(struct qubes), .params = params, .decide = decide,
                .source = "Qubes OS's qmemman, https://www.qubes-os.org/doc/qmemman/");
