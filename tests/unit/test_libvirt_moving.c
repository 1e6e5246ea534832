/* SPDX-License-Identifier: BSD-3-Clause */
/* The libvirt host on domains that migrate, or that another job holds. */
#include "lib/cmocka.h"

#include <errno.h>

#include <libvirt/libvirt.h>

#include "lib/libvirt_stage.h"

static void set_moving(struct stage *stage, size_t i, bool moving)
{
    lock(stage, i)->moving = moving;
    unlock(stage);
}

static void tell_job_completed(struct stage *stage, size_t i)
{
    const uint32_t no_figures = 0;

    assert_int_equal(fake_tell(&stage->fake, fake_job_completed, i, NULL, 1, &no_figures), 1);
}

/* Gathers until `name` is seen in this state. */
static const struct host_domain *await_state(struct stage *stage, const char *name,
                                             enum host_domain_state state)
{
    for (int i = 0; i < 1000; i++) {
        const struct host_domain *d = find(gather(stage), name);

        if (d && d->state == state)
            return d;
        usleep(10000);
    }
    fail_msg("%s never came to state %d", name, state);
    return NULL;
}

static void a_domain_that_migrates_when_it_is_first_seen_is_seen_so(void **state)
{
    struct stage *stage = *state;

    set_moving(stage, 0, true);
    await_state(stage, "a", HOST_DOMAIN_MIGRATING);
    assert_int_equal(find(gather(stage), "b")->state, HOST_DOMAIN_RUNNING);
    set_moving(stage, 0, false);
    tell_job_completed(stage, 0);
    await_state(stage, "a", HOST_DOMAIN_RUNNING);
}

static void statistics_that_are_off_are_switched_on_when_the_migration_ends(void **state)
{
    struct stage *stage = *state;

    set_moving(stage, 2, true);
    await_state(stage, "c", HOST_DOMAIN_MIGRATING);
    flush(stage);
    assert_int_equal(calls(stage, FAKE_SET_PERIOD), 0);
    set_moving(stage, 2, false);
    tell_job_completed(stage, 2);
    await_state(stage, "c", HOST_DOMAIN_RUNNING);
    flush(stage);
    assert_int_equal(calls(stage, FAKE_SET_PERIOD), 1);
    assert_int_equal(period_s(stage, 2), 1);
}

static void an_event_tells_that_a_domain_migrates(void **state)
{
    struct stage *stage = *state;
    const uint32_t iteration = 1;

    gather_whole(stage);
    set_moving(stage, 1, true);
    assert_int_equal(fake_tell(&stage->fake, fake_migration, 1, NULL, 1, &iteration), 1);
    await_state(stage, "b", HOST_DOMAIN_MIGRATING);
    set_moving(stage, 1, false);
    tell_job_completed(stage, 1);
    await_state(stage, "b", HOST_DOMAIN_RUNNING);
}

static void a_domain_that_cannot_be_asked_migrates_on(void **state)
{
    struct stage *stage = *state;
    const uint32_t iteration = 1;
    unsigned before;

    gather_whole(stage);
    lock(stage, 1)->moving = true;
    stage->fake.domains[1].busy = true;
    unlock(stage);
    assert_int_equal(fake_tell(&stage->fake, fake_migration, 1, NULL, 1, &iteration), 1);
    await_state(stage, "b", HOST_DOMAIN_MIGRATING);
    flush(stage);
    before = calls(stage, FAKE_JOB_STATS);
    tell_job_completed(stage, 1);
    for (int i = 0; i < 1000 && calls(stage, FAKE_JOB_STATS) == before; i++) {
        gather(stage);
        usleep(10000);
    }
    flush(stage);
    assert_int_equal(find(gather(stage), "b")->state, HOST_DOMAIN_MIGRATING);
    lock(stage, 1)->moving = false;
    stage->fake.domains[1].busy = false;
    unlock(stage);
    tell_job_completed(stage, 1);
    await_state(stage, "b", HOST_DOMAIN_RUNNING);
}

static void a_domain_that_is_paused_to_migrate_migrates(void **state)
{
    struct stage *stage = *state;

    gather_whole(stage);
    lock(stage, 0)->state = VIR_DOMAIN_PAUSED;
    stage->fake.domains[0].reason = VIR_DOMAIN_PAUSED_USER;
    stage->fake.domains[1].state = VIR_DOMAIN_PAUSED;
    stage->fake.domains[1].reason = VIR_DOMAIN_PAUSED_MIGRATION;
    unlock(stage);
    assert_int_equal(find(gather(stage), "a")->state, HOST_DOMAIN_PAUSED);
    assert_int_equal(find(gather(stage), "b")->state, HOST_DOMAIN_MIGRATING);
}

static void a_backup_holds_nothing(void **state)
{
    struct stage *stage = *state;

    lock(stage, 0)->moving = true;
    stage->fake.domains[0].job = VIR_DOMAIN_JOB_OPERATION_BACKUP;
    unlock(stage);
    gather_whole(stage);
    assert_true(calls(stage, FAKE_JOB_STATS) >= 3);
    assert_int_equal(find(gather(stage), "a")->state, HOST_DOMAIN_RUNNING);
}

/* The interval of these is so short that a target is late at once. */
static int set_up_hasty(void **state)
{
    return set_up_with(state, 50);
}

static void begin_target(struct stage *stage, const char *name, uint64_t kib)
{
    const struct host_domain *d = find(gather(stage), name);

    assert_int_equal(stage->host->ops->set_target(stage->host, d->uuid, kib), 0);
}

static unsigned held(struct stage *stage)
{
    unsigned n;

    lock(stage, 0);
    n = stage->fake.held;
    unlock(stage);
    return n;
}

/* No event tells that it began; the first call that hangs for it is a target. */
static void a_migration_is_noticed_by_the_target_that_it_holds(void **state)
{
    struct stage *stage = *state;

    gather_whole(stage);
    flush(stage);
    set_moving(stage, 0, true);
    begin_target(stage, "a", 600 * MIB);
    await_held(stage);
    assert_null(await_state(stage, "a", HOST_DOMAIN_MIGRATING)->unmanageable);
    assert_int_equal(held(stage), 1);
    set_moving(stage, 0, false);
    tell_job_completed(stage, 0);
    await_state(stage, "a", HOST_DOMAIN_RUNNING);
    flush(stage);
    assert_int_equal(set_kib(stage, 0), 600 * MIB);
}

static void a_target_behind_another_does_not_reach_a_domain_that_migrates(void **state)
{
    struct stage *stage = *state;
    const struct host_domain *c;

    gather_whole(stage);
    flush(stage);
    begin_target(stage, "c", 512 * MIB); /* it is known where it goes */
    flush(stage);
    hang(stage, FAKE_SET_MEMORY_FLAGS);
    begin_target(stage, "a", 600 * MIB);
    await_held(stage);
    set_moving(stage, 2, true);
    begin_target(stage, "c", 300 * MIB);
    c = await_state(stage, "c", HOST_DOMAIN_MIGRATING);
    assert_int_equal(c->set_error, -EBUSY);
    assert_non_null(c->set_error_text);
    assert_int_equal(held(stage), 1);
    go_on(stage);
    set_moving(stage, 2, false);
    tell_job_completed(stage, 2);
    await_state(stage, "c", HOST_DOMAIN_RUNNING);
    flush(stage);
    assert_int_equal(set_kib(stage, 2), 512 * MIB);
}

/* Gathers until it is said, or not any more, why `name` must not be touched. */
static const struct host_domain *await_reason(struct stage *stage, const char *name, bool reason)
{
    for (int i = 0; i < 1000; i++) {
        const struct host_domain *d = find(gather(stage), name);

        if ((d->unmanageable != NULL) == reason)
            return d;
        usleep(10000);
    }
    fail_msg("%s: the reason never %s", name, reason ? "came" : "went");
    return NULL;
}

static void a_domain_whose_target_hangs_is_not_touched(void **state)
{
    struct stage *stage = *state;
    const struct host_domain *a;

    gather_whole(stage);
    hang(stage, FAKE_SET_MEMORY_FLAGS);
    begin_target(stage, "a", 600 * MIB);
    await_held(stage);
    a = await_reason(stage, "a", true);
    assert_string_equal(a->unmanageable, "its last target is still being set");
    assert_int_equal(a->state, HOST_DOMAIN_RUNNING);
    assert_null(find(gather(stage), "b")->unmanageable);
    go_on(stage);
    await_reason(stage, "a", false);
    assert_int_equal(set_kib(stage, 0), 600 * MIB);
}

/* The answer would not come either. */
static void a_guest_that_hangs_with_its_target_is_not_asked_why(void **state)
{
    struct stage *stage = *state;
    unsigned before;

    gather_whole(stage);
    flush(stage);
    hang(stage, FAKE_SET_MEMORY_FLAGS);
    begin_target(stage, "a", 600 * MIB);
    await_held(stage);
    set_missed(stage, 0, true);
    before = calls(stage, FAKE_JOB_STATS);
    usleep(60000); /* the first gather that misses it finds the target late */
    await_reason(stage, "a", true);
    for (int i = 0; i < 5; i++)
        gather(stage);
    assert_int_equal(calls(stage, FAKE_JOB_STATS), before);
    set_missed(stage, 0, false);
    for (int i = 0; i < 1000 && calls(stage, FAKE_JOB_STATS) == before; i++) {
        gather(stage);
        usleep(10000);
    }
    assert_int_equal(calls(stage, FAKE_JOB_STATS), before + 1);
    go_on(stage);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define HASTY(f) cmocka_unit_test_setup_teardown(f, set_up_hasty, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_domain_that_migrates_when_it_is_first_seen_is_seen_so),
        TEST(statistics_that_are_off_are_switched_on_when_the_migration_ends),
        TEST(an_event_tells_that_a_domain_migrates),
        TEST(a_domain_that_cannot_be_asked_migrates_on),
        TEST(a_domain_that_is_paused_to_migrate_migrates),
        TEST(a_backup_holds_nothing),
        HASTY(a_migration_is_noticed_by_the_target_that_it_holds),
        HASTY(a_target_behind_another_does_not_reach_a_domain_that_migrates),
        HASTY(a_domain_whose_target_hangs_is_not_touched),
        HASTY(a_guest_that_hangs_with_its_target_is_not_asked_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
