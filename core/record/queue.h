/* SPDX-License-Identifier: BSD-3-Clause */
/* Ticks on their way from who makes them to the thread that writes them. Of core/record only. */
#ifndef CORE_RECORD_QUEUE_H
#define CORE_RECORD_QUEUE_H

#include <pthread.h>

#include "record/tick_copy.h"

/* One transaction takes so many ticks, or rows of domains, whichever is reached first: never so many as
 * happen to be there, so that two runs write the same bytes. */
#define QUEUE_BATCH_TICKS 32
#define QUEUE_BATCH_ROWS 16384
/* So many batches may wait; a tick of 500 domains is about 300 KiB. */
#define QUEUE_BATCHES 4

struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct tick_copy *first, **end;
    size_t n_ticks, n_rows;
    uint64_t
        linger_ms; /* a batch that is not full is taken after this; 0: when it is full, or at the end */
    uint64_t due_ms;  /* when that is, of the first tick */
    uint64_t refused; /* ticks that found no room since queue_refused() was asked */
    bool waits;       /* whoever adds a tick waits for room */
    bool closed;
};

/* 0 or a negative errno. */
int queue_init(struct queue *queue, uint64_t linger_ms, bool waits);

/* Frees what is in it, too. */
void queue_destroy(struct queue *queue);

/* Adds `tick`, which is the queue's then; without room, waits or counts that and returns false: it is still the
 * caller's. NULL counts as one that found no room. */
bool queue_put(struct queue *queue, struct tick_copy *tick);

/* The next batch, a list for tick_copies_free(), when it is due; NULL at the end. All of it is of one run: at most
 * its first tick begins one. */
struct tick_copy *queue_take(struct queue *queue);

/* Nothing more comes: what is in it is due. */
void queue_close(struct queue *queue);

/* Sleeps `ms`, or until it is closed; true if it is. */
bool queue_sleep(struct queue *queue, uint64_t ms);

/* How many ticks found no room since this was asked last. */
uint64_t queue_refused(struct queue *queue);

#endif
