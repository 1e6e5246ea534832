/* SPDX-License-Identifier: BSD-3-Clause */
/* What a guest tells that cannot be is not used, each figure by itself. */
#include "lib/cmocka.h"

#include "control/credible.h"

#define MIB UINT64_C(1024)
#define UNKNOWN MEMCOORD_UNKNOWN
#define MOST_KIB (UINT64_C(1) << 34)

/* One of 1000 MiB that tells the truth. */
static struct host_domain honest(void)
{
    return (struct host_domain){ .max_kib = 1000 * MIB,
                                 .balloon_kib = 800 * MIB,
                                 .rss_kib = 900 * MIB,
                                 .sampled_ms = 5000,
                                 .guest_total_kib = 760 * MIB,
                                 .usable_kib = 400 * MIB,
                                 .unused_kib = 300 * MIB,
                                 .disk_caches_kib = 100 * MIB,
                                 .swap_in_kib = 1,
                                 .swap_out_kib = 2,
                                 .major_faults = 3 };
}

static void the_truth_is_used(void **state)
{
    struct host_domain told = honest(), used;
    const char *why;

    (void)state;
    used = credible(&told, &why);
    assert_null(why);
    assert_memory_equal(&used, &told, sizeof(told));
}

static void assert_no_sample(struct host_domain told, const char *want)
{
    const char *why;
    struct host_domain used = credible(&told, &why);

    assert_non_null(why);
    assert_string_equal(why, want);
    assert_true(used.sampled_ms == UNKNOWN && used.usable_kib == UNKNOWN &&
                used.unused_kib == UNKNOWN && used.guest_total_kib == UNKNOWN &&
                used.disk_caches_kib == UNKNOWN && used.swap_in_kib == UNKNOWN &&
                used.swap_out_kib == UNKNOWN && used.major_faults == UNKNOWN);
    assert_int_equal(used.balloon_kib, told.balloon_kib); /* the host tells that */
}

static void a_guest_without_memory_told_nothing(void **state)
{
    struct host_domain told = honest();

    (void)state;
    told.guest_total_kib = 0;
    assert_no_sample(told, "it says that it has no memory");
}

/* A balloon moves while its guest counts: 4 MiB more may be. */
static void a_guest_larger_than_its_maximum_told_nothing(void **state)
{
    struct host_domain told = honest();
    const char *why;

    (void)state;
    told.guest_total_kib = 1004 * MIB;
    credible(&told, &why);
    assert_null(why);
    told.guest_total_kib++;
    assert_no_sample(told, "it says that it has more memory than its maximum");
    told.extra_kib = 1; /* memory beside its balloon */
    credible(&told, &why);
    assert_null(why);
}

static void more_usable_than_there_is_is_nothing(void **state)
{
    struct host_domain told = honest();
    const char *why;

    (void)state;
    told.usable_kib = 764 * MIB;
    credible(&told, &why);
    assert_null(why);
    told.usable_kib++;
    assert_no_sample(told, "it says that more is usable than it has");
    told.guest_total_kib = UNKNOWN; /* then its maximum is what it has at most */
    credible(&told, &why);
    assert_null(why);
    told.usable_kib = 1005 * MIB;
    assert_no_sample(told, "it says that more is usable than it has");
}

/* Nothing is decided on it alone: the rest of the sample is used. */
static void more_unused_than_there_can_be_is_not_known(void **state)
{
    struct host_domain told = honest(), used;
    const char *why;

    (void)state;
    told.unused_kib = 1005 * MIB;
    used = credible(&told, &why);
    assert_null(why);
    assert_true(used.unused_kib == UNKNOWN);
    assert_int_equal(used.usable_kib, 400 * MIB);
    assert_int_equal(used.sampled_ms, 5000);
}

static void sizes_are_those_of_a_machine(void **state)
{
    struct host_domain told = honest(), used;
    const char *why;

    (void)state;
    told.max_kib = told.balloon_kib = told.extra_kib = UNKNOWN - 1;
    told.rss_kib = MOST_KIB + 1;
    used = credible(&told, &why);
    assert_int_equal(used.max_kib, MOST_KIB);
    assert_int_equal(used.balloon_kib, MOST_KIB);
    assert_int_equal(used.extra_kib, MOST_KIB);
    assert_true(used.rss_kib == UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_truth_is_used),
        cmocka_unit_test(a_guest_without_memory_told_nothing),
        cmocka_unit_test(a_guest_larger_than_its_maximum_told_nothing),
        cmocka_unit_test(more_usable_than_there_is_is_nothing),
        cmocka_unit_test(more_unused_than_there_can_be_is_not_known),
        cmocka_unit_test(sizes_are_those_of_a_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
