/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/collect.h"

#include <stdlib.h>
#include <string.h>

static struct collect_domain *domain_new(const char *name)
{
    struct collect_domain *d = calloc(1, sizeof(*d));

    if (d && !(d->name = strdup(name))) {
        free(d);
        return NULL;
    }
    if (d) {
        series_clear(d->balloon, SERIES_BUCKETS);
        series_clear(d->need, SERIES_BUCKETS);
        series_clear(d->shortfall, SERIES_BUCKETS);
    }
    return d;
}

static struct collect_domain *add(struct collector *c, const char *name)
{
    struct collect_domain **domains = c->domains;
    size_t capacity = c->capacity ? c->capacity * 2 : 64;

    if (c->n_domains == c->capacity) {
        domains = realloc(domains, capacity * sizeof(*domains));
        if (!domains)
            return NULL;
        c->domains = domains;
        c->capacity = capacity;
    }
    domains[c->n_domains] = domain_new(name);
    return domains[c->n_domains] ? domains[c->n_domains++] : NULL;
}

/* Looks from *at on, and leaves there where the next one is likely: the order hardly changes. */
static struct collect_domain *find(struct collector *c, const char *name, size_t *at)
{
    for (size_t tried = 0, i = *at; tried < c->n_domains; tried++, i++) {
        if (i >= c->n_domains)
            i = 0;
        if (strcmp(c->domains[i]->name, name) == 0) {
            *at = i + 1;
            return c->domains[i];
        }
    }
    *at = c->n_domains + 1;
    return add(c, name);
}

/* The simulated guest says what it lacked since it began; between two ticks that is a mean. */
static void take_truth(struct collector *c, struct collect_domain *d,
                       const struct record_tick *tick, const struct record_domain *from,
                       size_t bucket)
{
    const struct host_truth *truth = from->truth;
    uint64_t interval_ms = tick->now_ms - c->last_ms;

    if (c->n_ticks > 0 && d->last_tick == c->n_ticks && d->last_run_id == from->run_id &&
        interval_ms > 0 && truth->short_kib_s >= d->last_short_kib_s)
        series_add(&d->shortfall[bucket],
                   memcoord_mul_div(truth->short_kib_s - d->last_short_kib_s, 1000, interval_ms));
    d->last_short_kib_s = truth->short_kib_s;
}

/* What it wants, or holds in use where that can't be known. */
static uint64_t need_of(const struct record_domain *from)
{
    return from->truth ? from->truth->demand_kib : from->seen.used_kib;
}

static void take_domain(struct collector *c, struct collect_domain *d,
                        const struct record_tick *tick, const struct record_domain *from,
                        size_t bucket)
{
    series_add(&d->balloon[bucket], from->seen.balloon_kib);
    series_add(&d->need[bucket], need_of(from));
    if (from->truth)
        take_truth(c, d, tick, from, bucket);
    d->sum_kib[bucket] += from->seen.balloon_kib;
    d->held_kib += from->seen.balloon_kib;
    d->last_run_id = from->run_id;
    d->last_tick = c->n_ticks + 1;
}

static uint64_t need_of_all(const struct record_tick *tick)
{
    uint64_t sum_kib = 0;

    for (size_t i = 0; i < tick->n_domains; i++) {
        uint64_t kib = need_of(&tick->domains[i]);
        if (kib == MEMCOORD_UNKNOWN)
            return MEMCOORD_UNKNOWN;
        sum_kib += kib;
    }
    return sum_kib;
}

static void take_host(struct collector *c, const struct record_tick *tick, size_t bucket)
{
    const struct memcoord_host *host = &tick->host;

    series_ticks_add(&c->ticks[bucket], tick->now_ms);
    series_add(&c->total[bucket], host->total_kib);
    if (host->total_kib != MEMCOORD_UNKNOWN && host->available_kib <= host->total_kib)
        series_add(&c->used[bucket], host->total_kib - host->available_kib);
    series_add(&c->need[bucket], need_of_all(tick));
    if (tick->n_domains > c->most_domains)
        c->most_domains = tick->n_domains;
    c->n_policy_errors += tick->policy_error != NULL;
    c->dry_run |= tick->dry_run;
}

static void take(void *to, const struct record_tick *tick)
{
    struct collector *c = to;
    size_t bucket = series_bucket_of(&c->grid, tick->now_ms), at = 0;

    if (c->out_of_memory || tick->now_ms > c->grid.last_ms)
        return;
    take_host(c, tick, bucket);
    for (size_t i = 0; i < tick->n_domains; i++) {
        const struct record_domain *from = &tick->domains[i];
        struct collect_domain *d = find(c, from->seen.name, &at);
        if (!d) {
            c->out_of_memory = true;
            return;
        }
        c->simulated |= from->truth != NULL;
        take_domain(c, d, tick, from, bucket);
    }
    c->n_ticks++;
    c->last_ms = tick->now_ms;
}

void collect_begin(struct collector *collector, const struct record_span *span)
{
    *collector = (struct collector){ .grid = { span->first_ms, span->last_ms } };
    series_ticks_clear(collector->ticks, SERIES_BUCKETS);
    series_clear(collector->total, SERIES_BUCKETS);
    series_clear(collector->used, SERIES_BUCKETS);
    series_clear(collector->need, SERIES_BUCKETS);
}

struct record_sink collect_sink(struct collector *collector)
{
    return (struct record_sink){ collector, take };
}

void collect_free(struct collector *collector)
{
    for (size_t i = 0; i < collector->n_domains; i++) {
        free(collector->domains[i]->name);
        free(collector->domains[i]);
    }
    free(collector->domains);
    collector->domains = NULL;
    collector->n_domains = collector->capacity = 0;
}
