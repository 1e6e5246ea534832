/* SPDX-License-Identifier: BSD-3-Clause */
/* Traces: both kinds of files, folders, patterns, and everything that may be wrong with one. */
#include "lib/cmocka.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenario/trace.h"

#define HOUR_MS UINT64_C(3600000)
#define PLAIN "time_s,domain,demand_kib\n"
#define BITBRAINS                                                                                \
    "Timestamp [ms];\tCPU cores;\tCPU capacity provisioned [MHZ];\tCPU usage [MHZ];\tCPU usage " \
    "[%];\tMemory capacity provisioned [KB];\tMemory usage [KB];\tDisk read throughput "         \
    "[KB/s];\tDisk write throughput [KB/s];\tNetwork received throughput [KB/s];\tNetwork "      \
    "transmitted throughput [KB/s]\n"
#define ROW(time, given, used) \
    time ";\t4;\t11703.9;\t158.0;\t1.35;\t" given ";\t" used ";\t0.0;\t13.3;\t4.4;\t0.06\n"

static char folder[] = "/tmp/memcoord-trace-XXXXXX";
static char said[4096];
static struct trace trace;

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[100];

    (void)state;
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command);
}

static void put(const char *name, const char *text)
{
    char path[200];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
}

/* Reads `path` of the folder into `trace`, what is wrong into `said`, without the folder's name. */
static int read_trace(const char *path, uint64_t max_gap_ms)
{
    struct problems problems = { 0 };
    char whole[200];
    int r;

    trace_free(&trace);
    *said = '\0';
    snprintf(whole, sizeof(whole), "%s/%s", folder, path);
    r = trace_read(whole, max_gap_ms, "x.ini", 7, &trace, &problems);
    for (size_t i = 0; i < problems.n; i++) {
        const char *text = problems.list[i].text;
        size_t n = strlen(said);

        if (strncmp(text, folder, strlen(folder)) == 0)
            text += strlen(folder) + 1;
        snprintf(said + n, sizeof(said) - n, "%s\n", text);
    }
    problems_free(&problems);
    return r;
}

static void refused(const char *file, const char *text, const char *says)
{
    put(file, text);
    if (read_trace(file, HOUR_MS) != -EINVAL || strcmp(said, says) != 0)
        fail_msg("%s says:\n%sinstead of:\n%s", text, said, says);
    assert_null(trace.series); /* untouched */
}

static void plain_files_hold_many_domains(void **state)
{
    const struct series *db;

    (void)state;
    put("a.csv", "\xEF\xBB\xBF" PLAIN "100,db,1024\r\n100,web,2048\n\n100.5, db ,1e3\n160,web,0\n");
    assert_int_equal(read_trace("a.csv", HOUR_MS), 0);
    assert_int_equal(trace.n, 2);
    db = trace_find(&trace, "db");
    assert_non_null(db);
    assert_int_equal(db->n, 2);
    assert_int_equal(db->samples[0].at_ms, 0); /* since the earliest */
    assert_int_equal(db->samples[0].demand_kib, 1024);
    assert_int_equal(db->samples[1].at_ms, 500);
    assert_int_equal(db->samples[1].demand_kib, 1000);
    assert_int_equal(trace_find(&trace, "web")->samples[1].at_ms, 60000);
    assert_null(trace_find(&trace, "nobody"));
}

static void bitbrains_files_hold_one_each(void **state)
{
    (void)state;
    assert_int_equal(mkdir(strcat(strcpy(said, folder), "/bb"), 0700), 0);
    put("bb/10.csv", BITBRAINS ROW("1375308476", "1.6703488E7", "257250.4"));
    put("bb/9.csv", BITBRAINS ROW("1375308176", "1048576.0", "167772.0")
                        ROW("1375308476", "2097152.0", "1.6E5"));
    put("bb/README", "not one of them");
    assert_int_equal(read_trace("bb", HOUR_MS), 0);
    assert_int_equal(trace.n, 2);
    assert_string_equal(trace.series[0].name, "9"); /* as people count */
    assert_string_equal(trace.series[1].name, "10");
    assert_int_equal(trace.series[0].provisioned_kib, 2097152);
    assert_int_equal(trace.series[0].samples[1].demand_kib, 160000);
    assert_int_equal(trace.series[1].provisioned_kib, 16703488);
    assert_int_equal(trace.series[1].samples[0].at_ms, 300000); /* one beginning for all */
    assert_int_equal(trace.series[1].samples[0].demand_kib, 257250);
    assert_int_equal(read_trace("bb/1*.csv", HOUR_MS), 0);
    assert_int_equal(trace.n, 1);
}

static void what_is_wrong_is_told_with_its_line(void **state)
{
    (void)state;
    refused("x.csv", PLAIN "1,a,5\n1,a,6\n",
            "x.csv:3: the time is that of line 2, too: want each time once\n");
    refused("x.csv", PLAIN "5,a,5\n4,a,6\n",
            "x.csv:3: the time is before that of line 2: want rows in the order of time\n");
    refused("x.csv", PLAIN "1,a,5\n3602,a,6\n",
            "x.csv:3: a gap of 3601 s after line 2: at most 3600 s are allowed (max_gap in the "
            "scenario)\n");
    refused("x.csv", PLAIN "1,a,-5\n-1,a,5\n",
            "x.csv:2: the demand '-5' is negative: want a number from 0 to 17179869183\n"
            "x.csv:3: the time '-1' is negative: want a number from 0 to 100000000000\n");
    refused("x.csv", PLAIN "1,a,1e11\n2,a,1e400\n3,a,nan\n4,a,0x10\n5,a,\n6,a,1e\n",
            "x.csv:2: the demand '1e11' is too large: want a number from 0 to 17179869183\n"
            "x.csv:3: the demand '1e400' is too large: want a number from 0 to 17179869183\n"
            "x.csv:4: the demand 'nan' is no number: want a number from 0 to 17179869183\n"
            "x.csv:5: the demand '0x10' is no number: want a number from 0 to 17179869183\n"
            "x.csv:6: the demand '' is missing: want a number from 0 to 17179869183\n"
            "x.csv:7: the demand '1e' is no number: want a number from 0 to 17179869183\n");
    refused("x.csv", PLAIN "1,a\n1,,4\n1,a,4,5\n",
            "x.csv:2: want three columns: time_s,domain,demand_kib\n"
            "x.csv:3: the domain '' can't be called so: want a name of 1 to 100 bytes without "
            "quotes and control characters\n"
            "x.csv:4: want three columns: time_s,domain,demand_kib\n");
    refused("x.csv", "time,domain\n1,2\n",
            "x.csv:1: this is no trace: want 'time_s,domain,demand_kib' or the first line of a "
            "GWA-T-12 file ('Timestamp [ms];...')\n");
    refused("x.csv", PLAIN, "x.csv:1: there are no rows\n");
    refused("x.csv", "", "x.csv: there are no rows\n");
    refused("x.csv", BITBRAINS "1375308176;\t4;\t5\n",
            "x.csv:2: 3 columns: want 11, as in the first line\n");
    refused("x.csv", BITBRAINS ROW("1375308176", "-1", "1e12"),
            "x.csv:2: the memory provisioned '-1' is negative: want a number from 0 to "
            "17179869183\n"
            "x.csv:2: the memory usage '1e12' is too large: want a number from 0 to 17179869183\n");
}

static void names_that_nobody_can_have_are_refused(void **state)
{
    char text[400];

    (void)state;
    refused("x.csv", PLAIN "1,\"a\",5\n1,b\x01,5\n1,-,x\n",
            "x.csv:2: the domain '\"a\"' can't be called so: want a name of 1 to 100 bytes "
            "without quotes and control characters\n"
            "x.csv:3: the domain 'b ' can't be called so: want a name of 1 to 100 bytes "
            "without quotes and control characters\n"
            "x.csv:4: the demand 'x' is no number: want a number from 0 to 17179869183\n");
    snprintf(text, sizeof(text), "%s1,%0101d,5\n", PLAIN, 0);
    refused("x.csv", text,
            "x.csv:2: the domain '0000000000000000000000000000000000000000' can't be called so: "
            "want a name of 1 to 100 bytes without quotes and control characters\n");
}

static void put_bytes(const char *name, const char *bytes, size_t n)
{
    char path[200];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void what_is_no_text_is_told(void **state)
{
    static const char bytes[] = PLAIN "1,a,5\n2,a,6\0junk\n3,a,7\n";

    (void)state;
    put_bytes("x.csv", bytes, sizeof(bytes) - 1);
    assert_int_equal(read_trace("x.csv", HOUR_MS), -EINVAL);
    assert_string_equal(said, "x.csv:3: a NUL byte: this is no text\n");
    assert_int_equal(mkdir(strcat(strcpy(said, folder), "/folder.csv"), 0700), 0);
    assert_int_equal(read_trace("folder.cs?", HOUR_MS), -EINVAL);
    assert_string_equal(said, "folder.csv: can't be read: Is a directory\n");
}

/* A domain may go on in the next file; where it does not fit, both places are named. */
static void a_domain_in_two_files_is_told(void **state)
{
    char want[300];

    (void)state;
    put("1.csv", PLAIN "0,a,5\n10,a,6\n");
    put("2.csv", PLAIN "20,a,7\n");
    assert_int_equal(read_trace("[12].csv", HOUR_MS), 0);
    assert_int_equal(trace.series[0].n, 3);
    put("2.csv", PLAIN "10,a,7\n");
    assert_int_equal(read_trace("[12].csv", HOUR_MS), -EINVAL);
    snprintf(want, sizeof(want),
             "2.csv:2: the time is that of line 3 of %s/1.csv, too: want each time once\n", folder);
    assert_string_equal(said, want);
}

static void what_is_not_there_is_told(void **state)
{
    (void)state;
    assert_int_equal(read_trace("none.csv", HOUR_MS), -EINVAL);
    assert_non_null(strstr(said, "x.ini:7: load: no trace there: /tmp/memcoord-trace-"));
    assert_non_null(strstr(said, "/none.csv is no file and holds none\n"));
    assert_int_equal(mkdir(strcat(strcpy(said, folder), "/empty"), 0700), 0);
    assert_int_equal(read_trace("empty", HOUR_MS), -EINVAL);
    assert_non_null(strstr(said, "x.ini:7: load: no trace there: /tmp/memcoord-trace-"));
    assert_non_null(strstr(said, "/empty is no file and holds none\n"));
    assert_int_equal(read_trace("empty/*.csv", HOUR_MS), -EINVAL);
    assert_non_null(strstr(said, "x.ini:7: load: no trace there"));
}

static void a_file_of_nonsense_is_not_read_to_its_end(void **state)
{
    static char text[20000] = PLAIN;
    int lines = 0;

    (void)state;
    for (int i = 0; i < 1000; i++)
        strcat(text, "x,y,z\n");
    put("long.csv", text);
    assert_int_equal(read_trace("long.csv", HOUR_MS), -EINVAL);
    for (const char *p = said; (p = strchr(p, '\n')); p++)
        lines++;
    assert_in_range(lines, 10, 25);
}

/* 64 machines of a week, as published: read where they are. */
static void the_published_files_are_read(void **state)
{
    const char *given = getenv("MEMCOORD_TRACES"), *top = getenv("MEMCOORD_TOP");
    char path[PATH_MAX];
    struct problems problems = { 0 };
    struct trace read = { 0 };

    (void)state;
    if (given)
        snprintf(path, sizeof(path), "%s", given);
    else
        snprintf(path, sizeof(path), "%s/../shared/traces/bitbrains-rnd-2013-8", top ? top : ".");
    if (access(path, R_OK) < 0) {
        /* cmocka's skip() is a failure where TAP is read */
        print_message("# skipped: %s is not there\n", path);
        return;
    }
    assert_int_equal(trace_read(path, 2 * HOUR_MS, "x.ini", 1, &read, &problems), 0);
    assert_int_equal(read.n, 64);
    for (size_t i = 0; i < read.n; i++) {
        assert_in_range(read.series[i].n, 1900, 2100);
        assert_true(read.series[i].provisioned_kib > 0);
    }
    trace_free(&read);
}

static int free_trace(void **state)
{
    (void)state;
    trace_free(&trace);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_files_hold_many_domains),
        cmocka_unit_test(bitbrains_files_hold_one_each),
        cmocka_unit_test(what_is_wrong_is_told_with_its_line),
        cmocka_unit_test(names_that_nobody_can_have_are_refused),
        cmocka_unit_test(what_is_no_text_is_told),
        cmocka_unit_test(a_domain_in_two_files_is_told),
        cmocka_unit_test(what_is_not_there_is_told),
        cmocka_unit_test(a_file_of_nonsense_is_not_read_to_its_end),
        cmocka_unit_test_teardown(the_published_files_are_read, free_trace),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
