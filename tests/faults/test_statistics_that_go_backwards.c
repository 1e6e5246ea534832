/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest's statistics go backwards: their time, as when the host's clock was set, and their counters, as when
 * a guest is reset. No rate is reckoned from that, and others do not notice. */
#include "lib/fault_stage.h"

static struct fake_lie lies[] = {
    { .name = "balloon.last-update" }, { .name = "balloon.swap_in" },
    { .name = "balloon.swap_out" },    { .name = "balloon.major_fault" },
    { .name = "balloon.disk_caches" }, { 0 },
};

static void tell(struct fault_stage *s, uint64_t last_update_s, uint64_t counters)
{
    struct fake_domain *d = lock(&s->stage, 0);

    lies[0].value = last_update_s;
    for (size_t i = 1; lies[i].name; i++)
        lies[i].value = counters;
    d->lies = lies;
    unlock(&s->stage);
}

static void be_honest(struct fault_stage *s)
{
    lock(&s->stage, 0)->lies = NULL;
    unlock(&s->stage);
}

/* QEMU writes that time when its guest answers: a new one is a new answer, wherever the clock stands. */
static void a_time_that_goes_back_is_an_answer_as_any_other(void **state)
{
    struct fault_stage *s = *state;
    uint64_t had_kib, from_s, begun_kib;

    ticks(s, 10);
    has_plenty(s, 0);
    begun_kib = current_kib(s, 0);
    from_s = faulty_wall_now_s() - 20;
    for (uint64_t i = 0; i < 10; i++) {
        had_kib = current_kib(s, 0);
        tell(s, from_s - i * i * 100, 0);
        ticks(s, 1);
        assert_true(current_kib(s, 0) + 52 * MIB >= had_kib); /* max_shrink */
    }
    assert_true(current_kib(s, 0) < begun_kib);
    is_coordinated(s, 1);
    be_honest(s);
    for (size_t i = 0; i < 4; i++)
        is_coordinated(s, i);
}

static void counters_that_go_back_are_no_swapping(void **state)
{
    struct fault_stage *s = *state;

    ticks(s, 5);
    for (uint64_t i = 0; i < 10; i++) {
        tell(s, faulty_wall_now_s() + 1, 1000000 >> i);
        ticks(s, 1);
        for (size_t d = 0; d < s->c.snapshot.seen.n_domains; d++) {
            const struct memcoord_domain *seen = s->c.snapshot.seen.domains[d];

            if (!strcmp(seen->name, "web0") && i > 0) {
                assert_true(seen->swap_in_kib_per_s == MEMCOORD_UNKNOWN);
                assert_true(seen->swap_out_kib_per_s == MEMCOORD_UNKNOWN);
                assert_true(seen->major_faults_per_s == MEMCOORD_UNKNOWN);
            }
        }
    }
    be_honest(s);
    for (size_t i = 0; i < 4; i++)
        is_coordinated(s, i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULT(a_time_that_goes_back_is_an_answer_as_any_other),
        FAULT(counters_that_go_back_are_no_swapping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
