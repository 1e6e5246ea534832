/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/libvirt_watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/wakeup.h"

/* A gather is waited for at least so long, and 4 times what it usually takes. */
#define LEAST_PATIENCE_MS 1000
#define MOST_PATIENCE_MS 30000
#define FIRST_BACKOFF_MS 500
/* Guests are alone meanwhile, and a try costs little. */
#define MOST_BACKOFF_MS 5000

static uint64_t patience_ms(const struct libvirt_watch *watch)
{
    uint64_t ms = memcoord_max(LEAST_PATIENCE_MS, 4 * watch->usual_ms);

    return memcoord_min(MOST_PATIENCE_MS, ms << memcoord_min(watch->timeouts, 5));
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
    took_ms = gather->look.now_ms - gather->look.began_ms;
    watch->usual_ms = memcoord_max(took_ms, watch->usual_ms * 7 / 8);
    watch->timeouts = 0;
    watch->backoff_ms = watch->retry_ms = 0;
    *done = gather;
    return 0;
}

/* The job has not ended in time. 0: its caller was replaced, try again. */
static int give_up(struct libvirt_watch *watch, struct libvirt_gather *gather)
{
    const struct libvirt_caller_load load = libvirt_caller_load(watch->caller);

    if (load.opening) {
        watch->pending = gather;
        snprintf(watch->why, sizeof(watch->why), "libvirt does not answer: still connecting");
        return -ENOTCONN;
    }
    if (libvirt_caller_replace(&watch->caller)) {
        watch->pending = gather;
        snprintf(watch->why, sizeof(watch->why),
                 "%u calls to libvirt hang: nothing is done until one of them comes back",
                 libvirt_crew_left(watch->crew));
        return -ENOTCONN;
    }
    libvirt_crew_disown(watch->crew, &gather->job);
    watch->timeouts++;
    watch->fresh = true;
    return 0;
}

/* What became of a job that was not left. -EAGAIN: there is none any more. */
static int look_at_pending(struct libvirt_watch *watch, struct libvirt_gather **done)
{
    struct libvirt_gather *gather = watch->pending;

    if (!gather)
        return -EAGAIN;
    if (!libvirt_crew_finish(watch->crew, &gather->job, 0)) {
        const struct libvirt_caller_load load = libvirt_caller_load(watch->caller);

        if (load.opening || load.for_ms < patience_ms(watch) ||
            libvirt_caller_replace(&watch->caller))
            return -ENOTCONN; /* and the reason is as it was */
        libvirt_crew_disown(watch->crew, &gather->job);
        watch->pending = NULL;
        watch->fresh = true;
        return -EAGAIN;
    }
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
