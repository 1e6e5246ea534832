/* SPDX-License-Identifier: BSD-3-Clause */
/* Gets a gather job done: patience with what hangs, back-off from what is not there. The loop's
 * thread only. */
#ifndef CORE_HOST_LIBVIRT_WATCH_H
#define CORE_HOST_LIBVIRT_WATCH_H

#include <stdint.h>

#include "host/libvirt_gather.h"

struct libvirt_watch {
    struct libvirt_crew *crew;
    struct libvirt_caller *caller;
    struct libvirt_gather *pending; /* a job that was given up waiting for, but not left: the
                                       connection is still being opened, or too many hang */
    uint64_t interval_ms;          /* of the ticks, which are not to come late for one that hangs */
    uint64_t usual_ms;             /* what a gather takes lately, at most; 0: not known */
    unsigned timeouts;             /* in a row */
    unsigned openings;             /* in a row that were given up */
    uint64_t backoff_ms, retry_ms; /* 0: none */
    bool fresh;                    /* the connection changed because a call was left, not lost */
    char why[512];                 /* why there is nothing to see */
};

/* Runs `gather` (which becomes the watch's). 0 and *done, the caller's to free; or -ENOTCONN, or
 * -ETIMEDOUT, with watch->why. */
int libvirt_watch_see(struct libvirt_watch *watch, struct libvirt_gather *gather,
                      struct libvirt_gather **done);

/* Ends its caller; what runs gets until `until_ms`. */
void libvirt_watch_close(struct libvirt_watch *watch, uint64_t until_ms);

#endif
