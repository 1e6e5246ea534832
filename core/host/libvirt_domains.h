/* SPDX-License-Identifier: BSD-3-Clause */
/* Keeps what is known of the domains up to date: has the workers read what changed, takes in what
 * they found, sets targets. The loop's thread only. */
#ifndef CORE_HOST_LIBVIRT_DOMAINS_H
#define CORE_HOST_LIBVIRT_DOMAINS_H

#include <stdbool.h>
#include <stdint.h>

#include "host/libvirt_inbox.h"
#include "host/libvirt_known.h"
#include "host/libvirt_workers.h"

struct libvirt_domains {
    struct libvirt_inbox *inbox; /* not owned */
    struct libvirt_workers workers;
    struct libvirt_known_table known;
    uint64_t period_s; /* for statistics that are off */
    uint64_t interval_ms;
    bool watch_only;
    unsigned examining; /* jobs that the present update waits for */
    uint64_t serial;    /* of the connection that was seen by last; 0: none */
    bool left_ended; /* a gather that was left to itself has ended since, and its connection ... */
    bool left_lost;  /* ... was lost */
    struct libvirt_held held;
};

/* Two ticks are so far apart, and so are the statistics of domains whose period is not their owner's: the next
 * update has it changed. */
void libvirt_domains_set_interval(struct libvirt_domains *domains, uint64_t interval_ms);

/* Takes in the jobs that have ended since the last time. */
void libvirt_domains_collect(struct libvirt_domains *domains);

/* Makes the known domains what `gather` saw and has those examined that are new or have changed; all
 * of them if events may have been missed: `fresh` if its connection is another one because a call was
 * left to itself. Waits a moment for what they find, so that domains are shown whole as soon as they
 * are shown. 0 or -ENOMEM. */
int libvirt_domains_update(struct libvirt_domains *domains, const struct libvirt_gather *gather,
                           bool fresh);

/* A gather was left to itself: whom it asks is not asked until it ends. */
void libvirt_domains_leave(struct libvirt_domains *domains, struct libvirt_gather *gather);

/* Tells the next gather which domains hang. */
void libvirt_domains_list_hung(const struct libvirt_domains *domains,
                               struct libvirt_gather *gather);

/* host->ops->set_target */
int libvirt_domains_set(struct libvirt_domains *domains, const uint8_t uuid[HOST_UUID_BYTES],
                        uint64_t kib);

#endif
