/* SPDX-License-Identifier: BSD-3-Clause */
/* What the libvirt host learns of domains that change, start anew, or change while it can't look. */
#include "lib/cmocka.h"

#include <errno.h>

#include <libvirt/libvirt.h>

#include "lib/libvirt_stage.h"

#define NO_BALLOON "<memballoon model='none'/>"

static void set_devices(struct stage *stage, size_t i, const char *devices)
{
    lock(stage, i)->devices = devices;
    unlock(stage);
}

/* Gathers until `name` can't be managed for want of a balloon, or can be. */
static void await_balloon(struct stage *stage, const char *name, bool has_one)
{
    for (int i = 0; i < 1000; i++) {
        const struct host_domain *d = find(gather(stage), name);

        if (d && (has_one ? !d->unmanageable
                          : d->unmanageable && !strcmp(d->unmanageable, "it has no balloon")))
            return;
        usleep(10000);
    }
    fail_msg("the XML of %s was not read again", name);
}

/* Gathers until some XML has been read since `before` was counted, and all of it. */
static void await_xml(struct stage *stage, unsigned before)
{
    for (int i = 0; i < 1000; i++) {
        gather(stage);
        if (calls(stage, FAKE_XML) > before) {
            flush(stage);
            gather(stage);
            return;
        }
        usleep(10000);
    }
    fail_msg("no XML was read again");
}

static void a_device_that_comes_or_goes_has_the_xml_read_again(void **state)
{
    struct stage *stage = *state;

    gather_whole(stage);
    set_devices(stage, 0, NO_BALLOON);
    assert_int_equal(fake_tell(&stage->fake, fake_device_removed, 0, "balloon0", 0, NULL), 1);
    await_balloon(stage, "a", false);
    set_devices(stage, 0, BALLOON);
    assert_int_equal(fake_tell(&stage->fake, fake_device_added, 0, "balloon0", 0, NULL), 1);
    await_balloon(stage, "a", true);
}

static void a_definition_that_changes_is_read_again(void **state)
{
    struct stage *stage = *state;
    const uint32_t defined[] = { VIR_DOMAIN_EVENT_DEFINED, VIR_DOMAIN_EVENT_DEFINED_UPDATED };

    gather_whole(stage);
    set_devices(stage, 1, NO_BALLOON);
    assert_int_equal(fake_tell(&stage->fake, fake_lifecycle, 1, NULL, 2, defined), 1);
    await_balloon(stage, "b", false);
}

static void xml_that_could_not_be_read_is_read_later(void **state)
{
    struct stage *stage = *state;

    lock(stage, 1)->bad_xml = 2;
    unlock(stage);
    for (int i = 0; i < 1000; i++) {
        const struct host_domain *b = find(gather(stage), "b");

        if (b->unmanageable && !strcmp(b->unmanageable, "its XML can't be read"))
            break;
        usleep(10000);
    }
    await_balloon(stage, "b", true);
    gather_whole(stage);
    assert_int_equal(calls(stage, FAKE_XML), 2 + 1 + 2); /* the others' once */
}

/* 200 gathers may take some ms, or a minute: at 0.5, 1.5, 3.5, 7.5, 15, 31 and 63 s. */
static void xml_that_stays_unreadable_is_tried_ever_more_rarely(void **state)
{
    struct stage *stage = *state;

    lock(stage, 1)->bad_xml = 1000;
    unlock(stage);
    for (int i = 0; i < 200; i++)
        gather(stage);
    flush(stage);
    assert_in_range(calls(stage, FAKE_XML), 3, 2 + 8);
}

static void statistics_that_somebody_switched_off_again_stay_off(void **state)
{
    struct stage *stage = *state;
    unsigned before;

    gather_whole(stage);
    assert_int_equal(period_s(stage, 2), 1);
    lock(stage, 2)->period_s = 0;
    unlock(stage);
    before = calls(stage, FAKE_XML);
    assert_int_equal(fake_tell(&stage->fake, fake_device_added, 2, "net1", 0, NULL), 1);
    await_xml(stage, before);
    assert_int_equal(calls(stage, FAKE_SET_PERIOD), 1);
    assert_int_equal(period_s(stage, 2), 0);
}

/* The handle is not seen, but the look-up that makes another is. */
static void the_handle_of_a_domain_that_stops_is_dropped(void **state)
{
    struct stage *stage = *state;
    unsigned before;

    gather_whole(stage);
    lock(stage, 1)->id = 0;
    unlock(stage);
    assert_null(find(gather(stage), "b"));
    before = calls(stage, FAKE_LOOKUP_BY_UUID);
    lock(stage, 1)->id = 2;
    unlock(stage);
    gather_whole(stage);
    assert_int_equal(calls(stage, FAKE_LOOKUP_BY_UUID), before + 1);
}

static void a_target_does_not_reach_the_next_run(void **state)
{
    struct stage *stage = *state;
    const struct host_view *view = gather_whole(stage);
    uint8_t a[HOST_UUID_BYTES], c[HOST_UUID_BYTES];

    memcpy(a, find(view, "a")->uuid, sizeof(a));
    memcpy(c, find(view, "c")->uuid, sizeof(c));
    hang(stage, FAKE_SET_MEMORY_FLAGS);
    assert_int_equal(stage->host->ops->set_target(stage->host, a, 600 * MIB), 0);
    await_held(stage);
    assert_int_equal(stage->host->ops->set_target(stage->host, c, 300 * MIB), 0); /* behind a's */
    lock(stage, 2)->id = 9;
    unlock(stage);
    assert_int_equal(find(gather(stage), "c")->run_id, 9);
    go_on(stage);
    flush(stage);
    assert_int_equal(find(gather_whole(stage), "c")->set_error, 0);
    assert_int_equal(set_kib(stage, 2), 0);
    assert_int_equal(set_kib(stage, 0), 600 * MIB);
    assert_int_equal(stage->host->ops->set_target(stage->host, c, 700 * MIB), 0);
    flush(stage);
    assert_int_equal(set_kib(stage, 2), 700 * MIB);
}

/* Gathers until the server is found again. */
static void await_server(struct stage *stage)
{
    const struct host_view *view;
    const char *why;

    for (int i = 0; i < 1000; i++) {
        if (stage->host->ops->gather(stage->host, &view, &why) == 0)
            return;
        usleep(10000);
    }
    fail_msg("the server was not found again");
}

static void what_changes_while_the_server_is_away_is_found(void **state)
{
    struct stage *stage = *state;

    gather_whole(stage);
    fake_kill(&stage->fake);
    set_devices(stage, 0, NO_BALLOON);
    fake_listen(&stage->fake);
    await_server(stage);
    await_balloon(stage, "a", false);
}

/* A call hangs and is left to itself; then libvirtd dies, and another begins at once. */
static void what_changes_when_the_server_dies_with_a_call_is_found(void **state)
{
    struct stage *stage = *state;
    const struct host_view *view;
    const char *why;

    for (int i = 0; i < 20; i++)
        gather_whole(stage); /* until it knows how long that takes */
    hang(stage, FAKE_ALL_STATS);
    fake_close(&stage->fake);
    assert_int_equal(stage->host->ops->gather(stage->host, &view, &why), -ENOTCONN);
    set_devices(stage, 0, NO_BALLOON);
    fake_hang_up(&stage->fake);
    fake_listen(&stage->fake);
    await_server(stage);
    await_balloon(stage, "a", false);
}

/* The interval has changed: statistics that memcoord switched on come as often; what an owner has set stays. */
static void a_period_of_ours_follows_the_interval(void **state)
{
    struct stage *stage = *state;

    gather_whole(stage);
    assert_int_equal(period_s(stage, 2), 1);
    lock(stage, 2)->devices = BALLOON; /* as libvirt tells it now */
    unlock(stage);
    host_set_interval(stage->host, 5000);
    gather(stage);
    flush(stage);
    assert_int_equal(period_s(stage, 2), 5);
    assert_int_equal(period_s(stage, 0), 0);
    lock(stage, 2)->devices = "<memballoon model='virtio'><stats period='9'/></memballoon>";
    unlock(stage);
    host_set_interval(stage->host, 1000);
    gather(stage);
    flush(stage);
    assert_int_equal(period_s(stage, 2), 5); /* somebody else has set it meanwhile */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_period_of_ours_follows_the_interval),
        TEST(a_device_that_comes_or_goes_has_the_xml_read_again),
        TEST(a_definition_that_changes_is_read_again),
        TEST(xml_that_could_not_be_read_is_read_later),
        TEST(xml_that_stays_unreadable_is_tried_ever_more_rarely),
        TEST(statistics_that_somebody_switched_off_again_stay_off),
        TEST(the_handle_of_a_domain_that_stops_is_dropped),
        TEST(a_target_does_not_reach_the_next_run),
        TEST(what_changes_while_the_server_is_away_is_found),
        TEST(what_changes_when_the_server_dies_with_a_call_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
