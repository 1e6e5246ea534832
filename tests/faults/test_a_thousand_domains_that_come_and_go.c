/* SPDX-License-Identifier: BSD-3-Clause */
/* A thousand domains, of which fifty end and fifty are started at every tick, while others grow and shrink. Each
 * that runs is known, and nothing of those that are gone; those that stay are coordinated; memory does not grow. */
#include "lib/fault_stage.h"

#include <malloc.h>

#include "lib/random.h"

#define GUESTS 1000
#define CHURN 50
#define ROUNDS 60
#define STAY 10 /* the first ones */

static int begin_thousand(void **state)
{
    return begin(state, GUESTS, "proportional");
}

static struct random random_state = { 20250312 };

static size_t any(void)
{
    return between(&random_state, STAY, GUESTS - 1);
}

static size_t come_and_go(struct fault_stage *s)
{
    static int id = 10000;
    size_t n = 0;

    lock(&s->stage, 0);
    for (int i = 0; i < CHURN; i++) {
        struct fake_domain *d = &s->stage.fake.domains[any()];

        s->stage.fake.domains[any()].id = 0;
        if (!d->id) {
            d->id = id++;
            d->current_kib = 512 * MIB;
            d->used_kib = USED_KIB;
        }
        s->stage.fake.domains[any()].used_kib = between(&random_state, 200 * MIB, 400 * MIB);
    }
    for (size_t i = 0; i < GUESTS; i++)
        n += s->stage.fake.domains[i].id != 0;
    unlock(&s->stage);
    return n;
}

static size_t allocated(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static void all_are_known_and_none_that_is_gone(void **state)
{
    struct fault_stage *s = *state;
    size_t before = 0;

    ticks(s, 3);
    assert_int_equal(s->c.domains.n, GUESTS);
    for (int round = 0; round < ROUNDS; round++) {
        size_t n = come_and_go(s);

        use(s, (size_t)round / 10, round % 10 < 5 ? 600 * MIB : USED_KIB);
        ticks(s, 1);
        assert_int_equal(s->c.domains.n, n);
        if (round % 10 == 4)
            assert_true(current_kib(s, (size_t)round / 10) >= 650 * MIB);
        if (round == ROUNDS / 2)
            before = allocated();
    }
    assert_in_range(allocated(), 0, before + before / 4);
    for (size_t i = 0; i < GUESTS; i++) {
        lock(&s->stage, i)->id = 0;
        unlock(&s->stage);
    }
    ticks(s, 1);
    assert_int_equal(s->c.domains.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_are_known_and_none_that_is_gone, begin_thousand, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
