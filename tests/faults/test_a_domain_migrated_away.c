/* SPDX-License-Identifier: BSD-3-Clause */
/* A domain migrates to another host, and may come back. While it does its balloon is not touched, and the
 * others are coordinated; when it is gone its memory is there for them. */
#include "lib/fault_stage.h"

#include <libvirt/libvirt.h>

static void set_moving(struct fault_stage *s, size_t i, bool moving)
{
    const uint32_t iteration = 1;

    lock(&s->stage, i)->moving = moving;
    unlock(&s->stage);
    if (moving)
        fake_tell(&s->stage.fake, fake_migration, i, NULL, 1, &iteration);
}

/* It runs somewhere else now. */
static void leave(struct fault_stage *s, size_t i)
{
    const uint32_t figures[] = { VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_MIGRATED };

    lock(&s->stage, i)->id = 0;
    unlock(&s->stage);
    fake_tell(&s->stage.fake, fake_lifecycle, i, NULL, 2, figures);
    set_moving(s, i, false);
}

static void come_back(struct fault_stage *s, size_t i)
{
    const uint32_t figures[] = { VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_MIGRATED };

    lock(&s->stage, i)->id = 77;
    unlock(&s->stage);
    fake_tell(&s->stage.fake, fake_lifecycle, i, NULL, 2, figures);
}

static const struct domain *known(struct fault_stage *s, const char *name)
{
    for (size_t i = 0; i < s->c.domains.n; i++)
        if (!strcmp(s->c.domains.list[i]->name, name))
            return s->c.domains.list[i];
    return NULL;
}

static void it_goes_and_comes_back(void **state)
{
    struct fault_stage *s = *state;
    uint64_t had_kib;

    ticks(s, 5);
    set_moving(s, 0, true);
    ticks(s, 2);
    had_kib = current_kib(s, 0);
    use(s, 0, 100 * MIB); /* so that it would be shrunk */
    is_coordinated(s, 1);
    is_coordinated(s, 2);
    assert_int_equal(known(s, "web0")->state, HOST_DOMAIN_MIGRATING);
    assert_int_equal(current_kib(s, 0), had_kib);
    leave(s, 0);
    ticks(s, 1);
    assert_null(known(s, "web0"));
    is_coordinated(s, 1);
    use(s, 0, USED_KIB);
    come_back(s, 0);
    ticks(s, 1);
    assert_int_equal(known(s, "web0")->run_id, 77);
    for (size_t i = 0; i < 4; i++)
        is_coordinated(s, i);
}

/* A migration that no event told of is found by the target that it holds up. Only a tick later is its end. */
static void it_leaves_with_a_target_that_hangs(void **state)
{
    struct fault_stage *s = *state;

    ticks(s, 5);
    lock(&s->stage, 0)->moving = true;
    unlock(&s->stage);
    use(s, 0, 600 * MIB);
    pass_ms(1000, 1000);
    refresh(s);
    coordinator_tick(&s->c);
    await_held(&s->stage);
    for (int i = 0; i < 3; i++) {
        pass_ms(1000, 1000);
        refresh(s);
        assert_int_equal(coordinator_tick(&s->c), 0);
    }
    assert_int_equal(known(s, "web0")->state, HOST_DOMAIN_MIGRATING);
    leave(s, 0);
    ticks(s, 2);
    assert_null(known(s, "web0"));
    use(s, 0, USED_KIB);
    come_back(s, 0);
    for (size_t i = 0; i < 4; i++)
        is_coordinated(s, i);
}

/* A host that is emptied. */
static void all_go(void **state)
{
    struct fault_stage *s = *state;

    ticks(s, 5);
    for (size_t i = 0; i < 4; i++)
        set_moving(s, i, true);
    ticks(s, 3);
    for (size_t i = 0; i < 4; i++)
        leave(s, i);
    ticks(s, 3);
    assert_int_equal(s->c.domains.n, 0);
    for (size_t i = 0; i < 4; i++)
        come_back(s, i);
    for (size_t i = 0; i < 4; i++)
        is_coordinated(s, i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULT(it_goes_and_comes_back),
        FAULT(it_leaves_with_a_target_that_hangs),
        FAULT(all_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
