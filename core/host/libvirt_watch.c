/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/libvirt_watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/wakeup.h"

/* A gather is waited for half as long again as it usually takes, and at least so long: what is over
 * then, and the call that is made instead, shall fit into one tick. */
#define LEAST_PATIENCE_MS 200
#define USUAL_PATIENCE_MS 1000
#define FIRST_PATIENCE_MS 3000
#define MOST_PATIENCE_MS 30000
/* So many in a row may each be another QEMU that hangs; then it is the server that is slow. */
#define HUNG_AT_ONCE 4
/* A server that lets nobody in does not do so for another connection either. */
#define OPENING_PATIENCE_MS 5000
#define MOST_OPENING_PATIENCE_MS 60000
#define FIRST_BACKOFF_MS 500
/* Guests are alone meanwhile, and a try costs little. */
#define MOST_BACKOFF_MS 5000

static uint64_t patience_ms(const struct libvirt_watch *watch)
{
    unsigned slow = watch->timeouts > HUNG_AT_ONCE ? watch->timeouts - HUNG_AT_ONCE : 0;
    uint64_t ms = memcoord_clamp(watch->interval_ms * 3 / 4, LEAST_PATIENCE_MS, USUAL_PATIENCE_MS);

    ms = watch->usual_ms ? memcoord_max(ms, watch->usual_ms * 3 / 2) : FIRST_PATIENCE_MS;
    return memcoord_min(MOST_PATIENCE_MS, ms << memcoord_min(slow, 5));
}

static uint64_t opening_patience_ms(const struct libvirt_watch *watch)
{
    return memcoord_min(MOST_OPENING_PATIENCE_MS,
                        (uint64_t)OPENING_PATIENCE_MS << memcoord_min(watch->openings, 5));
}

static void back_off(struct libvirt_watch *watch)
{
    watch->backoff_ms =
        watch->backoff_ms ? memcoord_min(2 * watch->backoff_ms, MOST_BACKOFF_MS) : FIRST_BACKOFF_MS;
    watch->retry_ms = wakeup_now_ms() + watch->backoff_ms;
}

/* A job has ended. */
static int judge(struct libvirt_watch *watch, struct libvirt_gather *gather,
                 struct libvirt_gather **done)
{
    int r = gather->job.outcome;
    uint64_t took_ms;

    if (r) {
        snprintf(watch->why, sizeof(watch->why), "%s",
                 gather->job.text ? gather->job.text : strerror(-r));
        if (r == -ENOTCONN || !gather->job.connected) {
            watch->fresh = false; /* whatever was left before, events are lost now */
            back_off(watch);
        }
        r = gather->job.connected ? r : -ENOTCONN;
        libvirt_job_free(&gather->job);
        return r;
    }
    took_ms = memcoord_max(gather->look.now_ms - gather->look.began_ms, 1);
    watch->usual_ms = memcoord_max(took_ms, watch->usual_ms * 7 / 8);
    watch->timeouts = watch->openings = 0;
    watch->backoff_ms = watch->retry_ms = 0;
    *done = gather;
    return 0;
}

/* The job has not ended in time. 0: its caller was replaced, try again. */
static int give_up(struct libvirt_watch *watch, struct libvirt_gather *gather)
{
    const struct libvirt_caller_load load = libvirt_caller_load(watch->caller);
    int r;

    if (load.opening) {
        watch->pending = gather;
        snprintf(watch->why, sizeof(watch->why), "libvirt does not answer: still connecting");
        return -ENOTCONN;
    }
    r = libvirt_caller_replace(&watch->caller);
    if (r) {
        watch->pending = gather;
        snprintf(watch->why, sizeof(watch->why), "%u calls to libvirt hang%s",
                 libvirt_crew_left(watch->crew) + 1,
                 r == -EAGAIN ? "" : ", and there is no memory for another");
        return -ENOTCONN;
    }
    libvirt_crew_disown(watch->crew, &gather->job);
    watch->timeouts++;
    watch->fresh = true;
    return 0;
}

/* The job still has not ended. -EAGAIN: it was left to itself now. */
static int wait_on(struct libvirt_watch *watch)
{
    const struct libvirt_caller_load load = libvirt_caller_load(watch->caller);

    if (load.for_ms < (load.opening ? opening_patience_ms(watch) : patience_ms(watch)) ||
        libvirt_caller_replace(&watch->caller))
        return -ENOTCONN; /* and the reason is as it was */
    if (load.opening) {   /* the job goes along */
        watch->openings++;
        return -ENOTCONN;
    }
    watch->fresh = true;
    libvirt_crew_disown(watch->crew, &watch->pending->job);
    watch->pending = NULL;
    return -EAGAIN;
}

/* What became of a job that was not left. -EAGAIN: there is none any more. */
static int look_at_pending(struct libvirt_watch *watch, struct libvirt_gather **done)
{
    struct libvirt_gather *gather = watch->pending;

    if (!gather)
        return -EAGAIN;
    if (!libvirt_crew_finish(watch->crew, &gather->job, 0))
        return wait_on(watch);
    watch->pending = NULL;
    if (gather->job.outcome)
        return judge(watch, gather, done);
    libvirt_job_free(&gather->job); /* it saw the past */
    return -EAGAIN;
}

int libvirt_watch_see(struct libvirt_watch *watch, struct libvirt_gather *gather,
                      struct libvirt_gather **done)
{
    int r = look_at_pending(watch, done);

    if (r == -EAGAIN && watch->retry_ms > wakeup_now_ms())
        r = -ENOTCONN;
    if (r != -EAGAIN) {
        libvirt_job_free(&gather->job);
        return r;
    }
    gather->job.awaited = true;
    libvirt_caller_submit(watch->caller, &gather->job);
    if (libvirt_crew_finish(watch->crew, &gather->job, wakeup_now_ms() + patience_ms(watch)))
        return judge(watch, gather, done);
    r = give_up(watch, gather);
    if (r)
        return r;
    snprintf(watch->why, sizeof(watch->why), "libvirt does not answer");
    return -ETIMEDOUT;
}

void libvirt_watch_close(struct libvirt_watch *watch, uint64_t until_ms)
{
    if (watch->pending)
        libvirt_crew_disown(watch->crew, &watch->pending->job);
    watch->pending = NULL;
    libvirt_caller_close(watch->caller, until_ms);
    watch->caller = NULL;
}
