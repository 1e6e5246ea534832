/* SPDX-License-Identifier: BSD-3-Clause */
/* Whatever a file holds, reading it ends with ticks or with words that name it. */
#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "lib/random.h"
#include "lib/record_fixture.h"

#define TICKS 40

static char *whole; /* the bytes of a recording */
static size_t whole_size;

static void write_bytes(const char *file, const char *bytes, size_t size)
{
    FILE *out = fopen(file, "w");

    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    assert_int_equal(fclose(out), 0);
}

static int make_whole(void **state)
{
    const char *file;
    struct recorder *recorder;
    FILE *in;

    fixture_make_folder(state);
    file = fixture_path("whole.db");
    recorder = fixture_open(file, true);
    fixture_write(recorder, 1, TICKS);
    if (recorder_close(recorder) < 0 || !(in = fopen(file, "r")))
        return -1;
    whole = malloc(1 << 20);
    whole_size = fread(whole, 1, 1 << 20, in);
    fclose(in);
    return whole_size < 1 << 20 ? 0 : -1;
}

static int free_whole(void **state)
{
    free(whole);
    return fixture_remove_folder(state);
}

/* ---- what is no recording */

static void assert_refused(const char *file, int result, const char *says)
{
    struct recording *recording = NULL;
    char error[512] = "", want[512];

    snprintf(want, sizeof(want), "%s: %s", file, says);
    assert_int_equal(recording_open(file, &recording, error, sizeof(error)), result);
    assert_string_equal(error, want);
    assert_null(recording);
}

static void run_sql(const char *file, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_file_that_is_none_is_refused(void **state)
{
    char text[2000];
    const char *file;

    (void)state;
    assert_refused(fixture_path("none"), -ENOENT, "can't be opened: No such file or directory");
    assert_refused(fixture_folder, -EINVAL,
                   "is no recording of memcoord, nor any file: want a file");
    write_bytes(file = fixture_path("empty"), "", 0);
    assert_refused(file, -EINVAL, "is no recording of memcoord: it is empty");
    memset(text, 'x', sizeof(text));
    write_bytes(file = fixture_path("text"), text, sizeof(text));
    assert_refused(file, -EINVAL, "is no recording of memcoord, nor any database");
    write_bytes(file = fixture_path("short"), "x", 1);
    assert_refused(file, -EINVAL, "is no recording of memcoord, nor any database");
    run_sql(file = fixture_path("other.db"), "CREATE TABLE run (id)");
    assert_refused(file, -EINVAL, "is no recording of memcoord, but another program's database");
}

static void another_schema_is_told_by_its_number(void **state)
{
    const char *file = fixture_path("schema.db");

    (void)state;
    write_bytes(file, whole, whole_size);
    run_sql(file, "PRAGMA user_version = 4");
    assert_refused(file, -ENOTSUP,
                   "has schema 4, from a newer memcoord: this one knows schemas up to 3");
    run_sql(file, "PRAGMA user_version = 0");
    assert_refused(file, -EBADMSG, "the recording is damaged: its schema has the number 0");
}

static void names_may_hold_anything(void **state)
{
    const char *file = fixture_path("100% of a?b#c'd;e.db");
    struct recorder *recorder = fixture_open(file, true);

    (void)state;
    fixture_write(recorder, 1, 5);
    assert_int_equal(recorder_close(recorder), 0);
    assert_run(file, 0, 1, 5);
}

/* ---- rows that make no sense */

static void count_tick(void *to, const struct record_tick *tick)
{
    uint64_t *n = to;

    (void)tick;
    ++*n;
}

/* After `sql`, `n` ticks can be read, and then it says so. */
static void assert_row(const char *sql, uint64_t n, const char *says)
{
    const char *file = fixture_path("row.db");
    uint64_t got = 0;
    struct record_sink sink = { .to = &got, .tick = count_tick };
    struct recording *recording = NULL;
    char error[512] = "", want[512];

    write_bytes(file, whole, whole_size);
    run_sql(file, sql);
    snprintf(want, sizeof(want), "%s: the recording is damaged: %s", file, says);
    assert_int_equal(recording_open(file, &recording, error, sizeof(error)), 0);
    assert_int_equal(recording_read(recording, 0, &sink, NULL, error, sizeof(error)), -EBADMSG);
    assert_string_equal(error, want);
    assert_int_equal(got, n);
    recording_close(recording);
}

static void a_row_that_makes_no_sense_is_named(void **state)
{
    (void)state;
    assert_row("UPDATE domain_sample SET balloon_kib = -3 WHERE tick = 3 AND place = 1", 2,
               "domain_sample: run 1, tick 3: web-1: balloon_kib is -3: want 0..17179869184");
    assert_row("UPDATE domain_sample SET flags = 128 WHERE tick = 2 AND place = 0", 1,
               "domain_sample: run 1, tick 2: web-0: flags is 128: want 0..127");
    assert_row("UPDATE domain_sample SET min_kib = max_kib + 1 WHERE tick = 2 AND place = 0", 1,
               "domain_sample: run 1, tick 2: web-0: min_kib is above max_kib");
    assert_row("UPDATE domain_sample SET domain = 77 WHERE tick = 4 AND place = 0", 3,
               "domain_sample: run 1, tick 4: its domain is in no row of domain");
    assert_row("DELETE FROM domain_sample WHERE tick = 4 AND place = 0", 3,
               "host_sample: run 1, tick 4: n_domains is not the number of its rows in "
               "domain_sample");
    assert_row("DELETE FROM host_sample WHERE tick = 6", 5,
               "domain_sample: run 1, tick 6: its tick is in no row of host_sample");
    assert_row("DELETE FROM host_sample WHERE tick = 39", 38,
               "domain_sample: run 1, tick 39: its tick is in no row of host_sample");
    assert_row("UPDATE host_sample SET now_ms = 1 WHERE tick = 9", 8,
               "host_sample: run 1, tick 9: it is not after the tick before");
    assert_row("UPDATE host_sample SET dry_run = 2 WHERE tick = 9", 8,
               "host_sample: run 1, tick 9: dry_run is 2: want 0..1");
    assert_row("UPDATE domain SET uuid = x'00' WHERE name = 'web-2'", 0,
               "domain: id 3: uuid is not 16 bytes");
}

/* ---- bytes that are wrong */

/* Opens and reads all that it can. 0 or what it failed with; it must name the file then. */
static int read_all(const char *file, const struct record_sink *sink)
{
    struct recording *recording = NULL;
    char error[512] = "";
    int r = recording_open(file, &recording, error, sizeof(error));

    for (size_t i = 0; r == 0 && i < recording_n_runs(recording); i++)
        r = recording_read(recording, i, sink, NULL, error, sizeof(error));
    if (r < 0 && strncmp(error, file, strlen(file)) != 0)
        fail_msg("%d without the file's name: %s", r, error);
    if (r < 0 && r != -EBADMSG && r != -EINVAL && r != -ENOTSUP)
        fail_msg("%d: %s", r, error);
    recording_close(recording);
    return r;
}

/* What could be read of a file that ends too early is what was written. */
static void a_file_that_was_cut_is_refused_or_right_as_far_as_it_goes(void **state)
{
    const char *file = fixture_path("cut.db");

    (void)state;
    for (size_t size = 0; size < whole_size; size += size < 600 ? 7 : 509) {
        struct fixture_reader reader = { .next = 1 };
        struct record_sink sink = { .to = &reader, .tick = fixture_compare };

        write_bytes(file, whole, size);
        if (read_all(file, &sink) == 0)
            fail_msg("%zu of %zu bytes pass for all", size, whole_size);
    }
}

static void wrong_bytes_harm_nobody(void **state)
{
    struct random random = { 6 };
    const char *file = fixture_path("wrong.db");
    char *bytes = malloc(whole_size);
    int n_refused = 0;

    (void)state;
    for (int round = 0; round < 800; round++) {
        uint64_t n = 0;
        struct record_sink sink = { .to = &n, .tick = count_tick };
        size_t limit = one_in(&random, 2) ? 4096 : whole_size; /* the first page is the schema */

        memcpy(bytes, whole, whole_size);
        for (uint64_t i = between(&random, 1, 8); i > 0; i--)
            bytes[below(&random, limit)] = (char)random_next(&random);
        write_bytes(file, bytes, whole_size);
        n_refused += read_all(file, &sink) < 0;
    }
    free(bytes);
    assert_true(n_refused > 200 && n_refused < 750); /* both are seen */
}

/* The same for the writer: what it can't understand it refuses, or writes to as well as it can. */
static void wrong_bytes_do_not_harm_who_writes(void **state)
{
    struct random random = { 7 };
    const char *file = fixture_path("wrong-2.db");
    char *bytes = malloc(whole_size);

    (void)state;
    for (int round = 0; round < 200; round++) {
        const struct recorder_options options = { .file = file, .must = true };
        struct recorder *recorder = NULL;
        char error[512];

        memcpy(bytes, whole, whole_size);
        for (uint64_t i = between(&random, 1, 8); i > 0; i--)
            bytes[below(&random, whole_size)] = (char)random_next(&random);
        write_bytes(file, bytes, whole_size);
        if (recorder_open(&options, &fixture_run, &recorder, error, sizeof(error)) == 0)
            fixture_write(recorder, 1, 10);
        recorder_close(recorder);
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_is_none_is_refused),
        cmocka_unit_test(another_schema_is_told_by_its_number),
        cmocka_unit_test(names_may_hold_anything),
        cmocka_unit_test(a_row_that_makes_no_sense_is_named),
        cmocka_unit_test(a_file_that_was_cut_is_refused_or_right_as_far_as_it_goes),
        cmocka_unit_test(wrong_bytes_harm_nobody),
        cmocka_unit_test(wrong_bytes_do_not_harm_who_writes),
    };
    return cmocka_run_group_tests(tests, make_whole, free_whole);
}
