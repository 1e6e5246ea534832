/* SPDX-License-Identifier: BSD-3-Clause */
/* Jobs for single domains, on libvirt's test driver: which run of a domain they touch. */
#include "lib/cmocka.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/libvirt_events.h"
#include "host/libvirt_work.h"

#define HAD_KIB 2097152

struct stage {
    struct libvirt_session session;
    atomic_uint_fast64_t calls;
    virDomainPtr domain; /* the test's own handle */
    uint8_t uuid[HOST_UUID_BYTES];
};

static int set_up(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    assert_non_null(stage);
    assert_int_equal(libvirt_events_start(), 0);
    stage->session.connection = virConnectOpen("test:///default");
    assert_non_null(stage->session.connection);
    stage->session.calls = &stage->calls;
    stage->domain = virDomainLookupByName(stage->session.connection, "test");
    assert_non_null(stage->domain);
    assert_int_equal(virDomainGetUUID(stage->domain, stage->uuid), 0);
    *state = stage;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *stage = *state;

    libvirt_handles_free(&stage->session.handles);
    virDomainFree(stage->domain);
    virConnectClose(stage->session.connection);
    libvirt_events_stop();
    free(stage);
    return 0;
}

static int64_t run_id(struct stage *stage)
{
    return (int)virDomainGetID(stage->domain);
}

static void start_anew(struct stage *stage)
{
    int64_t before = run_id(stage);

    assert_int_equal(virDomainDestroy(stage->domain), 0);
    assert_int_equal(virDomainCreate(stage->domain), 0);
    assert_true(run_id(stage) != before);
}

/* What the job comes to; `kib` is for LIBVIRT_SET. */
static int do_work(struct stage *stage, enum libvirt_kind kind, int64_t id, uint64_t kib)
{
    struct libvirt_work *work = libvirt_work_new(kind, stage->uuid, id);
    int r;

    assert_non_null(work);
    work->set_kib = kib;
    work->read_xml = true;
    r = work->job.run(&work->job, &stage->session);
    assert_true(!r == !work->job.text); /* an error says why */
    libvirt_job_free(&work->job);
    return r;
}

static uint64_t balloon_kib(struct stage *stage)
{
    virDomainInfo info;

    assert_int_equal(virDomainGetInfo(stage->domain, &info), 0);
    return info.memory;
}

static void a_job_for_another_run_does_nothing(void **state)
{
    struct stage *stage = *state;
    int64_t before = run_id(stage);

    assert_int_equal(do_work(stage, LIBVIRT_SET, before, HAD_KIB), 0);
    start_anew(stage);
    assert_int_equal(do_work(stage, LIBVIRT_FORGET, before, 0), 0);
    assert_int_equal(do_work(stage, LIBVIRT_SET, before, HAD_KIB / 2), -ENOENT);
    assert_int_equal(do_work(stage, LIBVIRT_EXAMINE, before, 0), -ENOENT);
    assert_int_equal(balloon_kib(stage), HAD_KIB);
}

static void a_handle_of_the_run_before_is_replaced(void **state)
{
    struct stage *stage = *state;
    uint64_t calls;

    assert_int_equal(do_work(stage, LIBVIRT_SET, run_id(stage), HAD_KIB), 0);
    start_anew(stage);
    assert_int_equal(do_work(stage, LIBVIRT_SET, run_id(stage), HAD_KIB / 2), 0);
    assert_int_equal(balloon_kib(stage), HAD_KIB / 2);
    calls = stage->calls;
    assert_int_equal(do_work(stage, LIBVIRT_SET, run_id(stage), HAD_KIB), 0);
    assert_int_equal(stage->calls, calls + 1); /* and kept */
    assert_int_equal(stage->session.handles.n, 1);
}

static void a_domain_that_is_forgotten_leaves_no_handle(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(do_work(stage, LIBVIRT_EXAMINE, run_id(stage), 0), 0);
    assert_int_equal(stage->session.handles.n, 1);
    assert_int_equal(do_work(stage, LIBVIRT_FORGET, run_id(stage), 0), 0);
    assert_int_equal(stage->session.handles.n, 0);
    assert_int_equal(do_work(stage, LIBVIRT_FORGET, run_id(stage), 0), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_job_for_another_run_does_nothing),
        TEST(a_handle_of_the_run_before_is_replaced),
        TEST(a_domain_that_is_forgotten_leaves_no_handle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
