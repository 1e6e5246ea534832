/* SPDX-License-Identifier: BSD-3-Clause */
/* threshold: keeps each guest's free memory within a band, step by step. See threshold.md. */
#include "memcoord/policy.h"

enum metric { METRIC_USABLE, METRIC_UNUSED };

struct threshold {
    uint64_t metric; /* enum metric */
    uint64_t low_kib, high_kib, grow_kib, shrink_kib;
};

static const struct memcoord_param params[] = {
    MEMCOORD_CHOICE(struct threshold, metric, "metric", "usable", "usable|unused",
                    "the free memory that counts: usable without swapping, or wholly unused"),
    MEMCOORD_SIZE(struct threshold, low_kib, "low", "100MiB", "0..1TiB",
                  "grow a domain whose guest has less free memory"),
    MEMCOORD_SIZE(struct threshold, high_kib, "high", "200MiB", "0..1TiB",
                  "shrink a domain whose guest has more free memory, never below low"),
    MEMCOORD_SIZE(struct threshold, grow_kib, "grow", "100MiB", "0..1TiB",
                  "how much to grow in one tick; at most high - low; 0: only take back"),
    MEMCOORD_SIZE(struct threshold, shrink_kib, "shrink", "50MiB", "0..1TiB",
                  "how much to shrink in one tick at most; 0: only give"),
    MEMCOORD_PARAMS_END
};

/* By metric. The core puts the figure of the statistics behind it: where that is within the band
 * still, it is what comes with the target, or what was eaten since, that is not. */
static const struct words {
    const char *below, *falling, *above, *coming_above;
} words[] = {
    { "usable below low", "usable will be below low", "usable above high",
      "usable will be above high" },
    { "unused below low", "unused will be below low", "unused above high",
      "unused will be above high" },
};

static const char *check(const void *state)
{
    const struct threshold *t = state;

    if (t->low_kib > t->high_kib)
        return "low is above high";
    if (t->grow_kib > t->high_kib - t->low_kib)
        return "grow is more than high - low: idle guests would grow and shrink for ever";
    return NULL;
}

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static uint64_t seen_kib(const struct threshold *t, const struct memcoord_domain *d)
{
    return t->metric == METRIC_UNUSED ? d->unused_kib : d->usable_kib;
}

/* What the guest has free when its balloon has arrived at the target. The statistics belong to the
 * size that it had when they were taken, so what is on its way since then counts too; without this,
 * a need would be answered anew each tick until the first answer shows. */
static uint64_t free_at_target_kib(const struct threshold *t, const struct memcoord_domain *d)
{
    uint64_t size_kib = d->balloon_kib;

    if (seen_kib(t, d) == MEMCOORD_UNKNOWN)
        return MEMCOORD_UNKNOWN;
    if (d->used_kib != MEMCOORD_UNKNOWN && d->usable_kib != MEMCOORD_UNKNOWN)
        size_kib = d->used_kib + d->usable_kib;
    return less(seen_kib(t, d) + d->target_kib, size_kib);
}

/* What the guest has probably eaten since the statistics were taken. Two intervals are the end of it:
 * older ones say nothing of now, and must not feed a guest for ever. */
static uint64_t eaten_kib(const struct memcoord_snapshot *s, const struct memcoord_domain *d)
{
    if (d->growth_kib_per_s == MEMCOORD_UNKNOWN || d->stats_age_ms == MEMCOORD_UNKNOWN)
        return 0;
    return memcoord_mul_div(d->growth_kib_per_s, memcoord_min(d->stats_age_ms, 2 * s->interval_ms),
                            1000);
}

/* A whole step up, or what is left of it below max. */
static void grow(const struct threshold *t, const struct memcoord_domain *d, const char *why,
                 struct memcoord_plan *plan)
{
    uint64_t kib = memcoord_clamp(d->target_kib + t->grow_kib, d->min_kib, d->max_kib);

    if (kib > d->target_kib)
        memcoord_set_target(plan, d, kib, why);
}

/* A whole step down, or what is left of it above min and above `low` in the guest. */
static void shrink(const struct threshold *t, const struct memcoord_domain *d, uint64_t free_kib,
                   const char *why, struct memcoord_plan *plan)
{
    uint64_t step_kib = memcoord_min(t->shrink_kib, less(free_kib, t->low_kib));
    uint64_t kib = memcoord_max(less(d->target_kib, step_kib), d->min_kib);

    if (kib < d->target_kib)
        memcoord_set_target(plan, d, kib, why);
}

static void decide_one(const struct threshold *t, const struct memcoord_snapshot *s,
                       const struct memcoord_domain *d, struct memcoord_plan *plan)
{
    const struct words *w = &words[t->metric];
    uint64_t there_kib = free_at_target_kib(t, d);
    uint64_t free_kib = less(there_kib, eaten_kib(s, d));

    if (d->target_kib < d->min_kib && t->grow_kib > 0)
        memcoord_set_target(plan, d, d->min_kib, "below min");
    else if (there_kib == MEMCOORD_UNKNOWN)
        return;
    else if (free_kib < t->low_kib && t->grow_kib > 0)
        grow(t, d, seen_kib(t, d) < t->low_kib ? w->below : w->falling, plan);
    else if (free_kib > t->high_kib)
        shrink(t, d, free_kib, seen_kib(t, d) > t->high_kib ? w->above : w->coming_above, plan);
    else if (d->target_kib > d->max_kib)
        shrink(t, d, free_kib, "above max", plan);
}

static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    for (size_t i = 0; i < s->n_domains; i++)
        if (s->domains[i]->flags & MEMCOORD_MOVABLE)
            decide_one(state, s, s->domains[i], plan);
    return 0;
}

MEMCOORD_POLICY(.name = "threshold",
                .summary = "keeps each guest's free memory within a band, step by step",
                .state_size = sizeof(struct threshold), .params = params, .check = check,
                .decide = decide,
                .source =
                    "the usual feedback rule; compare oVirt MoM's balloon.rules and Proxmox's "
                    "autoballoon");
