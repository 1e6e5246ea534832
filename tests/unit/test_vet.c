/* SPDX-License-Identifier: BSD-3-Clause */
/* Declarations of policies, right and wrong, without shared objects. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/vet.h"

struct state {
    uint64_t low_kib, high_kib, share_bp, wait_ms, count, on, surplus;
};

static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    (void)state;
    (void)s;
    (void)plan;
    return 0;
}

static const char *check(const void *state)
{
    const struct state *s = state;

    return s->low_kib > s->high_kib ? "low is above high" : NULL;
}

#define ROWS 7
static const struct memcoord_param good_params[] = {
    MEMCOORD_SIZE(struct state, low_kib, "low", "100MiB", "0..1TiB", "grow below"),
    MEMCOORD_SIZE(struct state, high_kib, "high", "200MiB", "0..1TiB", "shrink above"),
    MEMCOORD_PERCENT(struct state, share_bp, "share", "7.5%", "0%..99%", "a part"),
    MEMCOORD_DURATION(struct state, wait_ms, "wait", "1500ms", "0..60min", "a time"),
    MEMCOORD_INTEGER(struct state, count, "count_2", "12", "1..64", "a number"),
    MEMCOORD_BOOLEAN(struct state, on, "on", "yes", "a switch"),
    MEMCOORD_CHOICE(struct state, surplus, "surplus", "share", "keep|share", "a choice"),
    MEMCOORD_PARAMS_END
};

/* What a test bends. */
static struct memcoord_policy table;
static struct memcoord_param params[ROWS + 1];

static int make_good(void **state)
{
    (void)state;
    memcpy(params, good_params, sizeof(params));
    table = (struct memcoord_policy){ MEMCOORD_SELF_,         .name = "good-1",
                                      .summary = "a summary", .state_size = sizeof(struct state),
                                      .params = params,       .check = check,
                                      .decide = decide,       .source = "a paper" };
    return 0;
}

static int vet_as(struct policy *policy, const void *declared, char *error, size_t size)
{
    static char path[] = "/some/where/good-1.so";

    memset(policy, 0, sizeof(*policy));
    policy->path = path;
    error[0] = '\0';
    return vet_policy(policy, declared, error, size);
}

/* The present table is refused with `want`, and the message has all of `words`, separated by '|'. */
static void refused(int want, const char *words)
{
    struct policy policy;
    char error[512], copy[256];
    int r = vet_as(&policy, &table, error, sizeof(error));

    free(policy.params);
    snprintf(copy, sizeof(copy), "/some/where/good-1.so|%s", words);
    if (r != want)
        fail_msg("%d instead of %d: %s", r, want, error);
    for (char *word = strtok(copy, "|"); word; word = strtok(NULL, "|"))
        if (!strstr(error, word))
            fail_msg("\"%s\" does not say \"%s\"", error, word);
    make_good(NULL);
}

static void a_good_one_is_copied_with_its_defaults(void **unused)
{
    struct policy policy;
    struct state state;
    char error[512];

    (void)unused;
    if (vet_as(&policy, &table, error, sizeof(error)))
        fail_msg("%s", error);
    assert_int_equal(policy.n_params, ROWS);
    assert_ptr_equal(policy.table.params, policy.params);
    assert_string_equal(policy.table.source, "a paper");
    memset(&state, 0xff, sizeof(state));
    vet_write_defaults(&policy, &state);
    assert_int_equal(state.low_kib, 102400);
    assert_int_equal(state.high_kib, 204800);
    assert_int_equal(state.share_bp, 750);
    assert_int_equal(state.wait_ms, 1500);
    assert_int_equal(state.count, 12);
    assert_int_equal(state.on, 1);
    assert_int_equal(state.surplus, 1);
    free(policy.params);
}

static void the_smallest_policy_is_enough(void **unused)
{
    static const struct memcoord_policy small = { MEMCOORD_SELF_, .name = "good-1",
                                                  .summary = "nothing", .decide = decide };
    struct policy policy;
    char error[512];

    (void)unused;
    if (vet_as(&policy, &small, error, sizeof(error)))
        fail_msg("%s", error);
    assert_int_equal(policy.n_params, 0);
    free(policy.params);
}

/* Nothing is read beyond what a policy declares: the rest here is garbage. */
static void of_an_older_one_only_what_it_declares_is_taken(void **unused)
{
    struct policy policy;
    char error[512];

    (void)unused;
    table.abi = 1;
    table.struct_size = offsetof(struct memcoord_policy, source);
    table.source = (const char *)16;
    if (vet_as(&policy, &table, error, sizeof(error)))
        fail_msg("%s", error);
    assert_null(policy.table.source);
    assert_ptr_equal(policy.table.decide, decide);
    free(policy.params);
}

static void rows_are_walked_with_the_declared_stride(void **unused)
{
    struct wide {
        struct memcoord_param row;
        uint64_t more[3];
    } rows[ROWS + 1];
    struct policy policy;
    char error[512];

    (void)unused;
    memset(rows, 0xee, sizeof(rows));
    for (size_t i = 0; i <= ROWS; i++)
        rows[i].row = params[i];
    table.params = &rows[0].row;
    table.param_size = sizeof(rows[0]);
    if (vet_as(&policy, &table, error, sizeof(error)))
        fail_msg("%s", error);
    assert_int_equal(policy.n_params, ROWS);
    for (size_t i = 0; i < ROWS; i++)
        assert_string_equal(policy.params[i].key, params[i].key);
    free(policy.params);
}

static void wrong_versions_are_refused(void **unused)
{
    char both[64];

    (void)unused;
    table.abi = MEMCOORD_ABI + 1;
    snprintf(both, sizeof(both), "ABI %u|ABI %u", MEMCOORD_ABI + 1, MEMCOORD_ABI);
    refused(-ENOTSUP, both);
    table.abi = UINT32_MAX;
    refused(-ENOTSUP, "4294967295");
    table.abi = 0;
    refused(-EINVAL, "abi is 0");
    table.struct_size = offsetof(struct memcoord_policy, decide);
    refused(-EINVAL, "struct_size is");
    table.struct_size = 16;
    refused(-EINVAL, "struct_size is 16");
    table.param_size = 40;
    refused(-EINVAL, "param_size is 40");
    table.param_size = 0;
    refused(-EINVAL, "param_size is 0");
    table.param_size = 51;
    refused(-EINVAL, "param_size is 51");
}

static void wrong_tables_are_refused(void **unused)
{
    (void)unused;
    table.decide = NULL;
    refused(-EINVAL, "decide is missing");
    table.name = NULL;
    refused(-EINVAL, "name is missing");
    table.name = "Good_1";
    refused(-EINVAL, "name is 'Good_1'|want");
    table.name = "other";
    refused(-EINVAL, "'other'|other.so");
    table.summary = NULL;
    refused(-EINVAL, "summary is missing");
    table.summary = "two\nlines";
    refused(-EINVAL, "summary");
    table.source = "";
    refused(-EINVAL, "source");
    table.state_size = VET_MAX_STATE_BYTES + 1;
    refused(-EINVAL, "state_size is 1073741825");
    table.state_size = SIZE_MAX;
    refused(-EINVAL, "state_size is");
    table.domain_state_size = SIZE_MAX;
    refused(-EINVAL, "domain_state_size is");
}

static void wrong_parameters_are_refused_by_name(void **unused)
{
    (void)unused;
    params[0].key = "";
    refused(-EINVAL, "parameter ''|want a key");
    params[0].key = "Low";
    refused(-EINVAL, "parameter 'Low'|want a key");
    params[0].key = "2low";
    refused(-EINVAL, "parameter '2low'");
    params[1].key = "low";
    refused(-EINVAL, "parameter 'low'|twice");
    params[2].type = 0;
    refused(-EINVAL, "'share'|type");
    params[2].type = 7;
    refused(-EINVAL, "'share'|type");
    params[2].initial = NULL;
    refused(-EINVAL, "'share'|missing");
    params[2].range = NULL;
    refused(-EINVAL, "'share'|missing");
    params[2].help = "";
    refused(-EINVAL, "'share'|missing");
    params[2].reserved = 1;
    refused(-EINVAL, "'share'|reserved");
}

static void wrong_places_are_refused(void **unused)
{
    (void)unused;
    params[6].offset = sizeof(struct state);
    refused(-EINVAL, "'surplus'|outside");
    params[6].offset = SIZE_MAX - 7;
    refused(-EINVAL, "'surplus'|outside");
    params[6].offset = 4;
    refused(-EINVAL, "'surplus'|offset");
    params[6].offset = 0;
    refused(-EINVAL, "'surplus'|same field");
    table.state_size = 0;
    refused(-EINVAL, "'low'|outside");
    table.state_size = sizeof(struct state) - 1;
    refused(-EINVAL, "'surplus'|outside");
}

static void wrong_ranges_and_defaults_are_refused(void **unused)
{
    static const struct {
        size_t row;
        const char *range, *initial, *words;
    } cases[] = {
        { 0, "0..1TiB", "100", "'low'|default|'100'" },
        { 0, "0..1TiB", "2TiB", "'low'|default|'2TiB'" },
        { 0, "1GiB..1MiB", "100MiB", "'low'|range|1GiB..1MiB" },
        { 0, "0..", "100MiB", "'low'|range" },
        { 0, "whatever", "100MiB", "'low'|range" },
        { 2, "0%..99%", "100%", "'share'|default|100%" },
        { 2, "0%..99%", "nan", "'share'|default|nan" },
        { 3, "0..60min", "-1s", "'wait'|default|-1s" },
        { 4, "1..64", "0", "'count_2'|default" },
        { 5, "no|yes", "maybe", "'on'|default|maybe" },
        { 6, "keep|share", "give", "'surplus'|default|give" },
        { 6, "keep", "keep", "'surplus'|range" },
        { 6, "keep|keep", "keep", "'surplus'|range" },
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        params[cases[i].row].range = cases[i].range;
        params[cases[i].row].initial = cases[i].initial;
        refused(-EINVAL, cases[i].words);
    }
    params[0].initial = "300MiB"; /* each in its range, but not together */
    refused(-EINVAL, "check|low is above high");
}

static void a_table_without_end_is_refused(void **unused)
{
    static struct memcoord_param endless[VET_MAX_PARAMS + 1];

    (void)unused;
    for (size_t i = 0; i <= VET_MAX_PARAMS; i++)
        endless[i] = good_params[0];
    table.params = endless;
    refused(-EINVAL, "more than 256|MEMCOORD_PARAMS_END");
}

static void names_are_of_a_kind(void **unused)
{
    (void)unused;
    assert_true(vet_name("fair-share"));
    assert_true(vet_name("a2"));
    assert_false(vet_name(""));
    assert_false(vet_name("-c"));
    assert_false(vet_name("a.b"));
    assert_false(vet_name("../a"));
    assert_true(vet_name("abcdefghijabcdefghijabcdefghijabcdefghij"));
    assert_false(vet_name("abcdefghijabcdefghijabcdefghijabcdefghijk"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_good_one_is_copied_with_its_defaults, make_good),
        cmocka_unit_test_setup(the_smallest_policy_is_enough, make_good),
        cmocka_unit_test_setup(of_an_older_one_only_what_it_declares_is_taken, make_good),
        cmocka_unit_test_setup(rows_are_walked_with_the_declared_stride, make_good),
        cmocka_unit_test_setup(wrong_versions_are_refused, make_good),
        cmocka_unit_test_setup(wrong_tables_are_refused, make_good),
        cmocka_unit_test_setup(wrong_parameters_are_refused_by_name, make_good),
        cmocka_unit_test_setup(wrong_places_are_refused, make_good),
        cmocka_unit_test_setup(wrong_ranges_and_defaults_are_refused, make_good),
        cmocka_unit_test_setup(a_table_without_end_is_refused, make_good),
        cmocka_unit_test(names_are_of_a_kind),
    };
    return cmocka_run_group_tests_name("vet", tests, NULL, NULL);
}
