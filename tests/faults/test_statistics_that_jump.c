/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest's statistics jump from tick to tick: from nothing to all, and at random. It stays within its bounds
 * and the pace of shrinking; the others do not notice; and it is coordinated when they are steady again. */
#include "lib/fault_stage.h"

#include "lib/random.h"

static struct fake_lie lies[] = { { .name = "balloon.usable" },
                                  { .name = "balloon.unused" },
                                  { .name = "balloon.available" },
                                  { .name = "balloon.rss" },
                                  { .name = "balloon.major_fault" },
                                  { .name = "balloon.swap_in" },
                                  { 0 } };

static void tell(struct fault_stage *s, uint64_t usable_kib, uint64_t total_kib, uint64_t rest)
{
    struct fake_domain *d = lock(&s->stage, 0);

    lies[0].value = lies[1].value = usable_kib;
    lies[2].value = total_kib;
    for (size_t i = 3; lies[i].name; i++)
        lies[i].value = rest;
    d->lies = lies;
    s->lies[0] = true;
    unlock(&s->stage);
}

/* A guest that tells of other sizes than it has seems to be moved by somebody else: for 5 minutes it is left
 * to him. */
static void be_honest(struct fault_stage *s)
{
    lock(&s->stage, 0)->lies = NULL;
    unlock(&s->stage);
    pass_ms(301000, 301000);
    ticks(s, 8); /* its sizes are learned anew */
    s->lies[0] = false;
    for (size_t i = 0; i < 4; i++)
        is_coordinated(s, i);
}

/* One tick, in which the guest loses no more than max_shrink allows, of what it has or told that it has. */
static void paced_tick(struct fault_stage *s, uint64_t told_kib)
{
    uint64_t had_kib = memcoord_min(current_kib(s, 0), told_kib);

    ticks(s, 1);
    assert_true(current_kib(s, 0) + memcoord_max(50 * MIB, had_kib / 10) >= had_kib);
}

static void between_nothing_and_all(void **state)
{
    struct fault_stage *s = *state;

    ticks(s, 10);
    use(s, 1, 600 * MIB);
    for (int i = 0; i < 40; i++) {
        uint64_t kib = current_kib(s, 0);

        tell(s, i % 2 ? 0 : kib, kib, i % 2 ? 0 : kib);
        paced_tick(s, kib);
    }
    assert_true(current_kib(s, 1) >= 700 * MIB);
    use(s, 1, USED_KIB);
    be_honest(s);
}

static void at_random(void **state)
{
    struct fault_stage *s = *state;
    struct random random = { 4711 };

    ticks(s, 10);
    use(s, 1, 600 * MIB);
    for (int i = 0; i < 200; i++) {
        uint64_t total_kib = below(&random, 2 * MAX_KIB), unused_kib = below(&random, MAX_KIB);

        tell(s, unused_kib, total_kib, below(&random, UINT64_C(1) << 40));
        paced_tick(s, total_kib);
    }
    assert_true(current_kib(s, 1) >= 700 * MIB);
    use(s, 1, USED_KIB);
    be_honest(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULT(between_nothing_and_all),
        FAULT(at_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
