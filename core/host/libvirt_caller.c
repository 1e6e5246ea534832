/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/libvirt_caller.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/libvirt_queue.h"
#include "host/libvirt_session.h"
#include "host/libvirt_thread.h"
#include "host/libvirt_uri.h"
#include "host/wakeup.h"

struct libvirt_crew {
    char *uri;
    bool watch_only;
    struct libvirt_inbox *inbox;
    atomic_uint_fast64_t calls;

    pthread_mutex_t lock; /* guards all below, and all of the callers but their sessions */
    pthread_cond_t changed;
    unsigned references;  /* its owner's and each caller's */
    bool closed;          /* nobody collects any more */
    virConnectPtr common; /* the test driver's state may live in the connection: one for all */
    struct libvirt_queue ended;
    unsigned left;
    uint64_t left_ms; /* when that changed last */
};

struct libvirt_caller {
    struct libvirt_crew *crew;
    pthread_t thread;
    pthread_cond_t work;
    struct libvirt_queue queue;
    struct libvirt_job *running;
    uint64_t since_ms;
    bool listens, opening;
    bool stop;  /* end when idle */
    bool alone; /* left to itself: it frees itself */
    bool gone;  /* its thread has done all it does */
    struct libvirt_session session;
};

void libvirt_job_free(struct libvirt_job *job)
{
    if (!job)
        return;
    free(job->text);
    job->free(job);
}

static void monotonic_cond(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* Waits for a change, with the lock held; false when the time is over. */
static bool wait_changed(struct libvirt_crew *crew, uint64_t until_ms)
{
    struct timespec until = { .tv_sec = (time_t)(until_ms / 1000),
                              .tv_nsec = (long)(until_ms % 1000) * 1000000 };

    return pthread_cond_timedwait(&crew->changed, &crew->lock, &until) != ETIMEDOUT;
}

struct libvirt_crew *libvirt_crew_new(const char *uri, bool watch_only, struct libvirt_inbox *inbox)
{
    struct libvirt_crew *crew = calloc(1, sizeof(*crew));

    if (!crew)
        return NULL;
    crew->uri = strdup(uri);
    if (!crew->uri) {
        free(crew);
        return NULL;
    }
    crew->watch_only = watch_only;
    crew->inbox = libvirt_inbox_ref(inbox);
    crew->references = 1;
    atomic_init(&crew->calls, 0);
    pthread_mutex_init(&crew->lock, NULL);
    monotonic_cond(&crew->changed);
    return crew;
}

/* Gives back one reference; the lock is held, and is not any more. */
static void crew_unref_locked(struct libvirt_crew *crew)
{
    bool last = --crew->references == 0;

    pthread_mutex_unlock(&crew->lock);
    if (!last)
        return;
    libvirt_queue_free(&crew->ended);
    if (crew->common)
        virConnectClose(crew->common);
    pthread_cond_destroy(&crew->changed);
    pthread_mutex_destroy(&crew->lock);
    libvirt_inbox_unref(crew->inbox);
    free(crew->uri);
    free(crew);
}

void libvirt_crew_close(struct libvirt_crew *crew)
{
    if (!crew)
        return;
    pthread_mutex_lock(&crew->lock);
    crew->closed = true;
    crew_unref_locked(crew);
}

uint64_t libvirt_crew_calls(struct libvirt_crew *crew)
{
    return atomic_exchange(&crew->calls, 0);
}

unsigned libvirt_crew_left(struct libvirt_crew *crew)
{
    unsigned left;

    pthread_mutex_lock(&crew->lock);
    left = crew->left;
    pthread_mutex_unlock(&crew->lock);
    return left;
}

bool libvirt_crew_is_stuck(struct libvirt_crew *crew)
{
    bool stuck;

    pthread_mutex_lock(&crew->lock);
    stuck = crew->left >= LIBVIRT_MOST_LEFT && wakeup_now_ms() - crew->left_ms >= LIBVIRT_STUCK_MS;
    pthread_mutex_unlock(&crew->lock);
    return stuck;
}

/* One more call, or one less, is left to itself. The lock is held. */
static void count_left(struct libvirt_crew *crew, int change)
{
    crew->left += (unsigned)change;
    crew->left_ms = wakeup_now_ms();
}

struct libvirt_job *libvirt_crew_collect(struct libvirt_crew *crew)
{
    struct libvirt_job *jobs;

    pthread_mutex_lock(&crew->lock);
    jobs = crew->ended.first;
    crew->ended = (struct libvirt_queue){ 0 };
    pthread_mutex_unlock(&crew->lock);
    return jobs;
}

void libvirt_crew_wait(struct libvirt_crew *crew, uint64_t until_ms)
{
    pthread_mutex_lock(&crew->lock);
    if (!crew->ended.first)
        wait_changed(crew, until_ms);
    pthread_mutex_unlock(&crew->lock);
}

static void share_test_connection(struct libvirt_crew *crew, virConnectPtr connection)
{
    char *uri = virConnectGetURI(connection);

    if (uri && libvirt_uri_is_test(uri)) {
        pthread_mutex_lock(&crew->lock);
        if (!crew->common && virConnectRef(connection) == 0)
            crew->common = connection;
        pthread_mutex_unlock(&crew->lock);
    }
    free(uri);
}

bool libvirt_crew_finish(struct libvirt_crew *crew, struct libvirt_job *job, uint64_t until_ms)
{
    bool ended;

    pthread_mutex_lock(&crew->lock);
    while (job->state != LIBVIRT_JOB_ENDED && wait_changed(crew, until_ms))
        ;
    ended = job->state == LIBVIRT_JOB_ENDED;
    pthread_mutex_unlock(&crew->lock);
    return ended;
}

void libvirt_crew_disown(struct libvirt_crew *crew, struct libvirt_job *job)
{
    pthread_mutex_lock(&crew->lock);
    job->awaited = false;
    if (job->state == LIBVIRT_JOB_ENDED)
        libvirt_queue_put(&crew->ended, job);
    pthread_mutex_unlock(&crew->lock);
}

/* A connection for the session, if it has none that lives. The lock is not held. */
static int connect_session(struct libvirt_caller *caller, char **text)
{
    struct libvirt_crew *crew = caller->crew;
    struct libvirt_session *session = &caller->session;
    virConnectPtr common;
    int r;

    if (libvirt_session_alive(session))
        return 0;
    libvirt_session_close(session, caller->listens);
    session->calls = &crew->calls;
    pthread_mutex_lock(&crew->lock);
    common = crew->common;
    pthread_mutex_unlock(&crew->lock);
    if (common) {
        libvirt_session_share(session, common);
    } else {
        r = libvirt_session_open(session, crew->uri, crew->watch_only, text);
        if (r)
            return r;
        share_test_connection(crew, session->connection);
    }
    if (caller->listens)
        libvirt_inbox_listen(crew->inbox, session->connection, session->listens);
    return 0;
}

/* The connection for a job is there, or not (`r`, `text`). False: the job has gone to another caller
 * meanwhile. */
static bool begin_job(struct libvirt_caller *caller, struct libvirt_job *job, int r, char *text)
{
    bool ours;

    pthread_mutex_lock(&caller->crew->lock);
    ours = caller->running == job;
    caller->opening = false;
    caller->since_ms = wakeup_now_ms();
    if (ours) {
        job->connected = r == 0;
        job->text = text;
    } else {
        free(text);
    }
    pthread_mutex_unlock(&caller->crew->lock);
    return ours;
}

/* False: another caller runs it. */
static bool run_job(struct libvirt_caller *caller, struct libvirt_job *job)
{
    char *text = NULL;
    int r = connect_session(caller, &text);

    if (!begin_job(caller, job, r, text))
        return false;
    if (r == 0)
        r = job->run(job, &caller->session);
    job->outcome = r;
    job->ended_ms = wakeup_now_ms();
    if (r == -ENOTCONN)
        libvirt_session_close(&caller->session, caller->listens);
    return true;
}

/* The lock is held. */
static void end_job(struct libvirt_caller *caller, struct libvirt_job *job)
{
    struct libvirt_crew *crew = caller->crew;

    caller->running = NULL;
    job->state = LIBVIRT_JOB_ENDED;
    if (!job->awaited)
        libvirt_queue_put(&crew->ended, job);
    if (crew->closed)
        libvirt_queue_free(&crew->ended);
    pthread_cond_broadcast(&crew->changed);
}

/* The next job, or NULL to end. The lock is held. */
static struct libvirt_job *next_job(struct libvirt_caller *caller)
{
    while (!caller->queue.first && !caller->stop && !caller->alone)
        pthread_cond_wait(&caller->work, &caller->crew->lock);
    return caller->stop || caller->alone ? NULL : libvirt_queue_get(&caller->queue);
}

/* Frees a caller whose thread has ended or never began. The lock is held, and is not any more. */
static void free_caller_locked(struct libvirt_caller *caller)
{
    struct libvirt_crew *crew = caller->crew;

    libvirt_queue_free(&caller->queue);
    pthread_cond_destroy(&caller->work);
    free(caller);
    crew_unref_locked(crew);
}

static void *run_caller(void *argument)
{
    struct libvirt_caller *caller = argument;
    struct libvirt_crew *crew = caller->crew;
    struct libvirt_job *job;
    bool ran;

    pthread_mutex_lock(&crew->lock);
    while ((job = next_job(caller))) {
        job->state = LIBVIRT_JOB_RUNNING;
        caller->running = job;
        caller->opening = true;
        caller->since_ms = wakeup_now_ms();
        pthread_mutex_unlock(&crew->lock);
        ran = run_job(caller, job);
        pthread_mutex_lock(&crew->lock);
        if (ran)
            end_job(caller, job);
    }
    pthread_mutex_unlock(&crew->lock);
    libvirt_session_close(&caller->session, caller->listens);
    pthread_mutex_lock(&crew->lock);
    caller->gone = true;
    pthread_cond_broadcast(&crew->changed);
    if (caller->alone) {
        count_left(crew, -1);
        free_caller_locked(caller);
    } else {
        pthread_mutex_unlock(&crew->lock);
    }
    return NULL;
}

struct libvirt_caller *libvirt_caller_new(struct libvirt_crew *crew, bool listens)
{
    struct libvirt_caller *caller = calloc(1, sizeof(*caller));
    int r;

    if (!caller)
        return NULL;
    caller->crew = crew;
    caller->listens = listens;
    monotonic_cond(&caller->work);
    pthread_mutex_lock(&crew->lock);
    crew->references++;
    r = libvirt_thread_start(&caller->thread, listens ? "libvirt-gather" : "libvirt-set",
                             run_caller, caller);
    if (r) {
        free_caller_locked(caller);
        return NULL;
    }
    pthread_mutex_unlock(&crew->lock);
    return caller;
}

/* The lock is held. */
static void leave_alone(struct libvirt_caller *caller)
{
    caller->alone = true;
    count_left(caller->crew, 1);
    pthread_detach(caller->thread);
    pthread_cond_signal(&caller->work);
}

void libvirt_caller_close(struct libvirt_caller *caller, uint64_t until_ms)
{
    struct libvirt_crew *crew;

    if (!caller)
        return;
    crew = caller->crew;
    pthread_mutex_lock(&crew->lock);
    caller->stop = true;
    libvirt_queue_free(&caller->queue);
    pthread_cond_signal(&caller->work);
    while (!caller->gone && wait_changed(crew, until_ms))
        ;
    if (!caller->gone) {
        leave_alone(caller);
        pthread_mutex_unlock(&crew->lock);
        return;
    }
    pthread_mutex_unlock(&crew->lock);
    pthread_join(caller->thread, NULL);
    pthread_mutex_lock(&crew->lock);
    free_caller_locked(caller);
}

void libvirt_caller_submit(struct libvirt_caller *caller, struct libvirt_job *job)
{
    pthread_mutex_lock(&caller->crew->lock);
    job->state = LIBVIRT_JOB_QUEUED;
    libvirt_queue_put(&caller->queue, job);
    pthread_cond_signal(&caller->work);
    pthread_mutex_unlock(&caller->crew->lock);
}

bool libvirt_caller_take_back(struct libvirt_caller *caller, struct libvirt_job *job)
{
    bool taken;

    pthread_mutex_lock(&caller->crew->lock);
    taken = job->state == LIBVIRT_JOB_QUEUED && libvirt_queue_remove(&caller->queue, job);
    pthread_mutex_unlock(&caller->crew->lock);
    return taken;
}

struct libvirt_caller_load libvirt_caller_load(struct libvirt_caller *caller)
{
    struct libvirt_caller_load load = { 0 };

    pthread_mutex_lock(&caller->crew->lock);
    load.queued = caller->queue.n;
    load.running = caller->running != NULL;
    load.opening = caller->running && caller->opening;
    if (load.running)
        load.for_ms = wakeup_now_ms() - caller->since_ms;
    pthread_mutex_unlock(&caller->crew->lock);
    return load;
}

/* Hands all that has not begun to another caller. The lock is held. */
static void hand_over(struct libvirt_caller *from, struct libvirt_caller *to)
{
    to->queue = from->queue;
    if (to->queue.end == &from->queue.first)
        to->queue.end = &to->queue.first;
    from->queue = (struct libvirt_queue){ 0 };
    if (from->running && from->opening) {
        from->running->state = LIBVIRT_JOB_QUEUED;
        libvirt_queue_put_first(&to->queue, from->running);
        from->running = NULL;
    }
}

int libvirt_caller_replace(struct libvirt_caller **caller)
{
    struct libvirt_caller *old = *caller, *fresh;
    struct libvirt_crew *crew = old->crew;

    if (libvirt_crew_left(crew) >= LIBVIRT_MOST_LEFT)
        return -EAGAIN;
    fresh = libvirt_caller_new(crew, old->listens);
    if (!fresh)
        return -ENOMEM;
    pthread_mutex_lock(&crew->lock);
    hand_over(old, fresh);
    leave_alone(old);
    pthread_cond_signal(&fresh->work);
    pthread_mutex_unlock(&crew->lock);
    *caller = fresh;
    return 0;
}
