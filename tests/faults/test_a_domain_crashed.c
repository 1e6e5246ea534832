/* SPDX-License-Identifier: BSD-3-Clause */
/* A domain crashes: its guest panics and it stays as it is, or its QEMU is killed, at any moment of a tick,
 * again and again. The others are coordinated, and it is when it has been started anew. */
#include "lib/fault_stage.h"

#include <libvirt/libvirt.h>

static void kill_qemu(struct fault_stage *s, size_t i)
{
    const uint32_t figures[] = { VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_CRASHED };

    lock(&s->stage, i)->id = 0;
    unlock(&s->stage);
    fake_tell(&s->stage.fake, fake_lifecycle, i, NULL, 2, figures);
}

/* It boots with all that it had at first. */
static void start_anew(struct fault_stage *s, size_t i)
{
    const uint32_t figures[] = { VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_BOOTED };
    static int id = 100;
    struct fake_domain *d = lock(&s->stage, i);

    d->id = id++;
    d->state = 0;
    d->dies = false;
    d->current_kib = 512 * MIB;
    unlock(&s->stage);
    fake_tell(&s->stage.fake, fake_lifecycle, i, NULL, 2, figures);
}

static void one_that_stays_crashed_is_left_alone(void **state)
{
    struct fault_stage *s = *state;
    uint64_t had_kib;

    ticks(s, 5);
    lock(&s->stage, 0)->state = VIR_DOMAIN_CRASHED;
    unlock(&s->stage);
    ticks(s, 2);
    had_kib = current_kib(s, 0);
    use(s, 0, 600 * MIB);
    is_coordinated(s, 1);
    assert_int_equal(current_kib(s, 0), had_kib);
    use(s, 0, USED_KIB);
    start_anew(s, 0);
    is_coordinated(s, 0);
}

static void one_that_is_killed_again_and_again(void **state)
{
    struct fault_stage *s = *state;

    ticks(s, 5);
    for (int i = 0; i < 10; i++) {
        kill_qemu(s, 0);
        ticks(s, (unsigned)i % 3);
        start_anew(s, 0);
        ticks(s, 1 + (unsigned)i % 4);
        assert_int_equal(s->c.domains.n, 4);
    }
    for (size_t i = 0; i < 4; i++)
        is_coordinated(s, i);
}

/* In the very call that sets its balloon. */
static void one_that_dies_of_its_target(void **state)
{
    struct fault_stage *s = *state;

    ticks(s, 5);
    lock(&s->stage, 0)->dies = true;
    unlock(&s->stage);
    use(s, 0, 600 * MIB);
    use(s, 1, 600 * MIB);
    for (int n = 0; n < 20 && current_kib(s, 1) < 700 * MIB; n++)
        ticks(s, 1);
    assert_true(current_kib(s, 1) >= 700 * MIB);
    ticks(s, 1); /* which sees that it is gone */
    assert_int_equal(s->stage.fake.domains[0].id, 0);
    assert_int_equal(s->c.domains.n, 3);
    use(s, 0, USED_KIB);
    start_anew(s, 0);
    for (size_t i = 0; i < 4; i++)
        is_coordinated(s, i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULT(one_that_stays_crashed_is_left_alone),
        FAULT(one_that_is_killed_again_and_again),
        FAULT(one_that_dies_of_its_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
