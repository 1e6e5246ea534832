/* SPDX-License-Identifier: BSD-3-Clause */
/* Each call to libvirt may never return: a QEMU is stopped, or libvirtd itself does not answer one. The
 * other domains are seen and set meanwhile; and the one is, when it goes on. */
#include "lib/cmocka.h"

#include <errno.h>

#include "lib/faulty.h"
#include "lib/libvirt_stage.h"

#define INTERVAL_MS 400

static int set_up_quick(void **state)
{
    return set_up_with(state, INTERVAL_MS);
}

/* On a server without bulk statistics. */
static int set_up_each(void **state)
{
    struct stage *stage;

    set_up_with(state, INTERVAL_MS);
    stage = *state;
    lock(stage, 0)->devices = BALLOON;
    stage->fake.no_bulk = true;
    unlock(stage);
    return 0;
}

/* Its QEMU is stopped, or goes on. */
static void stop(struct stage *stage, size_t i, bool stopped)
{
    lock(stage, i)->stopped = stopped;
    stage->fake.domains[i].entered = false;
    unlock(stage);
}

static int try_to_set(struct stage *stage, size_t i, uint64_t kib)
{
    uint8_t uuid[HOST_UUID_BYTES] = { [HOST_UUID_BYTES - 1] = (uint8_t)(i + 1) };

    return stage->host->ops->set_target(stage->host, uuid, kib);
}

/* Domain i is set to something, within a tick or two. */
static void can_be_set(struct stage *stage, size_t i)
{
    static uint64_t kib = 600 * MIB;
    uint64_t until_ms = stage->host->ops->now_ms(stage->host) + LONG_MS;

    kib += 1024;
    assert_int_equal(try_to_set(stage, i, kib), 0);
    while (set_kib(stage, i) != kib) {
        assert_true(stage->host->ops->now_ms(stage->host) < until_ms);
        gather(stage);
        usleep(INTERVAL_MS * 1000 / 4);
    }
}

/* Gathers until it is said, or not any more, that domain `name` does not answer. */
static void await_silence(struct stage *stage, const char *name, bool silent)
{
    for (int i = 0; i < 500; i++) {
        const char *why = find(gather(stage), name)->unmanageable;

        if ((why && !strcmp(why, "its QEMU does not answer")) == silent)
            return;
        usleep(10000);
    }
    fail_msg("%s: it never %s", name, silent ? "fell silent" : "answered again");
}

static void the_others_are_seen_and_set(struct stage *stage, const char *but)
{
    const struct host_view *view = gather(stage);

    assert_int_equal(view->n_domains, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct host_domain *d = &view->domains[i];

        if (strcmp(d->name, but)) {
            assert_null(d->unmanageable);
            assert_int_equal(d->unused_kib, 200 * MIB);
        }
    }
    for (size_t i = 0; i < 3; i++)
        if (strcmp(stage->fake.domains[i].name, but))
            can_be_set(stage, i);
}

/* Bulk statistics, or those of one domain: the one is skipped from the very gather that found it. */
static void statistics(void **state)
{
    struct stage *stage = *state;
    const struct host_domain *b;

    gather_whole(stage);
    gather(stage);
    stop(stage, 1, true);
    b = find(gather(stage), "b");
    assert_string_equal(b->unmanageable, "its QEMU does not answer");
    assert_int_equal(b->balloon_kib, 512 * MIB);
    assert_int_equal(b->max_kib, 1024 * MIB);
    assert_int_equal(b->state, HOST_DOMAIN_RUNNING);
    assert_true(b->sampled_ms == MEMCOORD_UNKNOWN && b->rss_kib == MEMCOORD_UNKNOWN);
    assert_int_equal(try_to_set(stage, 1, 600 * MIB), -EBUSY);
    for (int i = 0; i < 5; i++)
        the_others_are_seen_and_set(stage, "b");
    stop(stage, 1, false);
    await_silence(stage, "b", false);
    can_be_set(stage, 1);
}

static void statistics_of_all_but_one(void **state)
{
    struct stage *stage = *state;

    gather_whole(stage);
    stop(stage, 0, true);
    stop(stage, 1, true);
    await_silence(stage, "b", true);
    assert_non_null(find(gather(stage), "a")->unmanageable);
    can_be_set(stage, 2);
    stop(stage, 0, false);
    await_silence(stage, "a", false);
    assert_non_null(find(gather(stage), "b")->unmanageable);
    can_be_set(stage, 0);
    stop(stage, 1, false);
    await_silence(stage, "b", false);
    can_be_set(stage, 1);
}

/* It was stopped before the daemon began, and other calls are in it already. */
static void statistics_from_the_beginning(void **state)
{
    struct stage *stage = *state;

    lock(stage, 1)->stopped = true;
    stage->fake.domains[1].entered = true;
    unlock(stage);
    await_silence(stage, "b", true);
    the_others_are_seen_and_set(stage, "b");
    assert_int_equal(calls(stage, FAKE_JOB_STATS),
                     2); /* the one is not asked: that would hang, too */
    stop(stage, 1, false);
    await_silence(stage, "b", false);
    gather_whole(stage);
    can_be_set(stage, 1);
}

static void a_target(void **state)
{
    struct stage *stage = *state;

    gather_whole(stage);
    flush(stage);
    stop(stage, 0, true);
    assert_int_equal(try_to_set(stage, 0, 700 * MIB), 0);
    await_held(stage);
    assert_int_equal(try_to_set(stage, 0, 701 * MIB), -EBUSY); /* never more than one */
    await_silence(stage, "a", true);
    assert_int_equal(try_to_set(stage, 0, 701 * MIB), -EBUSY);
    for (int i = 0; i < 3; i++)
        the_others_are_seen_and_set(stage, "a");
    assert_int_equal(set_kib(stage, 0), 0);
    stop(stage, 0, false);
    await_silence(stage, "a", false);
    flush(stage);
    assert_int_equal(set_kib(stage, 0), 700 * MIB);
    can_be_set(stage, 0);
}

/* Of this procedure one call hangs, while domain c is examined, which is new. */
static void examining_hangs_in(struct stage *stage, unsigned procedure)
{
    lock(stage, 2)->id = 0;
    unlock(stage);
    gather_whole(stage);
    flush(stage);
    lock(stage, 2)->id = 7;
    stage->fake.hang = procedure;
    unlock(stage);
    gather(stage);
    await_held(stage);
    the_others_are_seen_and_set(stage, "c");
    go_on(stage);
    gather_whole(stage);
    can_be_set(stage, 2);
}

static void reading_the_xml(void **state)
{
    examining_hangs_in(*state, FAKE_XML);
}

static void asking_for_its_job(void **state)
{
    examining_hangs_in(*state, FAKE_JOB_STATS);
}

static void switching_statistics_on(void **state)
{
    examining_hangs_in(*state, FAKE_SET_PERIOD);
}

static void looking_it_up(void **state)
{
    examining_hangs_in(*state, FAKE_LOOKUP_BY_UUID);
}

/* While the list is asked for no domain is entered: the next list is another one. */
static void listing(void **state)
{
    struct stage *stage = *state;

    gather_whole(stage);
    hang(stage, FAKE_LIST_ALL);
    the_others_are_seen_and_set(stage, "");
    go_on(stage);
    the_others_are_seen_and_set(stage, "");
}

/* A domain that does not even say how large it is shows as it was. */
static void asking_for_its_size(void **state)
{
    struct stage *stage = *state;
    const struct host_domain *a;

    gather_whole(stage);
    hang(stage, FAKE_GET_INFO); /* a is asked first */
    a = find(gather(stage), "a");
    assert_string_equal(a->unmanageable, "its QEMU does not answer");
    assert_int_equal(a->balloon_kib, 512 * MIB);
    the_others_are_seen_and_set(stage, "a");
    go_on(stage);
    await_silence(stage, "a", false);
    the_others_are_seen_and_set(stage, "");
}

/* The first target that a worker sets opens its connection. What waits for that is done by another. */
static void opening(void **state)
{
    struct stage *stage = *state;

    lock(stage, 0);
    stage->fake.hang = FAKE_OPEN;
    unlock(stage);
    for (uint64_t until_ms = stage->host->ops->now_ms(stage->host) + 2 * LONG_MS;;) {
        const struct host_view *view =
            gather(stage); /* workers open theirs to examine, and one hangs */

        if (view->n_unread == 0)
            break;
        assert_true(view->now_ms < until_ms);
        usleep(100000);
    }
    for (size_t i = 0; i < 3; i++)
        can_be_set(stage, i);
    assert_int_equal(stage->fake.held, 1);
    go_on(stage);
    the_others_are_seen_and_set(stage, "");
}

/* After a bulk call that hung, another connection is opened, and listens for events: that hangs, too. */
static void opening_hangs_after_statistics(struct stage *stage, unsigned procedure)
{
    const struct host_view *view;
    const char *why = NULL;
    int r = -ENOTCONN;

    gather_whole(stage);
    flush(stage);
    stop(stage, 1, true);
    hang(stage, procedure);
    for (int i = 0; i < 100 && r; i++) {
        r = stage->host->ops->gather(stage->host, &view, &why);
        if (r)
            usleep(100000);
    }
    assert_int_equal(r, 0);
    the_others_are_seen_and_set(stage, "b");
    stop(stage, 1, false);
    go_on(stage);
    await_silence(stage, "b", false);
}

static void opening_anew(void **state)
{
    opening_hangs_after_statistics(*state, FAKE_OPEN);
}

static void listening_for_events(void **state)
{
    opening_hangs_after_statistics(*state, FAKE_LISTEN);
}

/* The host is closed nonetheless, within the patience of a shutdown. */
static void closing_hangs_in(struct stage *stage, unsigned procedure)
{
    gather_whole(stage);
    the_others_are_seen_and_set(stage, "");
    hang(stage, procedure);
    host_close(stage->host);
    await_held(stage);
    go_on(stage);
    lock(stage, 0);
    stage->fake.go_on = false;
    unlock(stage);
    stage->host = open_host(stage, "/proc", INTERVAL_MS);
    gather_whole(stage);
    the_others_are_seen_and_set(stage, "");
}

static void closing(void **state)
{
    closing_hangs_in(*state, FAKE_CLOSE);
}

static void listening_no_more(void **state)
{
    closing_hangs_in(*state, FAKE_UNLISTEN);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up_quick, tear_down)
#define EACH(f)                                        \
    {                                                  \
#f "_of_each", f, set_up_each, tear_down, NULL \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(statistics),
        EACH(statistics),
        TEST(statistics_of_all_but_one),
        EACH(statistics_of_all_but_one),
        TEST(statistics_from_the_beginning),
        TEST(a_target),
        TEST(reading_the_xml),
        TEST(asking_for_its_job),
        TEST(switching_statistics_on),
        TEST(looking_it_up),
        EACH(listing),
        EACH(asking_for_its_size),
        TEST(opening),
        TEST(opening_anew),
        TEST(listening_for_events),
        TEST(closing),
        TEST(listening_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
