/* SPDX-License-Identifier: BSD-3-Clause */
/* Ticks go on in their rhythm when settings are exchanged between two of them. */
#include "lib/cmocka.h"

#include "lib/coordinator_fixture.h"
#include "util/log.h"

struct rhythm {
    struct bench bench;
    struct config other;
    uint64_t exchange_at_ms; /* between two ticks, at that time or later */
    uint64_t ticks_ms[16];
    size_t n;
    bool done;
};

static uint64_t exchange(void *context)
{
    struct rhythm *r = context;

    if (r->done || r->bench.fake.now_ms < r->exchange_at_ms)
        return 0;
    r->done = true;
    assert_int_equal(coordinator_swap(&r->bench.c, &r->other, r->bench.instance), 0);
    return 0;
}

static void note_tick(void *to, const struct record_tick *tick)
{
    struct rhythm *r = to;

    assert_int_equal(tick->tick, r->n + 1);
    r->ticks_ms[r->n++] = tick->now_ms;
}

/* When `n` ticks were, where the interval is exchanged for `interval_ms` at the first rest that is woken at
 * `at_ms` or later; a wake comes every 10 ms. */
static void tick_with(struct rhythm *r, uint64_t interval_ms, uint64_t at_ms, uint64_t n)
{
    const struct record_sink sink = { .to = r, .tick = note_tick };

    memset(r, 0, sizeof(*r));
    open_bench(&r->bench, 1, "hold");
    r->other = r->bench.config;
    config_set_interval(&r->other, interval_ms);
    r->exchange_at_ms = r->bench.fake.now_ms + at_ms;
    r->bench.c.sink = &sink;
    r->bench.c.between = exchange;
    r->bench.c.context = r;
    r->bench.fake.wake = HOST_WAKE_REQUEST;
    r->bench.fake.wakes = 100000;
    coordinator_run(&r->bench.c, n, &stop);
    close_bench(&r->bench);
}

static void assert_ticks(const struct rhythm *r, const uint64_t *after_ms, size_t n)
{
    assert_int_equal(r->n, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(r->ticks_ms[i] - r->ticks_ms[0], after_ms[i]);
}

static void the_rhythm_goes_on(void **state)
{
    static struct rhythm r;

    (void)state;
    tick_with(&r, 1000, 1500, 5);
    assert_ticks(&r, (const uint64_t[]){ 0, 1000, 2000, 3000, 4000 }, 5);
}

static void a_longer_interval_counts_from_the_last_tick(void **state)
{
    static struct rhythm r;

    (void)state;
    tick_with(&r, 4000, 1500, 4);
    assert_ticks(&r, (const uint64_t[]){ 0, 1000, 5000, 9000 }, 4);
}

static void a_shorter_interval_counts_from_the_last_tick(void **state)
{
    static struct rhythm r;

    (void)state;
    tick_with(&r, 700, 1300, 4);
    assert_ticks(&r, (const uint64_t[]){ 0, 1000, 1700, 2400 }, 4);
}

/* One that would have been over already brings a tick at once. */
static void a_much_shorter_interval_brings_a_tick_at_once(void **state)
{
    static struct rhythm r;

    (void)state;
    tick_with(&r, 100, 1500, 4);
    assert_ticks(&r, (const uint64_t[]){ 0, 1000, 1510, 1600 }, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rhythm_goes_on),
        cmocka_unit_test(a_longer_interval_counts_from_the_last_tick),
        cmocka_unit_test(a_shorter_interval_counts_from_the_last_tick),
        cmocka_unit_test(a_much_shorter_interval_brings_a_tick_at_once),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
