/* SPDX-License-Identifier: BSD-3-Clause */
/* Counts ticks, and makes scores of what was counted. */
#include "experiment/score.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "experiment/score_domain.h"

#define UNKNOWN MEMCOORD_UNKNOWN
#define MILLION UINT64_C(1000000)
#define MS_PER_H UINT64_C(3600000)

/* KiB x ms of many domains over years, and squares: more than 64 bits. */
__extension__ typedef unsigned __int128 wide;

struct scorer {
    struct score_domain *domains; /* all that were ever seen */
    size_t n, capacity;
    size_t hint; /* where the next one is, most likely */
    struct score_sums sums;
    uint64_t n_ticks, now_ms, elapsed_ms; /* elapsed: since the first */
    uint64_t failed_ticks;
    uint64_t held_kib, given_kib; /* by all, at the last tick */
    uint64_t peak_kib;
    wide held_kib_ms, given_kib_ms;
    bool knows_reserve, reserve_broken; /* at any tick; at the last one */
    uint64_t reserve_broken_ms;
    bool knows_counts;
    struct host_counts first_counts, counts;
    int error;
    struct quantiles needed;   /* KiB, by ms */
    struct quantiles reaction; /* ms, by rise */
};

/* ---- domains */

static bool is_of(const struct score_domain *domain, const struct record_domain *seen)
{
    return domain->run_id == seen->run_id &&
           memcmp(domain->uuid, seen->uuid, sizeof(domain->uuid)) == 0;
}

static struct score_domain *add_domain(struct scorer *s, const struct record_domain *seen)
{
    struct score_domain *added;

    if (s->n == s->capacity) {
        size_t capacity = s->capacity ? 2 * s->capacity : 16;
        struct score_domain *domains = realloc(s->domains, capacity * sizeof(*domains));

        if (!domains)
            return NULL;
        s->domains = domains;
        s->capacity = capacity;
    }
    added = &s->domains[s->n++];
    *added = (struct score_domain){ .run_id = seen->run_id };
    memcpy(added->uuid, seen->uuid, sizeof(added->uuid));
    return added;
}

/* They come in the same order each time, mostly. NULL without memory. */
static struct score_domain *domain_of(struct scorer *s, const struct record_domain *seen)
{
    for (size_t i = 0; i < s->n; i++, s->hint++) {
        if (s->hint >= s->n)
            s->hint = 0;
        if (is_of(&s->domains[s->hint], seen))
            return &s->domains[s->hint++];
    }
    return add_domain(s, seen);
}

/* ---- a tick */

/* What was seen at the last tick held until this one. */
static void pass_time(struct scorer *s, uint64_t elapsed_ms)
{
    s->elapsed_ms += elapsed_ms;
    s->held_kib_ms += (wide)s->held_kib * elapsed_ms;
    s->given_kib_ms += (wide)s->given_kib * elapsed_ms;
    quantiles_add(&s->needed, s->held_kib, elapsed_ms);
    if (s->reserve_broken)
        s->reserve_broken_ms += elapsed_ms;
}

static void see_host(struct scorer *s, const struct record_tick *tick)
{
    bool known = tick->host.available_kib != UNKNOWN;

    s->knows_reserve |= known;
    s->reserve_broken = known && tick->host.available_kib < tick->host.reserve_kib;
    s->failed_ticks += tick->policy_error != NULL;
    if (!tick->counts)
        return;
    if (!s->knows_counts &&
        tick->tick > 1) /* what befell before the first tick is the run's, too */
        s->first_counts = *tick->counts;
    s->counts = *tick->counts;
    s->knows_counts = true;
}

static void see_domains(struct scorer *s, const struct record_tick *tick, uint64_t elapsed_ms)
{
    const struct score_time time = { s->n_ticks, elapsed_ms };

    s->held_kib = s->given_kib = 0;
    s->hint = 0;
    for (size_t i = 0; i < tick->n_domains; i++) {
        struct score_domain *domain = domain_of(s, &tick->domains[i]);

        if (!domain) {
            s->error = -ENOMEM;
            return;
        }
        score_domain_see(domain, &tick->domains[i], time, &s->sums);
        s->held_kib += tick->domains[i].seen.balloon_kib;
        s->given_kib += tick->domains[i].seen.max_kib;
    }
    s->peak_kib = memcoord_max(s->peak_kib, s->held_kib);
}

static void take(void *to, const struct record_tick *tick)
{
    struct scorer *s = to;
    uint64_t elapsed_ms = s->n_ticks > 0 && tick->now_ms > s->now_ms ? tick->now_ms - s->now_ms : 0;

    s->n_ticks++;
    s->now_ms = memcoord_max(s->now_ms, tick->now_ms);
    pass_time(s, elapsed_ms);
    see_host(s, tick);
    see_domains(s, tick, elapsed_ms);
}

/* ---- scores */

/* a x b / c, rounded down; unknown if c is 0. */
static uint64_t part(wide a, uint64_t b, wide c)
{
    wide q = c ? a * b / c : UNKNOWN;

    return q > UNKNOWN ? UNKNOWN : (uint64_t)q;
}

static uint64_t worst_ppm(const struct scorer *s)
{
    uint64_t worst = UNKNOWN;

    for (size_t i = 0; i < s->n; i++) {
        uint64_t ppm = score_domain_short_ppm(&s->domains[i]);

        if (ppm != UNKNOWN && (worst == UNKNOWN || ppm > worst))
            worst = ppm;
    }
    return worst;
}

/* Jain's index by weight: (sum w x)^2 / (sum w * sum w x^2), with the means of x and of x^2 in parts of 10^12
 * and 10^24, which keeps 10^8 domains within 128 bits. Where nobody holds anything all are treated alike. */
static uint64_t fairness_ppm(const struct scorer *s)
{
    wide w = 0, wx = 0, wxx = 0, mean, mean_square;

    for (size_t i = 0; i < s->n; i++) {
        const struct score_domain *d = &s->domains[i];
        uint64_t short_ppm = score_domain_short_ppm(d), x;

        if (short_ppm == UNKNOWN)
            continue;
        x = MILLION - short_ppm;
        w += d->weight;
        wx += (wide)d->weight * x;
        wxx += (wide)d->weight * x * x;
    }
    if (w == 0)
        return UNKNOWN;
    mean = wx * MILLION / w;
    mean_square = wxx * MILLION * MILLION / w;
    return mean_square > 0 ? part(mean * mean, MILLION, mean_square) : MILLION;
}

/* Rises that are not over count with what they have come to. */
static int score_reaction(const struct scorer *s, uint64_t *values)
{
    struct quantiles *reaction = malloc(sizeof(*reaction));

    if (!reaction)
        return -ENOMEM;
    *reaction = s->reaction;
    for (size_t i = 0; i < s->n; i++)
        if (s->domains[i].rises)
            quantiles_add(reaction, s->domains[i].rise_ms, 1);
    values[SCORE_REACTION_P50] = quantiles_at(reaction, 5000);
    values[SCORE_REACTION_P99] = quantiles_at(reaction, 9900);
    free(reaction);
    return 0;
}

static int score_demand(const struct scorer *s, uint64_t *values)
{
    const struct score_sums *sums = &s->sums;

    if (!sums->knows_truth)
        return 0;
    values[SCORE_SHORTFALL] = sums->short_kib_s;
    values[SCORE_SHORTFALL_PART] = part(sums->short_kib_s, MILLION, sums->demand_kib_s);
    values[SCORE_SHORTAGE_TIME] = part(sums->short_ms, MILLION, sums->domain_ms);
    values[SCORE_WORST_SHORTFALL] = worst_ppm(s);
    values[SCORE_OOM_KILLS] = sums->kills;
    values[SCORE_FAIRNESS] = fairness_ppm(s);
    return score_reaction(s, values);
}

static void score_memory(const struct scorer *s, uint64_t *values)
{
    wide saved = s->given_kib_ms > s->held_kib_ms ? s->given_kib_ms - s->held_kib_ms : 0;

    values[SCORE_NEEDED_MEAN] = part(s->held_kib_ms, 1, s->elapsed_ms);
    values[SCORE_NEEDED_P99] = quantiles_at(&s->needed, 9900);
    values[SCORE_NEEDED_PEAK] = s->n_ticks > 0 ? s->peak_kib : UNKNOWN;
    values[SCORE_SAVED] = part(saved, MILLION, s->given_kib_ms);
    values[SCORE_CHURN] =
        part(s->sums.moved_kib, MS_PER_H * score_columns[SCORE_CHURN].per_unit, s->held_kib_ms);
    values[SCORE_REVERSALS] = part(
        s->sums.reversals, MS_PER_H * score_columns[SCORE_REVERSALS].per_unit, s->sums.domain_ms);
}

static void score_host(const struct scorer *s, uint64_t *values)
{
    const struct host_counts *first = &s->first_counts, *last = &s->counts;

    values[SCORE_POLICY_FAILURES] = s->failed_ticks;
    if (s->knows_reserve)
        values[SCORE_RESERVE_BROKEN] = s->reserve_broken_ms;
    if (s->sums.knows_swap)
        values[SCORE_GUEST_SWAP] = s->sums.swapped_kib;
    if (!s->knows_counts)
        return;
    values[SCORE_HOST_KILLS] = last->domain_kills - first->domain_kills;
    values[SCORE_HOST_SWAP] = last->swapped_in_kib - first->swapped_in_kib;
    values[SCORE_HOST_SWAP] += last->swapped_out_kib - first->swapped_out_kib;
}

int scorer_scores(const struct scorer *s, uint64_t *values)
{
    if (s->error)
        return s->error;
    for (size_t i = 0; i < SCORES; i++)
        values[i] = UNKNOWN;
    score_memory(s, values);
    score_host(s, values);
    return score_demand(s, values);
}

/* ---- life cycle */

struct scorer *scorer_new(void)
{
    struct scorer *s = calloc(1, sizeof(*s));

    if (s)
        s->sums.reaction = &s->reaction;
    return s;
}

struct record_sink scorer_sink(struct scorer *scorer)
{
    return (struct record_sink){ scorer, take };
}

void scorer_free(struct scorer *scorer)
{
    if (!scorer)
        return;
    free(scorer->domains);
    free(scorer);
}
