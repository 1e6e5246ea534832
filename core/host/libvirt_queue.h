/* SPDX-License-Identifier: BSD-3-Clause */
/* Jobs that wait for a caller, or to be collected, in their order. Zero it to begin. */
#ifndef CORE_HOST_LIBVIRT_QUEUE_H
#define CORE_HOST_LIBVIRT_QUEUE_H

#include "host/libvirt_caller.h"

struct libvirt_queue {
    struct libvirt_job *first, **end;
    size_t n;
};

static inline void libvirt_queue_put(struct libvirt_queue *queue, struct libvirt_job *job)
{
    if (!queue->first)
        queue->end = &queue->first;
    job->next = NULL;
    *queue->end = job;
    queue->end = &job->next;
    queue->n++;
}

static inline bool libvirt_queue_remove(struct libvirt_queue *queue, struct libvirt_job *job)
{
    for (struct libvirt_job **at = &queue->first; *at; at = &(*at)->next) {
        if (*at != job)
            continue;
        *at = job->next;
        if (queue->end == &job->next)
            queue->end = at;
        queue->n--;
        return true;
    }
    return false;
}

static inline void libvirt_queue_put_first(struct libvirt_queue *queue, struct libvirt_job *job)
{
    if (!queue->first)
        queue->end = &job->next;
    job->next = queue->first;
    queue->first = job;
    queue->n++;
}

static inline struct libvirt_job *libvirt_queue_get(struct libvirt_queue *queue)
{
    struct libvirt_job *job = queue->first;

    if (job)
        libvirt_queue_remove(queue, job);
    return job;
}

static inline void libvirt_queue_free(struct libvirt_queue *queue)
{
    struct libvirt_job *job;

    while ((job = libvirt_queue_get(queue)))
        libvirt_job_free(job);
}

#endif
