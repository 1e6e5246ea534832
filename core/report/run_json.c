/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/run_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "experiment/score.h"
#include "report/pack.h"
#include "util/json_text.h"

#define SCORE_BYTES 64

static json_t *number(uint64_t value)
{
    return value == MEMCOORD_UNKNOWN ? json_null() : json_integer((json_int_t)value);
}

/* As text: JavaScript's numbers end at 2^53. */
static json_t *seed(uint64_t value)
{
    char text[24];

    if (value == MEMCOORD_UNKNOWN)
        return json_null();
    snprintf(text, sizeof(text), "%" PRIu64, value);
    return json_string(text);
}

json_t *run_json_about(const struct report_run *run)
{
    const struct record_run *about = run->about;

    return json_pack("{so, si, so, so, so, so, so, so, so, sI, sI}", "file", json_text(run->file),
                     "run", (int)run->number + 1, "variant", json_text(about->variant), "policy",
                     json_text(about->policy), "scenario", json_text(about->scenario), "seed",
                     seed(about->seed), "host", json_text(about->host), "started_unix_ms",
                     number(about->started_unix_ms), "interval_ms", number(about->interval_ms),
                     "ticks", (json_int_t)run->span.n_ticks, "duration_ms",
                     (json_int_t)(run->span.last_ms - run->span.first_ms));
}

json_t *run_json_scores(const uint64_t *values)
{
    json_t *scores = json_object();
    char text[SCORE_BYTES];

    for (size_t i = 0; scores && score_columns[i].key; i++) {
        score_format(&score_columns[i], values[i], text, sizeof(text));
        json_object_set_new(scores, score_columns[i].key,
                            values[i] == MEMCOORD_UNKNOWN ? json_null()
                                                          : json_real(strtod(text, NULL)));
    }
    return scores;
}

json_t *run_json_score_cells(const uint64_t *values)
{
    json_t *cells = json_array();
    char text[SCORE_BYTES];

    for (size_t i = 0; cells && score_columns[i].key; i++) {
        score_format(&score_columns[i], values[i], text, sizeof(text));
        json_array_append_new(cells, values[i] == MEMCOORD_UNKNOWN
                                         ? json_null()
                                         : json_pack("[I, s]", (json_int_t)values[i], text));
    }
    return cells;
}

/* ---- series */

static json_t *packed(const uint64_t *points, size_t n, uint64_t unit)
{
    char *text = pack_series(points, n, unit);
    json_t *json = text ? json_string(text) : NULL;

    free(text);
    return json;
}

static json_t *extremes(const struct collector *c, const struct series_bucket *buckets,
                        size_t per_bucket)
{
    uint64_t points[2 * SERIES_BUCKETS];
    size_t n = series_points(buckets, c->ticks, SERIES_BUCKETS, per_bucket, points);

    return packed(points, n, 0);
}

static json_t *highs(const struct collector *c, const struct series_bucket *buckets)
{
    uint64_t points[SERIES_BUCKETS];
    size_t n = series_highs(buckets, c->ticks, SERIES_BUCKETS, points);

    return packed(points, n, 0);
}

static json_t *times(const struct collector *c, size_t per_bucket)
{
    uint64_t points[2 * SERIES_BUCKETS];
    size_t n = series_times(c->ticks, SERIES_BUCKETS, per_bucket, c->grid.first_ms, points);

    return packed(points, n, 1);
}

/* Means add up, extremes do not. A domain that is not there holds nothing. */
static json_t *means(const struct collector *c, const struct collect_domain *const *domains,
                     size_t n)
{
    uint64_t points[SERIES_BUCKETS];
    size_t written = 0;

    for (size_t b = 0; b < SERIES_BUCKETS; b++) {
        uint64_t sum_kib = 0;
        if (c->ticks[b].n == 0)
            continue;
        for (size_t i = 0; i < n; i++)
            sum_kib += domains[i]->sum_kib[b];
        points[written++] = sum_kib / c->ticks[b].n;
    }
    return packed(points, written, 0);
}

static json_t *domain_json(const struct collector *c, const struct collect_domain *d,
                           size_t per_bucket)
{
    const struct collect_domain *const alone[] = { d };

    return json_pack("{so, sI, so, so, so, so}", "name", json_text(d->name), "mean_kib",
                     (json_int_t)(d->held_kib / c->n_ticks), "stack", means(c, alone, 1), "balloon",
                     extremes(c, d->balloon, per_bucket), "need", extremes(c, d->need, per_bucket),
                     "shortfall", c->simulated ? highs(c, d->shortfall) : json_null());
}

static json_t *domains_json(const struct collector *c, size_t per_bucket)
{
    json_t *domains = json_array();

    for (size_t i = 0; domains && i < c->n_domains; i++)
        if (json_array_append_new(domains, domain_json(c, c->domains[i], per_bucket)) < 0) {
            json_decref(domains);
            return NULL;
        }
    return domains;
}

int run_json_add_series(json_t *run, const struct collector *c)
{
    size_t per_bucket = series_per_bucket(c->ticks, SERIES_BUCKETS);
    const struct collect_domain *const *all = (const struct collect_domain *const *)c->domains;
    json_t *series = json_pack(
        "{sb, sb, sI, si, si, so, so, so, so, so, so}", "simulated", c->simulated, "dry_run",
        c->dry_run, "policy_errors", (json_int_t)c->n_policy_errors, "most_domains",
        (int)c->most_domains, "per_bucket", (int)per_bucket, "times", times(c, per_bucket),
        "host_total", extremes(c, c->total, per_bucket), "host_used",
        extremes(c, c->used, per_bucket), "need", extremes(c, c->need, per_bucket), "stack",
        means(c, all, c->n_domains), "domains", domains_json(c, per_bucket));
    int r = series ? json_object_update(run, series) : -1;

    json_decref(series);
    return r < 0 ? -ENOMEM : 0;
}
