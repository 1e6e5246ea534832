/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/compare_show.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "experiment/results.h"
#include "util/json_text.h"

#define BAR 30
#define FAILURES_SHOWN 20

/* ---- tables: what fits a line; the rest is in results.csv and in JSON */

static const enum score_id shown[] = { SCORE_SHORTFALL, SCORE_SHORTFALL_PART, SCORE_WORST_SHORTFALL,
                                       SCORE_OOM_KILLS, SCORE_NEEDED_MEAN,    SCORE_SAVED,
                                       SCORE_CHURN,     SCORE_REACTION_P99,   SCORE_FAIRNESS };
#define N_SHOWN (sizeof(shown) / sizeof(shown[0]))

static int width_of(size_t i)
{
    const struct score_column *column = &score_columns[shown[i]];
    size_t width = strlen(column->title);

    return width > 8 ? (int)width : 8;
}

static int name_width(const struct experiment *e)
{
    size_t width = strlen("variant");

    for (size_t i = 0; i < e->n_variants; i++)
        if (strlen(e->variants[i].name) > width)
            width = strlen(e->variants[i].name);
    return (int)width;
}

static void show_head(const struct experiment *e, const char *scenario)
{
    printf("%s, mean of %zu seed%s\n%-*s", scenario, e->n_seeds, e->n_seeds == 1 ? "" : "s",
           name_width(e), "variant");
    for (size_t i = 0; i < N_SHOWN; i++)
        printf("  %*s", width_of(i), score_columns[shown[i]].title);
    printf("\n%-*s", name_width(e), "");
    for (size_t i = 0; i < N_SHOWN; i++)
        printf("  %*s", width_of(i), score_columns[shown[i]].unit);
    putchar('\n');
}

static void show_line(const struct experiment *e, const char *name, const struct mean *mean)
{
    char text[64];

    printf("%-*s", name_width(e), name);
    for (size_t i = 0; i < N_SHOWN; i++) {
        score_format(&score_columns[shown[i]], mean->values[shown[i]], text, sizeof(text));
        printf("  %*s", width_of(i), *text ? text : "-");
    }
    if (mean->n_failed > 0)
        printf("  %zu failed", mean->n_failed);
    if (mean->n_done + mean->n_failed < e->n_seeds)
        printf("  %zu of %zu done", mean->n_done, e->n_seeds);
    putchar('\n');
}

void compare_show_text(const struct experiment *e, const struct run_result *results)
{
    for (size_t s = 0; s < e->n_scenarios; s++) {
        if (s > 0)
            putchar('\n');
        show_head(e, e->scenarios[s].name);
        for (size_t v = 0; v < e->n_variants; v++) {
            struct mean mean = results_mean(e, results, s, v);

            show_line(e, e->variants[v].name, &mean);
        }
    }
}

/* ---- JSON */

static json_t *scores_of(const struct mean *mean)
{
    json_t *scores = json_object();

    for (size_t i = 0; i < SCORES; i++) {
        uint64_t value = mean->values[i];
        double units = (double)value / (double)score_columns[i].per_unit;

        json_object_set_new(scores, score_columns[i].key,
                            value == MEMCOORD_UNKNOWN ? json_null() : json_real(units));
    }
    return scores;
}

static json_t *variant_of(const struct experiment *e, const struct run_result *results, size_t s,
                          size_t v)
{
    const struct variant *variant = &e->variants[v];
    struct mean mean = results_mean(e, results, s, v);
    json_t *json = json_object();

    json_object_set_new(json, "variant", json_text(variant->name));
    json_object_set_new(json, "policy",
                        variant->is_limit ? json_null()
                                          : json_text(variant->instance->policy->table.name));
    json_object_set_new(json, "done", json_integer((json_int_t)mean.n_done));
    json_object_set_new(json, "failed", json_integer((json_int_t)mean.n_failed));
    json_object_set_new(json, "scores", scores_of(&mean));
    return json;
}

int compare_show_json(const struct experiment *e, const struct run_result *results)
{
    json_t *json = json_object(), *scenarios = json_array();

    json_object_set_new(json, "experiment", json_text(e->file));
    json_object_set_new(json, "seeds", json_integer((json_int_t)e->n_seeds));
    for (size_t s = 0; s < e->n_scenarios; s++) {
        json_t *scenario = json_object(), *variants = json_array();

        for (size_t v = 0; v < e->n_variants; v++)
            json_array_append_new(variants, variant_of(e, results, s, v));
        json_object_set_new(scenario, "scenario", json_text(e->scenarios[s].name));
        json_object_set_new(scenario, "variants", variants);
        json_array_append_new(scenarios, scenario);
    }
    if (json_object_set_new(json, "scenarios", scenarios) < 0) {
        json_decref(json);
        return -ENOMEM;
    }
    json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(json);
    return 0;
}

/* ---- standard error */

void compare_show_failures(const struct experiment *e, const struct run_result *results)
{
    size_t n = 0;

    for (size_t i = 0; i < experiment_n_runs(e); i++) {
        struct run run = run_of(e, i);

        if (!*results[i].failed || n++ >= FAILURES_SHOWN)
            continue;
        fprintf(stderr, "memcoord: %s on %s, seed %" PRIu64 ": failed: %s\n", run.variant->name,
                run.scenario->name, run.seed, results[i].failed);
    }
    if (n > FAILURES_SHOWN)
        fprintf(stderr, "memcoord: %zu more failed: results.csv has them\n", n - FAILURES_SHOWN);
}

void compare_show_progress(const struct pool *pool, size_t n_ended)
{
    size_t n = experiment_n_runs(pool->experiment), filled = n ? n_ended * BAR / n : BAR;

    fprintf(stderr, "\r[");
    for (size_t i = 0; i < BAR; i++)
        putc(i < filled ? '#' : '.', stderr);
    fprintf(stderr, "] %zu of %zu runs%s", n_ended, n, n_ended == n ? "\n" : "");
    fflush(stderr);
}
