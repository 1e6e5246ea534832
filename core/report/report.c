/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/report.h"

#include <errno.h>
#include <stdlib.h>

#include "experiment/score.h"
#include "report/collect.h"
#include "report/each.h"
#include "report/out.h"
#include "report/page.h"
#include "report/run_json.h"
#include "report/top.h"
#include "util/complain.h"
#include "util/json_text.h"

static int no_memory(const struct report_run *run, char *error, size_t error_size)
{
    return complain(error, error_size, -ENOMEM, "%s: out of memory", run->file);
}

/* Hands each tick on to two. */
struct both {
    struct record_sink first, second;
};

static void give_both(void *to, const struct record_tick *tick)
{
    struct both *both = to;

    both->first.tick(both->first.to, tick);
    both->second.tick(both->second.to, tick);
}

/* Hands the run's ticks to `sink`, and scores them. 0, or a negative errno with `error`. */
static int read_run(const struct report_run *run, const struct record_sink *sink, uint64_t *values,
                    char *error, size_t error_size)
{
    struct scorer *scorer = scorer_new();
    struct both both = { sink ? *sink : (struct record_sink){ 0 }, { 0 } };
    int r;

    if (!scorer)
        return no_memory(run, error, error_size);
    both.second = scorer_sink(scorer);
    r = recording_read(run->recording, run->number,
                       sink ? &(struct record_sink){ &both, give_both } : &both.second, NULL, error,
                       error_size);
    if (r == 0 && scorer_scores(scorer, values) < 0)
        r = no_memory(run, error, error_size);
    scorer_free(scorer);
    return r;
}

/* ---- scores alone */

static int add_scores(void *to, const struct report_run *run, char *error, size_t error_size)
{
    json_t *list = to, *about;
    uint64_t values[SCORES_MAX];
    int r = read_run(run, NULL, values, error, error_size);

    if (r < 0)
        return r;
    about = run_json_about(run);
    if (!about || json_object_set_new(about, "scores", run_json_scores(values)) < 0 ||
        json_array_append(list, about) < 0)
        r = no_memory(run, error, error_size);
    json_decref(about);
    return r;
}

int report_scores(const char *const *files, size_t n, json_t **scores, char *error,
                  size_t error_size)
{
    json_t *list = json_array();
    int r = report_each_run(files, n, add_scores, list, error, error_size);

    if (r == 0)
        *scores = list;
    else
        json_decref(list);
    return r;
}

/* ---- the page */

static int describe(const struct report_run *run, const struct collector *collector,
                    const uint64_t *values, json_t *runs)
{
    json_t *json = run_json_about(run);
    int r = -ENOMEM;

    if (json && json_object_set_new(json, "settings", json_text(run->about->settings)) == 0 &&
        json_object_set_new(json, "scores", run_json_score_cells(values)) == 0 &&
        run_json_add_series(json, collector) == 0 && json_array_append(runs, json) == 0)
        r = 0;
    json_decref(json);
    return r;
}

static int add_run(void *to, const struct report_run *run, char *error, size_t error_size)
{
    struct collector *collector = malloc(sizeof(*collector));
    uint64_t values[SCORES_MAX];
    struct record_sink sink;
    int r;

    if (!collector)
        return no_memory(run, error, error_size);
    collect_begin(collector, &run->span);
    sink = collect_sink(collector);
    r = read_run(run, &sink, values, error, error_size);
    if (r == 0 && (collector->out_of_memory || describe(run, collector, values, to) < 0))
        r = no_memory(run, error, error_size);
    collect_free(collector);
    free(collector);
    return r;
}

static json_t *columns(void)
{
    json_t *list = json_array();

    for (const struct score_column *c = score_columns; c->key; c++)
        json_array_append_new(list,
                              json_pack("{ss, ss, ss, ss, sI, si, sb}", "key", c->key, "title",
                                        c->title, "unit", c->unit, "help", c->help, "per_unit",
                                        (json_int_t)c->per_unit, "decimals", (int)c->decimals,
                                        "more_is_better", (int)c->more_is_better));
    return list;
}

static int write_page(json_t *runs, const char *out_path, char *error, size_t error_size)
{
    json_t *data = json_pack("{ss, si, si, so, sO}", "version", MEMCOORD_VERSION, "frontier_x",
                             SCORE_SHORTFALL_PART, "frontier_y", SCORE_SAVED, "columns", columns(),
                             "runs", runs);
    struct out out;
    int r;

    if (!data || report_add_top(runs) < 0) {
        json_decref(data);
        return complain(error, error_size, -ENOMEM, "%s: out of memory", out_path);
    }
    r = out_open(out_path, &out, error, error_size);
    if (r == 0) {
        r = page_write(out.f, data);
        if (r < 0)
            complain(error, error_size, r, "%s: can't be written: %s", out_path,
                     r == -ENOMEM ? "out of memory" : "input/output error");
        r = out_close(&out, r, error, error_size);
    }
    json_decref(data);
    return r;
}

int report_write(const char *const *files, size_t n, const char *out, char *error,
                 size_t error_size)
{
    json_t *runs = json_array();
    int r = report_each_run(files, n, add_run, runs, error, error_size);

    if (r == 0)
        r = write_page(runs, out, error, error_size);
    json_decref(runs);
    return r;
}
