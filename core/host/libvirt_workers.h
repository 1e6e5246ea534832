/* SPDX-License-Identifier: BSD-3-Clause */
/* The callers for single domains: each domain sticks to one of them, so that its handle is looked
 * up once and its jobs keep their order. One more asks what it is that holds a domain's own caller.
 * The loop's thread only. */
#ifndef CORE_HOST_LIBVIRT_WORKERS_H
#define CORE_HOST_LIBVIRT_WORKERS_H

#include <stdbool.h>
#include <stdint.h>

#include "host/libvirt_work.h"

#define LIBVIRT_WORKERS 2

struct libvirt_workers {
    struct libvirt_crew *crew;
    uint64_t patience_ms; /* a call that takes longer, while others wait behind it, hangs */
    /* NULL until it has something to do; the last one is for jobs aside */
    struct libvirt_caller *callers[LIBVIRT_WORKERS + 1];
};

/* Queues a job for its domain; it is freed if that fails. 0 or -ENOMEM. */
int libvirt_workers_submit(struct libvirt_workers *workers, struct libvirt_work *work);

/* Has the handles of a domain dropped. Without memory they stay until their connection ends. */
void libvirt_workers_forget(struct libvirt_workers *workers, const uint8_t uuid[HOST_UUID_BYTES],
                            int64_t run_id);

/* Takes a job back that has not begun. False: it has. */
bool libvirt_workers_take_back(struct libvirt_workers *workers, struct libvirt_work *work);

/* Leaves callers to themselves that hang while others wait behind them, as long as not too many hang. */
void libvirt_workers_free_stuck(struct libvirt_workers *workers);

/* True if nothing is queued and nothing runs, but for jobs aside: they change nothing. */
bool libvirt_workers_idle(struct libvirt_workers *workers);

/* Ends them all; what runs gets until `until_ms`. */
void libvirt_workers_close(struct libvirt_workers *workers, uint64_t until_ms);

#endif
