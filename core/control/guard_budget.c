/* SPDX-License-Identifier: BSD-3-Clause */
/* The host's memory shared out: rule 6 of guard.h. */
#include <stdlib.h>
#include <string.h>

#include "control/guard_candidate.h"

/* What is left of the host's memory while a tick's grows are granted. */
struct budget {
    uint64_t left_kib;
    uint64_t unmet_rescue_kib;
};

/* What a grow costs: memory that is asked back but has not come is still the guest's, and so is what its QEMU
 * keeps. */
static uint64_t cost(const struct snapshot_domain *d, uint64_t from_kib, uint64_t to_kib)
{
    uint64_t has_kib = memcoord_max(d->seen.balloon_kib, snapshot_kept_kib(d));

    return guard_less(to_kib, memcoord_max(has_kib, from_kib));
}

/* Grows as far as the budget allows above `keep_kib`. Returns what was granted as target. */
static uint64_t grant(struct candidate *c, uint64_t to_kib, uint64_t keep_kib,
                      struct budget *budget)
{
    uint64_t from_kib = c->verdict->granted_kib;
    uint64_t free_kib = guard_less(budget->left_kib, keep_kib);
    uint64_t paid_kib = cost(c->d, from_kib, to_kib);

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

static uint64_t above_min_kib(const struct candidate *c)
{
    return guard_less(c->d->seen.target_kib, c->d->seen.min_kib);
}

/* What nobody knows to be there comes after all that is known. */
static uint64_t known_usable_kib(const struct candidate *c)
{
    return c->d->seen.usable_kib == MEMCOORD_UNKNOWN ? 0 : c->d->seen.usable_kib;
}

/* The most usable first; of those without statistics, what is most above min. */
static int by_plenty(const void *a, const void *b)
{
    const struct candidate *x = *(struct candidate *const *)a, *y = *(struct candidate *const *)b;
    int r = compare(known_usable_kib(y), known_usable_kib(x));

    if (r == 0)
        r = x->d->without_stats - y->d->without_stats;
    if (r == 0 && x->d->without_stats)
        r = compare(above_min_kib(y), above_min_kib(x));

    return r ? r : by_name(x, y);
}

static void grant_rescues(struct candidate **list, size_t n, struct budget *budget)
{
    qsort(list, n, sizeof(*list), by_need);
    for (size_t i = 0; i < n; i++) {
        struct candidate *c = list[i];
        uint64_t before_kib = c->verdict->granted_kib;
        uint64_t to_kib = grant(c, c->rescue_kib, 0, budget);

        budget->unmet_rescue_kib += guard_less(c->rescue_kib, to_kib);
        if (to_kib < c->rescue_kib)
            c->verdict->reason = GUARD_RESCUE_SHORT;
        else if (to_kib > before_kib)
            c->verdict->reason = GUARD_RESCUE;
    }
}

/* Why it gets all that is wanted. */
static enum guard_reason wanted_reason(const struct candidate *c)
{
    if (c->own)
        return c->d->ineffective ? GUARD_GIVEN_BACK : GUARD_PROBE;
    if (c->wanted_kib == c->verdict->asked_kib)
        return GUARD_AS_ASKED;
    return c->wanted_kib < c->verdict->asked_kib ? GUARD_AT_MAX : GUARD_AT_MIN;
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
            c->verdict->reason = wanted_reason(c);
            continue;
        }
        if (c->verdict->reason != GUARD_RESCUE_SHORT)
            c->verdict->reason = GUARD_BUDGET;
        if (to_kib != before_kib && !c->rescue_kib && !guard_worth_a_call(settings, c->d, to_kib)) {
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
        if (!all[i].d->not_coming && !all[i].d->stuck)
            sum_kib += guard_less(all[i].d->seen.balloon_kib, all[i].verdict->granted_kib);
    return sum_kib;
}

/* Takes up to `need_kib` from one domain within its floor; what was taken, and can be counted on. */
static uint64_t take(const struct guard_settings *settings, struct candidate *c, uint64_t need_kib)
{
    uint64_t from_kib = c->verdict->granted_kib, to_kib;

    need_kib = memcoord_max(need_kib, amount_of(settings->deadband, c->d->seen.balloon_kib));
    to_kib = memcoord_max(c->floor_kib, guard_less(from_kib, need_kib));
    if (to_kib >= from_kib || !guard_worth_a_call(settings, c->d, to_kib))
        return 0;
    c->verdict->granted_kib = to_kib;
    c->verdict->reason = c->d->stuck ? GUARD_PROBE : GUARD_HOST_SHORT;
    return c->d->stuck ? 0 : from_kib - to_kib;
}

/* Rule 6: when rescue or the reserve is short, the guard itself shrinks. */
static void heal_host(const struct guard_settings *settings, struct candidate **list, size_t n,
                      uint64_t need_kib)
{
    qsort(list, n, sizeof(*list), by_plenty);
    for (size_t i = 0; i < n && need_kib > 0; i++)
        need_kib = guard_less(need_kib, take(settings, list[i], need_kib));
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
    return c->floor_kib < c->verdict->granted_kib &&
           c->verdict->granted_kib <= c->d->seen.target_kib;
}

void guard_share_out(const struct guard_settings *settings, int64_t grantable_kib,
                     struct candidate *all, size_t n, struct candidate **list)
{
    size_t n_chosen;
    struct budget budget = { .left_kib = grantable_kib > 0 ? (uint64_t)grantable_kib : 0 };
    uint64_t need_kib;

    grant_rescues(list, choose(all, n, wants_rescue, list), &budget);
    n_chosen = choose(all, n, wants_more, list);
    order_wanted(settings, list, n_chosen);
    grant_wanted(settings, list, n_chosen, &budget);

    need_kib = budget.unmet_rescue_kib + (grantable_kib < 0 ? -(uint64_t)grantable_kib : 0);
    need_kib = guard_less(need_kib, coming_back(all, n));
    if (need_kib > 0)
        heal_host(settings, list, choose(all, n, can_give, list), need_kib);
}
