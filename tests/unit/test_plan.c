/* SPDX-License-Identifier: BSD-3-Clause */
/* What a policy can do to a plan, and what it can't. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/snapshot.h"
#include "policy/plan.h"

#define FEW 3

static struct memcoord_host host;
static struct memcoord_domain domains[FEW];
static const struct memcoord_domain *list[FEW] = { &domains[0], &domains[1], &domains[2] };
static const struct memcoord_snapshot few = { .host = &host, .domains = list, .n_domains = FEW };

static void nothing_is_asked_at_first(void **state)
{
    struct plan plan = { 0 };

    (void)state;
    assert_int_equal(plan_begin(&plan, &few, "test"), 0);
    for (size_t i = 0; i < FEW; i++) {
        assert_true(plan.entries[i].asked_kib == MEMCOORD_UNKNOWN);
        assert_string_equal(plan.entries[i].why, "");
    }
    assert_int_equal(plan_finish(&plan, 0), 0);
    plan_free(&plan);
}

static void the_last_target_of_a_domain_counts(void **state)
{
    struct plan plan = { 0 };

    (void)state;
    assert_int_equal(plan_begin(&plan, &few, "test"), 0);
    memcoord_set_target(&plan.calls, list[1], 100, "first");
    memcoord_set_target(&plan.calls, list[1], 200, "second");
    assert_true(plan.entries[0].asked_kib == MEMCOORD_UNKNOWN);
    assert_int_equal(plan.entries[1].asked_kib, 200);
    assert_string_equal(plan.entries[1].why, "second");
    plan_free(&plan);
}

static void asking_for_unknown_is_asking_for_much(void **state)
{
    struct plan plan = { 0 };

    (void)state;
    assert_int_equal(plan_begin(&plan, &few, "test"), 0);
    memcoord_set_target(&plan.calls, list[0], UINT64_MAX, "all");
    assert_true(plan.entries[0].asked_kib == UINT64_MAX - 1);
    plan_free(&plan);
}

static void why_is_cut_and_made_plain(void **state)
{
    struct plan plan = { 0 };
    char longer[3 * PLAN_WHY_BYTES];

    (void)state;
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(plan_begin(&plan, &few, "test"), 0);
    memcoord_set_target(&plan.calls, list[0], 1, "a\nb\x1b[1m\x7f\xff");
    memcoord_set_target(&plan.calls, list[1], 1, longer);
    memcoord_set_target(&plan.calls, list[2], 1, NULL);
    assert_string_equal(plan.entries[0].why, "a b [1m ?");
    assert_int_equal(strlen(plan.entries[1].why), PLAN_WHY_BYTES - 1);
    assert_string_equal(plan.entries[2].why, "");
    plan_free(&plan);
}

/* A pointer that a policy made up must not be read: the page behind it forbids it. */
static void strangers_are_counted_and_never_read(void **state)
{
    struct plan plan = { 0 };
    struct memcoord_domain copy = domains[1];
    char *forbidden = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_true(forbidden != MAP_FAILED);
    const void *strangers[] = { NULL,
                                (const void *)8,
                                forbidden,
                                &copy,
                                (const char *)&domains[1] + 1,
                                (const char *)&domains[1] + 8,
                                (const void *)((uintptr_t)&domains[0] - sizeof(domains[0])),
                                (const char *)&domains[FEW - 1] + sizeof(domains[0]),
                                &host,
                                &plan,
                                (const void *)UINTPTR_MAX };
    size_t n = sizeof(strangers) / sizeof(strangers[0]);

    assert_int_equal(plan_begin(&plan, &few, "test"), 0);
    for (size_t i = 0; i < n; i++)
        plan.calls.set_target(&plan.calls, strangers[i], 100, "strange");
    assert_int_equal(plan.strangers, n);
    for (size_t i = 0; i < FEW; i++)
        assert_true(plan.entries[i].asked_kib == MEMCOORD_UNKNOWN);

    assert_int_equal(plan_begin(&plan, &few, "test"), 0);
    assert_int_equal(plan.strangers, 0);
    plan_free(&plan);
    munmap(forbidden, 4096);
}

static void a_plan_without_domains_knows_nobody(void **state)
{
    static const struct memcoord_snapshot empty = { .host = &host };
    struct plan plan = { 0 };

    (void)state;
    assert_int_equal(plan_begin(&plan, &empty, "test"), 0);
    memcoord_set_target(&plan.calls, list[0], 1, "who");
    assert_int_equal(plan.strangers, 1);
    plan_free(&plan);
}

/* Each of many domains is found as itself, in whatever order they lie in memory, and those of a
 * snapshot that is gone are strangers. */
static void each_of_many_domains_is_found(void **state)
{
    enum { MANY = 10000 };
    struct snapshot snapshot = { 0 };
    struct plan plan = { 0 };

    (void)state;
    assert_int_equal(snapshot_begin(&snapshot, MANY), 0);
    for (size_t i = 0; i < MANY / 2; i += 3) { /* another order than that in memory */
        const struct memcoord_domain *swapped = snapshot.list[i];
        snapshot.list[i] = snapshot.list[MANY - 1 - i];
        snapshot.list[MANY - 1 - i] = swapped;
    }
    assert_int_equal(plan_begin(&plan, &few, "test"), 0);
    assert_int_equal(plan_begin(&plan, &snapshot.seen, "test"), 0);
    for (size_t i = 0; i < MANY; i++)
        memcoord_set_target(&plan.calls, snapshot.seen.domains[i], i, "me");
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(plan.entries[i].asked_kib, i);
    assert_int_equal(plan.strangers, 0);

    assert_int_equal(plan_begin(&plan, &few, "test"), 0);
    memcoord_set_target(&plan.calls, snapshot.seen.domains[0], 1, "gone");
    memcoord_set_target(&plan.calls, list[2], 7, "here");
    assert_int_equal(plan.strangers, 1);
    assert_int_equal(plan.entries[2].asked_kib, 7);
    plan_free(&plan);
    snapshot_free(&snapshot);
}

static void a_failed_plan_stays_failed_and_asks_for_nothing(void **state)
{
    struct plan plan = { 0 };

    (void)state;
    assert_int_equal(plan_begin(&plan, &few, "test"), 0);
    memcoord_set_target(&plan.calls, list[0], 100, "before");
    assert_int_equal(memcoord_fail(&plan.calls, ERANGE, "the %s\n%d", "first", 1), -ERANGE);
    assert_int_equal(memcoord_fail(&plan.calls, EIO, "the second"), -EIO);
    memcoord_set_target(&plan.calls, list[1], 100, "after");
    assert_int_equal(plan_finish(&plan, 0), -ERANGE);
    assert_string_equal(plan.error, "the first 1");
    for (size_t i = 0; i < FEW; i++)
        assert_true(plan.entries[i].asked_kib == MEMCOORD_UNKNOWN);

    assert_int_equal(plan_begin(&plan, &few, "test"), 0);
    assert_int_equal(plan_finish(&plan, 0), 0);
    plan_free(&plan);
}

static void whatever_decide_returns_is_an_errno_or_said_to_be_none(void **state)
{
    static const struct {
        int returned, want;
        const char *says;
    } cases[] = {
        { -ENOMEM, -ENOMEM, "Cannot allocate memory" },
        { 1, -EINVAL, "decide() returned 1;" },
        { -100000, -EINVAL, "decide() returned -100000;" },
        { INT_MIN, -EINVAL, "decide() returned -2147483648;" },
    };
    struct plan plan = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(plan_begin(&plan, &few, "test"), 0);
        memcoord_set_target(&plan.calls, list[0], 100, "before");
        assert_int_equal(plan_finish(&plan, cases[i].returned), cases[i].want);
        assert_non_null(strstr(plan.error, cases[i].says));
        assert_true(plan.entries[0].asked_kib == MEMCOORD_UNKNOWN);
    }
    static const int odd_errors[] = { 0, -5, INT_MIN, 1 << 20 };
    for (size_t i = 0; i < sizeof(odd_errors) / sizeof(odd_errors[0]); i++) {
        assert_int_equal(plan_begin(&plan, &few, "test"), 0);
        assert_int_equal(memcoord_fail(&plan.calls, odd_errors[i], "odd"), -EINVAL);
        assert_int_equal(plan_finish(&plan, 0), -EINVAL);
    }
    plan_free(&plan);
}

static void scratch_is_zeroed_and_gone_after_the_tick(void **state)
{
    struct plan plan = { 0 };

    (void)state;
    assert_int_equal(plan_begin(&plan, &few, "test"), 0);
    for (int k = 0; k < 20; k++) {
        unsigned char *bytes = memcoord_scratch(&plan.calls, 100, 8);
        assert_non_null(bytes);
        for (size_t i = 0; i < 800; i++)
            assert_int_equal(bytes[i], 0);
        memset(bytes, 0xee, 800);
    }
    assert_non_null(memcoord_scratch(&plan.calls, 0, 8));
    assert_int_equal(plan_finish(&plan, 0), 0);
    plan_end(&plan);
    assert_int_equal(plan.n_scratch, 0);
    plan_free(&plan);
}

static void scratch_without_end_fails_the_plan(void **state)
{
    static const size_t sizes[][2] = { { SIZE_MAX, 1 },
                                       { SIZE_MAX / 2, 4 },
                                       { (size_t)1 << 33, (size_t)1 << 33 },
                                       { (size_t)1 << 20, 1 << 11 } };
    struct plan plan = { 0 };

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_int_equal(plan_begin(&plan, &few, "test"), 0);
        memcoord_set_target(&plan.calls, list[0], 100, "before");
        assert_null(memcoord_scratch(&plan.calls, sizes[i][0], sizes[i][1]));
        assert_int_equal(plan_finish(&plan, 0), -ENOMEM);
        assert_non_null(strstr(plan.error, "scratch"));
        assert_true(plan.entries[0].asked_kib == MEMCOORD_UNKNOWN);
    }
    plan_free(&plan);
}

/* Runs one tick at `now_ms` in which a policy says one thing 100 times and another once, with
 * standard error in `file`. */
static void say_things(struct plan *plan, FILE *file, uint64_t now_ms)
{
    struct memcoord_snapshot later = few;
    int kept = dup(STDERR_FILENO);

    later.now_ms = now_ms;
    assert_int_equal(plan_begin(plan, &later, "chatty"), 0);
    fflush(stderr);
    dup2(fileno(file), STDERR_FILENO);
    for (int i = 0; i < 100; i++)
        memcoord_log(&plan->calls, 4, "domain %d is\nsmall", i);
    memcoord_log(&plan->calls, -7, "other");
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
}

static void log_lines_are_plain_named_and_rate_limited(void **state)
{
    struct plan plan = { 0 };
    FILE *file = tmpfile();
    char text[1024] = "";

    (void)state;
    assert_non_null(file);
    say_things(&plan, file, 1000);
    say_things(&plan, file, 2000);
    say_things(&plan, file, 1000 + 60000);
    rewind(file);
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    assert_string_equal(text, "policy chatty: domain 0 is small\n"
                              "policy chatty: other\n"
                              "policy chatty: domain 0 is small (199 more like this since)\n"
                              "policy chatty: other (1 more like this since)\n");
    fclose(file);
    plan_free(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_asked_at_first),
        cmocka_unit_test(the_last_target_of_a_domain_counts),
        cmocka_unit_test(asking_for_unknown_is_asking_for_much),
        cmocka_unit_test(why_is_cut_and_made_plain),
        cmocka_unit_test(strangers_are_counted_and_never_read),
        cmocka_unit_test(a_plan_without_domains_knows_nobody),
        cmocka_unit_test(each_of_many_domains_is_found),
        cmocka_unit_test(a_failed_plan_stays_failed_and_asks_for_nothing),
        cmocka_unit_test(whatever_decide_returns_is_an_errno_or_said_to_be_none),
        cmocka_unit_test(scratch_is_zeroed_and_gone_after_the_tick),
        cmocka_unit_test(scratch_without_end_fails_the_plan),
        cmocka_unit_test(log_lines_are_plain_named_and_rate_limited),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
