/* SPDX-License-Identifier: BSD-3-Clause */
/* How verdicts reach the host, and what is remembered of them. */
#include "lib/cmocka.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/coordinator_fixture.h"
#include "util/log.h"

static char file[] = "/tmp/memcoord-test-origins-XXXXXX";

static void shrinks_are_set_before_grows(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b, 3, "threshold");
    coordinator_run(&b.c, 5, &stop);
    b.fake.used_kib[0] = 460 * MIB;
    b.fake.used_kib[2] = 100 * MIB;
    b.fake.order[0] = '\0';
    b.fake.now_ms += 1000;
    coordinator_run(&b.c, 1, &stop);
    assert_string_equal(b.fake.order, "-web1 -web2 +web0 ");
    close_bench(&b);
}

static void a_target_that_is_not_accepted_is_not_remembered(void **state)
{
    static const int errors[] = { -EBUSY, -ENOENT, -EPERM, -ENOMEM };

    (void)state;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        struct bench b;

        open_bench(&b, 1, "threshold");
        b.fake.set_error = errors[i];
        run_ticks(&b, 10);
        assert_int_equal(b.c.domains.list[0]->target_kib, 512 * MIB);
        assert_int_equal(b.c.domains.list[0]->set_ms, 0);
        b.fake.set_error = 0;
        run_ticks(&b, 1);
        assert_int_equal(b.fake.asked_kib[0], 462 * MIB); /* the first step, not the next */
        assert_int_equal(b.c.domains.list[0]->target_kib, b.fake.asked_kib[0]);
        close_bench(&b);
    }
}

/* Or a guest that frees itself years later follows a target that counts no more. */
static void a_target_that_is_not_followed_is_taken_back(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b, 1, "threshold");
    b.fake.stands[0] = true;
    while (b.fake.asked_kib[0] == 0)
        run_ticks(&b, 1);
    assert_true(b.fake.asked_kib[0] < 512 * MIB);
    run_ticks(&b, 5);
    assert_int_equal(b.fake.asked_kib[0], 512 * MIB);
    close_bench(&b);
}

static void what_is_to_be_taken_back_waits_for_its_turn(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b, 1, "threshold");
    b.fake.stands[0] = true;
    while (b.fake.asked_kib[0] == 0)
        run_ticks(&b, 1);
    b.fake.used_kib[0] = 350 * MIB; /* within the band: no other target takes its place */
    b.fake.busy = true;
    run_ticks(&b, 5);
    assert_true(b.fake.asked_kib[0] < 512 * MIB);
    b.fake.busy = false;
    run_ticks(&b, 1);
    assert_int_equal(b.fake.asked_kib[0], 512 * MIB);
    close_bench(&b);
}

static size_t n_written;

static void read_what_is_written(void)
{
    struct origins written = { 0 };

    assert_int_equal(origins_load(file, &written), 0);
    n_written = written.n;
    origins_free(&written);
}

static void what_domains_had_is_written_down_before_they_are_changed(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b, 3, "threshold");
    b.origins.file = strdup(file);
    b.fake.before_set = read_what_is_written;
    while (b.fake.n_sets == 0)
        run_ticks(&b, 1);
    assert_int_equal(n_written, 3);
    close_bench(&b);
}

static void what_ended_runs_had_is_forgotten(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b, 2, "threshold");
    run_ticks(&b, 15);
    assert_int_equal(b.origins.n, 2);
    b.fake.domains[0].run_id = 77;
    set_by_another(&b, 0, 512 * MIB); /* as it boots */
    run_ticks(&b, 15);
    assert_int_equal(b.origins.n, 2);
    assert_int_equal(origins_find(&b.origins, b.fake.domains[0].uuid, 1), MEMCOORD_UNKNOWN);
    assert_int_equal(origins_find(&b.origins, b.fake.domains[0].uuid, 77), 512 * MIB);
    assert_int_equal(origins_find(&b.origins, b.fake.domains[1].uuid, 2), 512 * MIB);
    close_bench(&b);
}

static void what_somebody_else_sets_is_what_the_domain_has(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b, 1, "threshold");
    run_ticks(&b, 20);
    assert_int_equal(origins_find(&b.origins, b.fake.domains[0].uuid, 1), 512 * MIB);
    set_by_another(&b, 0, 700 * MIB);
    run_ticks(&b, 15);
    assert_true(b.fake.domains[0].balloon_kib < 700 * MIB);
    assert_int_equal(origins_find(&b.origins, b.fake.domains[0].uuid, 1), 700 * MIB);
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shrinks_are_set_before_grows),
        cmocka_unit_test(a_target_that_is_not_accepted_is_not_remembered),
        cmocka_unit_test(a_target_that_is_not_followed_is_taken_back),
        cmocka_unit_test(what_is_to_be_taken_back_waits_for_its_turn),
        cmocka_unit_test(what_domains_had_is_written_down_before_they_are_changed),
        cmocka_unit_test(what_ended_runs_had_is_forgotten),
        cmocka_unit_test(what_somebody_else_sets_is_what_the_domain_has),
    };
    int fd = mkstemp(file), failed;

    if (fd < 0)
        return 1;
    close(fd);
    log_open(LOG_LEVEL_ERROR);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(file);
    return failed;
}
