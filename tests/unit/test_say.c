/* SPDX-License-Identifier: BSD-3-Clause */
/* What a daemon says: whole ticks on a host in memory, and the lines that they write. */
#include "lib/capture.h"
#include "lib/coordinator_fixture.h"
#include "util/log.h"

static struct capture said;

/* The lines of so many ticks. */
static const char *ticks(struct bench *b, uint64_t n)
{
    capture_begin(&said);
    coordinator_run(&b->c, n, &stop);
    capture_end(&said);
    b->fake.now_ms += 1000;
    return said.text;
}

static void says(const char *line)
{
    if (!strstr(said.text, line))
        fail_msg("no '%s' in:\n%s", line, said.text);
}

static void a_tick_has_one_summary_line(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b, 2, "hold");
    ticks(&b, 3);
    assert_int_equal(capture_count(&said, "2 domains, host: 5000 MiB available, "), 3);
    says("MiB grantable; 0 MiB granted, 0 MiB reclaimed\n");
    close_bench(&b);
}

static void a_change_is_one_line_with_its_figures(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b, 1, "threshold");
    b.fake.used_kib[0] = 451 * MIB;
    ticks(&b, 1);
    says("web0: 512 -> 612 MiB (usable 61 MiB below low 100 MiB");
    says("100 MiB granted, 0 MiB reclaimed\n");
    close_bench(&b);
}

static void what_the_guard_cut_is_said_behind_it(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b, 1, "threshold");
    b.config.guard.max_shrink = (struct amount){ .kib = 20 * MIB };
    ticks(&b, 6);
    says("web0: 512 -> 492 MiB (usable 312 MiB above high 200 MiB; at most 20 MiB an interval)\n");
    close_bench(&b);
}

static void a_refusal_is_said_once_a_minute(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b, 1, "threshold");
    b.fake.used_kib[0] = 420 * MIB; /* too little for the policy, enough for the guard */
    b.config.host.limit_kib = 512 * MIB;
    ticks(&b, 59);
    assert_int_equal(capture_count(&said, "web0: stays: 512 -> 612 MiB is refused (usable 92 MiB "
                                          "below low 100 MiB; the host can't give more now)"),
                     1);
    ticks(&b, 5);
    assert_int_equal(capture_count(&said, "web0: stays: 512 -> 612 MiB is refused"), 1);
    close_bench(&b);
}

static void a_dry_run_says_each_target_once(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b, 1, "threshold");
    b.config.daemon.dry_run = 1;
    ticks(&b, 20);
    assert_int_equal(capture_count(&said, "web0: would go 512 -> 462 MiB ("), 1);
    assert_int_equal(capture_count(&said, "would be: 0 MiB granted, 50 MiB reclaimed"), 17);
    close_bench(&b);
}

static void a_host_short_of_memory_is_warned_of_until_it_is_not(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b, 1, "hold");
    b.config.daemon.dry_run = 1; /* or the guard heals it */
    b.fake.view.memory.available_kib = 200 * MIB;
    ticks(&b, 30);
    assert_int_equal(
        capture_count(&said, "host: only 200 MiB are available (warn_free is 200 MiB)"), 1);
    b.fake.view.memory.available_kib = 5000 * MIB;
    ticks(&b, 2);
    assert_int_equal(capture_count(&said, "host: 5000 MiB are available again"), 1);
    b.fake.view.memory.available_kib = 100 * MIB;
    ticks(&b, 1);
    says("host: only 100 MiB are available");
    close_bench(&b);
}

static void who_is_not_managed_and_why_is_said_when_it_changes(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b, 1, "hold");
    b.fake.domains[0].unmanageable = "its memory is locked";
    ticks(&b, 5);
    assert_int_equal(capture_count(&said, "web0: is not managed: its memory is locked\n"), 1);
    b.fake.domains[0].unmanageable = NULL;
    ticks(&b, 5);
    assert_int_equal(capture_count(&said, "web0: is managed again\n"), 1);
    close_bench(&b);
}

static void the_debug_lines_hold_what_was_decided_on(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b, 1, "hold");
    log_open(LOG_LEVEL_DEBUG);
    ticks(&b, 2);
    log_open(LOG_LEVEL_INFO);
    says("web0: balloon 512 MiB, target 512 MiB, used 200 MiB, usable 312 MiB, growth a second "
         "unknown, age 0 ms, new");
    says("tick 2: 0 calls since the last one; 0 targets change now");
    close_bench(&b);
}

static void many_refusals_are_summed_up(void **state)
{
    static struct snapshot_domain domains[50];
    static struct domain remembered[50];
    static struct domain *list[50];
    static struct guard_verdict verdicts[50];
    static struct plan_entry entries[50];
    struct config config;
    struct snapshot snapshot = { .domains = domains, .seen = { .n_domains = 50 } };
    struct plan plan = { .entries = entries };
    struct domains all = { .list = list, .n = 50 };
    struct host_view view = { .now_ms = 1000 };
    struct tick_result result = { .config = &config,
                                  .snapshot = &snapshot,
                                  .plan = &plan,
                                  .verdicts = verdicts,
                                  .domains = &all,
                                  .view = &view };

    (void)state;
    assert_int_equal(config_defaults(&config), 0);
    for (size_t i = 0; i < 50; i++) {
        domains[i].seen.name = "many";
        list[i] = &remembered[i];
        verdicts[i].asked_kib = 100;
        verdicts[i].reason = GUARD_BUDGET;
    }
    capture_begin(&said);
    say_changes(&result);
    capture_end(&said);
    assert_int_equal(capture_count(&said, "many: stays:"), 20);
    says("many: stays: 0 -> 100 KiB is refused (");
    says("30 more domains were refused what was asked for them\n");
    config_free(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tick_has_one_summary_line),
        cmocka_unit_test(a_change_is_one_line_with_its_figures),
        cmocka_unit_test(what_the_guard_cut_is_said_behind_it),
        cmocka_unit_test(a_refusal_is_said_once_a_minute),
        cmocka_unit_test(a_dry_run_says_each_target_once),
        cmocka_unit_test(a_host_short_of_memory_is_warned_of_until_it_is_not),
        cmocka_unit_test(who_is_not_managed_and_why_is_said_when_it_changes),
        cmocka_unit_test(the_debug_lines_hold_what_was_decided_on),
        cmocka_unit_test(many_refusals_are_summed_up),
    };

    log_open(LOG_LEVEL_INFO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
