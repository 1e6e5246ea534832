/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/libvirt_workers.h"

#include <errno.h>

#define ALL (LIBVIRT_WORKERS + 1)
/* A server that lets nobody in does not do so for another connection either. */
#define OPENING_PATIENCE_MS 5000

static struct libvirt_caller **caller_of(struct libvirt_workers *workers,
                                         const struct libvirt_work *work)
{
    unsigned sum = 0;

    if (work->aside)
        return &workers->callers[LIBVIRT_WORKERS];
    for (size_t i = 0; i < HOST_UUID_BYTES; i++)
        sum += work->uuid[i];
    return &workers->callers[sum % LIBVIRT_WORKERS];
}

int libvirt_workers_submit(struct libvirt_workers *workers, struct libvirt_work *work)
{
    struct libvirt_caller **caller = caller_of(workers, work);

    if (!*caller)
        *caller = libvirt_caller_new(workers->crew, false);
    if (!*caller) {
        libvirt_job_free(&work->job);
        return -ENOMEM;
    }
    libvirt_caller_submit(*caller, &work->job);
    return 0;
}

void libvirt_workers_forget(struct libvirt_workers *workers, const uint8_t uuid[HOST_UUID_BYTES],
                            int64_t run_id)
{
    for (int aside = 0; aside < 2; aside++) {
        struct libvirt_work *work = libvirt_work_new(LIBVIRT_FORGET, uuid, run_id);

        if (!work)
            return;
        work->aside = aside;
        if (*caller_of(workers, work))
            (void)libvirt_workers_submit(workers, work);
        else
            libvirt_job_free(&work->job); /* who has made no call has no handle */
    }
}

bool libvirt_workers_take_back(struct libvirt_workers *workers, struct libvirt_work *work)
{
    struct libvirt_caller **caller = caller_of(workers, work);

    return *caller && libvirt_caller_take_back(*caller, &work->job);
}

void libvirt_workers_free_stuck(struct libvirt_workers *workers)
{
    for (size_t i = 0; i < ALL; i++) {
        struct libvirt_caller_load load;

        if (!workers->callers[i])
            continue;
        load = libvirt_caller_load(workers->callers[i]);
        if (load.running && (load.opening || load.queued > 0) &&
            load.for_ms > (load.opening ? OPENING_PATIENCE_MS : workers->patience_ms))
            (void)libvirt_caller_replace(&workers->callers[i]);
    }
}

bool libvirt_workers_idle(struct libvirt_workers *workers)
{
    for (size_t i = 0; i < LIBVIRT_WORKERS; i++) {
        struct libvirt_caller_load load;

        if (!workers->callers[i])
            continue;
        load = libvirt_caller_load(workers->callers[i]);
        if (load.running || load.queued > 0)
            return false;
    }
    return true;
}

void libvirt_workers_close(struct libvirt_workers *workers, uint64_t until_ms)
{
    for (size_t i = 0; i < ALL; i++) {
        libvirt_caller_close(workers->callers[i], until_ms);
        workers->callers[i] = NULL;
    }
}
