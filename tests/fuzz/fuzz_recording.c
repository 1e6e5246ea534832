/* SPDX-License-Identifier: BSD-3-Clause */
/* A recording, read as report and replay do. It is refused with a reason, or all of it is taken. */
#include "lib/fuzz_recording.h"

#include "commands/replay_run.h"
#include "experiment/score.h"
#include "report/collect.h"
#include "report/report.h"
#include "report/run_json.h"
#include "report/top.h"

static struct fuzz_file file;
static struct fuzz_database database;
static struct fuzz_template strict, loose;

static void fuzz_begin(void)
{
    struct fuzz_file recorded = fuzz_file("template.db");

    close(recorded.fd);
    fuzz_load_policies();
    fuzz_make_templates(recorded.path, &strict, &loose);
    /* one thread, and no more looking after itself than it must: it is asked 10 million times */
    fuzz_assert(sqlite3_shutdown() == SQLITE_OK);
    fuzz_assert(sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) == SQLITE_OK);
    fuzz_assert(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK);
    fuzz_assert(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 512, 500) == SQLITE_OK);
    file = fuzz_file("input.db");
    database = fuzz_database(&file);
#ifdef FUZZER /* else it is so already */
    fuzz_assert(freopen("/dev/null", "w", stdout));
#endif
}

/* Whatever is wrong has a name and a reason. */
static void check_refused(int r, const char *error)
{
    if (r == 0)
        return;
    fuzz_assert(r == -EINVAL || r == -EBADMSG || r == -ENOTSUP || r == -ENODATA);
    fuzz_assert(*error);
}

/* ---- report */

static void score(void)
{
    const char *files[] = { file.path };
    char error[512] = "";
    json_t *scores = NULL;

    check_refused(report_scores(files, 1, &scores, error, sizeof(error)), error);
    json_decref(scores);
}

static int draw_run(void *runs, const struct report_run *run, char *error, size_t error_size)
{
    static struct collector collector;
    struct record_sink sink;
    uint64_t values[SCORES_MAX] = { 0 };
    json_t *json = run_json_about(run);
    int r;

    collect_begin(&collector, &run->span);
    sink = collect_sink(&collector);
    r = recording_read(run->recording, run->number, &sink, NULL, error, error_size);
    if (r == 0) {
        fuzz_assert(json_object_set_new(json, "scores", run_json_score_cells(values)) == 0);
        fuzz_assert(run_json_add_series(json, &collector) == 0);
        fuzz_assert(json_array_append(runs, json) == 0);
    }
    json_decref(json);
    collect_free(&collector);
    return r;
}

static void draw(void)
{
    const char *files[] = { file.path };
    char error[512] = "";
    json_t *runs = json_array();
    int r = report_each_run(files, 1, draw_run, runs, error, sizeof(error));

    check_refused(r, error);
    if (r == 0)
        fuzz_assert(report_add_top(runs) == 0);
    json_decref(runs);
}

/* ---- replay */

static void replay_run(struct recording *recording, size_t i, const struct config *config,
                       struct policy_instance *instance, bool json)
{
    struct replay_run run = { .decision = { .guard = config->guard, .instance = instance },
                              .interval_ms = recording_run(recording, i)->interval_ms,
                              .other_guard = true,
                              .json = json };
    const struct record_sink sink = replay_run_sink(&run);
    char error[512] = "";

    check_refused(recording_read(recording, i, &sink, &run.stop, error, sizeof(error)), error);
    fuzz_assert(run.err == 0 || run.err == -EINVAL);
    replay_tally_print(&run.tally, stdout);
    replay_run_free(&run);
}

static void replay_with(struct recording *recording, size_t i, size_t policy, bool json)
{
    const char *settings = recording_run(recording, i)->settings;
    struct problems problems = { 0 };
    struct config config = { 0 };
    struct policy_instance *instance;

    fuzz_assert(policy_instance_new(fuzz_policies[policy], &instance) == 0);
    if (config_load_text(settings ? settings : "", "settings", &config, &problems) == 0 &&
        policy_instance_configure(instance, &config, &problems) == 0)
        replay_run(recording, i, &config, instance, json);
    policy_instance_free(instance);
    config_free(&config);
    problems_free(&problems);
}

static void replay(size_t size, bool json)
{
    struct recording *recording = NULL;
    char error[512] = "";
    int r = recording_open(file.path, &recording, error, sizeof(error));

    check_refused(r, error);
    for (size_t i = 0; r == 0 && i < recording_n_runs(recording); i++)
        for (size_t p = fuzz_first_policy(size); p < fuzz_end_of_policies(size); p++)
            replay_with(recording, i, p, json);
    recording_close(recording);
}

static int fuzz_one(const uint8_t *data, size_t size)
{
    struct fuzz_changes changes = { data + 1, data + size };
    const struct fuzz_template *begun;
    unsigned chosen;
    bool rows;

    if (size == 0)
        return -1;
    chosen = data[0] % 8;
    rows = size > 1 && data[1] == 'r';
    begun = rows ? &loose : &strict;
    fuzz_truncate(&database, 0);
    fuzz_write(&database, begun->data, begun->size, 0);
    if (rows)
        fuzz_change_rows(&database, &changes);
    fuzz_change_bytes(&database, &changes, begun->size);
    if (chosen < 2)
        score();
    else if (chosen < 4)
        draw();
    else
        replay(size, chosen % 2);
    return 0;
}
