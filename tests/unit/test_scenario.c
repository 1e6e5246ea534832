/* SPDX-License-Identifier: BSD-3-Clause */
/* The scenario's file: every key, and everything that may be wrong with it. */
#include "lib/sim_fixture.h"

#include <errno.h>

#include "lib/capture.h"
#include "scenario/scenario_read.h"

#define HEAD "[scenario]\nduration = 60s\n[host]\nmemory = 8GiB\n"

/* What is said of `text`, line by line, without the file's name. */
static int read_text(const char *text, struct scenario *scenario, char *said, size_t size)
{
    struct problems problems = { 0 };
    int r = sim_read(text, scenario, &problems);

    *said = '\0';
    for (size_t i = 0; i < problems.n; i++) {
        const char *line = strchr(problems.list[i].text + strlen("/tmp/"), ':');
        size_t n = strlen(said);
        snprintf(said + n, size - n, "%s\n", line ? line + 1 : problems.list[i].text);
    }
    problems_free(&problems);
    return r;
}

static struct scenario accepted(const char *text)
{
    struct scenario scenario;
    char said[4096];

    if (read_text(text, &scenario, said, sizeof(said)) != 0)
        fail_msg("%s\nsays:\n%s", text, said);
    return scenario;
}

static void refused(const char *text, const char *says)
{
    struct scenario scenario = { .seed = 77 };
    char said[8192];

    if (read_text(text, &scenario, said, sizeof(said)) != -EINVAL || strcmp(said, says) != 0)
        fail_msg("%s\nsays:\n%sinstead of:\n%s", text, said, says);
    assert_int_equal(scenario.seed, 77); /* untouched */
}

static void defaults_are_those_of_the_table(void **state)
{
    struct scenario s = accepted(HEAD "[guest a]\nmax = 2GiB\n");
    const struct guest_settings *g = &s.guests[0].settings;

    (void)state;
    assert_int_equal(s.seed, 1);
    assert_int_equal(s.speed, 0);
    assert_int_equal(s.swap_kib, 0);
    assert_int_equal(s.n_guests, 1);
    assert_string_equal(s.guests[0].name, "a");
    assert_int_equal(g->balloon_kib, 2 * GIB);
    assert_int_equal(g->min_kib, MEMCOORD_UNKNOWN);
    assert_int_equal(g->weight, MEMCOORD_UNKNOWN);
    assert_int_equal(g->kernel_kib, 69872);
    assert_int_equal(g->system_kib, 32 * MIB);
    assert_int_equal(g->watermark_kib, 70880);
    assert_int_equal(g->lists_kib, 56312);
    assert_int_equal(g->gives_kib_per_s, 920 * MIB);
    assert_int_equal(g->returns, 1);
    assert_int_equal(g->takes_kib_per_s, 2150 * MIB);
    assert_int_equal(g->temper.kind, TEMPER_WORKS);
    assert_int_equal(g->period_ms, 1000);
    assert_int_equal(g->lag_ms, 500);
    assert_int_equal(g->jitter_ms, 300);
    assert_int_equal(g->overhead_kib, 80 * MIB);
    scenario_free(&s);
}

static void what_is_not_said_is_as_on_the_real_guests_that_were_measured(void **state)
{
    struct scenario s = accepted(HEAD "[guest a]\nmax = 250MiB\n[guest b]\nmax = 704MiB\n"
                                      "[guest c]\nmax = 12GiB\n[guest d]\nmax = 16GiB\n");
    const struct guest_settings *a = &s.guests[0].settings, *b = &s.guests[1].settings;
    const struct guest_settings *c = &s.guests[2].settings, *d = &s.guests[3].settings;

    (void)state;
    assert_int_equal(a->kernel_kib, 38512);
    assert_int_equal(a->watermark_kib, 0);
    assert_int_equal(a->lists_kib, 2268);
    assert_int_equal(b->kernel_kib, (45808 + 47856) / 2);
    assert_int_equal(b->watermark_kib, (42360 + 52508) / 2);
    assert_int_equal(b->lists_kib, (37160 + 45196) / 2);
    assert_int_equal(c->kernel_kib, 321556);
    assert_int_equal(d->kernel_kib, 321556 + (321556 - 243712));
    assert_int_equal(d->watermark_kib, 147908 + (147908 - 131784));
    assert_int_equal(d->lists_kib, 84472);
    scenario_free(&s);
}

static void every_key_goes_where_it_belongs(void **state)
{
    struct scenario s = accepted(
        "[scenario]\nduration = 90s\nseed = 5\nspeed = 2\n"
        "[host]\nmemory = 8GiB\nused = take 1GiB; hold\nswap = 2GiB\nswap_speed = 7MiB/s\n"
        "[guest a]\nmax = 3GiB\nballoon = 1GiB\nmin = 300MiB\nweight = 7\nstart = 2s\nstop = 80s\n"
        "boot = 3s\nload = idle 1s; free\nbetween = linear\nmax_gap = 5s\ntouch = 9MiB/s\n"
        "restart = 4s\nkernel = 60MiB\nsystem = 61MiB\nwatermark = 62MiB\nlists = 63MiB\n"
        "cache = 10%\ncache_speed = 8MiB/s\ncache_used = 9%\ncache_reads = 3MiB/s\nswap = 64MiB\nswap_speed = 6MiB/s\ngives = 5MiB/s\nreturns = no\n"
        "takes = 4MiB/s\ntemper = sticks 0.25s every 0.5s\ntemper_at = 11s\nstatistics = no\nperiod = 2s\nlag = 1s\n"
        "jitter = 12ms\nsilent_at = 13s\nsilent_for = 14s\noverhead = 65MiB\ncount = 2\n");
    const struct guest_settings *g = &s.guests[1].settings;

    (void)state;
    assert_int_equal(s.duration_ms, 90000);
    assert_int_equal(s.seed, 5);
    assert_int_equal(s.speed, 2);
    assert_int_equal(s.memory_kib, 8 * GIB);
    assert_int_equal(s.used.load->n_steps, 2);
    assert_int_equal(s.swap_kib, 2 * GIB);
    assert_int_equal(s.swap_kib_per_s, 7 * MIB);
    assert_int_equal(s.n_guests, 2);
    assert_string_equal(s.guests[1].name, "a2");
    assert_int_equal(g->max_kib, 3 * GIB);
    assert_int_equal(g->balloon_kib, GIB);
    assert_int_equal(g->min_kib, 300 * MIB);
    assert_int_equal(g->weight, 7);
    assert_int_equal(g->start_ms, 2000);
    assert_int_equal(g->stop_ms, 80000);
    assert_int_equal(g->boot_ms, 3000);
    assert_int_equal(s.guests[1].load->n_steps, 2);
    assert_int_equal(g->linear, 1);
    assert_int_equal(g->max_gap_ms, 5000);
    assert_int_equal(g->touch_kib_per_s, 9 * MIB);
    assert_int_equal(g->restart_ms, 4000);
    assert_int_equal(g->kernel_kib, 60 * MIB);
    assert_int_equal(g->system_kib, 61 * MIB);
    assert_int_equal(g->watermark_kib, 62 * MIB);
    assert_int_equal(g->lists_kib, 63 * MIB);
    assert_int_equal(g->cache.bp, 1000);
    assert_int_equal(g->cache_kib_per_s, 8 * MIB);
    assert_int_equal(g->cache_used.bp, 900);
    assert_int_equal(g->cache_reads_kib_per_s, 3 * MIB);
    assert_int_equal(g->swap_kib, 64 * MIB);
    assert_int_equal(g->swap_kib_per_s, 6 * MIB);
    assert_int_equal(g->gives_kib_per_s, 5 * MIB);
    assert_int_equal(g->returns, 0);
    assert_int_equal(g->takes_kib_per_s, 4 * MIB);
    assert_int_equal(g->temper.kind, TEMPER_STICKS);
    assert_int_equal(g->temper.sticks_ms, 250);
    assert_int_equal(g->temper.every_ms, 500);
    assert_int_equal(g->temper_at_ms, 11000);
    assert_int_equal(g->statistics, 0);
    assert_int_equal(g->period_ms, 2000);
    assert_int_equal(g->lag_ms, 1000);
    assert_int_equal(g->jitter_ms, 12);
    assert_int_equal(g->silent_at_ms, 13000);
    assert_int_equal(g->silent_for_ms, 14000);
    assert_int_equal(g->overhead_kib, 65 * MIB);
    scenario_free(&s);
}

/* The README has a row for each key, with its default. */
static void every_key_is_documented(void **state)
{
    char path[512], row[256];
    static char text[1 << 16];
    FILE *f;

    (void)state;
    snprintf(path, sizeof(path), "%s/conf/scenarios/README.md", getenv("MEMCOORD_TOP"));
    f = fopen(path, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    for (const struct config_key *key = scenario_keys; key->section; key++) {
        snprintf(row, sizeof(row), "| `%s` | %s |", key->key, key->initial ? key->initial : "");
        if (!strstr(text, row))
            fail_msg("%s lacks: %s", path, row);
        assert_true(strlen(key->help) > 2);
    }
}

static void sections_make_one_or_many(void **state)
{
    struct scenario s =
        accepted(HEAD "[guests]\nmax = 1GiB\nload = take 5MiB\n[guest web]\ncount = 3\n"
                      "[guest db-*-x]\ncount = 2\nmax = 2GiB\n[guest one]\n"
                      "load = take 6MiB\n");
    static const char *const names[] = { "web1", "web2", "web3", "db-1-x", "db-2-x", "one" };

    (void)state;
    assert_int_equal(s.n_guests, 6);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(s.guests[i].name, names[i]);
    assert_int_equal(s.guests[2].settings.max_kib, GIB);
    assert_int_equal(s.guests[3].settings.max_kib, 2 * GIB);
    assert_ptr_equal(s.guests[0].load, s.guests[4].load);
    assert_int_equal(s.guests[5].load->steps[0].high_kib, 6 * MIB);
    scenario_free(&s);
}

static void what_is_wrong_is_said_at_once_with_its_line(void **state)
{
    (void)state;
    refused(
        "[scenario]\nduration = 60\nspeeed = 1\n[hosts]\nx = 1\n[host]\nmemory = 0\n"
        "used = burst\n[guest]\n[guest a]\nmax = 1GiB\nlaod = free\ntemper = stucked\n"
        "swap_speed = 5MiB\n",
        "2: duration: '60' has no unit: want a duration such as 2s (ms, s, min, h, d), "
        "1ms..10000000min\n"
        "3: unknown key 'speeed' in [scenario]: did you mean 'speed'? allowed are duration, seed, "
        "speed\n"
        "4: unknown section [hosts]: did you mean [host]? allowed are [scenario], [host], "
        "[guests], [guest NAME]\n"
        "7: memory: '0' is too small: want a size such as 100MiB (KiB, MiB, GiB, TiB), "
        "1MiB..16TiB\n"
        "8: used: step 1, 'burst': want burst SIZE to SIZE every TIME for TIME [during TIME]\n"
        "9: [guest] names no guest: want [guest NAME]\n"
        "12: unknown key 'laod' in [guest]: did you mean 'load'? allowed are max, balloon, min, "
        "weight, count, start, stop, boot, load, between, max_gap, touch, restart, kernel, "
        "system, watermark, lists, cache, cache_speed, cache_used, cache_reads, swap, swap_speed, gives, takes, returns, temper, "
        "temper_at, statistics, period, lag, jitter, silent_at, silent_for, overhead\n"
        "13: temper: 'stucked' is none of: works; limit SIZE; sticks TIME every TIME; stuck; "
        "dead; no driver\n"
        "14: swap_speed: '5MiB' is no rate: want one such as 15MiB/s\n");
    refused("[scenario]\nseed = 1\n", " [scenario] duration is missing: how long it lasts\n"
                                      " [host] memory is missing: what the host has\n"
                                      " there is no guest: want a [guest NAME]\n");
}

static void guests_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    refused(HEAD "[guest a]\nmax = 1GiB\nballoon = 2GiB\nmin = 3GiB\n",
            "5: guest a: balloon is above max\n5: guest a: min is above max\n");
    refused(
        HEAD "[guest a]\nmax = 2GiB\nballoon = 100MiB\n",
        "5: guest a: kernel, system and watermark need 170 MiB, more than its balloon: it can't "
        "boot\n");
    refused(HEAD "[guest a]\nmax = 1GiB\ncache = 10%\ncache_used = 103MiB\n",
            "5: guest a: cache_used is above cache, of which it is a part\n");
    refused(HEAD "[guest a]\nmax = 1GiB\nstart = 5s\nstop = 5s\n",
            "5: guest a: stop is not after start\n");
    refused(HEAD "[guest a]\nmax = 1GiB\nlag = 6s\n",
            "5: guest a: lag and jitter are more than 6 times period\n");
    refused(HEAD "[guest a]\nmax = 1GiB\nsilent_for = 5s\n",
            "5: guest a: silent_for without silent_at: when does it begin?\n");
    refused(HEAD "[guest a]\ncount = 2\nmax = 1GiB\n[guest a2]\nmax = 1GiB\n",
            "8: a second guest is called a2; the first is of line 5\n");
    refused(HEAD "[guest a*]\nmax = 1GiB\n",
            "5: the name has a '*': want count, or a trace of many domains\n");
    refused(HEAD "[guest a]\nmax = 1GiB\n[guests]\nmax = 2GiB\n",
            "7: [guests] stands after a [guest]: it is for those that follow, and must be the "
            "first\n");
    refused(HEAD "[guest a]\nmax = 1GiB\ntemper = sticks 1s every 1s\n",
            "7: temper: it sticks all the time: want less than every, or 'stuck'\n");
    refused(HEAD "[guest a]\nmax = 1GiB\ntemper = sticks 1s\n",
            "7: temper: want 'sticks TIME every TIME'\n");
    refused(HEAD "[guest a]\nmax = 1GiB\nload = trace\n", "7: load: want trace PATH [COLUMN]\n");
    refused(HEAD "used = trace x.csv\n[guest a]\nmax = 1GiB\n",
            "5: used: want a script, not a trace\n");
}

/* inih would drop the steps without a word. */
static void a_comment_that_cuts_a_load_is_refused(void **state)
{
    struct scenario s;

    (void)state;
    refused(HEAD "[guest a]\nmax = 1GiB\nload = idle 10s ; free\n",
            "7: load: a ';' with a blank before it begins a comment, and 'free' would be no step: "
            "want no blank there, or a comment in a line of its own\n");
    refused(HEAD "used = take 1GiB\t;ramp 1GiB/s to 5Gib; hold\n[guest a]\nmax = 1GiB\n",
            "5: used: a ';' with a blank before it begins a comment, and 'ramp 1GiB/s to 5Gib; "
            "hold' would be no step: want no blank there, or a comment in a line of its own\n");
    refused(HEAD "[guest a]\nmax = 1GiB\nload = idle 10x ; free\n",
            "7: load: step 1, 'idle 10x': '10x' has an unknown unit: want a duration such as 2s "
            "(ms, s, min, h, d), 1ms..10000000min\n"
            "7: load: a ';' with a blank before it begins a comment, and 'free' would be no step: "
            "want no blank there, or a comment in a line of its own\n");
    s = accepted(HEAD "[guest a]\nmax = 1GiB ; free\nload = idle 10s;free ; what it took\n"
                      "start = 0 ;\n");
    assert_int_equal(s.guests[0].load->n_steps, 2);
    scenario_free(&s);
}

static void one_mistake_is_told_once(void **state)
{
    (void)state;
    refused(HEAD "[guests]\nmax = 17TiB\n[guest a]\n[guest b]\nmax = 1\n[guest c]\nmax = 1GiB\n",
            "6: max: '17TiB' is too large: want a size such as 100MiB (KiB, MiB, GiB, TiB), "
            "32MiB..16TiB\n"
            "9: max: '1' has no unit: want a size such as 100MiB (KiB, MiB, GiB, TiB), "
            "32MiB..16TiB\n");
}

static void a_file_that_is_not_there_is_told(void **state)
{
    struct problems problems = { 0 };
    struct scenario scenario;

    (void)state;
    assert_int_equal(scenario_load("/nonexistent/x.ini", &scenario, &problems), -ENOENT);
    assert_string_equal(problems.list[0].text,
                        "/nonexistent/x.ini: can't be opened: No such file or directory");
    problems_free(&problems);
}

/* ---- traces */

/* The scenario's `@` become the name of a trace. */
static void with_trace(const char *text, void (*then)(const char *))
{
    static const char rows[] = "time_s,domain,demand_kib\n"
                               "0,a,1024\n0,b,2048\n60,a,5120\n60,b,2048\n";
    char path[] = "/tmp/memcoord-sim-trace-XXXXXX", scenario[2048];
    int fd = mkstemp(path);
    size_t n = 0;

    assert_int_equal(write(fd, rows, strlen(rows)), strlen(rows));
    close(fd);
    for (; *text; text++)
        n += (size_t)snprintf(scenario + n, sizeof(scenario) - n, "%.*s", *text == '@' ? 99 : 1,
                              *text == '@' ? path : text);
    then(scenario);
    unlink(path);
}

static void names_match(const char *text)
{
    struct scenario s = accepted(text);

    assert_int_equal(s.n_guests, 4);
    assert_string_equal(s.guests[0].name, "a");
    assert_string_equal(s.guests[0].load->series->name, "a");
    assert_string_equal(s.guests[1].load->series->name, "b");
    assert_string_equal(s.guests[2].name, "vm-a");
    assert_string_equal(s.guests[3].name, "vm-b");
    assert_true(s.guests[1].load->linear);
    assert_false(s.guests[3].load->linear);
    assert_int_equal(s.n_traces, 1); /* read once */
    scenario_free(&s);
}

static void demand_moves(const char *text)
{
    struct scenario s = accepted(text);
    struct load_cursor step, line;

    load_begin(&step, s.guests[0].load, 1, 100);
    load_begin(&line, s.guests[1].load, 1, 100);
    assert_int_equal(load_kib(&step.now, 100 + 30000), 1024);
    assert_int_equal(load_kib(&line.now, 100 + 30000), 3072);
    assert_int_equal(step.now.end_ms, 60100);
    load_next(&step);
    load_next(&line);
    assert_int_equal(load_kib(&step.now, 60100), 5120);
    assert_int_equal(line.now.end_ms, LOAD_FOREVER);
    scenario_free(&s);
}

static void not_there(const char *text)
{
    struct scenario scenario;
    char said[2048];

    assert_int_equal(read_text(text, &scenario, said, sizeof(said)), -EINVAL);
    assert_non_null(strstr(said, "7: load: there is no domain 'x' in the trace /tmp/"));
    assert_non_null(strstr(said, "which has 2 (a, ...)"));
    assert_non_null(strstr(said, "8: count is 3, and the trace /tmp/"));
}

static void gaps(const char *text)
{
    struct scenario scenario;
    char said[2048];

    assert_int_equal(read_text(text, &scenario, said, sizeof(said)), -EINVAL);
    assert_non_null(strstr(said, "4: a gap of 60 s after line 2"));
}

static void guests_follow_traces(void **state)
{
    (void)state;
    with_trace(HEAD
               "[guests]\nmax = 1GiB\nload = trace @\n[guest a]\n[guest two]\nload = trace @ b\n"
               "between = linear\n[guest vm-*]\n",
               names_match);
    with_trace(HEAD "[guests]\nmax = 1GiB\nload = trace @ a\n[guest x]\n[guest y]\n"
                    "between = linear\n",
               demand_moves);
    with_trace(HEAD "[guest x]\nmax = 1GiB\nload = trace @\n[guest y]\nmax = 1GiB\ncount = 3\n"
                    "load = trace @\n",
               not_there);
    with_trace(HEAD "[guest a]\nmax = 1GiB\nmax_gap = 30s\nload = trace @\n", gaps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_table),
        cmocka_unit_test(what_is_not_said_is_as_on_the_real_guests_that_were_measured),
        cmocka_unit_test(every_key_goes_where_it_belongs),
        cmocka_unit_test(every_key_is_documented),
        cmocka_unit_test(sections_make_one_or_many),
        cmocka_unit_test(what_is_wrong_is_said_at_once_with_its_line),
        cmocka_unit_test(guests_that_make_no_sense_are_refused),
        cmocka_unit_test(a_comment_that_cuts_a_load_is_refused),
        cmocka_unit_test(one_mistake_is_told_once),
        cmocka_unit_test(a_file_that_is_not_there_is_told),
        cmocka_unit_test(guests_follow_traces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
