/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/guard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One domain while it is judged. */
struct candidate {
    const struct snapshot_domain *d;
    struct guard_verdict *verdict;
    uint64_t floor_kib;             /* the lowest target that rules 1-4 allow now */
    uint64_t wanted_kib;            /* grow: what the policy wants, within max; else 0 */
    uint64_t rescue_kib;            /* grow: what a rescue wants, within max; else 0 */
    enum guard_reason floor_reason; /* what made the floor */
};

/* What is left of the host's memory while a tick's grows are granted. */
struct budget {
    uint64_t left_kib;
    uint64_t unmet_rescue_kib;
};

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

/* Rule 1: what forbids any change. */
static enum guard_reason unmovable_reason(uint32_t flags)
{
    if (flags & MEMCOORD_UNMANAGED)
        return GUARD_UNMANAGED;
    if (flags & MEMCOORD_PAUSED)
        return GUARD_PAUSED;
    return flags & MEMCOORD_MIGRATING ? GUARD_MIGRATING : GUARD_NOT_ASKED;
}

/* Rule 1: what forbids a shrink. */
static enum guard_reason no_shrink_reason(const struct snapshot_domain *d)
{
    if (d->seen.flags & MEMCOORD_NEW)
        return GUARD_NEW;
    if (d->seen.flags & MEMCOORD_SETTLING)
        return GUARD_SETTLING;
    if (d->seen.flags & MEMCOORD_STALE)
        return GUARD_STALE;
    if (d->seen.usable_kib == MEMCOORD_UNKNOWN || d->seen.used_kib == MEMCOORD_UNKNOWN)
        return GUARD_NO_STATS;
    return d->shrink_paused ? GUARD_SHRINK_PAUSED : GUARD_NOT_ASKED;
}

/* Rules 1-4: the lowest target that is allowed now, and which rule makes it. */
static void find_floor(const struct guard_settings *settings, struct candidate *c)
{
    const struct memcoord_domain *seen = &c->d->seen;
    uint64_t reserve_kib, gradual_kib;

    c->floor_kib = seen->target_kib;
    c->floor_reason = no_shrink_reason(c->d);
    if (c->floor_reason != GUARD_NOT_ASKED)
        return;
    c->floor_kib = seen->min_kib;
    c->floor_reason = GUARD_AT_MIN;
    reserve_kib = seen->used_kib + settings->guest_reserve_kib;
    if (reserve_kib > c->floor_kib) {
        c->floor_kib = reserve_kib;
        c->floor_reason = GUARD_GUEST_RESERVE;
    }
    gradual_kib = less(seen->target_kib,
                       less(amount_of(settings->max_shrink, seen->balloon_kib), c->d->shrunk_kib));
    if (gradual_kib > c->floor_kib) {
        c->floor_kib = gradual_kib;
        c->floor_reason = GUARD_GRADUAL;
    }
    c->floor_kib = memcoord_min(c->floor_kib, seen->target_kib);
}

/* Rule 7. */
static bool worth_a_call(const struct guard_settings *settings, const struct snapshot_domain *d,
                         uint64_t to_kib)
{
    uint64_t from_kib = d->seen.target_kib;
    uint64_t change_kib = to_kib > from_kib ? to_kib - from_kib : from_kib - to_kib;

    if (change_kib == 0)
        return false;
    return to_kib == d->seen.min_kib || to_kib == d->seen.max_kib ||
           change_kib >= amount_of(settings->deadband, d->seen.balloon_kib);
}

static void judge_shrink(const struct guard_settings *settings, struct candidate *c,
                         uint64_t asked_kib)
{
    uint64_t to_kib = memcoord_max(asked_kib, c->floor_kib);

    c->verdict->reason = to_kib == c->verdict->asked_kib  ? GUARD_AS_ASKED
                         : to_kib < c->verdict->asked_kib ? GUARD_AT_MAX
                                                          : c->floor_reason;
    if (worth_a_call(settings, c->d, to_kib))
        c->verdict->granted_kib = to_kib;
    else if (to_kib != c->d->seen.target_kib)
        c->verdict->reason = GUARD_DEADBAND;
}

/* Rules 2 and 7 of a grow; the budget comes later, when all that is wanted is known. */
static void judge_grow(const struct guard_settings *settings, struct candidate *c,
                       uint64_t asked_kib)
{
    if (!worth_a_call(settings, c->d, asked_kib))
        c->verdict->reason = GUARD_DEADBAND;
    else
        c->wanted_kib = asked_kib;
}

static void judge_asked(const struct guard_settings *settings, struct candidate *c)
{
    const struct memcoord_domain *seen = &c->d->seen;
    uint64_t asked_kib;

    if (c->verdict->asked_kib == MEMCOORD_UNKNOWN)
        return;
    asked_kib = memcoord_clamp(c->verdict->asked_kib, seen->min_kib, seen->max_kib);
    if (asked_kib < seen->target_kib)
        judge_shrink(settings, c, asked_kib);
    else if (asked_kib > seen->target_kib)
        judge_grow(settings, c, asked_kib);
    else if (c->verdict->asked_kib == asked_kib)
        c->verdict->reason = GUARD_NO_CHANGE;
    else
        c->verdict->reason = c->verdict->asked_kib < asked_kib ? GUARD_AT_MIN : GUARD_AT_MAX;
}

/* What a guest will have eaten, since its statistics were taken, before it can be helped again. */
static uint64_t ahead_kib(const struct memcoord_domain *seen, uint64_t interval_ms)
{
    if (seen->growth_kib_per_s == MEMCOORD_UNKNOWN || seen->stats_age_ms == MEMCOORD_UNKNOWN)
        return 0;
    return memcoord_mul_div(seen->growth_kib_per_s, interval_ms + seen->stats_age_ms, 1000);
}

/* Rule 5. Who waits for a sample below rescue_below comes too late for a guest that eats 25 MiB/s:
 * the sample before had more, and this one is up to 1.8 s old. */
static bool starving(const struct guard_settings *settings, const struct memcoord_domain *seen,
                     uint64_t interval_ms)
{
    bool swaps_in = seen->swap_in_kib_per_s != MEMCOORD_UNKNOWN && seen->swap_in_kib_per_s > 0;
    uint64_t usable_kib; /* where the guest was shrunk since the sample, it has less than it said */

    if ((seen->flags & MEMCOORD_STALE) || seen->usable_kib == MEMCOORD_UNKNOWN ||
        seen->used_kib == MEMCOORD_UNKNOWN)
        return false;
    usable_kib = memcoord_min(seen->usable_kib, less(seen->target_kib, seen->used_kib));
    return less(usable_kib, ahead_kib(seen, interval_ms)) < settings->rescue_below_kib ||
           (swaps_in && seen->usable_kib < settings->guest_reserve_kib);
}

/* Rule 5: used + guest_reserve + what the guest will have eaten before it can be helped again. */
static uint64_t rescue_target(const struct guard_settings *settings,
                              const struct snapshot_domain *d, uint64_t interval_ms)
{
    if (d->stale_rescue)
        return d->seen.target_kib + settings->guest_reserve_kib;
    return d->seen.used_kib + settings->guest_reserve_kib +
           memcoord_min(ahead_kib(&d->seen, interval_ms), d->seen.max_kib);
}

static void judge_need(const struct guard_settings *settings, struct candidate *c,
                       uint64_t interval_ms)
{
    const struct memcoord_domain *seen = &c->d->seen;
    uint64_t to_kib;

    if (!settings->rescue || !(starving(settings, seen, interval_ms) || c->d->stale_rescue))
        return;
    to_kib = memcoord_min(rescue_target(settings, c->d, interval_ms), seen->max_kib);
    if (to_kib > seen->target_kib)
        c->rescue_kib = to_kib;
}

/* Rule 1: the guest may have needed what a shrink under way takes, and nobody can see it. */
static void recall(struct candidate *c)
{
    const struct memcoord_domain *seen = &c->d->seen;
    uint64_t to_kib = memcoord_min(seen->balloon_kib, seen->max_kib);

    if (!(seen->flags & MEMCOORD_STALE) || seen->target_kib >= to_kib)
        return;
    c->verdict->granted_kib = to_kib;
    c->verdict->reason = GUARD_RECALLED;
}

static void judge(const struct guard_settings *settings, const struct snapshot *snapshot,
                  struct candidate *c)
{
    enum guard_reason unmovable = unmovable_reason(c->d->seen.flags);

    c->verdict->granted_kib = c->d->seen.target_kib;
    c->verdict->reason = GUARD_NOT_ASKED;
    c->floor_kib = c->d->seen.target_kib;
    if (unmovable != GUARD_NOT_ASKED) {
        if (c->verdict->asked_kib != MEMCOORD_UNKNOWN)
            c->verdict->reason = unmovable;
        return;
    }
    find_floor(settings, c);
    judge_asked(settings, c);
    judge_need(settings, c, snapshot->seen.interval_ms);
    recall(c);
}

/* What a grow costs: memory that is asked back but has not come is still the guest's. */
static uint64_t cost(const struct memcoord_domain *seen, uint64_t from_kib, uint64_t to_kib)
{
    return less(to_kib, memcoord_max(seen->balloon_kib, from_kib));
}

/* Grows as far as the budget allows above `keep_kib`. Returns what was granted as target. */
static uint64_t grant(struct candidate *c, uint64_t to_kib, uint64_t keep_kib,
                      struct budget *budget)
{
    const struct memcoord_domain *seen = &c->d->seen;
    uint64_t from_kib = c->verdict->granted_kib;
    uint64_t free_kib = less(budget->left_kib, keep_kib);
    uint64_t paid_kib = cost(seen, from_kib, to_kib);

    if (paid_kib > free_kib) {
        to_kib -= paid_kib - free_kib;
        paid_kib = free_kib;
    }
    if (to_kib <= from_kib)
        return from_kib;
    budget->left_kib -= paid_kib;
    c->verdict->granted_kib = to_kib;
    return to_kib;
}

static int by_name(const struct candidate *x, const struct candidate *y)
{
    return strcmp(x->d->seen.name, y->d->seen.name);
}

static int compare(uint64_t x, uint64_t y)
{
    return (x > y) - (x < y);
}

/* The least usable first (unknown: last), then the heaviest. */
static int by_need(const void *a, const void *b)
{
    const struct candidate *x = *(struct candidate *const *)a, *y = *(struct candidate *const *)b;
    int r = compare(x->d->seen.usable_kib, y->d->seen.usable_kib);

    if (r == 0)
        r = compare(y->d->seen.weight, x->d->seen.weight);
    return r ? r : by_name(x, y);
}

/* The heaviest first, then the least usable. */
static int by_weight(const void *a, const void *b)
{
    const struct candidate *x = *(struct candidate *const *)a, *y = *(struct candidate *const *)b;
    int r = compare(y->d->seen.weight, x->d->seen.weight);

    return r ? r : by_need(a, b);
}

/* The most usable first. */
static int by_plenty(const void *a, const void *b)
{
    const struct candidate *x = *(struct candidate *const *)a, *y = *(struct candidate *const *)b;
    int r = compare(y->d->seen.usable_kib, x->d->seen.usable_kib);

    return r ? r : by_name(x, y);
}

static void grant_rescues(struct candidate **list, size_t n, struct budget *budget)
{
    qsort(list, n, sizeof(*list), by_need);
    for (size_t i = 0; i < n; i++) {
        struct candidate *c = list[i];
        uint64_t before_kib = c->verdict->granted_kib;
        uint64_t to_kib = grant(c, c->rescue_kib, 0, budget);

        budget->unmet_rescue_kib += less(c->rescue_kib, to_kib);
        if (to_kib < c->rescue_kib)
            c->verdict->reason = GUARD_RESCUE_SHORT;
        else if (to_kib > before_kib)
            c->verdict->reason = GUARD_RESCUE;
    }
}

static void grant_wanted(const struct guard_settings *settings, struct candidate **list, size_t n,
                         struct budget *budget)
{
    uint64_t keep_kib = settings->rescue ? settings->rescue_keep_kib : 0;

    for (size_t i = 0; i < n; i++) {
        struct candidate *c = list[i];
        uint64_t left_kib = budget->left_kib, before_kib = c->verdict->granted_kib;
        uint64_t to_kib = grant(c, c->wanted_kib, keep_kib, budget);

        if (to_kib >= c->wanted_kib) {
            c->verdict->reason = c->wanted_kib == c->verdict->asked_kib  ? GUARD_AS_ASKED
                                 : c->wanted_kib < c->verdict->asked_kib ? GUARD_AT_MAX
                                                                         : GUARD_AT_MIN;
            continue;
        }
        if (c->verdict->reason != GUARD_RESCUE_SHORT)
            c->verdict->reason = GUARD_BUDGET;
        if (to_kib != before_kib && !c->rescue_kib && !worth_a_call(settings, c->d, to_kib)) {
            c->verdict->granted_kib = before_kib;
            budget->left_kib = left_kib;
        }
    }
}

/* Rule 6: guests in need first, then weight. */
static void order_wanted(const struct guard_settings *settings, struct candidate **list, size_t n)
{
    size_t needy = 0;

    for (size_t i = 0; i < n; i++) {
        struct candidate *c = list[i];

        if (c->d->seen.usable_kib < settings->guest_reserve_kib) {
            list[i] = list[needy];
            list[needy++] = c;
        }
    }
    qsort(list, needy, sizeof(*list), by_need);
    qsort(list + needy, n - needy, sizeof(*list), by_weight);
}

/* Shrinks that are under way, and those of this tick: they will come back by themselves. */
static uint64_t coming_back(const struct candidate *all, size_t n)
{
    uint64_t sum_kib = 0;

    for (size_t i = 0; i < n; i++)
        if (!all[i].d->not_coming)
            sum_kib += less(all[i].d->seen.balloon_kib, all[i].verdict->granted_kib);
    return sum_kib;
}

/* Takes up to `need_kib` from one domain within its floor; what was taken. */
static uint64_t take(const struct guard_settings *settings, struct candidate *c, uint64_t need_kib)
{
    uint64_t from_kib = c->verdict->granted_kib, to_kib;

    need_kib = memcoord_max(need_kib, amount_of(settings->deadband, c->d->seen.balloon_kib));
    to_kib = memcoord_max(c->floor_kib, less(from_kib, need_kib));
    if (to_kib >= from_kib || !worth_a_call(settings, c->d, to_kib))
        return 0;
    c->verdict->granted_kib = to_kib;
    c->verdict->reason = GUARD_HOST_SHORT;
    return from_kib - to_kib;
}

/* Rule 6: when rescue or the reserve is short, the guard itself shrinks. */
static void heal_host(const struct guard_settings *settings, struct candidate **list, size_t n,
                      uint64_t need_kib)
{
    qsort(list, n, sizeof(*list), by_plenty);
    for (size_t i = 0; i < n && need_kib > 0; i++)
        need_kib = less(need_kib, take(settings, list[i], need_kib));
}

/* The candidates that `keep` accepts. */
static size_t choose(struct candidate *all, size_t n, bool (*keep)(const struct candidate *),
                     struct candidate **list)
{
    size_t n_chosen = 0;

    for (size_t i = 0; i < n; i++)
        if (keep(&all[i]))
            list[n_chosen++] = &all[i];
    return n_chosen;
}

static bool wants_rescue(const struct candidate *c)
{
    return c->rescue_kib > 0;
}
static bool wants_more(const struct candidate *c)
{
    return c->wanted_kib > c->verdict->granted_kib;
}
static bool can_give(const struct candidate *c)
{
    return c->floor_kib < c->verdict->granted_kib && !c->rescue_kib &&
           c->verdict->granted_kib <= c->d->seen.target_kib;
}

static void share_out(const struct guard_settings *settings, const struct snapshot *snapshot,
                      struct candidate *all, struct candidate **list)
{
    size_t n = snapshot->seen.n_domains, n_chosen;
    int64_t grantable_kib = snapshot->host.grantable_kib;
    struct budget budget = { .left_kib = grantable_kib > 0 ? (uint64_t)grantable_kib : 0 };
    uint64_t need_kib;

    grant_rescues(list, choose(all, n, wants_rescue, list), &budget);
    n_chosen = choose(all, n, wants_more, list);
    order_wanted(settings, list, n_chosen);
    grant_wanted(settings, list, n_chosen, &budget);

    need_kib = budget.unmet_rescue_kib + (grantable_kib < 0 ? -(uint64_t)grantable_kib : 0);
    need_kib = less(need_kib, coming_back(all, n));
    if (need_kib > 0)
        heal_host(settings, list, choose(all, n, can_give, list), need_kib);
}

int guard_apply(const struct guard_settings *settings, const struct snapshot *snapshot,
                const uint64_t *asked_kib, struct guard_verdict *verdicts)
{
    size_t n = snapshot->seen.n_domains;
    struct candidate *all;
    struct candidate **list;

    if (n == 0)
        return 0;
    all = calloc(n, sizeof(*all));
    list = calloc(n, sizeof(struct candidate *));
    if (!all || !list) {
        free(all);
        free(list);
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        all[i].d = &snapshot->domains[i];
        all[i].verdict = &verdicts[i];
        verdicts[i].asked_kib = asked_kib[i];
        judge(settings, snapshot, &all[i]);
    }
    share_out(settings, snapshot, all, list);
    free(all);
    free(list);
    return 0;
}
