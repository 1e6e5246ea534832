/* SPDX-License-Identifier: BSD-3-Clause */
/* What is recorded is read back as it was, whole, and always in the same bytes. */
#include <errno.h>
#include <sqlite3.h>

#include "lib/capture.h"
#include "lib/record_fixture.h"

static void all_of_a_run_is_read_back_as_it_was(void **state)
{
    const char *file = fixture_path("whole.db");
    struct recorder *recorder = fixture_open(file, true);

    (void)state;
    fixture_write(recorder, 1, 100);
    assert_int_equal(recorder_close(recorder), 0);
    assert_run(file, 0, 1, 100);
}

static void ticks_that_nobody_waits_for_are_all_there_at_the_end(void **state)
{
    const char *file = fixture_path("real.db");
    struct recorder *recorder = fixture_open(file, false);

    (void)state;
    fixture_write(recorder, 1, 50);
    assert_int_equal(recorder_close(recorder), 0);
    assert_run(file, 0, 1, 50);
}

static char *bytes_of(const char *file, size_t *size)
{
    FILE *in = fopen(file, "r");
    char *bytes;

    assert_non_null(in);
    fseek(in, 0, SEEK_END);
    *size = (size_t)ftell(in);
    rewind(in);
    bytes = malloc(*size);
    assert_int_equal(fread(bytes, 1, *size, in), *size);
    fclose(in);
    return bytes;
}

static void the_same_ticks_are_the_same_bytes(void **state)
{
    const char *files[] = { fixture_path("same-1.db"), fixture_path("same-2.db") };
    char *bytes[2];
    size_t sizes[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct recorder *recorder = fixture_open(files[i], true);

        fixture_write(recorder, 1, 77);
        if (i == 1)
            usleep(20000); /* the writer has caught up here, and has not there */
        fixture_write(recorder, 78, 200);
        assert_int_equal(recorder_close(recorder), 0);
        bytes[i] = bytes_of(files[i], &sizes[i]);
    }
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(bytes[0], bytes[1], sizes[0]);
    free(bytes[0]);
    free(bytes[1]);
}

/* ---- runs */

static void a_file_that_is_there_gets_one_run_more(void **state)
{
    const char *file = fixture_path("runs.db");
    struct recording *recording;
    const struct record_run *run;
    char error[512];

    (void)state;
    for (uint64_t i = 0; i < 3; i++) {
        struct recorder *recorder = fixture_open(file, true);

        fixture_write(recorder, 1 + 10 * i, 10 * i);
        assert_int_equal(recorder_close(recorder), 0);
    }
    assert_run(file, 1, 11, 10);
    assert_run(file, 2, 21, 20);
    assert_int_equal(recording_open(file, &recording, error, sizeof(error)), 0);
    assert_int_equal(recording_n_runs(recording), 3);
    run = recording_run(recording, 2);
    assert_string_equal(run->host, fixture_run.host);
    assert_string_equal(run->policy, fixture_run.policy);
    assert_string_equal(run->settings, fixture_run.settings);
    assert_string_equal(run->variant, fixture_run.variant);
    assert_string_equal(run->scenario, fixture_run.scenario);
    assert_int_equal(run->interval_ms, fixture_run.interval_ms);
    assert_int_equal(run->seed, fixture_run.seed);
    assert_true(run->started_unix_ms == MEMCOORD_UNKNOWN);
    assert_int_equal(recording_span(recording, 0).n_ticks, 0);
    assert_int_equal(recording_span(recording, 0).last_ms, 0);
    assert_int_equal(recording_span(recording, 2).first_ms, 5000 + 21 * 1000);
    assert_int_equal(recording_span(recording, 2).last_ms, 5000 + 40 * 1000);
    recording_close(recording);
}

static void begin_run(struct recorder *recorder, const char *policy, uint64_t keep_ms)
{
    struct record_run run = fixture_run;

    run.policy = policy;
    assert_int_equal(recorder_begin_run(recorder, &run, keep_ms), 0);
}

static void assert_policies(const char *file, const char *const *policies, size_t n)
{
    struct recording *recording;
    char error[512];

    assert_int_equal(recording_open(file, &recording, error, sizeof(error)), 0);
    assert_int_equal(recording_n_runs(recording), n);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(recording_run(recording, i)->policy, policies[i]);
    recording_close(recording);
}

static void a_run_begins_with_its_first_tick(void **state)
{
    const char *const policies[] = { "threshold", "second", "fourth" };

    (void)state;
    for (int must = 0; must < 2; must++) {
        const char *file = fixture_path(must ? "begun-1.db" : "begun-0.db");
        struct recorder *recorder = fixture_open(file, must);

        fixture_write(recorder, 1, 40);
        begin_run(recorder, "second", 0);
        fixture_write(recorder, 41, 3);
        begin_run(recorder, "third", 0); /* which has none */
        begin_run(recorder, "fourth", 0);
        fixture_write(recorder, 44, 70);
        begin_run(recorder, "fifth", 0);
        assert_int_equal(recorder_close(recorder), 0);
        assert_policies(file, policies, 3);
        assert_run(file, 0, 1, 40);
        assert_run(file, 1, 41, 3);
        assert_run(file, 2, 44, 70);
    }
}

static void a_run_is_kept_as_long_as_it_says(void **state)
{
    const char *file = fixture_path("keep.db");
    struct recorder *recorder = fixture_open(file, true);

    (void)state;
    fixture_write(recorder, 1, 10);
    begin_run(recorder, "second", 9000);
    fixture_write(recorder, 11, 32);
    assert_int_equal(recorder_close(recorder), 0);
    assert_run(file, 0, 1, 10); /* it has no date */
    assert_run(file, 1, 33, 10);
}

static void run_sql(const char *file, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void look_for_own_asks(void *to, const struct record_tick *tick)
{
    size_t *n = to;

    for (size_t i = 0; i < tick->n_domains; i++)
        *n += tick->domains[i].own_ask_kib != MEMCOORD_UNKNOWN;
}

/* As memcoord wrote it before balloons could be stuck. */
static void a_file_of_the_first_schema_is_read_and_gets_what_it_lacks(void **state)
{
    const char *file = fixture_path("schema-1.db");
    struct recorder *recorder = fixture_open(file, true);
    struct recording *recording;
    size_t n = 0;
    struct record_sink sink = { &n, look_for_own_asks };
    char error[512];

    (void)state;
    fixture_write(recorder, 1, 20);
    assert_int_equal(recorder_close(recorder), 0);
    run_sql(file, "ALTER TABLE domain_sample DROP COLUMN own_ask_kib; PRAGMA user_version = 1");
    assert_int_equal(recording_open(file, &recording, error, sizeof(error)), 0);
    assert_int_equal(recording_read(recording, 0, &sink, NULL, error, sizeof(error)), 0);
    assert_int_equal(n, 0);
    assert_int_equal(recording_span(recording, 0).n_ticks, 20);
    recording_close(recording);
    recorder = fixture_open(file, true);
    fixture_write(recorder, 21, 10);
    assert_int_equal(recorder_close(recorder), 0);
    assert_run(file, 1, 21, 10);
}

/* ---- ticks of a test's own */

static void copy_name(void *to, const struct record_tick *tick)
{
    char *text = to;

    for (size_t i = 0; i < tick->n_domains; i++)
        sprintf(text + strlen(text), "%s/%d ", tick->domains[i].seen.name,
                (int)tick->domains[i].run_id);
    strcat(text, "| ");
}

/* What copy_name() makes of run 0. */
static void assert_names(const char *file, const char *want)
{
    char text[512] = "", error[512];
    struct record_sink sink = { .to = text, .tick = copy_name };
    struct recording *recording;

    assert_int_equal(recording_open(file, &recording, error, sizeof(error)), 0);
    assert_int_equal(recording_read(recording, 0, &sink, NULL, error, sizeof(error)), 0);
    recording_close(recording);
    assert_string_equal(text, want);
}

static void domains_come_go_change_places_and_start_again(void **state)
{
    const char *file = fixture_path("domains.db");
    struct recorder *recorder = fixture_open(file, true);
    struct record_sink sink = recorder_sink(recorder);
    struct fixture_tick f;
    struct record_domain first;

    (void)state;
    fixture_fill(&f, 1, 3);
    sink.tick(sink.to, &f.tick);
    fixture_fill(&f, 2, 3);
    first = f.domains[0];
    memmove(&f.domains[0], &f.domains[1], 2 * sizeof(first));
    f.domains[2] = first;
    sink.tick(sink.to, &f.tick);
    f.tick.tick = 3;
    f.domains[0].run_id = 9;
    sink.tick(sink.to, &f.tick);
    f.tick.tick = 4;
    f.domains[0].seen.name = "renamed";
    sink.tick(sink.to, &f.tick);
    assert_int_equal(recorder_close(recorder), 0);
    assert_names(file, "web-0/-1 web-1/0 web-2/1 | web-1/0 web-2/1 web-0/-1 | "
                       "web-1/9 web-2/1 web-0/-1 | renamed/9 web-2/1 web-0/-1 | ");
}

static void keep_tick(void *to, const struct record_tick *tick)
{
    struct record_tick *last = to;

    *last = *tick;
    assert_null(tick->counts);
    assert_null(tick->domains[0].truth);
    assert_true(tick->domains[0].asked_kib == INT64_MAX);
}

static void a_real_host_knows_no_truth_and_a_policy_may_ask_for_anything(void **state)
{
    const char *file = fixture_path("no-truth.db");
    struct recorder *recorder = fixture_open(file, true);
    struct record_sink sink = recorder_sink(recorder);
    struct record_tick last = { 0 };
    struct record_sink check = { .to = &last, .tick = keep_tick };
    struct recording *recording;
    struct fixture_tick f;
    char error[512];

    (void)state;
    fixture_fill(&f, 1, 2);
    fixture_real(&f);
    f.domains[0].asked_kib = UINT64_MAX - 1;
    sink.tick(sink.to, &f.tick);
    assert_int_equal(recorder_close(recorder), 0);
    assert_int_equal(recording_open(file, &recording, error, sizeof(error)), 0);
    assert_int_equal(recording_read(recording, 0, &check, NULL, error, sizeof(error)), 0);
    assert_int_equal(last.tick, 1);
    recording_close(recording);
}

struct until {
    bool stop;
    int n;
};

static void stop_at_the_third(void *to, const struct record_tick *tick)
{
    struct until *until = to;

    (void)tick;
    until->stop = ++until->n == 3;
}

static void reading_may_be_stopped_and_done_again(void **state)
{
    const char *file = fixture_path("stop.db");
    struct recorder *recorder = fixture_open(file, true);
    struct recording *recording;
    char error[512];

    (void)state;
    fixture_write(recorder, 1, 10);
    assert_int_equal(recorder_close(recorder), 0);
    assert_int_equal(recording_open(file, &recording, error, sizeof(error)), 0);
    for (int i = 0; i < 2; i++) {
        struct until until = { 0 };
        struct record_sink sink = { .to = &until, .tick = stop_at_the_third };

        assert_int_equal(recording_read(recording, 0, &sink, &until.stop, error, sizeof(error)), 0);
        assert_int_equal(until.n, 3);
    }
    recording_close(recording);
}

/* ---- while it is being written */

static uint64_t ticks_in(const char *file)
{
    struct recording *recording;
    char error[512] = "";
    uint64_t n;

    if (recording_open(file, &recording, error, sizeof(error)) < 0)
        fail_msg("%s", error);
    n = recording_span(recording, 0).n_ticks;
    recording_close(recording);
    return n;
}

static void what_is_written_so_far_can_be_read(void **state)
{
    const char *file = fixture_path("meanwhile.db");
    struct recorder *recorder = fixture_open(file, true);

    (void)state;
    assert_int_equal(ticks_in(file), 0);
    fixture_write(recorder, 1, 64); /* two whole batches: they are written without more */
    while (ticks_in(file) < 64)
        usleep(1000);
    assert_run(file, 0, 1, 64);
    fixture_write(recorder, 65, 1);
    assert_int_equal(recorder_close(recorder), 0);
    assert_run(file, 0, 1, 65);
}

static void a_reader_in_the_midst_does_not_stop_the_writer(void **state)
{
    const char *file = fixture_path("reader.db");
    struct recorder *recorder = fixture_open(file, true);
    struct recording *recording;
    char error[512];

    (void)state;
    assert_int_equal(recording_open(file, &recording, error, sizeof(error)), 0);
    fixture_write(recorder, 1, 100);
    assert_int_equal(recorder_close(recorder), 0);
    recording_close(recording);
    assert_run(file, 0, 1, 100);
}

/* ---- what makes no sense */

static void write_nonsense(struct recorder *recorder)
{
    struct record_sink sink = recorder_sink(recorder);
    struct fixture_tick f;

    fixture_fill(&f, 1, 1);
    f.domains[0].seen.min_kib = MEMCOORD_UNKNOWN;
    sink.tick(sink.to, &f.tick);
}

static void a_tick_that_can_never_be_written_is_lost_alone(void **state)
{
    const char *file = fixture_path("nonsense.db");
    struct recorder *recorder = fixture_open(file, false);
    struct capture said;

    (void)state;
    capture_begin(&said);
    write_nonsense(recorder);
    assert_int_equal(recorder_close(recorder), 0);
    capture_end(&said);
    assert_int_equal(capture_count(&said, "a tick makes no sense: NOT NULL constraint failed: "
                                          "domain_sample.min_kib"),
                     1);
    assert_int_equal(capture_count(&said, "1 ticks were lost"), 1);
    assert_run(file, 0, 1, 0);
}

static void where_nothing_may_be_lost_it_is_an_error(void **state)
{
    struct recorder *recorder = fixture_open(fixture_path("must.db"), true);
    struct capture said;

    (void)state;
    capture_begin(&said);
    write_nonsense(recorder);
    fixture_write(recorder, 2, 400); /* goes on: nobody waits for a writer that has failed */
    assert_int_equal(recorder_close(recorder), -EDOM);
    capture_end(&said);
    assert_int_equal(capture_count(&said, "the recording is not whole"), 1);
}

/* ---- what there is no room for */

/* The sum over all lines that say "N ticks were lost". */
static int count_lost(const char *text)
{
    int lost = 0;

    for (const char *at = text; (at = strstr(at, " ticks were lost")); at++) {
        const char *number = at;

        while (number > text && number[-1] >= '0' && number[-1] <= '9')
            number--;
        lost += atoi(number);
    }
    return lost;
}

/* Somebody has the file: ticks wait as long as there is room, then they are lost, and counted. */
static void what_is_lost_is_counted(void **state)
{
    const char *file = fixture_path("lost.db");
    struct recorder *recorder = fixture_open(file, false);
    struct capture said;
    sqlite3 *locker;
    int lost;

    (void)state;
    assert_int_equal(sqlite3_open(file, &locker), SQLITE_OK);
    assert_int_equal(sqlite3_exec(locker, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    capture_begin(&said);
    fixture_write(recorder, 1, 1000); /* returns: nobody is waited for */
    sqlite3_close(locker);
    assert_int_equal(recorder_close(recorder), 0);
    lost = count_lost(capture_end(&said));
    assert_true(lost >= 1000 - 128 - 32);
    assert_int_equal(ticks_in(file), 1000 - lost);
}

/* A run begins also where its first ticks found no room. */
static void what_is_lost_is_not_the_beginning_of_a_run(void **state)
{
    const char *file = fixture_path("lost-run.db");
    const char *const policies[] = { "threshold", "second" };
    struct recorder *recorder = fixture_open(file, false);
    struct capture said;
    sqlite3 *locker;

    (void)state;
    assert_int_equal(sqlite3_open(file, &locker), SQLITE_OK);
    assert_int_equal(sqlite3_exec(locker, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    capture_begin(&said);
    fixture_write(recorder, 1, 200);
    begin_run(recorder, "second", 0);
    fixture_write(recorder, 201, 10);
    sqlite3_close(locker);
    for (int i = 0; i < 200 && ticks_in(file) < 64; i++)
        usleep(50000);
    fixture_write(recorder, 301, 10);
    assert_int_equal(recorder_close(recorder), 0);
    assert_true(count_lost(capture_end(&said)) > 0);
    assert_policies(file, policies, 2);
    assert_run(file, 1, 301, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_a_run_is_read_back_as_it_was),
        cmocka_unit_test(ticks_that_nobody_waits_for_are_all_there_at_the_end),
        cmocka_unit_test(the_same_ticks_are_the_same_bytes),
        cmocka_unit_test(a_file_that_is_there_gets_one_run_more),
        cmocka_unit_test(a_run_begins_with_its_first_tick),
        cmocka_unit_test(a_run_is_kept_as_long_as_it_says),
        cmocka_unit_test(a_file_of_the_first_schema_is_read_and_gets_what_it_lacks),
        cmocka_unit_test(domains_come_go_change_places_and_start_again),
        cmocka_unit_test(a_real_host_knows_no_truth_and_a_policy_may_ask_for_anything),
        cmocka_unit_test(reading_may_be_stopped_and_done_again),
        cmocka_unit_test(what_is_written_so_far_can_be_read),
        cmocka_unit_test(a_reader_in_the_midst_does_not_stop_the_writer),
        cmocka_unit_test(a_tick_that_can_never_be_written_is_lost_alone),
        cmocka_unit_test(where_nothing_may_be_lost_it_is_an_error),
        cmocka_unit_test(what_is_lost_is_counted),
        cmocka_unit_test(what_is_lost_is_not_the_beginning_of_a_run),
    };
    return cmocka_run_group_tests(tests, fixture_make_folder, fixture_remove_folder);
}
