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
    assert_int_equal(lock(stage, 2)->period_s, 1);
    unlock(stage);
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_domain_that_migrates_when_it_is_first_seen_is_seen_so),
        TEST(statistics_that_are_off_are_switched_on_when_the_migration_ends),
        TEST(an_event_tells_that_a_domain_migrates),
        TEST(a_domain_that_is_paused_to_migrate_migrates),
        TEST(a_backup_holds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
