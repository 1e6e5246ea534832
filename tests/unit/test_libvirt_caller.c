/* SPDX-License-Identifier: BSD-3-Clause */
/* Callers, with jobs that hang until they are told to go on. */
#include "lib/cmocka.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/libvirt_caller.h"
#include "host/libvirt_events.h"
#include "host/wakeup.h"

#define LONG_MS 10000

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool open;
    int inside, freed;
};

struct gated_job {
    struct libvirt_job job; /* first */
    struct gate *gate;
    bool waits;
    int id;
};

static int run(struct libvirt_job *job, struct libvirt_session *session)
{
    struct gated_job *gated = (struct gated_job *)job;
    struct gate *gate = gated->gate;

    assert_true(virConnectIsAlive(session->connection) == 1);
    pthread_mutex_lock(&gate->lock);
    gate->inside++;
    pthread_cond_broadcast(&gate->changed);
    while (gated->waits && !gate->open)
        pthread_cond_wait(&gate->changed, &gate->lock);
    gate->inside--;
    pthread_mutex_unlock(&gate->lock);
    return gated->id;
}

static void free_gated(struct libvirt_job *job)
{
    struct gate *gate = ((struct gated_job *)job)->gate;

    pthread_mutex_lock(&gate->lock);
    gate->freed++;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
    free(job);
}

static struct libvirt_job *new_job(struct gate *gate, bool waits, int id)
{
    struct gated_job *gated = calloc(1, sizeof(*gated));

    assert_non_null(gated);
    gated->job.run = run;
    gated->job.free = free_gated;
    gated->gate = gate;
    gated->waits = waits;
    gated->id = id;
    return &gated->job;
}

static struct libvirt_job *awaited(struct libvirt_job *job)
{
    job->awaited = true;
    return job;
}

static void gate_init(struct gate *gate)
{
    memset(gate, 0, sizeof(*gate));
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->changed, NULL);
}

static void gate_wait(struct gate *gate, const int *figure, int value)
{
    pthread_mutex_lock(&gate->lock);
    while (*figure != value)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

static void gate_open(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

static uint64_t soon(uint64_t ms)
{
    return wakeup_now_ms() + ms;
}

struct stage {
    struct libvirt_inbox *inbox;
    struct libvirt_crew *crew;
    struct gate gate;
};

static int set_up(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    assert_non_null(stage);
    assert_int_equal(libvirt_events_start(), 0);
    stage->inbox = libvirt_inbox_new();
    stage->crew = libvirt_crew_new("test:///default", false, stage->inbox);
    assert_non_null(stage->crew);
    gate_init(&stage->gate);
    *state = stage;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *stage = *state;

    libvirt_crew_close(stage->crew);
    libvirt_inbox_unref(stage->inbox);
    libvirt_events_stop();
    free(stage);
    return 0;
}

static void jobs_run_in_order_and_are_collected_in_order(void **state)
{
    struct stage *stage = *state;
    struct libvirt_caller *caller = libvirt_caller_new(stage->crew, false);
    struct libvirt_job *job, *next;
    int n = 0;

    assert_non_null(caller);
    for (int i = 0; i < 5; i++)
        libvirt_caller_submit(caller, new_job(&stage->gate, false, i));
    while (n < 5) {
        libvirt_crew_wait(stage->crew, soon(LONG_MS));
        for (job = libvirt_crew_collect(stage->crew); job; job = next) {
            next = job->next;
            assert_int_equal(job->outcome, n);
            assert_true(job->connected);
            n++;
            libvirt_job_free(job);
        }
    }
    libvirt_caller_close(caller, soon(LONG_MS));
}

static void a_job_that_hangs_is_left_and_the_rest_goes_on(void **state)
{
    struct stage *stage = *state;
    struct libvirt_caller *caller = libvirt_caller_new(stage->crew, false);
    struct libvirt_job *hangs = new_job(&stage->gate, true, 7);
    struct libvirt_job *waits = awaited(new_job(&stage->gate, false, 8)), *late;
    struct libvirt_caller_load load;

    libvirt_caller_submit(caller, hangs);
    libvirt_caller_submit(caller, waits);
    gate_wait(&stage->gate, &stage->gate.inside, 1);
    assert_false(libvirt_crew_finish(stage->crew, waits, soon(50)));
    load = libvirt_caller_load(caller);
    assert_true(load.running && !load.opening && load.queued == 1 && load.for_ms >= 50);

    assert_int_equal(libvirt_caller_replace(&caller), 0);
    assert_int_equal(libvirt_crew_left(stage->crew), 1);
    assert_true(libvirt_crew_finish(stage->crew, waits, soon(LONG_MS)));
    assert_int_equal(waits->outcome, 8);
    libvirt_job_free(waits);

    /* and when it comes back after all, its outcome can be had, and its thread ends */
    gate_open(&stage->gate);
    libvirt_crew_wait(stage->crew, soon(LONG_MS));
    late = libvirt_crew_collect(stage->crew);
    assert_ptr_equal(late, hangs);
    assert_int_equal(late->outcome, 7);
    libvirt_job_free(late);
    while (libvirt_crew_left(stage->crew) > 0)
        usleep(1000);
    libvirt_caller_close(caller, soon(LONG_MS));
}

static void too_many_that_hang_are_not_left(void **state)
{
    struct stage *stage = *state;
    struct libvirt_caller *caller = libvirt_caller_new(stage->crew, false), *last;

    for (int i = 0; i < LIBVIRT_MOST_LEFT; i++) {
        libvirt_caller_submit(caller, new_job(&stage->gate, true, i));
        gate_wait(&stage->gate, &stage->gate.inside, i + 1);
        assert_int_equal(libvirt_caller_replace(&caller), 0);
    }
    last = caller;
    assert_int_equal(libvirt_caller_replace(&caller), -EAGAIN);
    assert_ptr_equal(caller, last);
    assert_int_equal(libvirt_crew_left(stage->crew), LIBVIRT_MOST_LEFT);
    gate_open(&stage->gate);
    while (libvirt_crew_left(stage->crew) > 0)
        usleep(1000);
    assert_int_equal(libvirt_caller_replace(&caller), 0);
    while (libvirt_crew_left(stage->crew) > 0)
        usleep(1000);
    libvirt_caller_close(caller, soon(LONG_MS));
}

static void jobs_that_end_after_all_is_closed_are_freed(void **state)
{
    struct stage *stage = *state;
    struct libvirt_crew *crew = libvirt_crew_new("test:///default", false, stage->inbox);
    struct libvirt_caller *caller = libvirt_caller_new(crew, true);
    uint64_t before_ms = wakeup_now_ms();

    libvirt_caller_submit(caller, new_job(&stage->gate, true, 1));
    libvirt_caller_submit(caller, new_job(&stage->gate, false, 2));
    gate_wait(&stage->gate, &stage->gate.inside, 1);
    libvirt_caller_close(caller, soon(50));
    assert_in_range(wakeup_now_ms() - before_ms, 45, LONG_MS);
    gate_wait(&stage->gate, &stage->gate.freed, 1); /* the one that had not begun */
    assert_int_equal(libvirt_crew_left(crew), 1);
    libvirt_crew_close(crew);
    gate_open(&stage->gate);
    gate_wait(&stage->gate, &stage->gate.freed, 2);
    usleep(50000); /* its thread has a connection to close */
}

static void a_job_that_has_not_begun_can_be_taken_back(void **state)
{
    struct stage *stage = *state;
    struct libvirt_caller *caller = libvirt_caller_new(stage->crew, false);
    struct libvirt_job *first = awaited(new_job(&stage->gate, true, 1));
    struct libvirt_job *second = new_job(&stage->gate, false, 2);
    struct libvirt_job *third = awaited(new_job(&stage->gate, false, 3));

    libvirt_caller_submit(caller, first);
    libvirt_caller_submit(caller, second);
    libvirt_caller_submit(caller, third);
    gate_wait(&stage->gate, &stage->gate.inside, 1);
    assert_false(libvirt_caller_take_back(caller, first));
    assert_true(libvirt_caller_take_back(caller, third)); /* the last: the queue's end moves */
    libvirt_caller_submit(caller, third);
    assert_true(libvirt_caller_take_back(caller, second));
    libvirt_job_free(second);
    gate_open(&stage->gate);
    assert_true(libvirt_crew_finish(stage->crew, third, soon(LONG_MS)));
    assert_false(libvirt_caller_take_back(caller, third));
    libvirt_job_free(third);
    assert_true(libvirt_crew_finish(stage->crew, first, soon(LONG_MS)));
    libvirt_job_free(first);
    libvirt_caller_close(caller, soon(LONG_MS));
}

static void an_awaited_job_is_not_collected(void **state)
{
    struct stage *stage = *state;
    struct libvirt_caller *caller = libvirt_caller_new(stage->crew, false);
    struct libvirt_job *kept = awaited(new_job(&stage->gate, false, 1));
    struct libvirt_job *given_up = awaited(new_job(&stage->gate, false, 2));
    struct libvirt_job *given_up_early = awaited(new_job(&stage->gate, true, 3)), *jobs;

    libvirt_caller_submit(caller, kept);
    libvirt_caller_submit(caller, given_up);
    libvirt_caller_submit(caller, given_up_early);
    gate_wait(&stage->gate, &stage->gate.inside, 1);
    while (libvirt_caller_load(caller).queued > 0)
        usleep(1000);
    assert_true(libvirt_crew_finish(stage->crew, given_up, soon(LONG_MS)));
    assert_null(libvirt_crew_collect(stage->crew));
    assert_true(libvirt_crew_finish(stage->crew, kept, 0));
    libvirt_job_free(kept);
    libvirt_crew_disown(stage->crew, given_up);
    libvirt_crew_disown(stage->crew, given_up_early);
    jobs = libvirt_crew_collect(stage->crew);
    assert_ptr_equal(jobs, given_up);
    assert_null(jobs->next);
    libvirt_job_free(jobs);
    gate_open(&stage->gate);
    libvirt_crew_wait(stage->crew, soon(LONG_MS));
    jobs = libvirt_crew_collect(stage->crew);
    assert_ptr_equal(jobs, given_up_early);
    libvirt_job_free(jobs);
    libvirt_caller_close(caller, soon(LONG_MS));
}

static void without_a_server_jobs_end_with_the_reason(void **state)
{
    struct stage *stage = *state;
    struct libvirt_crew *crew =
        libvirt_crew_new("qemu:///system?socket=/nonexistent/sock", false, stage->inbox);
    struct libvirt_caller *caller = libvirt_caller_new(crew, true);
    struct libvirt_job *job = awaited(new_job(&stage->gate, false, 1));

    libvirt_caller_submit(caller, job);
    assert_true(libvirt_crew_finish(crew, job, soon(LONG_MS)));
    assert_int_equal(job->outcome, -ENOTCONN);
    assert_false(job->connected);
    assert_non_null(strstr(job->text, "/nonexistent/sock"));
    libvirt_job_free(job);
    libvirt_caller_close(caller, soon(LONG_MS));
    libvirt_crew_close(crew);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(jobs_run_in_order_and_are_collected_in_order),
        TEST(a_job_that_hangs_is_left_and_the_rest_goes_on),
        TEST(too_many_that_hang_are_not_left),
        TEST(jobs_that_end_after_all_is_closed_are_freed),
        TEST(a_job_that_has_not_begun_can_be_taken_back),
        TEST(an_awaited_job_is_not_collected),
        TEST(without_a_server_jobs_end_with_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
