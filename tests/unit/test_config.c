/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_file.h"

#define MIB UINT64_C(1024)
#define UUID "6ba7b810-9dad-11d1-80b4-00c04fd430c8"

static void refused(const char *text, const char *says)
{
    struct loaded loaded = load_text(text);

    if (loaded.result != -EINVAL || strcmp(loaded.said, says) != 0)
        fail_msg("%d for:\n%s\nsays:\n%sinstead of:\n%s", loaded.result, text, loaded.said, says);
    assert_null(loaded.config.file); /* untouched */
}

static struct config accepted(const char *text)
{
    struct loaded loaded = load_text(text);

    if (loaded.result != 0 || *loaded.said)
        fail_msg("%d for:\n%s\nsays:\n%s", loaded.result, text, loaded.said);
    return loaded.config;
}

/* Guards each row: its default must lie in its range, and be written as it would be shown. */
static void every_default_of_the_table_is_valid_and_canonical(void **state)
{
    struct config config;

    (void)state;
    assert_int_equal(config_defaults(&config), 0);
    for (const struct config_key *row = config_keys; row->section; row++) {
        int of_domain = strcmp(row->section, "domain") == 0;
        char text[256], error[256];
        config_format(row, of_domain ? (void *)&config.domain_defaults : (void *)&config, text,
                      sizeof(text));
        assert_string_equal(text, row->initial);
        assert_true(strlen(row->help) > 10);
        if (row->type != VALUE_TEXT && row->type != VALUE_AMOUNT)
            assert_int_equal(value_check_range(row->type, row->range, error, sizeof(error)), 0);
        assert_ptr_equal(config_find_key(row->section, row->key), row); /* none is there twice */
    }
    config_free(&config);
}

static void an_empty_file_means_the_defaults(void **state)
{
    struct config config = accepted("");

    (void)state;
    assert_string_equal(config.daemon.uri, "qemu:///system");
    assert_string_equal(config.daemon.policy, "threshold");
    assert_int_equal(config.policy_line, 0);
    assert_int_equal(config.daemon.interval_ms, 1000);
    assert_int_equal(config.daemon.dry_run, 0);
    assert_int_equal(config.daemon.on_exit, ON_EXIT_HOLD);
    assert_int_equal(amount_of(config.host.reserve, 1024 * MIB), 200 * MIB);
    assert_int_equal(amount_of(config.host.reserve, 100000 * MIB), 5000 * MIB);
    assert_int_equal(config.host.limit_kib, 0);
    assert_int_equal(config.host.warn_free_kib, 200 * MIB);
    assert_int_equal(config.guard.guest_reserve_kib, 100 * MIB);
    assert_int_equal(amount_of(config.guard.max_shrink, 2000 * MIB), 200 * MIB);
    assert_int_equal(amount_of(config.guard.deadband, 100 * MIB), 8 * MIB);
    assert_int_equal(config.guard.stale_after_ms, 5000);
    assert_int_equal(config.guard.rescue, 1);
    assert_int_equal(config.guard.rescue_below_kib, 64 * MIB);
    assert_int_equal(config.guard.rescue_keep_kib, 256 * MIB);
    assert_int_equal(config.guard.hands_off_ms, 300000);
    assert_int_equal(config.guard.stuck_after_ms, 5000);
    assert_int_equal(config.guard.probe_every_ms, 10000);
    assert_int_equal(config.guard.uncooperative_after_ms, 20000);
    assert_int_equal(config.guard.ineffective_after_ms, 60000);
    assert_int_equal(amount_of(config.domain_defaults.min, 512 * MIB), 256 * MIB);
    assert_int_equal(amount_of(config.domain_defaults.min, 2048 * MIB), 512 * MIB);
    assert_int_equal(config.domain_defaults.max_kib, 0);
    assert_int_equal(config.domain_defaults.weight, 1000);
    assert_int_equal(config.domain_defaults.manage, 1);
    assert_int_equal(config.domain_defaults.statistics, STATISTICS_REQUIRED);
    config_free(&config);
}

static void each_key_reaches_its_field(void **state)
{
    struct config config =
        accepted("[memcoord]\nuri = test:///default\ninterval = 500ms\npolicy = /x/mine.so\n"
                 "policy_path = /a:/b\ndry_run = yes\non_exit = restore\n"
                 "[host]\nreserve = 1GiB\nlimit = 3GiB\ndomain_overhead = 5MiB\nwarn_free = 6MiB\n"
                 "[guard]\nguest_reserve = 70MiB\nmax_shrink = 8MiB\ndeadband = 9%\n"
                 "stale_after = 10s\nrescue = no\nrescue_below = 11MiB\nrescue_keep = 12MiB\n"
                 "hands_off = 13s\n"
                 "stuck_after = 6s\n"
                 "probe_every = 7s\n"
                 "uncooperative_after = 8s\n"
                 "ineffective_after = 9s\n"
                 "[domain a]\nmin = 14MiB\nmax = 15MiB\nweight = 16\nmanage = no\n"
                 "statistics = optional\n");
    struct domain_settings settings = config_domain(&config, config.domain_defaults, "a", UUID);

    (void)state;
    assert_string_equal(config.daemon.uri, "test:///default");
    assert_int_equal(config.uri_line, 2);
    assert_int_equal(config.daemon.interval_ms, 500);
    assert_string_equal(config.daemon.policy, "/x/mine.so");
    assert_int_equal(config.policy_line, 4);
    assert_string_equal(config.daemon.policy_path, "/a:/b");
    assert_int_equal(config.daemon.dry_run, 1);
    assert_int_equal(config.daemon.on_exit, ON_EXIT_RESTORE);
    assert_int_equal(config.host.reserve.kib, 1024 * MIB);
    assert_int_equal(config.host.reserve.bp, 0); /* the default's percentage is gone */
    assert_int_equal(config.host.limit_kib, 3072 * MIB);
    assert_int_equal(config.host.domain_overhead_kib, 5 * MIB);
    assert_int_equal(config.host.warn_free_kib, 6 * MIB);
    assert_int_equal(config.guard.guest_reserve_kib, 70 * MIB);
    assert_int_equal(config.guard.max_shrink.kib, 8 * MIB);
    assert_int_equal(config.guard.deadband.bp, 900);
    assert_int_equal(config.guard.stale_after_ms, 10000);
    assert_int_equal(config.guard.rescue, 0);
    assert_int_equal(config.guard.rescue_below_kib, 11 * MIB);
    assert_int_equal(config.guard.rescue_keep_kib, 12 * MIB);
    assert_int_equal(config.guard.hands_off_ms, 13000);
    assert_int_equal(config.guard.stuck_after_ms, 6000);
    assert_int_equal(config.guard.probe_every_ms, 7000);
    assert_int_equal(config.guard.uncooperative_after_ms, 8000);
    assert_int_equal(config.guard.ineffective_after_ms, 9000);
    assert_int_equal(settings.min.kib, 14 * MIB);
    assert_int_equal(settings.max_kib, 15 * MIB);
    assert_int_equal(settings.weight, 16);
    assert_int_equal(settings.manage, 0);
    assert_int_equal(settings.statistics, STATISTICS_OPTIONAL);
    config_free(&config);
}

static void all_that_is_wrong_is_said_at_once(void **state)
{
    (void)state;
    refused(
        "[memcoord]\n"
        "interval = 0\n"
        "policcy = hold\n"
        "on_exit = stay\n"
        "[hots]\n"
        "limit = 1GiB\n"
        "[guard]\n"
        "reserve = 1GiB\n"
        "max_shrink = 50MB\n"
        "[domain web*]\n"
        "max = 1GiB\n"
        "min = 2GiB, 10%\n"
        "weight = 1000001\n",
        "2: interval: '0' is too small: want a duration such as 2s (ms, s, min, h, d), "
        "100ms..60min\n"
        "3: unknown key 'policcy' in [memcoord]: did you mean 'policy'? allowed are uri, "
        "interval, policy, policy_path, dry_run, on_exit\n"
        "4: on_exit: 'stay' is not one of hold|restore\n"
        "5: unknown section [hots]: did you mean [host]? allowed are [memcoord], [host], [record], "
        "[policy_process], [guard], [domain GLOB], [policy NAME]\n"
        "8: unknown key 'reserve' in [guard]: it belongs into [host]; allowed are "
        "guest_reserve, max_shrink, deadband, stale_after, rescue, rescue_below, rescue_keep, "
        "hands_off, stuck_after, probe_every, uncooperative_after, ineffective_after\n"
        "9: max_shrink: '50MB' has an unknown unit: want a size such as 100MiB (KiB, MiB, "
        "GiB, TiB), 1MiB..16TiB\n"
        "12: min (2GiB) is above max (1GiB) in [domain web*]\n"
        "13: weight: '1000001' is too large: want a whole number, 0..1000000\n");
}

static void the_interval_has_bounds(void **state)
{
    static const char *const bad[] = { "0", "99ms", "61min", "-1s", "1" };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[64];
        struct loaded loaded;
        snprintf(text, sizeof(text), "[memcoord]\ninterval = %s\n", bad[i]);
        loaded = load_text(text);
        assert_int_equal(loaded.result, -EINVAL);
        assert_non_null(strstr(loaded.said, "2: interval: "));
        assert_non_null(strstr(loaded.said, "100ms..60min"));
    }
}

static void sections_want_the_right_number_of_words(void **state)
{
    (void)state;
    refused("[policy]\nlow = 1MiB\n", "1: [policy] names no policy: want [policy NAME]\n");
    refused("[policy /lib/mine.so]\nlow = 1MiB\n",
            "1: [policy /lib/mine.so] names no policy: want [policy NAME], without a path\n");
    refused("[domain]\nmin = 1MiB\n",
            "1: [domain] names no domain: want [domain GLOB], a name or UUID, with * and ?\n");
    refused("[host a]\nlimit = 1MiB\n", "1: [host a]: want [host] alone\n");
    refused("[Host]\n",
            "1: unknown section [Host]: did you mean [host]? allowed are [memcoord], "
            "[host], [record], [policy_process], [guard], [domain GLOB], [policy NAME]\n");
    refused("[polices x]\n",
            "1: unknown section [polices x]: did you mean [policy ...]? allowed are [memcoord], "
            "[host], [record], [policy_process], [guard], [domain GLOB], [policy NAME]\n");
    refused("[threshold]\nlow = 1\n",
            "1: unknown section [threshold]: allowed are [memcoord], [host], [record], "
            "[policy_process], [guard], [domain GLOB], [policy NAME]\n");
}

static void min_is_compared_with_max_only_where_both_are_sizes(void **state)
{
    struct config config;

    (void)state;
    refused("[domain a]\nmin = 2GiB\nmax = 1GiB\n",
            "3: min (2GiB) is above max (1GiB) in [domain a]\n");
    config = accepted("[domain a]\nmin = 90%\nmax = 1GiB\n[domain b]\nmin = 2GiB\nmax = 0\n"
                      "[domain c]\nmax = 1MiB\n[domain d]\nmin = 1GiB\nmax = 1GiB\n");
    config_free(&config);
}

static void rescue_below_guest_reserve_or_nothing(void **state)
{
    (void)state;
    refused("[guard]\nrescue_below = 101MiB\n",
            "2: rescue_below (101MiB) is above guest_reserve (100MiB by default): each shrink "
            "would end in a rescue\n");
    refused(
        "[guard]\nguest_reserve = 0\n",
        "2: rescue_below (64MiB by default) is above guest_reserve (0): each shrink would end in "
        "a rescue\n");
    refused("[guard]\nrescue_below = 30MiB\nguest_reserve = 20MiB\n",
            "3: rescue_below (30MiB) is above guest_reserve (20MiB): each shrink would end in a "
            "rescue\n");
}

static void what_is_reported_was_stuck_before(void **state)
{
    (void)state;
    refused("[guard]\nuncooperative_after = 4s\n",
            "2: stuck_after (5s by default) is above uncooperative_after (4s): a balloon would be "
            "reported before it is stuck\n");
    refused("[guard]\nuncooperative_after = 25s\nstuck_after = 30s\n",
            "3: stuck_after (30s) is above uncooperative_after (25s): a balloon would be reported "
            "before it is stuck\n");
}

static void what_could_not_be_read_is_in_no_conflict(void **state)
{
    (void)state;
    refused("[guard]\nrescue_below = 150MiB\nguest_reserve = 200\n",
            "3: guest_reserve: '200' has no unit: want a size such as 100MiB (KiB, MiB, GiB, TiB), "
            "0..1TiB\n");
    refused("[guard]\nrescue_below = \"10MiB\"\nguest_reserve = 20MiB\n",
            "2: 'rescue_below' has a value in quotes: write it without\n");
    refused("[host]\nlimit = 5\n[guard]\nrescue_below = 30MiB\nguest_reserve = 20MiB\n",
            "2: limit: '5' has no unit: want a size such as 100MiB (KiB, MiB, GiB, TiB), "
            "0..16TiB\n"
            "5: rescue_below (30MiB) is above guest_reserve (20MiB): each shrink would end in a "
            "rescue\n");
}

static void without_rescue_there_is_no_conflict(void **state)
{
    struct config config = accepted("[guard]\nrescue_below = 150MiB\nrescue = no\n");

    (void)state;
    config_free(&config);
    config = accepted("[guard]\nrescue = no\nguest_reserve = 0\n");
    config_free(&config);
}

static void stale_after_is_three_intervals_at_least(void **state)
{
    struct config config = accepted("[memcoord]\ninterval = 10s\n");

    (void)state;
    assert_int_equal(config.guard.stale_after_ms, 30000);
    config_set_interval(&config, 500);
    assert_int_equal(config.daemon.interval_ms, 500);
    assert_int_equal(config.guard.stale_after_ms, 5000); /* as it is written */
    config_set_interval(&config, 60000);
    assert_int_equal(config.guard.stale_after_ms, 180000);
    config_free(&config);
}

static void the_last_matching_domain_section_wins_key_by_key(void **state)
{
    struct config config = accepted("[domain *]\nweight = 1\nmin = 1GiB\n"
                                    "[domain web*]\nweight = 2\nmanage = no\n"
                                    "[domain web?]\nweight = 3\n"
                                    "[domain my web]\nweight = 4\n");
    struct domain_settings web1 = config_domain(&config, config.domain_defaults, "web1", UUID);
    struct domain_settings web10 = config_domain(&config, config.domain_defaults, "web10", UUID);
    struct domain_settings db = config_domain(&config, config.domain_defaults, "db", UUID);

    (void)state;
    assert_int_equal(web1.weight, 3);
    assert_int_equal(web1.manage, 0);
    assert_int_equal(web1.min.kib, 1024 * MIB);
    assert_int_equal(web1.min.bp, 0);
    assert_int_equal(web10.weight, 2);
    assert_int_equal(db.weight, 1);
    assert_int_equal(db.manage, 1);
    assert_int_equal(config_domain(&config, config.domain_defaults, "my web", UUID).weight, 4);
    assert_int_equal(config_domain(&config, config.domain_defaults, "Web1", UUID).weight,
                     1); /* names have a case */
    config_free(&config);
}

static void domains_match_by_uuid_in_any_case(void **state)
{
    struct config config = accepted("[domain 6BA7B810-9dad-11d1-80b4-00C04fd430c8]\nweight = 5\n"
                                    "[domain 6ba7b811-*]\nweight = 6\n");

    (void)state;
    assert_int_equal(config_domain(&config, config.domain_defaults, "a", UUID).weight, 5);
    assert_int_equal(
        config_domain(&config, config.domain_defaults, "a", "6ba7b811-0000-0000-0000-000000000000")
            .weight,
        6);
    assert_int_equal(
        config_domain(&config, config.domain_defaults, "a", "6ba7b812-0000-0000-0000-000000000000")
            .weight,
        1000);
    config_free(&config);
}

/* Or one domain in sixteen would fall under it by accident. */
static void a_short_glob_does_not_match_uuids(void **state)
{
    struct config config = accepted("[domain 6*]\nweight = 5\n[domain 6ba7b810*]\nweight = 6\n");

    (void)state;
    assert_int_equal(config_domain(&config, config.domain_defaults, "a", UUID).weight, 1000);
    assert_int_equal(config_domain(&config, config.domain_defaults, "6th", UUID).weight, 5);
    config_free(&config);
}

static void entries_of_policies_are_kept_as_text(void **state)
{
    struct config config = accepted("[policy hold]\n[policy threshold]\nlow = nonsense ; why\n");

    (void)state;
    assert_int_equal(config.n_policy_entries, 3);
    assert_string_equal(config.policy_entries[0].policy, "hold");
    assert_null(config.policy_entries[0].key);
    assert_int_equal(config.policy_entries[1].line, 2);
    assert_null(config.policy_entries[1].key);
    assert_string_equal(config.policy_entries[2].policy, "threshold");
    assert_string_equal(config.policy_entries[2].key, "low");
    assert_string_equal(config.policy_entries[2].value, "nonsense");
    assert_int_equal(config.policy_entries[2].line, 3);
    config_free(&config);
}

static void what_is_right_can_be_examined_beside_what_is_wrong(void **state)
{
    struct problems problems = { 0 };
    struct config config = { 0 };
    char path[] = "/tmp/memcoord-test-XXXXXX";
    static const char text[] =
        "[memcoord]\npolicy = mine\ninterval = never\n[policy mine]\na = 1\n";

    (void)state;
    close(mkstemp(path));
    write_file(path, text, strlen(text));
    assert_int_equal(config_examine(path, &config, &problems), -EINVAL);
    unlink(path);
    assert_int_equal(problems.n, 1);
    assert_string_equal(config.daemon.policy, "mine");
    assert_int_equal(config.daemon.interval_ms, 1000);
    assert_int_equal(config.n_policy_entries, 2);
    config_free(&config);
    problems_free(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_default_of_the_table_is_valid_and_canonical),
        cmocka_unit_test(an_empty_file_means_the_defaults),
        cmocka_unit_test(each_key_reaches_its_field),
        cmocka_unit_test(all_that_is_wrong_is_said_at_once),
        cmocka_unit_test(the_interval_has_bounds),
        cmocka_unit_test(sections_want_the_right_number_of_words),
        cmocka_unit_test(min_is_compared_with_max_only_where_both_are_sizes),
        cmocka_unit_test(rescue_below_guest_reserve_or_nothing),
        cmocka_unit_test(what_is_reported_was_stuck_before),
        cmocka_unit_test(what_could_not_be_read_is_in_no_conflict),
        cmocka_unit_test(without_rescue_there_is_no_conflict),
        cmocka_unit_test(stale_after_is_three_intervals_at_least),
        cmocka_unit_test(the_last_matching_domain_section_wins_key_by_key),
        cmocka_unit_test(domains_match_by_uuid_in_any_case),
        cmocka_unit_test(a_short_glob_does_not_match_uuids),
        cmocka_unit_test(entries_of_policies_are_kept_as_text),
        cmocka_unit_test(what_is_right_can_be_examined_beside_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
