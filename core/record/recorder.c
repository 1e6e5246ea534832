/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "record/queue.h"
#include "record/run_copy.h"
#include "record/writer.h"
#include "util/complain.h"
#include "util/log.h"

#define ERROR_BYTES 512

/* What a killed daemon loses at most, and how far behind a reader is. Oftener would only write more. */
static const uint64_t linger_ms = 5000;
static const uint64_t retry_ms = 1000;
/* A writer that is waited for is in nobody's way: whoever holds its file is. */
static const int busy_ms = 1000, must_busy_ms = 10000;

struct recorder {
    struct queue queue;
    struct writer *writer;
    pthread_t thread;
    bool must;
    struct record_run *next; /* begins with the next tick that finds room; NULL: none does */
    uint64_t next_keep_ms;
    /* the thread's, until it is joined */
    uint64_t lost;
    int error; /* the first */
    bool in_trouble;
};

/* ---- the thread */

static uint64_t count(const struct tick_copy *batch)
{
    uint64_t n = 0;

    for (; batch; batch = batch->next)
        n++;
    return n;
}

static void say_over(struct recorder *r)
{
    r->lost += queue_refused(&r->queue);
    if (r->in_trouble)
        log_info("the recording can be written again: %" PRIu64 " ticks were lost", r->lost);
    else if (r->lost > 0)
        log_warning("the recording is slower than the ticks: %" PRIu64 " ticks were lost", r->lost);
    r->in_trouble = false;
    r->lost = 0;
}

static void say_trouble(struct recorder *r, const char *error)
{
    if (!r->in_trouble)
        log_error("%s; the recording waits%s", error,
                  r->must ? "" : ", and what there is no room for is lost");
    r->in_trouble = true;
}

/* One batch that must be written, or all is in vain. */
static void write_or_fail(struct recorder *r, const struct tick_copy *batch)
{
    char error[ERROR_BYTES];

    if (r->error == 0) {
        r->error = writer_write(r->writer, batch, error, sizeof(error));
        if (r->error < 0)
            log_error("%s: the recording is not whole", error);
    }
}

/* One batch, tried until it is written or there is no time left. */
static void write_patiently(struct recorder *r, const struct tick_copy *batch)
{
    char error[ERROR_BYTES];

    for (;;) {
        int result = writer_write(r->writer, batch, error, sizeof(error));

        if (result == 0) {
            say_over(r);
            return;
        }
        say_trouble(r, error);
        if (result == -EDOM || queue_sleep(&r->queue, retry_ms)) {
            r->lost += count(batch);
            return;
        }
    }
}

static void *write_all(void *arg)
{
    struct recorder *r = arg;
    struct tick_copy *batch;

    while ((batch = queue_take(&r->queue))) {
        if (batch->run) {
            writer_set_run(r->writer, batch->run, batch->keep_ms);
            batch->run = NULL;
        }
        if (r->must)
            write_or_fail(r, batch);
        else
            write_patiently(r, batch);
        tick_copies_free(batch);
    }
    return NULL;
}

/* ---- the interface */

/* No signal is this thread's: not even that a file grew beyond its limit (SIGXFSZ), which ends a process. */
static int start(struct recorder *r)
{
    sigset_t all, before;
    int result;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    result = -pthread_create(&r->thread, NULL, write_all, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

int recorder_open(const struct recorder_options *options, const struct record_run *run,
                  struct recorder **recorder, char *error, size_t error_size)
{
    const struct writer_options writer = {
        .file = options->file,
        .keep_ms = options->keep_ms,
        .busy_ms = options->must ? must_busy_ms : busy_ms,
        .careful = !options->must,
    };
    struct recorder *r = calloc(1, sizeof(*r));
    int result;

    if (!r)
        return complain(error, error_size, -ENOMEM, "%s: out of memory", options->file);
    r->must = options->must;
    result = writer_open(&writer, run, &r->writer, error, error_size);
    if (result < 0) {
        free(r);
        return result;
    }
    result = queue_init(&r->queue, options->must ? 0 : linger_ms, options->must);
    if (result == 0 && (result = start(r)) < 0)
        queue_destroy(&r->queue);
    if (result == 0) {
        *recorder = r;
        return 0;
    }
    complain(error, error_size, result, "%s: no thread can be started", options->file);
    writer_close(r->writer, NULL, 0);
    free(r);
    return result;
}

static void take(void *to, const struct record_tick *tick)
{
    struct recorder *r = to;

    struct tick_copy *copy = tick_copy_new(tick);

    if (copy) {
        copy->run = r->next;
        copy->keep_ms = r->next_keep_ms;
    }
    if (queue_put(&r->queue, copy)) {
        r->next = NULL;
        return;
    }
    if (copy)
        copy->run = NULL;
    tick_copies_free(copy);
}

int recorder_begin_run(struct recorder *r, const struct record_run *run, uint64_t keep_ms)
{
    struct record_run *next = run_copy_new(run);

    if (!next)
        return -ENOMEM;
    free(r->next);
    r->next = next;
    r->next_keep_ms = keep_ms;
    return 0;
}

struct record_sink recorder_sink(struct recorder *recorder)
{
    return (struct record_sink){ .to = recorder, .tick = take };
}

int recorder_close(struct recorder *r)
{
    char error[ERROR_BYTES];
    int result = 0;

    if (!r)
        return 0;
    queue_close(&r->queue);
    pthread_join(r->thread, NULL);
    r->lost += queue_refused(&r->queue);
    if (r->lost > 0)
        log_error("the recording ends: %" PRIu64 " ticks were lost", r->lost);
    if (r->must)
        result = r->error ? r->error : r->lost > 0 ? -ENOMEM : 0;
    if (writer_close(r->writer, error, sizeof(error)) < 0 && !r->must)
        log_warning("%s; what was written is in the files beside it, too", error);
    queue_destroy(&r->queue);
    free(r->next);
    free(r);
    return result;
}
