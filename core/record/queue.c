/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/queue.h"

#include <time.h>

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int queue_init(struct queue *queue, uint64_t linger_ms, bool waits)
{
    pthread_condattr_t attributes;
    int r;

    *queue = (struct queue){ .linger_ms = linger_ms, .waits = waits };
    queue->end = &queue->first;
    r = pthread_condattr_init(&attributes);
    if (r != 0)
        return -r;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    r = pthread_cond_init(&queue->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (r != 0)
        return -r;
    r = pthread_mutex_init(&queue->mutex, NULL);
    if (r != 0)
        pthread_cond_destroy(&queue->changed);
    return -r;
}

void queue_destroy(struct queue *queue)
{
    tick_copies_free(queue->first);
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->mutex);
}

/* ---- with the mutex held */

static bool is_full(const struct queue *queue)
{
    return queue->n_ticks >= (size_t)QUEUE_BATCHES * QUEUE_BATCH_TICKS ||
           queue->n_rows >= (size_t)QUEUE_BATCHES * QUEUE_BATCH_ROWS;
}

static bool is_batch(size_t n_ticks, size_t n_rows)
{
    return n_ticks >= QUEUE_BATCH_TICKS || n_rows >= QUEUE_BATCH_ROWS;
}

static void wait_until(struct queue *queue, uint64_t ms)
{
    struct timespec until = { .tv_sec = (time_t)(ms / 1000),
                              .tv_nsec = (long)(ms % 1000) * 1000000 };

    pthread_cond_timedwait(&queue->changed, &queue->mutex, &until);
}

static void wait_for_batch(struct queue *queue)
{
    while (!queue->closed && !is_batch(queue->n_ticks, queue->n_rows)) {
        if (queue->n_ticks == 0 || queue->linger_ms == 0)
            pthread_cond_wait(&queue->changed, &queue->mutex);
        else if (now_ms() < queue->due_ms)
            wait_until(queue, queue->due_ms);
        else
            return;
    }
}

static struct tick_copy *cut_batch(struct queue *queue)
{
    struct tick_copy *batch = queue->first, **end = &queue->first;
    size_t n_ticks = 0, n_rows = 0;

    while (*end && !is_batch(n_ticks, n_rows) && !(n_ticks > 0 && (*end)->run)) {
        n_ticks++;
        n_rows += (*end)->tick.n_domains;
        end = &(*end)->next;
    }
    queue->first = *end;
    *end = NULL;
    if (!queue->first)
        queue->end = &queue->first;
    queue->n_ticks -= n_ticks;
    queue->n_rows -= n_rows;
    queue->due_ms = now_ms() + queue->linger_ms;
    return batch;
}

static void append(struct queue *queue, struct tick_copy *tick)
{
    if (queue->n_ticks == 0)
        queue->due_ms = now_ms() + queue->linger_ms;
    *queue->end = tick;
    queue->end = &tick->next;
    queue->n_ticks++;
    queue->n_rows += tick->tick.n_domains;
    pthread_cond_broadcast(&queue->changed);
}

/* ---- the interface */

bool queue_put(struct queue *queue, struct tick_copy *tick)
{
    bool added = false;

    pthread_mutex_lock(&queue->mutex);
    while (tick && queue->waits && is_full(queue))
        pthread_cond_wait(&queue->changed, &queue->mutex);
    if (tick && !is_full(queue)) {
        append(queue, tick);
        added = true;
    } else {
        queue->refused++;
    }
    pthread_mutex_unlock(&queue->mutex);
    return added;
}

struct tick_copy *queue_take(struct queue *queue)
{
    struct tick_copy *batch;

    pthread_mutex_lock(&queue->mutex);
    wait_for_batch(queue);
    batch = cut_batch(queue);
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
    return batch;
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->mutex);
}

bool queue_sleep(struct queue *queue, uint64_t ms)
{
    uint64_t until_ms = now_ms() + ms;
    bool closed;

    pthread_mutex_lock(&queue->mutex);
    while (!queue->closed && now_ms() < until_ms)
        wait_until(queue, until_ms);
    closed = queue->closed;
    pthread_mutex_unlock(&queue->mutex);
    return closed;
}

uint64_t queue_refused(struct queue *queue)
{
    uint64_t refused;

    pthread_mutex_lock(&queue->mutex);
    refused = queue->refused;
    queue->refused = 0;
    pthread_mutex_unlock(&queue->mutex);
    return refused;
}
