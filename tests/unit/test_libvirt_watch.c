/* SPDX-License-Identifier: BSD-3-Clause */
/* Watching a server that does not answer, and one that is not there. */
#include "lib/cmocka.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/libvirt_events.h"
#include "host/libvirt_watch.h"
#include "host/wakeup.h"

static char folder[] = "/tmp/test_libvirt_watch.XXXXXX";
static char path[sizeof(folder) + 5];

struct stage {
    struct libvirt_inbox *inbox;
    struct libvirt_watch watch;
    int server;
};

/* Takes connections, and never says a word. */
static int silent_server(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    unlink(path);
    strcpy(address.sun_path, path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 10), 0);
    return fd;
}

static int set_up(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    char uri[200];

    assert_non_null(stage);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/sock", folder);
    snprintf(uri, sizeof(uri), "qemu:///system?socket=%s", path);
    assert_int_equal(libvirt_events_start(), 0);
    stage->inbox = libvirt_inbox_new();
    stage->watch.crew = libvirt_crew_new(uri, false, stage->inbox);
    stage->watch.caller = libvirt_caller_new(stage->watch.crew, true);
    assert_non_null(stage->watch.caller);
    stage->server = silent_server();
    *state = stage;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *stage = *state;

    if (stage->server >= 0)
        close(stage->server);
    unlink(path);
    rmdir(folder);
    strcpy(folder + sizeof(folder) - 7, "XXXXXX");
    libvirt_watch_close(&stage->watch, wakeup_now_ms() + 2000);
    libvirt_crew_close(stage->watch.crew);
    libvirt_inbox_unref(stage->inbox);
    libvirt_events_stop();
    free(stage);
    return 0;
}

static int see(struct stage *stage)
{
    struct libvirt_gather *gather = libvirt_gather_new(0), *done = NULL;

    return libvirt_watch_see(&stage->watch, gather, &done);
}

static void free_collected(struct stage *stage)
{
    struct libvirt_job *job = libvirt_crew_collect(stage->watch.crew), *next;

    for (; job; job = next) {
        next = job->next;
        libvirt_job_free(job);
    }
}

static void a_server_that_does_not_answer_is_waited_for_once(void **state)
{
    struct stage *stage = *state;
    uint64_t before_ms = wakeup_now_ms();

    assert_int_equal(see(stage), -ENOTCONN);
    assert_in_range(wakeup_now_ms() - before_ms, 990, 5000);
    assert_non_null(strstr(stage->watch.why, "still connecting"));
    /* From then on each look returns at once, and no thread is left to itself for it. */
    before_ms = wakeup_now_ms();
    for (int i = 0; i < 20; i++) {
        free_collected(stage);
        assert_int_equal(see(stage), -ENOTCONN);
    }
    assert_in_range(wakeup_now_ms() - before_ms, 0, 500);
    assert_int_equal(libvirt_crew_left(stage->watch.crew), 0);

    /* It dies: that is the answer. */
    close(stage->server);
    stage->server = -1;
    unlink(path);
    for (int i = 0; i < 500 && stage->watch.pending; i++) {
        usleep(10000);
        free_collected(stage);
        assert_int_equal(see(stage), -ENOTCONN);
    }
    assert_null(stage->watch.pending);
    assert_null(strstr(stage->watch.why, "still connecting"));
}

static void a_server_that_is_not_there_is_tried_ever_more_rarely(void **state)
{
    struct stage *stage = *state;
    uint64_t backoff_ms;

    close(stage->server);
    stage->server = -1;
    unlink(path);
    assert_int_equal(see(stage), -ENOTCONN);
    assert_non_null(strstr(stage->watch.why, path));
    backoff_ms = stage->watch.backoff_ms;
    assert_int_equal(see(stage), -ENOTCONN);
    assert_int_equal(stage->watch.backoff_ms, backoff_ms); /* not tried: too early */
    for (int i = 0; i < 10; i++) {
        uint64_t last_ms = stage->watch.backoff_ms;

        stage->watch.retry_ms = 0; /* as if the time had passed */
        assert_int_equal(see(stage), -ENOTCONN);
        assert_in_range(stage->watch.backoff_ms, last_ms, 2 * last_ms);
    }
    assert_int_equal(stage->watch.backoff_ms, 5000);
}

static void a_server_that_is_lost_after_a_call_was_left_is_lost(void **state)
{
    struct stage *stage = *state;

    stage->watch.fresh = true; /* as when a call was left */
    close(stage->server);
    stage->server = -1;
    unlink(path);
    assert_int_equal(see(stage), -ENOTCONN);
    assert_false(stage->watch.fresh);
}

static void closing_does_not_wait_for_a_server_that_does_not_answer(void **state)
{
    struct stage *stage = *state;
    uint64_t before_ms;

    assert_int_equal(see(stage), -ENOTCONN);
    assert_non_null(stage->watch.pending);
    before_ms = wakeup_now_ms();
    libvirt_watch_close(&stage->watch, before_ms + 100);
    assert_in_range(wakeup_now_ms() - before_ms, 95, 5000);
    assert_int_equal(libvirt_crew_left(stage->watch.crew), 1);
    close(stage->server);
    stage->server = -1;
    while (libvirt_crew_left(stage->watch.crew) > 0)
        usleep(1000);
    free_collected(stage);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_server_that_does_not_answer_is_waited_for_once),
        TEST(a_server_that_is_not_there_is_tried_ever_more_rarely),
        TEST(a_server_that_is_lost_after_a_call_was_left_is_lost),
        TEST(closing_does_not_wait_for_a_server_that_does_not_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
