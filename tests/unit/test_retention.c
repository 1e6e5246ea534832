/* SPDX-License-Identifier: BSD-3-Clause */
/* A recording keeps what it shall, and no more. */
#include <sys/stat.h>

#include "lib/record_fixture.h"

#define SECONDS UINT64_C(1000)

static void write_run(const char *file, uint64_t keep_ms, uint64_t started_unix_ms, uint64_t first,
                      uint64_t n)
{
    const struct recorder_options options = { .file = file, .keep_ms = keep_ms, .must = true };
    struct record_run run = fixture_run;
    struct recorder *recorder;
    char error[512];

    run.started_unix_ms = started_unix_ms;
    assert_int_equal(recorder_open(&options, &run, &recorder, error, sizeof(error)), 0);
    fixture_write(recorder, first, n);
    assert_int_equal(recorder_close(recorder), 0);
}

static size_t runs_in(const char *file)
{
    struct recording *recording;
    char error[512];
    size_t n;

    assert_int_equal(recording_open(file, &recording, error, sizeof(error)), 0);
    n = recording_n_runs(recording);
    recording_close(recording);
    return n;
}

static void older_ticks_go(void **state)
{
    const char *file = fixture_path("own.db");

    (void)state;
    write_run(file, 10 * SECONDS, MEMCOORD_UNKNOWN, 1, 200);
    assert_run(file, 0, 190, 11); /* ticks are a second apart */
}

static void with_zero_none_go(void **state)
{
    const char *file = fixture_path("zero.db");

    (void)state;
    write_run(file, 0, 0, 1, 200);
    write_run(file, 0, 99999999 * SECONDS, 1, 10);
    assert_run(file, 0, 1, 200);
}

/* Each run has its own clock; when they were started tells how old their ticks are. */
static void ticks_of_runs_before_go_by_the_date(void **state)
{
    const char *file = fixture_path("before.db");

    (void)state;
    write_run(file, 100 * SECONDS, 1000 * SECONDS, 1, 60);      /* 1000..1059 s */
    write_run(file, 100 * SECONDS, 1100 * SECONDS, 500001, 40); /* 1100..1139 s */
    assert_int_equal(runs_in(file), 2);
    assert_run(file, 0, 40, 21); /* from 1039 s on */
    assert_run(file, 1, 500001, 40);
    write_run(file, 100 * SECONDS, 5000 * SECONDS, 1, 200);
    assert_int_equal(runs_in(file), 1); /* of the others nothing is left */
    assert_run(file, 0, 100, 101);
}

static void what_has_no_date_stays(void **state)
{
    const char *file = fixture_path("undated.db");

    (void)state;
    write_run(file, 10 * SECONDS, MEMCOORD_UNKNOWN, 1, 5);
    write_run(file, 10 * SECONDS, 5000 * SECONDS, 1, 100);
    write_run(file, 10 * SECONDS, 9000 * SECONDS, 1, 100);
    assert_int_equal(runs_in(file), 2);
    assert_run(file, 0, 1, 5);
    assert_run(file, 1, 90, 11);
}

/* What is deleted makes room for what comes. */
static void the_file_stops_growing(void **state)
{
    const char *file = fixture_path("size.db");
    struct stat before, after;

    (void)state;
    write_run(file, 100 * SECONDS, MEMCOORD_UNKNOWN, 1, 400);
    assert_int_equal(stat(file, &before), 0);
    unlink(file);
    write_run(file, 100 * SECONDS, MEMCOORD_UNKNOWN, 1, 4000);
    assert_int_equal(stat(file, &after), 0);
    assert_true(after.st_size < before.st_size + before.st_size / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(older_ticks_go),
        cmocka_unit_test(with_zero_none_go),
        cmocka_unit_test(ticks_of_runs_before_go_by_the_date),
        cmocka_unit_test(what_has_no_date_stays),
        cmocka_unit_test(the_file_stops_growing),
    };
    return cmocka_run_group_tests(tests, fixture_make_folder, fixture_remove_folder);
}
