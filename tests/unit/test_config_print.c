/* SPDX-License-Identifier: BSD-3-Clause */
/* A configuration that is printed is read to the same again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_file.h"

static struct config accepted(const char *text)
{
    struct loaded loaded = load_text(text);

    if (loaded.result != 0)
        fail_msg("refused:\n%s\nsays:\n%s", text, loaded.said);
    return loaded.config;
}

static void assert_same_keys(const struct config *a, const struct config *b)
{
    for (const struct config_key *row = config_keys; row->section; row++) {
        char x[256], y[256];

        if (strcmp(row->section, "record") == 0 || strcmp(row->section, "domain") == 0)
            continue;
        config_format(row, a, x, sizeof(x));
        config_format(row, b, y, sizeof(y));
        if (strcmp(x, y) != 0)
            fail_msg("[%s] %s is '%s', and was '%s'", row->section, row->key, y, x);
    }
}

static void assert_same_domain(const struct config *a, const struct config *b, const char *name)
{
    struct domain_settings x = config_domain(a, a->domain_defaults, name, "");
    struct domain_settings y = config_domain(b, b->domain_defaults, name, "");

    assert_int_equal(x.min.kib, y.min.kib);
    assert_int_equal(x.min.bp, y.min.bp);
    assert_int_equal(x.max_kib, y.max_kib);
    assert_int_equal(x.weight, y.weight);
    assert_int_equal(x.manage, y.manage);
    assert_int_equal(x.statistics, y.statistics);
}

static const char everything[] =
    "[memcoord]\nuri = sim:x.ini\ninterval = 2500ms\npolicy = mine\npolicy_path = /a:/b\n"
    "dry_run = yes\non_exit = restore\n"
    "[host]\nreserve = 1GiB, 3%\nlimit = 7TiB\ndomain_overhead = 60MiB\nwarn_free = 0\n"
    "[record]\nfile = x.db\nkeep = 2h\n"
    "[guard]\nguest_reserve = 90MiB\nmax_shrink = 7%\ndeadband = 1MiB\nstale_after = 4s\n"
    "rescue = no\nrescue_below = 10MiB\nrescue_keep = 0\nhands_off = 1h\n"
    "stuck_after = 6s\nprobe_every = 1min\nuncooperative_after = 30s\nineffective_after = 0\n"
    "[domain *]\nmin = 10%\n[domain web*]\nmax = 2GiB\nweight = 5\n[domain db]\nmanage = no\n"
    "statistics = optional\n"
    "[policy mine]\na = 1\nb = some words\n[policy other]\n[policy third]\nc = 50%\n";

static void all_that_decides_is_read_to_the_same(void **state)
{
    struct config config = accepted(everything), again;
    char *text = printed(&config);

    (void)state;
    again = accepted(text);
    assert_same_keys(&config, &again);
    assert_same_domain(&config, &again, "web1");
    assert_same_domain(&config, &again, "db");
    assert_int_equal(again.n_policy_entries, config.n_policy_entries);
    for (size_t i = 0; i < config.n_policy_entries; i++) {
        assert_string_equal(again.policy_entries[i].policy, config.policy_entries[i].policy);
        assert_int_equal(!again.policy_entries[i].key, !config.policy_entries[i].key);
        if (config.policy_entries[i].key)
            assert_string_equal(again.policy_entries[i].value, config.policy_entries[i].value);
    }
    config_free(&again);
    config_free(&config);
    free(text);
}

static void the_interval_that_counts_is_printed(void **state)
{
    struct config config = accepted(""), again;
    char *text;

    (void)state;
    config_set_interval(&config, 10000);
    text = printed(&config);
    again = accepted(text);
    assert_int_equal(again.daemon.interval_ms, 10000);
    assert_int_equal(again.guard.stale_after_ms, 30000);
    config_set_interval(&again, 1000);
    assert_int_equal(again.guard.stale_after_ms, 5000);
    config_free(&again);
    config_free(&config);
    free(text);
}

static void where_it_was_recorded_decides_nothing(void **state)
{
    struct config config = accepted(everything);
    char *text = printed(&config);

    (void)state;
    assert_null(strstr(text, "[record]"));
    assert_null(strstr(text, "x.db"));
    free(text);
    config_free(&config);
}

static void a_policy_may_be_left_out(void **state)
{
    struct config config = accepted(everything);
    char *text = printed_except(&config, "mine");

    (void)state;
    assert_null(strstr(text, "[policy mine]"));
    assert_null(strstr(text, "some words"));
    assert_non_null(strstr(text, "[policy third]\nc = 50%\n"));
    free(text);
    config_free(&config);
}

/* As long as a line may be: blanks beside the '=' would make it too long. */
static void the_longest_line_stays_one(void **state)
{
    char text[256], path[200];
    struct config config, again;
    char *printed_text;

    (void)state;
    memset(path, 'x', sizeof(path));
    path[199 - strlen("policy_path=")] = '\0';
    snprintf(text, sizeof(text), "[memcoord]\npolicy_path=%s\n", path);
    config = accepted(text);
    printed_text = printed(&config);
    again = accepted(printed_text);
    assert_string_equal(again.daemon.policy_path, path);
    config_free(&again);
    config_free(&config);
    free(printed_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_decides_is_read_to_the_same),
        cmocka_unit_test(the_interval_that_counts_is_printed),
        cmocka_unit_test(where_it_was_recorded_decides_nothing),
        cmocka_unit_test(a_policy_may_be_left_out),
        cmocka_unit_test(the_longest_line_stays_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
