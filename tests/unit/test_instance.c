/* SPDX-License-Identifier: BSD-3-Clause */
/* The parameters and the state of a policy. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/instance.h"
#include "policy/vet.h"

struct state {
    uint64_t low_kib, high_kib, ticks;
};

static const struct memcoord_param params[] = {
    MEMCOORD_SIZE(struct state, low_kib, "low", "100MiB", "0..1TiB", "grow below"),
    MEMCOORD_SIZE(struct state, high_kib, "high", "200MiB", "0..1TiB", "shrink above"),
    MEMCOORD_PARAMS_END
};

static const char *check(const void *state)
{
    const struct state *s = state;

    return s->low_kib > s->high_kib ? "low is above high" : NULL;
}

/* Fails on its second call, after it asked for something. */
static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    struct state *own = state;

    memcoord_set_target(plan, s->domains[0], own->low_kib, "as told");
    return ++own->ticks == 2 ? memcoord_fail(plan, EIO, "tick %d", (int)own->ticks) : 0;
}

static const struct memcoord_policy table = {
    MEMCOORD_SELF_,   .name = "band", .summary = "a band", .state_size = sizeof(struct state),
    .params = params, .check = check, .decide = decide
};
static struct policy policy;
static struct policy_instance *instance;

static int set_up(void **unused)
{
    static char path[] = "band.so";
    char error[256];

    (void)unused;
    policy = (struct policy){ .path = path };
    return vet_policy(&policy, &table, error, sizeof(error)) ||
           policy_instance_new(&policy, &instance);
}

static int tear_down(void **unused)
{
    (void)unused;
    policy_instance_free(instance);
    free(policy.params);
    return 0;
}

static uint64_t low_kib(void)
{
    return policy_instance_value(instance, 0);
}

static uint64_t high_kib(void)
{
    return policy_instance_value(instance, 1);
}

static void it_begins_with_the_defaults(void **unused)
{
    (void)unused;
    assert_int_equal(low_kib(), 102400);
    assert_int_equal(high_kib(), 204800);
    assert_int_equal(((struct state *)instance->state)->ticks, 0);
    assert_null(policy_instance_check(instance));
}

static void a_bad_value_leaves_the_state_as_it_was(void **unused)
{
    static const char *const bad[] = { "", "5", "-1MiB", "2TiB", "1e3MiB", "nan", "100 MB" };
    char error[256];

    (void)unused;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        error[0] = '\0';
        assert_int_equal(policy_instance_set(instance, "low", bad[i], error, sizeof(error)),
                         -EINVAL);
        assert_non_null(strstr(error, "want"));
        assert_int_equal(low_kib(), 102400);
    }
    assert_int_equal(policy_instance_set(instance, "low", "150MiB", error, sizeof(error)), 0);
    assert_int_equal(low_kib(), 153600);
}

static void an_unknown_key_is_answered_with_those_that_there_are(void **unused)
{
    char error[256], cut[24];

    (void)unused;
    assert_int_equal(policy_instance_set(instance, "hihg", "1MiB", error, sizeof(error)), -ENOENT);
    assert_string_equal(error, "'hihg' is no parameter of policy band: did you mean high? it has "
                               "low, high");
    assert_int_equal(policy_instance_set(instance, "ticks", "1", cut, sizeof(cut)), -ENOENT);
    assert_int_equal(strlen(cut), sizeof(cut) - 1);
}

/* [policy band] on line 1, its entries below, and those of another policy. */
static int configure(const char *low, const char *high, char *said, size_t size)
{
    struct policy_entry entries[] = {
        { (char *)"band", NULL, NULL, 1 },
        { (char *)"band", (char *)"low", (char *)low, 2 },
        { (char *)"other", (char *)"nonsense", (char *)"1", 3 },
        { (char *)"band", (char *)"high", (char *)high, 4 },
    };
    struct config config = { .file = (char *)"x.ini",
                             .policy_entries = entries,
                             .n_policy_entries = sizeof(entries) / sizeof(entries[0]) };
    struct problems problems = { 0 };
    int r = policy_instance_configure(instance, &config, &problems);

    said[0] = '\0';
    for (size_t i = 0; i < problems.n; i++)
        snprintf(said + strlen(said), size - strlen(said), "%s\n", problems.list[i].text);
    problems_free(&problems);
    return r;
}

static void its_section_is_applied_as_a_whole_or_not_at_all(void **unused)
{
    char said[1024];

    (void)unused;
    assert_int_equal(configure("300MiB", "400MiB", said, sizeof(said)), 0);
    assert_string_equal(said, "");
    assert_int_equal(low_kib(), 300 * 1024);
    assert_int_equal(high_kib(), 400 * 1024);

    assert_int_equal(configure("1GiB", "x", said, sizeof(said)), -EINVAL);
    assert_non_null(strstr(said, "x.ini:4: [policy band] high: 'x'"));
    assert_null(strstr(said, "x.ini:2:"));
    assert_int_equal(low_kib(), 300 * 1024);

    assert_int_equal(configure("y", "x", said, sizeof(said)), -EINVAL);
    assert_non_null(strstr(said, "x.ini:2:"));
    assert_non_null(strstr(said, "x.ini:4:"));

    assert_int_equal(configure("500MiB", "400MiB", said, sizeof(said)), -EINVAL);
    assert_string_equal(said, "x.ini:1: [policy band] low is above high\n");
    assert_int_equal(low_kib(), 300 * 1024);
}

static void the_state_lives_on_after_a_failed_tick(void **unused)
{
    struct memcoord_domain domain = { .name = "a" };
    const struct memcoord_domain *list[] = { &domain };
    struct memcoord_host host = { 0 };
    struct memcoord_snapshot snapshot = { .host = &host, .domains = list, .n_domains = 1 };
    struct plan plan = { 0 };

    (void)unused;
    for (int tick = 1; tick <= 3; tick++) {
        assert_int_equal(plan_begin(&plan, &snapshot, "band"), 0);
        assert_int_equal(policy_instance_decide(instance, &snapshot, &plan), tick == 2 ? -EIO : 0);
        assert_string_equal(plan.error, tick == 2 ? "tick 2" : "");
        assert_true(plan.entries[0].asked_kib == (tick == 2 ? MEMCOORD_UNKNOWN : 102400));
    }
    plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_begins_with_the_defaults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bad_value_leaves_the_state_as_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unknown_key_is_answered_with_those_that_there_are,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(its_section_is_applied_as_a_whole_or_not_at_all, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_state_lives_on_after_a_failed_tick, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("instance", tests, NULL, NULL);
}
