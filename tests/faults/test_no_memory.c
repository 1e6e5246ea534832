/* SPDX-License-Identifier: BSD-3-Clause */
/* Of all that a tick allocates, on any thread, the n-th fails, for every n; and all from the n-th on. A domain
 * has just come and another gone, so that there is much to do. The daemon lives, sets nothing that it must not,
 * and with memory again coordinates everybody. */
#include "lib/fault_stage.h"

/* A tick is recorded, too: that must not cost it. */
static void take_tick(void *to, const struct record_tick *record)
{
    (void)to;
    (void)record;
}

static const struct record_sink sink = { .tick = take_tick };

/* Domain 3 is started anew, domain 2 comes or goes. */
static void change(struct fault_stage *s)
{
    static int id = 100;
    struct fake_domain *d = lock(&s->stage, 2);

    d->id = d->id ? 0 : id++;
    d[1].id = id++;
    d[1].current_kib = 512 * MIB;
    unlock(&s->stage);
}

static void all_is_as_it_was(struct fault_stage *s)
{
    size_t n = s->stage.fake.domains[2].id ? 4 : 3;

    /* what could not be read is tried again after half a second at first, then more rarely */
    for (int i = 0; i < 20; i++) {
        ticks(s, 1);
        if (s->c.domains.n == n && !s->c.domains.list[n - 1]->unmanageable)
            break;
    }
    assert_int_equal(s->c.domains.n, n);
    for (size_t i = 0; i < n; i++)
        if (s->c.domains.list[i]->unmanageable)
            fail_msg("%s: %s", s->c.domains.list[i]->name, s->c.domains.list[i]->unmanageable);
}

static void fail_each(struct fault_stage *s, uint64_t more)
{
    uint64_t n = 0, had;

    s->c.sink = &sink;
    ticks(s, 5);
    do {
        change(s);
        use(s, 1, n % 2 ? 600 * MIB : USED_KIB);
        pass_ms(1000, 1000);
        refresh(s);
        faulty_fail(++n, more);
        coordinator_tick(&s->c);
        had = faulty_heal();
        s->stage.host->ops->flush(s->stage.host, LONG_MS);
        all_is_well(s);
        all_is_as_it_was(s);
    } while (n <= had + 3);
    assert_true(n > 20);
    is_coordinated(s, 0);
    is_coordinated(s, 1);
}

static void each_allocation_of_a_tick(void **state)
{
    fail_each(*state, 0);
}

static void all_allocations_from_one_on(void **state)
{
    fail_each(*state, UINT32_MAX);
}

/* Opening says that it failed, or has not. */
static void each_allocation_of_a_beginning(void **state)
{
    struct fault_stage *s = *state;
    uint64_t n = 0, had, good = 0;

    do {
        struct host_options options = { .proc = s->folder, .interval_ms = 1000 };
        struct host *host = NULL;
        char uri[100], error[512] = "";
        int r;

        snprintf(uri, sizeof(uri), "qemu:///system?socket=%s", s->stage.fake.path);
        options.uri = uri;
        faulty_fail(++n, 0);
        r = host_open(&options, &host, error, sizeof(error));
        had = faulty_heal();
        assert_true(r == 0 ? host != NULL : host == NULL && error[0]);
        good += r == 0;
        host_close(host);
        lock(&s->stage, 0);
        unlock(&s->stage);
    } while (n <= had && n < 50);
    assert_true(n > 5 && good > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULT(each_allocation_of_a_tick),
        FAULT(all_allocations_from_one_on),
        FAULT(each_allocation_of_a_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
