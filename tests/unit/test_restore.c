/* SPDX-License-Identifier: BSD-3-Clause */
/* Giving back what domains had, on a host in memory that does not always do as it is told. */
#include "lib/cmocka.h"

#include "control/look.h"
#include "lib/capture.h"
#include "lib/coordinator_fixture.h"
#include "util/log.h"

static struct capture said;

/* `n` guests of 512 MiB that were shrunk. */
static void open_shrunk(struct bench *b, size_t n)
{
    open_bench(b, n, "threshold");
    run_ticks(b, 15);
    for (size_t i = 0; i < n; i++)
        assert_true(b->fake.domains[i].balloon_kib < 512 * MIB);
}

static int restore(struct bench *b)
{
    int r;

    capture_begin(&said);
    log_open(LOG_LEVEL_INFO);
    r = coordinator_restore(&b->c);
    log_open(LOG_LEVEL_ERROR);
    capture_end(&said);
    return r;
}

static void says(const char *text)
{
    if (capture_count(&said, text) != 1)
        fail_msg("not once '%s' in:\n%s", text, said.text);
}

static uint64_t had_kib(const struct bench *b, size_t i)
{
    return origins_find(&b->origins, b->fake.domains[i].uuid, b->fake.domains[i].run_id);
}

static void restore_gives_back_what_domains_had(void **state)
{
    struct bench b;

    (void)state;
    open_shrunk(&b, 2);
    assert_int_equal(restore(&b), 0);
    assert_int_equal(b.fake.domains[0].balloon_kib, 512 * MIB);
    assert_int_equal(b.fake.domains[1].balloon_kib, 512 * MIB);
    close_bench(&b);
}

static void it_stays_within_the_budget_and_says_who_is_short(void **state)
{
    struct bench b;
    uint64_t reserve_kib = 8192 * MIB / 20, before_kib;

    (void)state;
    open_shrunk(&b, 2);
    before_kib = b.fake.domains[0].balloon_kib + b.fake.domains[1].balloon_kib;
    b.fake.view.memory.available_kib = reserve_kib + 100 * MIB;
    assert_int_equal(restore(&b), 2);
    assert_int_equal(b.fake.domains[0].balloon_kib + b.fake.domains[1].balloon_kib,
                     before_kib + 100 * MIB);
    says("2 domains could not be given back all");
    assert_int_equal(had_kib(&b, 0), 512 * MIB); /* the rest is owed still */
    close_bench(&b);
}

static void what_a_paused_domain_had_is_owed_and_said(void **state)
{
    struct bench b;

    (void)state;
    open_shrunk(&b, 2);
    b.fake.domains[0].state = HOST_DOMAIN_PAUSED;
    assert_int_equal(restore(&b), 1);
    says("web0: ");
    says("(the domain is paused)");
    says("1 domain could not be given back");
    assert_int_equal(b.fake.domains[1].balloon_kib, 512 * MIB);
    close_bench(&b);
}

static void what_is_too_little_for_a_tick_is_given_back(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b, 1, "hold");
    origins_add(&b.origins, b.fake.domains[0].uuid, 1, 515 * MIB);
    assert_int_equal(restore(&b), 0);
    assert_int_equal(b.fake.domains[0].balloon_kib, 515 * MIB);
    close_bench(&b);
}

static void it_never_takes_though_the_host_is_short(void **state)
{
    struct bench b;

    (void)state;
    open_shrunk(&b, 2);
    set_by_another(&b, 1, 900 * MIB); /* so much to spare that the guard would take it */
    run_ticks(&b, 1);
    b.fake.view.memory.available_kib = 100 * MIB;
    b.fake.order[0] = '\0';
    assert_int_equal(restore(&b), 2);
    assert_string_equal(b.fake.order, "");
    close_bench(&b);
}

static void a_domain_that_is_not_to_be_managed_is_left_alone_and_none_is_short(void **state)
{
    struct bench b;

    (void)state;
    open_shrunk(&b, 2);
    b.c.domains.list[0]->settings.manage = 0;
    b.fake.order[0] = '\0';
    assert_int_equal(restore(&b), 0);
    assert_string_equal(b.fake.order, "+web1 ");
    assert_int_equal(capture_count(&said, "web0"), 0);
    assert_int_equal(had_kib(&b, 0), 512 * MIB);
    close_bench(&b);
}

static void what_the_host_refuses_is_counted_and_said(void **state)
{
    struct bench b;

    (void)state;
    open_shrunk(&b, 2);
    b.fake.refuses[0] = -EACCES;
    assert_int_equal(restore(&b), 1);
    says("web0: its balloon could not be set: the fake refuses\n");
    says("1 domain could not be given back");
    assert_int_equal(b.fake.domains[1].balloon_kib, 512 * MIB);
    assert_int_equal(had_kib(&b, 0), 512 * MIB); /* it is owed still */
    assert_int_equal(had_kib(&b, 1), MEMCOORD_UNKNOWN);
    b.fake.refuses[0] = 0;
    assert_int_equal(restore(&b), 0);
    assert_int_equal(b.fake.domains[0].balloon_kib, 512 * MIB);
    close_bench(&b);
}

static void what_the_host_does_not_accept_is_counted_and_said(void **state)
{
    static const struct {
        int error;
        const char *text;
    } cases[] = { { -EBUSY, "its last change has not ended, or its QEMU hangs" },
                  { -EPERM, "Operation not permitted" } };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bench b;
        char line[128];

        open_shrunk(&b, 1);
        b.fake.set_error = cases[i].error;
        assert_int_equal(restore(&b), 1);
        snprintf(line, sizeof(line), "web0: its balloon can't be set now: %s\n", cases[i].text);
        says(line);
        says("1 domain could not be given back");
        assert_int_equal(had_kib(&b, 0), 512 * MIB);
        close_bench(&b);
    }
}

static void targets_of_the_last_tick_are_waited_for(void **state)
{
    struct bench b;

    (void)state;
    open_shrunk(&b, 2);
    b.fake.busy = true;
    assert_int_equal(restore(&b), 0);
    assert_int_equal(b.fake.domains[0].balloon_kib, 512 * MIB);
    close_bench(&b);
}

static void what_does_not_end_in_time_is_an_error(void **state)
{
    struct bench b;

    (void)state;
    open_shrunk(&b, 1);
    b.fake.flush_error = -ETIMEDOUT;
    assert_int_equal(restore(&b), -ETIMEDOUT);
    says("what domains had could not be set within 10 s");
    assert_int_equal(had_kib(&b, 0), 512 * MIB); /* it may be owed still */
    close_bench(&b);
}

static struct bench *broken;

static void lose_the_host(void)
{
    broken->fake.gather_error = -ENOTCONN;
}

static void a_host_that_is_lost_on_the_way_is_an_error(void **state)
{
    struct bench b;

    (void)state;
    open_shrunk(&b, 1);
    broken = &b;
    b.fake.before_set = lose_the_host;
    assert_int_equal(restore(&b), -ENOTCONN);
    says("fake: whether domains have what they had can't be seen: the fake is off\n");
    assert_int_equal(had_kib(&b, 0), 512 * MIB);
    close_bench(&b);
}

static void a_host_that_cannot_be_seen_is_an_error(void **state)
{
    struct bench b;

    (void)state;
    open_shrunk(&b, 1);
    b.fake.gather_error = -ENOTCONN;
    assert_int_equal(restore(&b), -ENOTCONN);
    says("nothing can be given back: the host can't be seen");
    close_bench(&b);
}

static void domains_that_are_not_examined_yet_are_waited_for(void **state)
{
    struct bench b;

    (void)state;
    open_shrunk(&b, 5);
    begin_anew(&b);
    b.fake.unread = 4;
    b.fake.read_a_flush = 1;
    assert_int_equal(restore(&b), 0);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(b.fake.domains[i].balloon_kib, 512 * MIB);
    close_bench(&b);
}

static void those_that_never_are_end_the_patience_and_are_said(void **state)
{
    struct bench b;
    uint64_t start_ms;

    (void)state;
    open_shrunk(&b, 3);
    begin_anew(&b);
    b.fake.unread = 2;
    start_ms = b.fake.now_ms;
    assert_int_equal(restore(&b), 2);
    assert_in_range(b.fake.now_ms - start_ms, LOOK_PATIENCE_MS, LOOK_PATIENCE_MS + 1000);
    assert_int_equal(b.fake.domains[0].balloon_kib, 512 * MIB);
    says("2 domains can't be given back anything: what they are could not be read within 10 s");
    says("2 domains could not be given back");
    close_bench(&b);
}

static void what_was_given_back_is_owed_no_more(void **state)
{
    struct bench b;

    (void)state;
    open_shrunk(&b, 1);
    assert_int_equal(restore(&b), 0);
    assert_int_equal(b.origins.n, 0);
    begin_anew(&b);
    set_by_another(&b, 0, 400 * MIB); /* while no daemon ran */
    b.fake.used_kib[0] = 100 * MIB;
    run_ticks(&b, 15);
    assert_true(b.fake.domains[0].balloon_kib < 400 * MIB);
    assert_int_equal(restore(&b), 0);
    assert_int_equal(b.fake.domains[0].balloon_kib, 400 * MIB);
    close_bench(&b);
}

/* What it has beyond that was memcoord's decision, and stays: the account is closed all the same. */
static void one_that_has_more_than_it_had_keeps_it(void **state)
{
    struct bench b;

    (void)state;
    open_bench(&b, 1, "threshold");
    b.fake.used_kib[0] = 800 * MIB;
    run_ticks(&b, 10);
    assert_true(b.fake.domains[0].balloon_kib >= 900 * MIB);
    assert_int_equal(b.origins.n, 1);
    assert_int_equal(restore(&b), 0);
    says("there is nothing to give back\n");
    assert_true(b.fake.domains[0].balloon_kib >= 900 * MIB);
    assert_int_equal(b.origins.n, 0);
    close_bench(&b);
}

static void what_somebody_else_set_is_not_taken_back(void **state)
{
    struct bench b;

    (void)state;
    open_shrunk(&b, 1);
    run_ticks(&b, 5);
    set_by_another(&b, 0, 250 * MIB);
    b.fake.used_kib[0] = 60 * MIB;
    run_ticks(&b, 10);
    assert_int_equal(restore(&b), 0);
    assert_int_equal(b.fake.domains[0].balloon_kib, 250 * MIB);
    close_bench(&b);
}

/* ... even if it is first seen by the one who is to give back. */
static void what_somebody_else_set_just_now_is_not_taken_back(void **state)
{
    struct bench b;

    (void)state;
    open_shrunk(&b, 1);
    run_ticks(&b, 5);
    set_by_another(&b, 0, 250 * MIB);
    assert_int_equal(restore(&b), 0);
    assert_int_equal(b.fake.domains[0].balloon_kib, 250 * MIB);
    close_bench(&b);
}

/* It did not grow when it was to, and so is only tried: this is its last chance. */
static void one_that_is_stuck_is_asked_for_all_of_it(void **state)
{
    struct bench b;

    (void)state;
    open_shrunk(&b, 1);
    b.fake.stands[0] = true;
    b.fake.used_kib[0] = b.fake.domains[0].balloon_kib - 80 * MIB;
    run_ticks(&b, 8);
    assert_true(b.c.domains.list[0]->stuck.takes_nothing);
    b.fake.used_kib[0] = 200 * MIB;
    b.fake.stands[0] = false;
    assert_int_equal(restore(&b), 0);
    assert_int_equal(b.fake.domains[0].balloon_kib, 512 * MIB);
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(restore_gives_back_what_domains_had),
        cmocka_unit_test(it_stays_within_the_budget_and_says_who_is_short),
        cmocka_unit_test(what_a_paused_domain_had_is_owed_and_said),
        cmocka_unit_test(what_is_too_little_for_a_tick_is_given_back),
        cmocka_unit_test(it_never_takes_though_the_host_is_short),
        cmocka_unit_test(a_domain_that_is_not_to_be_managed_is_left_alone_and_none_is_short),
        cmocka_unit_test(what_the_host_refuses_is_counted_and_said),
        cmocka_unit_test(what_the_host_does_not_accept_is_counted_and_said),
        cmocka_unit_test(targets_of_the_last_tick_are_waited_for),
        cmocka_unit_test(what_does_not_end_in_time_is_an_error),
        cmocka_unit_test(a_host_that_is_lost_on_the_way_is_an_error),
        cmocka_unit_test(a_host_that_cannot_be_seen_is_an_error),
        cmocka_unit_test(domains_that_are_not_examined_yet_are_waited_for),
        cmocka_unit_test(those_that_never_are_end_the_patience_and_are_said),
        cmocka_unit_test(what_was_given_back_is_owed_no_more),
        cmocka_unit_test(one_that_has_more_than_it_had_keeps_it),
        cmocka_unit_test(what_somebody_else_set_is_not_taken_back),
        cmocka_unit_test(what_somebody_else_set_just_now_is_not_taken_back),
        cmocka_unit_test(one_that_is_stuck_is_asked_for_all_of_it),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
