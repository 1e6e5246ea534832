/* SPDX-License-Identifier: BSD-3-Clause */
/* What `check` warns of: memory that is promised and can't be taken back, and what it does not know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "commands/check_host.h"

#define MIB UINT64_C(1024)

/* Two managed domains (minima 500 and 300), one that is left alone and holds 200, each with 100 of
 * QEMU's own, and a reserve of 700: 2000 MiB in all, of which 1000 MiB are the domains'. */
static struct snapshot example(struct config *config, uint64_t total_kib)
{
    struct snapshot snapshot = { 0 };

    memset(config, 0, sizeof(*config));
    assert_int_equal(snapshot_begin(&snapshot, 3), 0);
    snapshot.host.total_kib = total_kib;
    snapshot.host.reserve_kib = 700 * MIB;
    for (int i = 0; i < 3; i++) {
        snapshot.domains[i].overhead_kib = 100 * MIB;
        snapshot.domains[i].seen.balloon_kib = 150 * MIB;
        snapshot.domains[i].seen.target_kib = 200 * MIB;
    }
    snapshot.domains[0].seen.min_kib = 500 * MIB;
    snapshot.domains[1].seen.min_kib = 250 * MIB;
    snapshot.domains[1].extra_kib = 50 * MIB;   /* DIMMs: never taken back */
    snapshot.domains[2].seen.min_kib = 9 * MIB; /* counts for nothing: it is left alone */
    snapshot.domains[2].seen.flags = MEMCOORD_UNMANAGED;
    return snapshot;
}

static void expect(uint64_t total_kib, uint64_t limit_kib, const char *says)
{
    struct problems warnings = { 0 };
    struct config config;
    struct snapshot snapshot = example(&config, total_kib);

    config.host.limit_kib = limit_kib;
    check_sums(&config, &snapshot, &warnings);
    assert_int_equal(warnings.n, says ? 1 : 0);
    if (says)
        assert_string_equal(warnings.list[0].text, says);
    problems_free(&warnings);
    snapshot_free(&snapshot);
}

static void what_just_fits_is_no_matter(void **state)
{
    (void)state;
    expect(2000 * MIB, 0, NULL);
    expect(2000 * MIB, 1000 * MIB, NULL);
}

static void more_than_the_host_has_is_warned_of(void **state)
{
    (void)state;
    expect(2000 * MIB - 1, 0,
           "the host has 1999 MiB, less than the 2000 MiB that can't be taken back: minima of 2 "
           "managed domains 800 MiB, 1 others 200 MiB, QEMU's own memory 300 MiB, reserve 700 MiB");
}

static void more_than_the_limit_is_warned_of(void **state)
{
    (void)state;
    expect(9000 * MIB, 1000 * MIB - 1,
           "[host] limit is 999 MiB, less than the 1000 MiB that can't be taken back: minima of 2 "
           "managed domains 800 MiB, 1 others 200 MiB");
}

static void a_host_of_unknown_size_is_not_judged(void **state)
{
    (void)state;
    expect(MEMCOORD_UNKNOWN, 0, NULL);
}

static void domains_that_are_not_known_yet_are_warned_of(void **state)
{
    struct host_view view = { .n_domains = 16 };
    struct problems warnings = { 0 };

    (void)state;
    check_unread(&view, &warnings);
    assert_int_equal(warnings.n, 0);
    view.n_unread = 12;
    check_unread(&view, &warnings);
    assert_int_equal(warnings.n, 1);
    assert_string_equal(warnings.list[0].text,
                        "12 of 16 domains could not be examined within 10 s: "
                        "they are shown and counted as unmanaged");
    problems_free(&warnings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_just_fits_is_no_matter),
        cmocka_unit_test(more_than_the_host_has_is_warned_of),
        cmocka_unit_test(more_than_the_limit_is_warned_of),
        cmocka_unit_test(a_host_of_unknown_size_is_not_judged),
        cmocka_unit_test(domains_that_are_not_known_yet_are_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
