/* SPDX-License-Identifier: BSD-3-Clause */
/* A reload that says who is managed: what becomes of those that are no longer, or newly. */
#include "lib/cmocka.h"

#include "lib/coordinator_fixture.h"
#include "util/log.h"

static void set_managed(struct bench *b, struct config *config, uint64_t manage)
{
    *config = b->config;
    config->domain_defaults.manage = manage;
    assert_int_equal(coordinator_swap(&b->c, config, b->instance), 0);
}

/* Who is not managed any more is left what he has, also at the end; who is managed again gets back what he had
 * at first. */
static void one_that_is_managed_no_longer_is_left_alone(void **state)
{
    struct bench b;
    struct config config;
    uint64_t balloon_kib;

    (void)state;
    open_bench(&b, 1, "threshold");
    run_ticks(&b, 10);
    balloon_kib = b.fake.domains[0].balloon_kib;
    assert_true(balloon_kib < 512 * MIB);
    set_managed(&b, &config, 0);
    run_ticks(&b, 10);
    assert_int_equal(b.fake.domains[0].balloon_kib, balloon_kib);
    assert_int_equal(coordinator_restore(&b.c), 0);
    assert_int_equal(b.fake.domains[0].balloon_kib, balloon_kib);
    set_managed(&b, &config, 1);
    assert_int_equal(coordinator_restore(&b.c), 0);
    assert_int_equal(b.fake.domains[0].balloon_kib, 512 * MIB);
    close_bench(&b);
}

/* What somebody else made of it meanwhile is what it has. */
static void one_that_becomes_managed_is_as_if_it_always_had_been(void **state)
{
    struct bench b;
    struct config config;

    (void)state;
    open_bench(&b, 1, "threshold");
    b.config.domain_defaults.manage = 0;
    run_ticks(&b, 10);
    set_by_another(&b, 0, 800 * MIB);
    run_ticks(&b, 2);
    assert_int_equal(b.fake.n_sets, 0);
    assert_int_equal(b.origins.n, 0);
    set_managed(&b, &config, 1);
    run_ticks(&b, 1);
    assert_true(b.fake.domains[0].balloon_kib < 800 * MIB); /* at once: it was known */
    assert_int_equal(b.origins.n, 1);
    run_ticks(&b, 5);
    assert_int_equal(coordinator_restore(&b.c), 0);
    assert_int_equal(b.fake.domains[0].balloon_kib, 800 * MIB);
    close_bench(&b);
}

/* Its balloon went below the usual min when its driver loaded: that is its min, managed or not. */
static void one_that_booted_unmanaged_has_the_same_min(void **state)
{
    for (uint64_t manage = 0; manage < 2; manage++) {
        struct bench b;
        struct config config;

        open_bench(&b, 1, "hold");
        b.config.domain_defaults.manage = manage;
        b.config.domain_defaults.min = (struct amount){ .kib = 256 * MIB };
        b.fake.used_kib[0] = 20 * MIB;
        run_ticks(&b, 1);
        b.fake.domains[0].balloon_kib = 160 * MIB;
        run_ticks(&b, 8);
        set_managed(&b, &config, 1);
        run_ticks(&b, 3);
        assert_int_equal(b.c.snapshot.domains[0].seen.min_kib, 160 * MIB);
        close_bench(&b);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_is_managed_no_longer_is_left_alone),
        cmocka_unit_test(one_that_becomes_managed_is_as_if_it_always_had_been),
        cmocka_unit_test(one_that_booted_unmanaged_has_the_same_min),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
