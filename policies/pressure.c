/* SPDX-License-Identifier: BSD-3-Clause */
/* pressure: takes by small probes until the guest begins to feel it, gives when it swaps or faults; see pressure.md. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "memcoord/policy.h"

__extension__ typedef unsigned __int128 u128;

enum { WHOLE_BP = 10000 };

struct pressure {
    uint64_t swap_in_kib_per_s, major_faults_per_s, swap_out_kib_per_s; /* felt from there on */
    uint64_t fault_reads_kib, calm_below_bp, usable_low_kib;
    uint64_t probe_min_kib, probe_bp, probe_max_bp, probe_every_ms;
    uint64_t backoff_ms, backoff_max_ms, freed_kib, unused_high_kib;
    uint64_t grow_min_kib, grow_bp, grow_at;
    uint64_t host_pressure_bp;
};

static const struct memcoord_param params[] = {
    MEMCOORD_SIZE(struct pressure, swap_in_kib_per_s, "swap_in", "256KiB", "1KiB..1TiB",
                  "swap-in a second that a guest feels"),
    MEMCOORD_INTEGER(struct pressure, major_faults_per_s, "major_faults", "20", "1..1000000000",
                     "major faults a second that a guest feels"),
    MEMCOORD_SIZE(struct pressure, swap_out_kib_per_s, "swap_out", "1MiB", "1KiB..1TiB",
                  "swap-out a second that a guest feels, if no probe of ours is the cause"),
    MEMCOORD_SIZE(struct pressure, fault_reads_kib, "fault_reads", "64KiB", "4KiB..1GiB",
                  "what a major fault reads, read-ahead included"),
    MEMCOORD_PERCENT(struct pressure, calm_below_bp, "calm_below", "50%", "1%..100%",
                     "a guest that has less than this part of what is felt is calm"),
    MEMCOORD_SIZE(struct pressure, usable_low_kib, "usable_low", "100MiB", "0..1TiB",
                  "usable memory below this is felt, too: a guest without swap has no other sign"),
    MEMCOORD_SIZE(struct pressure, probe_min_kib, "probe_min", "16MiB", "0..1TiB",
                  "what a probe takes, at least; above the guard's deadband, or it is refused"),
    MEMCOORD_PERCENT(struct pressure, probe_bp, "probe", "2%", "0%..100%",
                     "the same as a part of the target; the larger counts"),
    MEMCOORD_PERCENT(struct pressure, probe_max_bp, "probe_max", "5%", "0%..100%",
                     "what probes that are not felt double up to, at least the two above"),
    MEMCOORD_DURATION(struct pressure, probe_every_ms, "probe_every", "6s", "0..24h",
                      "so long a guest must have been calm before each probe"),
    MEMCOORD_DURATION(struct pressure, backoff_ms, "backoff", "30s", "0..7d",
                      "no probe for so long after pressure was felt; doubled with each probe felt"),
    MEMCOORD_DURATION(struct pressure, backoff_max_ms, "backoff_max", "10min", "0..7d",
                      "the longest that this comes to"),
    MEMCOORD_SIZE(struct pressure, freed_kib, "freed", "64MiB", "1MiB..1TiB",
                  "a rise of unused memory that ends the back-off: the guest freed something"),
    MEMCOORD_SIZE(struct pressure, unused_high_kib, "unused_high", "200MiB", "0..1TiB",
                  "unused memory above this is no page cache: it is taken at once"),
    MEMCOORD_SIZE(struct pressure, grow_min_kib, "grow_min", "32MiB", "0..1TiB",
                  "what a guest gets that feels pressure, at least"),
    MEMCOORD_PERCENT(struct pressure, grow_bp, "grow", "10%", "0%..100%",
                     "what it gets at grow_at times the pressure that is felt, of its target"),
    MEMCOORD_INTEGER(struct pressure, grow_at, "grow_at", "10", "1..1000000",
                     "so many times what is felt bring the whole of grow, less brings less"),
    MEMCOORD_PERCENT(
        struct pressure, host_pressure_bp, "host_pressure", "10%", "0%..100%",
        "from this PSI (some, 10 s) on half as much is felt and given, and probes are harder"),
    MEMCOORD_PARAMS_END
};

/* What is kept of each domain: zeroed when it appears. */
struct guest {
    uint64_t target_kib;       /* at the last tick; 0: there was none */
    uint64_t moved_ms;         /* when it last changed, whoever did it */
    uint64_t sampled_ms;       /* when the statistics that were looked at last were taken */
    uint64_t calm, calm_ms;    /* whether it is calm, and since when */
    uint64_t wanted;           /* it was to grow */
    uint64_t probed;           /* it was made smaller, and that may still be felt */
    uint64_t before_kib;       /* what it had before that */
    uint64_t probe_kib;        /* what was taken last; 0 after pressure */
    uint64_t felt_kib;         /* the size at which it last felt pressure; 0: not known */
    uint64_t backoff_ms;       /* the present one; 0: none was needed yet */
    uint64_t until_ms;         /* its end */
    uint64_t gift_kib;         /* what it got last since a probe was missed; 0: nothing */
    uint64_t credit_kib;       /* what it was given and has not read back yet */
    uint64_t least_unused_kib; /* since it moved; UNKNOWN at first */
};

/* What is decided of a domain in this tick. */
struct wish {
    const struct memcoord_domain *domain;
    uint64_t grow_kib; /* what it shall get; at last, what it gets */
    uint64_t weight;   /* 1 for those without one, who share evenly */
    bool last;         /* without a weight: comes after all others */
    const char *why;
};

/* One tick. */
struct round {
    const struct pressure *p;
    const struct memcoord_snapshot *seen;
    bool
        host_pressed; /* half is felt and given; probes are twice as large and come twice as soon */
    struct wish *wishes; /* of those that shall grow */
    size_t n;
    uint64_t room_kib; /* for them: beyond what domains hold, or were promised */
    struct memcoord_plan *plan;
};

static const char *check(const void *state)
{
    const struct pressure *p = state;

    if (p->probe_bp > p->probe_max_bp)
        return "probe is above probe_max";
    if (p->backoff_ms > p->backoff_max_ms)
        return "backoff is above backoff_max";
    return NULL;
}

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* ---- what has become of it since the last tick */

/* It got more. Where that was wanted, by us and perhaps by the guard that came to its rescue, it felt pressure
 * before; who felt a probe is left alone for twice as long as the last time. Else somebody else did it, or the
 * guard gave up a balloon that does not move. */
static void has_grown(const struct pressure *p, struct guest *g, uint64_t kib, uint64_t now_ms)
{
    uint64_t backoff_ms = memcoord_max(g->backoff_ms, p->backoff_ms);
    bool probed = g->probed;

    g->probed = false;
    g->probe_kib = 0;
    if (!g->wanted)
        return;
    if (probed && g->backoff_ms > 0)
        backoff_ms = 2 * g->backoff_ms;
    g->backoff_ms = memcoord_min(backoff_ms, p->backoff_max_ms);
    g->until_ms = now_ms + g->backoff_ms;
    if (g->gift_kib == 0) /* else it was felt already where the probe had left it */
        g->felt_kib = g->target_kib;
    if (probed || g->gift_kib > 0)
        g->gift_kib = kib - g->target_kib;
    g->credit_kib += kib - g->target_kib;
}

static void has_shrunk(struct guest *g, uint64_t kib)
{
    if (!g->probed)
        g->before_kib = g->target_kib;
    g->probe_kib = g->target_kib - kib;
    g->probed = true;
    g->credit_kib = g->gift_kib = 0;
}

/* What was asked for may not have been granted, or more than that: what counts is where the target is. */
static void follow(const struct pressure *p, struct guest *g, uint64_t kib, uint64_t now_ms)
{
    if (g->target_kib == kib && now_ms >= g->moved_ms)
        return;
    if (g->target_kib == 0 || now_ms < g->moved_ms) /* its first tick, or those of another clock */
        *g = (struct guest){ 0 };
    else if (kib > g->target_kib)
        has_grown(p, g, kib, now_ms);
    else
        has_shrunk(g, kib);
    g->target_kib = kib;
    g->moved_ms = now_ms;
    g->calm = false;
    g->least_unused_kib = MEMCOORD_UNKNOWN;
}

/* Page cache makes unused memory small, but nothing that fills up makes it rise: somebody freed something, and
 * where pressure was felt before says nothing any more. */
static void see_unused(const struct pressure *p, struct guest *g, const struct memcoord_domain *d)
{
    if (d->unused_kib == MEMCOORD_UNKNOWN)
        return;
    if (d->flags & MEMCOORD_SETTLING) { /* it rises with the balloon */
        g->least_unused_kib = MEMCOORD_UNKNOWN;
        return;
    }
    g->least_unused_kib = memcoord_min(g->least_unused_kib, d->unused_kib);
    if (d->unused_kib - g->least_unused_kib < p->freed_kib)
        return;
    g->felt_kib = g->backoff_ms = g->until_ms = 0;
    g->least_unused_kib = d->unused_kib;
}

/* ---- what it feels */

/* A rate as a part of what is felt; 0 where it is not known. */
static uint64_t part_bp(uint64_t per_s, uint64_t felt_per_s)
{
    return per_s == MEMCOORD_UNKNOWN ? 0 : memcoord_mul_div(per_s, WHOLE_BP, felt_per_s);
}

/* The strongest of what it feels, in parts of what is felt, and its name. What a probe makes the guest write to
 * its swap is what it can do without. */
static uint64_t level_bp(const struct pressure *p, const struct guest *g,
                         const struct memcoord_domain *d, const char **why)
{
    uint64_t in_bp = part_bp(d->swap_in_kib_per_s, p->swap_in_kib_per_s);
    uint64_t faults_bp = part_bp(d->major_faults_per_s, p->major_faults_per_s);
    uint64_t out_bp = g->probed ? 0 : part_bp(d->swap_out_kib_per_s, p->swap_out_kib_per_s);
    uint64_t bp = memcoord_max(memcoord_max(in_bp, faults_bp), out_bp);

    *why = bp == in_bp       ? "swap-in is felt"
           : bp == faults_bp ? "major faults are felt"
                             : "swap-out is felt";
    return bp;
}

/* Swap-ins and faults that follow what a guest was given are the cure, not the disease, until it has read as
 * much as that: then its memory is full again. Where it writes to its swap again, it is full already. */
static void read_back(const struct pressure *p, struct guest *g, const struct memcoord_domain *d,
                      uint64_t elapsed_ms)
{
    uint64_t in = d->swap_in_kib_per_s == MEMCOORD_UNKNOWN ? 0 : d->swap_in_kib_per_s;
    uint64_t faults = d->major_faults_per_s == MEMCOORD_UNKNOWN ? 0 : d->major_faults_per_s;
    uint64_t kib_per_s = memcoord_max(in, memcoord_mul_div(faults, p->fault_reads_kib, 1));

    g->credit_kib = less(g->credit_kib, memcoord_mul_div(kib_per_s, elapsed_ms, 1000));
    if (!g->probed && part_bp(d->swap_out_kib_per_s, p->swap_out_kib_per_s) >= WHOLE_BP)
        g->credit_kib = 0;
}

/* What the guest uses; UNKNOWN: it says neither that nor what is usable. */
static uint64_t used_kib(const struct memcoord_domain *d)
{
    if (d->used_kib != MEMCOORD_UNKNOWN || d->usable_kib == MEMCOORD_UNKNOWN)
        return d->used_kib;
    return less(d->balloon_kib, d->usable_kib);
}

/* What the guest lacks of usable_low when its balloon is where it was told to go, after what it has probably eaten
 * since its statistics were taken, two intervals at most; 0: nothing, or not known. */
static uint64_t lack_kib(const struct round *r, const struct memcoord_domain *d)
{
    uint64_t used = used_kib(d), eaten_kib = 0;

    if (used == MEMCOORD_UNKNOWN)
        return 0;
    if (d->growth_kib_per_s != MEMCOORD_UNKNOWN && d->stats_age_ms != MEMCOORD_UNKNOWN)
        eaten_kib = memcoord_mul_div(d->growth_kib_per_s,
                                     memcoord_min(d->stats_age_ms, 2 * r->seen->interval_ms), 1000);
    return less(r->p->usable_low_kib, less(less(d->target_kib, used), eaten_kib));
}

/* Whether there are new statistics; their rates are since *from_ms. */
static bool has_news(struct guest *g, const struct memcoord_domain *d, uint64_t now_ms,
                     uint64_t *from_ms)
{
    uint64_t sampled_ms;

    if (d->stats_age_ms == MEMCOORD_UNKNOWN)
        return false;
    sampled_ms = less(now_ms, d->stats_age_ms);
    if (sampled_ms <= g->sampled_ms)
        return false;
    *from_ms = g->sampled_ms;
    g->sampled_ms = sampled_ms;
    return *from_ms > 0;
}

/* ---- what follows */

/* What a guest gets that feels `bp`, if no probe was before. */
static uint64_t grows_kib(const struct pressure *p, const struct memcoord_domain *d, uint64_t bp)
{
    uint64_t whole_bp = p->grow_at * WHOLE_BP;
    uint64_t kib = memcoord_mul_div(d->target_kib, p->grow_bp, WHOLE_BP);

    kib = memcoord_mul_div(kib, memcoord_min(bp, whole_bp), whole_bp);
    return memcoord_max(kib, p->grow_min_kib);
}

/* After a probe it gets what was taken, as far as it was the last, or a step; and only if that does not help twice as
 * much: it is not far from what it needs. */
static uint64_t step_kib(const struct round *r, const struct guest *g,
                         const struct memcoord_domain *d, uint64_t bp)
{
    uint64_t kib = grows_kib(r->p, d, bp);

    if (g->probed && g->before_kib > d->target_kib)
        return memcoord_min(g->before_kib - d->target_kib,
                            memcoord_max(g->probe_kib, grows_kib(r->p, d, UINT64_MAX)));
    if (g->gift_kib > 0)
        kib = memcoord_min(kib, 2 * g->gift_kib);
    return r->host_pressed ? kib / 2 : kib;
}

/* The smallest probe. */
static uint64_t least_kib(const struct pressure *p, const struct memcoord_domain *d)
{
    return memcoord_max(p->probe_min_kib, memcoord_mul_div(d->target_kib, p->probe_bp, WHOLE_BP));
}

static uint64_t probe_kib(const struct round *r, const struct guest *g,
                          const struct memcoord_domain *d)
{
    uint64_t kib = least_kib(r->p, d);
    uint64_t most_kib =
        memcoord_max(kib, memcoord_mul_div(d->target_kib, r->p->probe_max_bp, WHOLE_BP));

    if (g->felt_kib == 0) /* nobody knows where it is felt: faster, until it is */
        kib = memcoord_clamp(2 * g->probe_kib, kib, most_kib);
    return r->host_pressed ? 2 * kib : kib;
}

static void want(struct round *r, const struct memcoord_domain *d, uint64_t kib, const char *why)
{
    struct guest *g = d->state;

    kib = memcoord_min(kib, d->max_kib - d->target_kib);
    if (kib == 0)
        return;
    r->wishes[r->n++] = (struct wish){ d, kib, memcoord_max(d->weight, 1), d->weight == 0, why };
    g->wanted = true;
}

/* What a probe leaves: one that is sure to be felt teaches nothing. */
static uint64_t floor_kib(const struct pressure *p, const struct memcoord_domain *d)
{
    uint64_t used = used_kib(d);

    if (used == MEMCOORD_UNKNOWN || p->usable_low_kib == 0)
        return d->min_kib;
    return memcoord_max(d->min_kib, used + p->usable_low_kib + least_kib(p, d));
}

/* Whether the next probe is due. */
static bool is_due(const struct round *r, struct guest *g, const struct memcoord_domain *d)
{
    uint64_t wait_ms = r->p->probe_every_ms, until_ms = g->until_ms;

    if (r->host_pressed) {
        wait_ms /= 2;
        until_ms -= memcoord_min(until_ms, g->backoff_ms / 2);
    }
    if (g->sampled_ms - g->calm_ms < wait_ms)
        return false;
    g->probed = false;               /* what was taken is not missed */
    g->credit_kib = g->gift_kib = 0; /* nor is there more to be read back */
    if (d->target_kib <= g->felt_kib)
        g->felt_kib = g->backoff_ms = g->until_ms = 0; /* it is not felt there any more */
    else if (r->seen->now_ms < until_ms)
        return false;
    g->calm_ms = g->sampled_ms; /* one that is refused is not asked for each time */
    return true;
}

/* Takes `kib`, as far as its floor. Less than the smallest probe is not worth it, unless it is the last. */
static void take(const struct round *r, const struct memcoord_domain *d, uint64_t kib,
                 const char *why)
{
    uint64_t to_kib = memcoord_max(less(d->target_kib, kib), floor_kib(r->p, d));

    if (to_kib < d->target_kib &&
        (to_kib == d->min_kib || d->target_kib - to_kib >= least_kib(r->p, d)))
        memcoord_set_target(r->plan, d, to_kib, why);
}

/* What is wholly free above unused_high when the balloon is where it was told to go; what is unused belongs to the
 * size that it had at the moment of the sample. As long as pressure is felt somewhere above nobody knows
 * what it is free for; but a host under pressure does not wait for that. */
static uint64_t surplus_kib(const struct round *r, const struct guest *g,
                            const struct memcoord_domain *d)
{
    uint64_t size_kib = d->balloon_kib;

    if (d->unused_kib == MEMCOORD_UNKNOWN || (g->felt_kib > 0 && !r->host_pressed))
        return 0;
    if (d->used_kib != MEMCOORD_UNKNOWN && d->usable_kib != MEMCOORD_UNKNOWN)
        size_kib = d->used_kib + d->usable_kib;
    return less(less(d->unused_kib + d->target_kib, size_kib), r->p->unused_high_kib);
}

/* What new statistics say, whose rates are since `from_ms`. */
static void judge(struct round *r, struct guest *g, const struct memcoord_domain *d,
                  uint64_t from_ms)
{
    const char *why;
    uint64_t bp = level_bp(r->p, g, d, &why), surplus = surplus_kib(r, g, d);
    bool calm = bp < r->p->calm_below_bp && d->swap_in_kib_per_s != MEMCOORD_UNKNOWN &&
                d->major_faults_per_s != MEMCOORD_UNKNOWN;

    if (calm && surplus >= least_kib(r->p, d)) {
        take(r, d, surplus, "unused is above unused_high");
        return;
    }
    if (from_ms < g->moved_ms) /* they are not all of the time since it moved */
        return;
    if (bp >= (r->host_pressed ? WHOLE_BP / 2 : WHOLE_BP) && g->credit_kib == 0)
        want(r, d, step_kib(r, g, d, bp), g->probed ? "what was taken is missed" : why);
    if (calm && !g->calm)
        g->calm_ms = from_ms;
    if (calm || bp >= r->p->calm_below_bp)
        g->calm = calm;
    if (calm && is_due(r, g, d))
        take(r, d, probe_kib(r, g, d), "calm, is probed");
}

/* It can be moved, and lies within its bounds. */
static void decide_one(struct round *r, const struct memcoord_domain *d)
{
    struct guest *g = d->state;
    uint64_t lacks_kib = lack_kib(r, d), from_ms;
    bool news = has_news(g, d, r->seen->now_ms, &from_ms);

    if (news && from_ms >= g->moved_ms) {
        see_unused(r->p, g, d);
        read_back(r->p, g, d, g->sampled_ms - from_ms);
    }
    if (news)
        g->wanted = false;
    if (lacks_kib > 0) {
        g->calm = false;
        want(r, d, memcoord_max(lacks_kib, step_kib(r, g, d, UINT64_MAX)),
             "usable is below usable_low");
    } else if (news) {
        judge(r, g, d, from_ms);
    }
}

/* ---- the host's memory */

/* Who needs the least for its weight comes first. */
static int by_need(const void *a, const void *b)
{
    const struct wish *x = a, *y = b;
    u128 l = (u128)x->grow_kib * y->weight, r = (u128)y->grow_kib * x->weight;

    return x->last != y->last ? x->last - y->last : (l > r) - (l < r);
}

/* By weight, nobody more than it shall get: what one leaves is the others'. Returns what all leave. */
static uint64_t share(struct wish *wishes, size_t n, uint64_t left_kib)
{
    u128 weights = 0;

    for (size_t i = 0; i < n; i++)
        weights += wishes[i].weight;
    for (; n > 0 && wishes->grow_kib * weights <= (u128)left_kib * wishes->weight; wishes++, n--) {
        left_kib -= wishes->grow_kib;
        weights -= wishes->weight;
    }
    for (size_t i = 0; i < n; i++)
        wishes[i].grow_kib = (uint64_t)((u128)left_kib * wishes[i].weight / weights);
    return n == 0 ? left_kib : 0;
}

/* What all shall get together is no more than there is. */
static void grow(struct round *r)
{
    size_t weighted = 0;
    uint64_t left_kib;

    qsort(r->wishes, r->n, sizeof *r->wishes, by_need);
    while (weighted < r->n && !r->wishes[weighted].last)
        weighted++;
    left_kib = share(r->wishes, weighted, r->room_kib);
    share(r->wishes + weighted, r->n - weighted, left_kib);
    for (const struct wish *w = r->wishes; w < r->wishes + r->n; w++)
        if (w->grow_kib > 0)
            memcoord_set_target(r->plan, w->domain, w->domain->target_kib + w->grow_kib, w->why);
}

static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    const struct pressure *p = state;
    struct round r = { .p = p, .seen = s, .room_kib = s->host->pool_kib, .plan = plan };
    uint64_t psi_bp = s->host->psi_some_bp;

    r.host_pressed = psi_bp != MEMCOORD_UNKNOWN && psi_bp > 0 && psi_bp >= p->host_pressure_bp;
    r.wishes = memcoord_scratch(plan, s->n_domains + 1, sizeof *r.wishes);
    if (!r.wishes)
        return -ENOMEM;
    for (size_t i = 0; i < s->n_domains; i++) {
        const struct memcoord_domain *d = s->domains[i];

        follow(p, d->state, d->target_kib, s->now_ms);
        if (!(d->flags & MEMCOORD_MOVABLE))
            continue;
        r.room_kib =
            less(r.room_kib, memcoord_max(d->target_kib, memcoord_max(d->balloon_kib, d->min_kib)));
        if (d->target_kib < d->min_kib)
            memcoord_set_target(plan, d, d->min_kib, "below min");
        else if (d->target_kib > d->max_kib)
            memcoord_set_target(plan, d, d->max_kib, "above max");
        else
            decide_one(&r, d);
    }
    grow(&r);
    return 0;
}

MEMCOORD_POLICY(
        .name = "pressure",
        .summary =
            "takes by probes until the guest begins to feel it, gives when it swaps or faults",
        .state_size = sizeof(struct pressure), .domain_state_size = sizeof(struct guest),
        .state_version = 1, .params = params, .check = check, .decide = decide,
        .source = "Meta's senpai, with a guest's swap-ins and faults for its PSI");
