/* SPDX-License-Identifier: BSD-3-Clause */
/* When known domains are examined again, on libvirt's test driver. */
#include "lib/cmocka.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/libvirt_domains.h"
#include "host/libvirt_events.h"
#include "host/wakeup.h"

struct stage {
    struct libvirt_domains domains;
    struct libvirt_seen seen;
    struct libvirt_gather gather; /* of that one domain */
};

static int set_up(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    virConnectPtr connection;
    virDomainPtr domain;

    assert_non_null(stage);
    assert_int_equal(libvirt_events_start(), 0);
    connection = virConnectOpen("test:///default");
    domain = virDomainLookupByName(connection, "test");
    virDomainGetUUID(domain, stage->seen.uuid);
    stage->seen.id = (int)virDomainGetID(domain);
    virDomainFree(domain);
    virConnectClose(connection);
    stage->seen.name = strdup("test");
    stage->gather.seen = &stage->seen;
    stage->gather.n = 1;
    stage->domains.inbox = libvirt_inbox_new();
    stage->domains.workers.crew = libvirt_crew_new("test:///default", false, stage->domains.inbox);
    *state = stage;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *stage = *state;

    libvirt_workers_close(&stage->domains.workers, wakeup_now_ms() + 10000);
    libvirt_domains_collect(&stage->domains);
    libvirt_crew_close(stage->domains.workers.crew);
    libvirt_inbox_unref(stage->domains.inbox);
    libvirt_known_free(&stage->domains.known);
    libvirt_events_stop();
    free(stage->seen.name);
    free(stage);
    return 0;
}

/* One look by the connection `serial`; how many calls it led to. */
static uint64_t look(struct stage *stage, uint64_t serial, bool fresh)
{
    stage->gather.serial = serial;
    libvirt_domains_collect(&stage->domains);
    assert_int_equal(libvirt_domains_update(&stage->domains, &stage->gather, fresh), 0);
    while (!libvirt_workers_idle(&stage->domains.workers))
        usleep(1000);
    libvirt_domains_collect(&stage->domains);
    return libvirt_crew_calls(stage->domains.workers.crew);
}

/* A gather that was left to itself ends after all. */
static void end_left_gather(struct stage *stage, int outcome)
{
    struct libvirt_gather *gather = libvirt_gather_new(LIBVIRT_GATHER);

    assert_non_null(gather);
    gather->job.outcome = outcome;
    gather->job.state = LIBVIRT_JOB_ENDED;
    libvirt_crew_disown(stage->domains.workers.crew, &gather->job);
}

static void what_is_known_is_not_asked_for_again(void **state)
{
    assert_true(look(*state, 1, false) > 0);
    assert_int_equal(look(*state, 1, false), 0);
    assert_int_equal(look(*state, 1, false), 0);
}

static void a_connection_that_was_lost_is_made_up_for(void **state)
{
    assert_true(look(*state, 1, false) > 0);
    assert_true(look(*state, 2, false) > 0);
    assert_int_equal(look(*state, 2, false), 0);
}

static void a_connection_that_was_left_with_its_call_misses_nothing(void **state)
{
    assert_true(look(*state, 1, false) > 0);
    assert_int_equal(look(*state, 2, true), 0);
    end_left_gather(*state, 0);
    assert_int_equal(look(*state, 2, false), 0);
    assert_int_equal(look(*state, 3, true), 0);
}

/* It listens no more, and the one in its place does not yet. */
static void a_call_that_was_left_and_ends_before_the_next_connection_is_made_up_for(void **state)
{
    assert_true(look(*state, 1, false) > 0);
    end_left_gather(*state, 0);
    assert_true(look(*state, 2, true) > 0);
    assert_int_equal(look(*state, 2, false), 0);
}

/* The server died, and the next one began so fast that no connection failed. */
static void a_call_that_was_left_and_is_lost_is_made_up_for(void **state)
{
    assert_true(look(*state, 1, false) > 0);
    assert_int_equal(look(*state, 2, true), 0);
    end_left_gather(*state, -ENOTCONN);
    assert_true(look(*state, 2, false) > 0);
    assert_int_equal(look(*state, 2, false), 0);
}

static void xml_that_could_not_be_read_does_not_wait_when_all_is_doubted(void **state)
{
    struct stage *stage = *state;

    look(stage, 1, false);
    stage->domains.known.list[0]->changed = true;
    stage->domains.known.list[0]->retry_ms = UINT64_MAX;
    assert_int_equal(look(stage, 1, false), 0);
    assert_true(look(stage, 2, false) > 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_known_is_not_asked_for_again),
        TEST(xml_that_could_not_be_read_does_not_wait_when_all_is_doubted),
        TEST(a_connection_that_was_lost_is_made_up_for),
        TEST(a_connection_that_was_left_with_its_call_misses_nothing),
        TEST(a_call_that_was_left_and_ends_before_the_next_connection_is_made_up_for),
        TEST(a_call_that_was_left_and_is_lost_is_made_up_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
