/* SPDX-License-Identifier: BSD-3-Clause */
#include "experiment/score_domain.h"

#include "util/less.h"

#define MILLION UINT64_C(1000000)
#define UNKNOWN MEMCOORD_UNKNOWN

/* ---- its balloon */

static void count_move(struct score_domain *d, uint64_t balloon_kib, struct score_sums *sums)
{
    int direction = balloon_kib > d->balloon_kib ? 1 : -1;

    if (balloon_kib == d->balloon_kib)
        return;
    sums->moved_kib += less(balloon_kib, d->balloon_kib) + less(d->balloon_kib, balloon_kib);
    sums->reversals += d->direction == -direction;
    d->direction = direction;
}

/* ---- its demand */

/* A rise begins where demand is above what it was at the tick before, and is over where it is not and all is
 * held. How long memory lacked in it is its reaction time. */
static void follow_rise(struct score_domain *d, const struct host_truth *now, uint64_t elapsed_ms,
                        struct score_sums *sums)
{
    bool higher = now->demand_kib > d->last.demand_kib;

    if (d->rises && d->last.held_kib < d->last.demand_kib)
        d->rise_ms += elapsed_ms;
    d->rises |= higher;
    if (!d->rises || higher || now->held_kib < now->demand_kib)
        return;
    quantiles_add(sums->reaction, d->rise_ms, 1);
    d->rises = false;
    d->rise_ms = 0;
}

static void count_truth(struct score_domain *d, const struct host_truth *now,
                        struct score_sums *sums)
{
    uint64_t demand_kib_s = less(now->demand_kib_s, d->last.demand_kib_s);
    uint64_t short_kib_s = less(now->short_kib_s, d->last.short_kib_s);

    d->demand_kib_s += demand_kib_s;
    d->short_kib_s += short_kib_s;
    sums->demand_kib_s += demand_kib_s;
    sums->short_kib_s += short_kib_s;
    sums->short_ms += less(now->short_ms, d->last.short_ms);
    sums->kills += less(now->kills, d->last.kills);
    sums->swapped_kib += less(now->swap_in_kib, d->last.swap_in_kib);
    sums->swapped_kib += less(now->swap_out_kib, d->last.swap_out_kib);
}

/* Without the truth: what the guest says of its swap, if it does. */
static void count_swap_rates(const struct memcoord_domain *seen, uint64_t elapsed_ms,
                             struct score_sums *sums)
{
    if (seen->swap_in_kib_per_s == UNKNOWN || seen->swap_out_kib_per_s == UNKNOWN)
        return;
    sums->knows_swap = true;
    sums->swapped_kib += memcoord_mul_div(seen->swap_in_kib_per_s, elapsed_ms, 1000);
    sums->swapped_kib += memcoord_mul_div(seen->swap_out_kib_per_s, elapsed_ms, 1000);
}

static void see_truth(struct score_domain *d, const struct host_truth *now, struct score_time time,
                      struct score_sums *sums)
{
    bool first_of_all = d->tick == 0 && time.tick == 1;

    sums->knows_truth = sums->knows_swap = true;
    if (!first_of_all) {
        if (d->tick == 0) /* it came since: what it lacked was a part of its time */
            sums->domain_ms += now->short_ms;
        count_truth(d, now, sums);
        follow_rise(d, now, d->tick + 1 == time.tick ? time.elapsed_ms : 0, sums);
    }
    d->last = *now;
}

/* ---- the interface */

void score_domain_see(struct score_domain *d, const struct record_domain *seen,
                      struct score_time time, struct score_sums *sums)
{
    if (d->tick > 0)
        count_move(d, seen->seen.balloon_kib, sums);
    if (d->tick > 0 && d->tick + 1 == time.tick) {
        sums->domain_ms += time.elapsed_ms;
        if (!seen->truth)
            count_swap_rates(&seen->seen, time.elapsed_ms, sums);
    }
    if (seen->truth)
        see_truth(d, seen->truth, time, sums);
    d->tick = time.tick;
    d->balloon_kib = seen->seen.balloon_kib;
    d->weight = seen->seen.weight;
}

uint64_t score_domain_short_ppm(const struct score_domain *d)
{
    if (d->demand_kib_s == 0)
        return UNKNOWN;
    return memcoord_min(memcoord_mul_div(d->short_kib_s, MILLION, d->demand_kib_s), MILLION);
}
