/* SPDX-License-Identifier: BSD-3-Clause */
/* The libvirt host on a server with bulk statistics that loses some, hangs and hangs up. */
#include "lib/cmocka.h"

#include <errno.h>

#include <libvirt/libvirt.h>

#include "lib/libvirt_stage.h"

static void statistics_are_read_by_name(void **state)
{
    struct stage *stage = *state;
    const struct host_view *view = gather_whole(stage);
    const struct host_domain *a = find(view, "a");

    assert_int_equal(view->n_domains, 3);
    assert_int_equal(a->state, HOST_DOMAIN_RUNNING);
    assert_int_equal(a->run_id, 1);
    assert_int_equal(a->balloon_kib, 512 * MIB);
    assert_int_equal(a->max_kib, 1024 * MIB);
    assert_int_equal(a->rss_kib, 300 * MIB);
    assert_int_equal(a->unused_kib, 200 * MIB);
    assert_int_equal(a->usable_kib, 100 * MIB);
    assert_true(a->guest_total_kib == MEMCOORD_UNKNOWN && a->swap_in_kib == MEMCOORD_UNKNOWN);
    assert_in_range(view->now_ms - a->sampled_ms, 1000, LONG_MS);
}

static void a_tick_is_one_call_and_one_for_each_target(void **state)
{
    struct stage *stage = *state;
    const struct host_view *view;

    gather_whole(stage);
    assert_int_equal(gather(stage)->calls, 1);
    view = gather(stage);
    assert_int_equal(view->calls, 1);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(stage->host->ops->set_target(stage->host, view->domains[i].uuid,
                                                          (600 + (uint64_t)round) * MIB),
                             0);
        flush(stage);
        view = gather(stage);
        assert_int_equal(view->calls, 1 + 3);
    }
    assert_int_equal(set_kib(stage, 2), 602 * MIB);
}

static void statistics_that_are_off_are_switched_on(void **state)
{
    struct stage *stage = *state;

    gather_whole(stage);
    assert_int_equal(calls(stage, FAKE_SET_PERIOD), 1);
    assert_int_equal(period_s(stage, 2), 1);
}

static void what_a_bulk_call_misses_is_asked_for_again_but_not_for_ever(void **state)
{
    struct stage *stage = *state;
    const struct host_domain *b;
    unsigned before;

    gather_whole(stage);
    set_missed(stage, 1, true);
    for (int i = 0; i < 3; i++) {
        before = calls(stage, FAKE_ALL_STATS);
        b = find(gather(stage), "b");
        assert_int_equal(calls(stage, FAKE_ALL_STATS) - before, 2);
        assert_true(b->sampled_ms == MEMCOORD_UNKNOWN && b->rss_kib == MEMCOORD_UNKNOWN);
        assert_true(b->unused_kib == MEMCOORD_UNKNOWN);
        assert_int_equal(b->balloon_kib, 512 * MIB);
    }
    /* It hangs: it is left in peace, and nothing that would hang is sent there. */
    before = calls(stage, FAKE_ALL_STATS);
    b = find(gather(stage), "b");
    assert_int_equal(calls(stage, FAKE_ALL_STATS) - before, 1);
    assert_int_equal(stage->host->ops->set_target(stage->host, b->uuid, 600 * MIB), -EBUSY);
    set_missed(stage, 1, false);
    b = find(gather(stage), "b");
    assert_int_equal(b->rss_kib, 300 * MIB);
    assert_int_equal(stage->host->ops->set_target(stage->host, b->uuid, 600 * MIB), 0);
}

static void a_gather_that_hangs_holds_one_tick_only(void **state)
{
    struct stage *stage = *state;
    uint64_t before_ms;

    for (int i = 0; i < 20; i++)
        gather_whole(stage); /* until it knows how long that takes */
    hang(stage, FAKE_ALL_STATS);
    before_ms = stage->host->ops->now_ms(stage->host);
    assert_int_equal(gather(stage)->n_domains, 3);
    assert_in_range(stage->host->ops->now_ms(stage->host) - before_ms, 700, LONG_MS);
    before_ms = stage->host->ops->now_ms(stage->host);
    for (int i = 0; i < 3; i++)
        assert_int_equal(gather(stage)->n_domains, 3);
    assert_in_range(stage->host->ops->now_ms(stage->host) - before_ms, 0, 900);
    go_on(stage);
    gather(stage);
}

static void a_target_that_hangs_does_not_hold_the_others(void **state)
{
    struct stage *stage = *state;
    const struct host_view *view = gather_whole(stage);
    const uint8_t *a = find(view, "a")->uuid, *c = find(view, "c")->uuid;
    uint8_t first[HOST_UUID_BYTES], other[HOST_UUID_BYTES];

    memcpy(first, a, sizeof(first)); /* both have odd UUIDs: they share a worker */
    memcpy(other, c, sizeof(other));
    hang(stage, FAKE_SET_MEMORY_FLAGS);
    assert_int_equal(stage->host->ops->set_target(stage->host, first, 600 * MIB), 0);
    await_held(stage);
    assert_int_equal(stage->host->ops->set_target(stage->host, first, 601 * MIB), -EBUSY);
    assert_int_equal(stage->host->ops->set_target(stage->host, other, 600 * MIB), 0);
    assert_int_equal(stage->host->ops->set_target(stage->host, other, 700 * MIB), 0);
    flush(stage);
    assert_int_equal(set_kib(stage, 2), 700 * MIB);
    assert_int_equal(calls(stage, FAKE_SET_MEMORY_FLAGS), 2); /* 600 was replaced in the queue */
    gather(stage);
    assert_int_equal(stage->host->ops->set_target(stage->host, first, 601 * MIB), -EBUSY);
    go_on(stage);
    for (int i = 0; i < 500; i++) {
        gather(stage);
        if (stage->host->ops->set_target(stage->host, first, 602 * MIB) == 0)
            break;
        usleep(10000);
    }
    flush(stage);
    assert_int_equal(set_kib(stage, 0), 602 * MIB);
}

static void a_server_that_dies_is_found_again(void **state)
{
    struct stage *stage = *state;
    const struct host_view *view;
    const char *why = NULL;
    int r = 0;

    gather_whole(stage);
    fake_kill(&stage->fake);
    r = stage->host->ops->gather(stage->host, &view, &why);
    assert_int_equal(r, -ENOTCONN);
    assert_non_null(why);
    lock(stage, 2)->id = 0; /* a domain stopped meanwhile, another was started anew */
    stage->fake.domains[1].id = 9;
    unlock(stage);
    fake_listen(&stage->fake);
    for (int i = 0; i < 500 && r; i++) {
        usleep(10000);
        r = stage->host->ops->gather(stage->host, &view, &why);
        assert_true(r == 0 || r == -ENOTCONN);
    }
    assert_int_equal(r, 0);
    assert_int_equal(view->n_domains, 2);
    assert_int_equal(find(view, "a")->run_id, 1);
    assert_int_equal(find(view, "b")->run_id, 9);
    view = gather_whole(stage);
    assert_int_equal(stage->host->ops->set_target(stage->host, find(view, "a")->uuid, 640 * MIB),
                     0);
    flush(stage);
    assert_int_equal(find(gather(stage), "a")->set_error, 0);
    assert_int_equal(set_kib(stage, 0), 640 * MIB);
}

static void memory_beside_the_balloon_is_reckoned_out(void **state)
{
    struct stage *stage = *state;
    const struct host_domain *d;

    lock(stage, 0);
    add(&stage->fake, "d",
        BALLOON "<memory model='dimm'><target><size unit='MiB'>128</size></target></memory>"
                "<memory model='nvdimm'><target><size unit='MiB'>64</size></target></memory>"
                "<memory model='virtio-mem'><target><size unit='MiB'>256</size>"
                "<current unit='MiB'>96</current></target></memory>");
    /* memory 400 MiB, balloon at 300 */
    stage->fake.domains[3].maximum_kib = (400 + 128 + 64 + 256) * MIB;
    stage->fake.domains[3].current_kib = (300 + 128 + 96) * MIB;
    unlock(stage);
    d = find(gather_whole(stage), "d");
    assert_int_equal(d->max_kib, 400 * MIB);
    assert_int_equal(d->balloon_kib, 300 * MIB);
    assert_int_equal(d->extra_kib, (128 + 96) * MIB);
    assert_int_equal(stage->host->ops->set_target(stage->host, d->uuid, 350 * MIB), 0);
    flush(stage);
    assert_int_equal(set_kib(stage, 3), (350 + 128) * MIB); /* QEMU counts DIMMs in */
}

static void a_domain_that_crashed_is_seen_as_one_that_does_not_run(void **state)
{
    struct stage *stage = *state;

    gather_whole(stage);
    lock(stage, 1)->state = VIR_DOMAIN_CRASHED;
    unlock(stage);
    assert_int_equal(find(gather(stage), "b")->state, HOST_DOMAIN_PAUSED);
    assert_int_equal(find(gather(stage), "a")->state, HOST_DOMAIN_RUNNING);
}

static void a_change_that_is_denied_is_told_for_that_domain_alone(void **state)
{
    struct stage *stage = *state;
    const struct host_view *view = gather_whole(stage);
    const struct host_domain *a;

    lock(stage, 0)->denies = true;
    unlock(stage);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(
            stage->host->ops->set_target(stage->host, view->domains[i].uuid, 600 * MIB), 0);
    flush(stage);
    view = gather(stage);
    a = find(view, "a");
    assert_int_equal(a->set_error, -EACCES);
    assert_non_null(strstr(a->set_error_text, "access denied"));
    assert_int_equal(find(view, "b")->set_error, 0);
    assert_int_equal(find(view, "c")->set_error, 0);
    assert_int_equal(set_kib(stage, 0), 0);
    assert_int_equal(set_kib(stage, 1), 600 * MIB);
    assert_int_equal(set_kib(stage, 2), 600 * MIB);
}

static void a_domain_that_stops_is_forgotten_and_a_new_run_is_another(void **state)
{
    struct stage *stage = *state;

    gather_whole(stage);
    lock(stage, 1)->id = 0;
    unlock(stage);
    assert_null(find(gather(stage), "b"));
    lock(stage, 1)->id = 7;
    stage->fake.domains[1].devices = "<memballoon model='none'/>";
    unlock(stage);
    for (int i = 0; i < 100; i++) {
        const struct host_domain *b = find(gather(stage), "b");

        assert_int_equal(b->run_id, 7);
        assert_non_null(b->unmanageable);
        if (!strcmp(b->unmanageable, "it has no balloon"))
            return;
        usleep(10000);
    }
    fail_msg("its XML was not read again");
}

static void a_domain_that_is_named_twice_is_seen_once(void **state)
{
    struct stage *stage = *state;

    gather_whole(stage);
    lock(stage, 0);
    add(&stage->fake, "a", BALLOON);
    stage->fake.domains[3].twin = 1;
    stage->fake.domains[3].id = 1;
    unlock(stage);
    for (int i = 0; i < 3; i++)
        assert_int_equal(gather(stage)->n_domains, 3);
    lock(stage, 3)->id = 0;
    unlock(stage);
    assert_int_equal(gather(stage)->n_domains, 3);
}

/* It can be heard by pings alone that a server has died, if its machine died with it. */
static void a_server_is_pinged(void **state)
{
    struct stage *stage = *state;

    lock(stage, 0);
    stage->fake.keepalive = true; /* those that connect from now on learn it */
    unlock(stage);
    gather_whole(stage);
    lock(stage, 0);
    while (!stage->fake.pings)
        await_change(stage);
    unlock(stage);
}

struct shrinking {
    char folder[40];
    int left_kib;
};

static void put_meminfo(void *context)
{
    struct shrinking *shrinking = context;
    char path[60];
    FILE *f;

    snprintf(path, sizeof(path), "%s/meminfo", shrinking->folder);
    f = fopen(path, "w");
    if (!f || fprintf(f, "MemTotal: 9000 kB\nMemAvailable: %d kB\n", shrinking->left_kib--) < 0 ||
        fclose(f))
        abort();
}

static void remove_meminfo(const struct shrinking *shrinking)
{
    char path[60];

    snprintf(path, sizeof(path), "%s/meminfo", shrinking->folder);
    unlink(path);
    rmdir(shrinking->folder);
}

/* What guests take while they are looked at is missing from the host's memory, not counted twice. */
static void the_hosts_memory_is_read_after_the_domains(void **state)
{
    struct stage *stage = *state;
    struct shrinking shrinking = { "/tmp/test_libvirt_bulk.XXXXXX", 5000 };
    const struct host_view *view = NULL;
    const char *why;

    assert_non_null(mkdtemp(shrinking.folder));
    put_meminfo(&shrinking);
    host_close(stage->host);
    stage->host = open_host(stage, shrinking.folder, 1000);
    lock(stage, 0);
    stage->fake.on_stats = put_meminfo;
    stage->fake.context = &shrinking;
    unlock(stage);
    assert_int_equal(stage->host->ops->gather(stage->host, &view, &why), 0);
    assert_int_equal(view->memory.available_kib, 4999);
    lock(stage, 0);
    stage->fake.on_stats = NULL;
    unlock(stage);
    remove_meminfo(&shrinking);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(statistics_are_read_by_name),
        TEST(a_tick_is_one_call_and_one_for_each_target),
        TEST(statistics_that_are_off_are_switched_on),
        TEST(what_a_bulk_call_misses_is_asked_for_again_but_not_for_ever),
        TEST(a_gather_that_hangs_holds_one_tick_only),
        TEST(a_target_that_hangs_does_not_hold_the_others),
        TEST(a_server_that_dies_is_found_again),
        TEST(memory_beside_the_balloon_is_reckoned_out),
        TEST(a_domain_that_crashed_is_seen_as_one_that_does_not_run),
        TEST(a_change_that_is_denied_is_told_for_that_domain_alone),
        TEST(a_domain_that_stops_is_forgotten_and_a_new_run_is_another),
        TEST(a_domain_that_is_named_twice_is_seen_once),
        TEST(a_server_is_pinged),
        TEST(the_hosts_memory_is_read_after_the_domains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
