/* SPDX-License-Identifier: BSD-3-Clause */
/* Experiments: what a file comes to, and that the README documents it all. */
#include "lib/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "experiment/experiment.h"
#include "experiment/run.h"
#include "policy/settings.h"

static char folder[64];

static void write_file(const char *name, const char *text)
{
    char path[128];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int begin(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/memcoord-experiment-XXXXXX");
    assert_non_null(mkdtemp(folder));
    write_file("a.ini",
               "[scenario]\nduration = 10s\n[host]\nmemory = 4GiB\n[guest g]\nmax = 1GiB\n");
    write_file("b.ini",
               "[scenario]\nduration = 10s\n[host]\nmemory = 4GiB\n[guest g]\nmax = 1GiB\n");
    return 0;
}

static int end(void **state)
{
    static const char *const names[] = { "a.ini", "b.ini", "base.ini", "x.ini" };
    char path[128];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

/* The experiment in `text`; the policies are those of this tree. */
static int load(const char *text, struct experiment *e, struct problems *problems)
{
    char whole[4096], base[512], path[128];

    snprintf(
        base, sizeof(base),
        "[memcoord]\npolicy_path = %s/policies\ninterval = 3s\n[policy threshold]\nhigh = 300MiB\n",
        getenv("MEMCOORD_TOP"));
    write_file("base.ini", base);
    snprintf(whole, sizeof(whole), "[experiment]\nconfig = base.ini\n%s", text);
    write_file("x.ini", whole);
    snprintf(path, sizeof(path), "%s/x.ini", folder);
    return experiment_load(path, e, problems);
}

static struct experiment loaded(const char *text)
{
    struct problems problems = { 0 };
    struct experiment e;

    if (load(text, &e, &problems) < 0)
        fail_msg("%s", problems.list ? problems.list[0].text : "?");
    problems_free(&problems);
    return e;
}

/* What is said of it, without the folder. */
static void refused(const char *text, const char *want)
{
    struct problems problems = { 0 };
    struct experiment e;
    const char *said;

    assert_int_not_equal(load(text, &e, &problems), 0);
    assert_int_equal(problems.n, 1);
    said = problems.list[0].text;
    if (strncmp(said, folder, strlen(folder)) == 0)
        said += strlen(folder) + 1;
    assert_string_equal(said, want);
    problems_free(&problems);
}

static uint64_t value_of(const struct variant *v, const char *key)
{
    for (size_t i = 0; i < v->instance->policy->n_params; i++)
        if (strcmp(v->instance->policy->params[i].key, key) == 0)
            return policy_instance_value(v->instance, i);
    fail_msg("no %s", key);
    return 0;
}

static void values_make_all_combinations(void **state)
{
    static const struct {
        const char *name, *file_name;
        uint64_t low_kib, shrink_kib, max_shrink_kib;
    } want[] = {
        { "t low=50MiB guard.max_shrink=10MiB, 5%", "t_low=50MiB_guard.max_shrink=10MiB,_5%25",
          50 * MIB, 20 * MIB, 10 * MIB },
        { "t low=50MiB guard.max_shrink=20MiB", "t_low=50MiB_guard.max_shrink=20MiB", 50 * MIB,
          20 * MIB, 20 * MIB },
        { "t low=100MiB guard.max_shrink=10MiB, 5%", "t_low=100MiB_guard.max_shrink=10MiB,_5%25",
          100 * MIB, 20 * MIB, 10 * MIB },
        { "t low=100MiB guard.max_shrink=20MiB", "t_low=100MiB_guard.max_shrink=20MiB", 100 * MIB,
          20 * MIB, 20 * MIB },
    };
    struct experiment e = loaded("scenarios = a.ini\nlimits = no\n[variant t]\npolicy = threshold\n"
                                 "low = 50MiB..100MiB step 50MiB\nshrink = 20MiB\n"
                                 "guard.max_shrink = 10MiB, 5% | 20MiB\n");

    (void)state;
    assert_int_equal(e.n_variants, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct variant *v = &e.variants[i];

        assert_string_equal(v->name, want[i].name);
        assert_string_equal(v->file_name, want[i].file_name);
        assert_int_equal(value_of(v, "low"), want[i].low_kib);
        assert_int_equal(value_of(v, "shrink"), want[i].shrink_kib);
        assert_int_equal(value_of(v, "high"), 300 * MIB); /* of the base */
        assert_int_equal(v->config.guard.max_shrink.kib, want[i].max_shrink_kib);
        assert_int_equal(v->config.daemon.interval_ms, 3000);
        assert_string_equal(v->config.daemon.policy, "threshold");
    }
    experiment_free(&e);
}

static void runs_go_by_scenario_variant_and_seed(void **state)
{
    struct experiment e = loaded("scenarios = b.ini, [ab].ini\nseeds = 7, 1..2\ninterval = 1s\n"
                                 "duration = 5s\n[variant h]\npolicy = hold\n");
    static const struct {
        size_t i;
        const char *name;
    } want[] = { { 0, "static--b--7" }, { 1, "static--b--1" }, { 3, "oracle--b--7" },
                 { 8, "h--b--2" },      { 9, "static--a--7" }, { 17, "h--a--2" } };

    (void)state;
    assert_int_equal(experiment_n_runs(&e), 18);
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        struct run run = run_of(&e, want[i].i);
        char *name = run_file_name(&run);

        assert_string_equal(name, want[i].name);
        free(name);
    }
    assert_int_equal(e.scenarios[1].scenario.duration_ms, 5000);
    assert_int_equal(e.variants[2].config.daemon.interval_ms, 1000);
    experiment_free(&e);
}

static void what_is_wrong_is_told(void **state)
{
    (void)state;
    refused("scenarios = a.ini\n",
            "x.ini: there is no variant: want a [variant NAME] with policy = NAME");
    refused("scenarios = a.ini\n[variant a b]\npolicy = hold\n",
            "x.ini:4: [variant a b]: want [variant NAME], a name of letters, digits, '.', '_', '+' "
            "and '-', other than static and oracle, which are limits");
    refused("scenarios = a.ini,\n[variant a]\npolicy = hold\n",
            "x.ini:3: scenarios: an empty name before or behind a ','");
    refused("scenarios = a.ini\n[variant a]\npolicy = hold\nlow = 1MiB\n",
            "x.ini:6: 'low': policy hold has no parameters");
    refused("scenarios = a.ini\n[variant a]\npolicy = threshold\nlow = 1MiB | 2TiB\n",
            "x.ini:6: low: '2TiB' is too large: want a size such as 100MiB (KiB, MiB, GiB, TiB), "
            "0..1TiB");
    refused(
        "scenarios = a.ini\nmax_runs = 3\nseeds = 1..2\n[variant a]\npolicy = hold\n",
        "x.ini: 3 variants x 1 scenarios x 2 seeds are 6 runs, more than max_runs, 3: want fewer, "
        "or max_runs = 6");
}

/* What is recorded can be read as a configuration, and is the same then. */
static void settings_read_as_they_were_written(void **state)
{
    struct experiment e = loaded("scenarios = a.ini\n[variant a]\npolicy = threshold\nlow = 77MiB\n"
                                 "guard.deadband = 3MiB, 1%\nhost.reserve = 1GiB\n");
    struct problems problems = { 0 };
    struct config config;
    char *text = settings_text(&e.variants[2].config, e.variants[2].instance), path[128], *again;

    (void)state;
    assert_non_null(strstr(text, "\nlow = 77MiB\n"));
    assert_non_null(strstr(text, "\ndeadband = 3MiB, 1%\n"));
    write_file("x.ini", text);
    snprintf(path, sizeof(path), "%s/x.ini", folder);
    assert_int_equal(config_load(path, &config, &problems), 0);
    again = settings_text(&config, e.variants[2].instance);
    assert_string_equal(text, again);
    free(text);
    free(again);
    config_free(&config);
    experiment_free(&e);
}

/* The README has a row for each key, with its default and its help, and one for each score. */
static void all_is_documented(void **state)
{
    char path[512], row[512];
    static char text[1 << 16];
    FILE *f;

    (void)state;
    snprintf(path, sizeof(path), "%s/conf/experiments/README.md", getenv("MEMCOORD_TOP"));
    f = fopen(path, "r");
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    for (const struct config_key *key = experiment_keys; key->section; key++) {
        snprintf(row, sizeof(row), "| `%s` | %s | %s | %s |", key->key,
                 key->initial ? key->initial : "", value_type_name(key->type), key->help);
        if (!strstr(text, row))
            fail_msg("%s lacks: %s", path, row);
    }
    for (size_t i = 0; i < SCORES; i++) {
        snprintf(row, sizeof(row), "| `%s` | %s%s| ", score_columns[i].key, score_columns[i].unit,
                 *score_columns[i].unit ? " " : "");
        if (!strstr(text, row))
            fail_msg("%s lacks: %s", path, row);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_make_all_combinations),
        cmocka_unit_test(runs_go_by_scenario_variant_and_seed),
        cmocka_unit_test(what_is_wrong_is_told),
        cmocka_unit_test(settings_read_as_they_were_written),
        cmocka_unit_test(all_is_documented),
    };
    return cmocka_run_group_tests_name("experiment", tests, begin, end);
}
