/* SPDX-License-Identifier: BSD-3-Clause */
#include "experiment/results.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/complain.h"
#include "util/draft.h"

/* What is no whole number has so many decimals in results.csv: no figure is lost there. */
#define CSV_DECIMALS 6

/* ---- means */

static uint64_t mean_of(const struct run_result *results, size_t n, size_t score)
{
    __extension__ unsigned __int128 sum = 0;
    uint64_t known = 0;

    for (size_t i = 0; i < n; i++) {
        if (!results[i].done || results[i].scores[score] == MEMCOORD_UNKNOWN)
            continue;
        sum += results[i].scores[score];
        known++;
    }
    return known > 0 ? (uint64_t)((sum + known / 2) / known) : MEMCOORD_UNKNOWN;
}

struct mean results_mean(const struct experiment *e, const struct run_result *results,
                         size_t scenario, size_t variant)
{
    struct mean mean = { 0 };

    results += (scenario * e->n_variants + variant) * e->n_seeds;
    for (size_t i = 0; i < e->n_seeds; i++) {
        mean.n_done += results[i].done;
        mean.n_failed += *results[i].failed != '\0';
    }
    for (size_t score = 0; score < SCORES; score++)
        mean.values[score] = mean_of(results, e->n_seeds, score);
    return mean;
}

/* ---- CSV */

/* In quotes where it holds what separates. */
static void write_text(FILE *f, const char *text)
{
    if (!strpbrk(text, ",\"\n")) {
        fputs(text, f);
        return;
    }
    putc('"', f);
    for (; *text; text++) {
        if (*text == '"')
            putc('"', f);
        putc(*text, f);
    }
    putc('"', f);
}

static void write_run(FILE *f, const struct run *run)
{
    write_text(f, run->scenario->name);
    putc(',', f);
    write_text(f, run->variant->name);
    fprintf(f, ",%" PRIu64, run->seed);
}

static void write_result(FILE *f, const struct run *run, const struct run_result *result)
{
    char text[64];

    write_run(f, run);
    putc(',', f);
    write_text(f, run->variant->is_limit ? run->variant->name
                                         : run->variant->instance->policy->table.name);
    fprintf(f, ",%" PRIu64 ",%" PRIu64 ",", run->variant->config.daemon.interval_ms, result->ticks);
    write_text(f, result->failed);
    for (size_t i = 0; i < SCORES; i++) {
        struct score_column column = score_columns[i];

        if (column.decimals > 0)
            column.decimals = CSV_DECIMALS;
        score_format(&column, result->done ? result->scores[i] : MEMCOORD_UNKNOWN, text,
                     sizeof(text));
        fprintf(f, ",%s", text);
    }
    putc('\n', f);
}

static void write_results(FILE *f, const struct experiment *e, const struct run_result *results)
{
    fputs("scenario,variant,seed,policy,interval_ms,ticks,failed", f);
    for (size_t i = 0; i < SCORES; i++)
        fprintf(f, ",%s", score_columns[i].key);
    putc('\n', f);
    for (size_t i = 0; i < experiment_n_runs(e); i++) {
        struct run run = run_of(e, i);

        if (results[i].done || *results[i].failed)
            write_result(f, &run, &results[i]);
    }
}

static void write_timings(FILE *f, const struct experiment *e, const struct run_result *results)
{
    fputs("scenario,variant,seed,ticks,domain_ticks,wall_us,policy_us,policy_us_per_tick,"
          "policy_us_longest_tick,domain_ticks_per_s\n",
          f);
    for (size_t i = 0; i < experiment_n_runs(e); i++) {
        const struct run_result *r = &results[i];
        struct run run = run_of(e, i);
        double ticks = (double)memcoord_max(r->ticks, 1);

        if (!r->done)
            continue;
        write_run(f, &run);
        fprintf(f, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.1f,%" PRIu64 ",%.0f\n",
                r->ticks, r->domain_ticks, r->wall_us, r->policy_us, (double)r->policy_us / ticks,
                r->policy_most_us,
                (double)r->domain_ticks * 1e6 / (double)memcoord_max(r->wall_us, 1));
    }
}

/* ---- files */

typedef void write_csv(FILE *f, const struct experiment *e, const struct run_result *results);

static int write_whole(const char *part, const char *path, write_csv *write,
                       const struct experiment *e, const struct run_result *results)
{
    FILE *f = fopen(part, "we");

    if (!f)
        return -errno;
    write(f, e, results);
    return draft_end(f, part, path, 0);
}

static int write_file(const char *folder, const char *name, write_csv *write,
                      const struct experiment *e, const struct run_result *results, char *error,
                      size_t error_size)
{
    char *path = NULL, *part = NULL;
    int r = asprintf(&path, "%s/%s", folder, name) < 0 ? -ENOMEM : 0;

    if (r == 0 && asprintf(&part, "%s/.%s.part", folder, name) < 0)
        r = -ENOMEM;
    if (r == 0)
        r = write_whole(part, path, write, e, results);
    if (r < 0)
        complain(error, error_size, r, "%s/%s can't be written: %s", folder, name, strerror(-r));
    free(path);
    free(part);
    return r;
}

int results_write(const struct experiment *e, const struct run_result *results, const char *folder,
                  char *error, size_t error_size)
{
    int r = write_file(folder, "results.csv", write_results, e, results, error, error_size);

    if (r == 0)
        r = write_file(folder, "timings.csv", write_timings, e, results, error, error_size);
    return r;
}
