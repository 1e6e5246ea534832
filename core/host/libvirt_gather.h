/* SPDX-License-Identifier: BSD-3-Clause */
/* The job that sees all running domains: one bulk call, and one more for those that it missed. */
#ifndef CORE_HOST_LIBVIRT_GATHER_H
#define CORE_HOST_LIBVIRT_GATHER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/libvirt_caller.h"
#include "host/libvirt_freshness.h"

/* One running domain as libvirt shows it. KiB, UNKNOWN where it is not told. */
struct libvirt_seen {
    uint8_t uuid[HOST_UUID_BYTES];
    char *name;
    int64_t id;
    bool skipped;           /* it was not asked, for a call to it hangs: nothing else is known */
    uint64_t state, reason; /* virDomainState and its reason */
    uint64_t current_kib, maximum_kib; /* with what lies beside the balloon */
    uint64_t rss_kib;                  /* UNKNOWN: its statistics could not be had this time */
    uint64_t last_update_s;
    uint64_t unused_kib, usable_kib, available_kib, disk_caches_kib;
    uint64_t swap_in_kib, swap_out_kib, major_faults;
};

/* Domains that calls which were left to themselves are asking. */
struct libvirt_held {
    uint8_t uuids[LIBVIRT_MOST_LEFT][HOST_UUID_BYTES];
    size_t n;
};

struct libvirt_gather {
    struct libvirt_job job;           /* first */
    bool remote;                      /* in: ask the server for the host's memory */
    uint8_t (*hung)[HOST_UUID_BYTES]; /* in: don't ask twice for these; in order; freed with it */
    size_t n_hung;
    struct libvirt_held held; /* in: don't ask these at all */
    bool again;               /* in: the one before hangs, and whom this one misses is why */

    struct libvirt_seen *seen; /* in the order of the UUIDs, none twice */
    size_t n, capacity;
    struct libvirt_look look;
    bool bulk;                 /* seen by bulk statistics: no rss says that they were missed */
    bool clockless;            /* statistics have no time: they count as taken now */
    struct host_memory memory; /* if remote */
    uint64_t serial;           /* of the connection that saw it */

    pthread_mutex_t lock;           /* guards what follows: who leaves it to itself looks at it */
    bool left;                      /* nobody waits for it: it ends after the present call */
    bool asks;                      /* a single domain ... */
    uint8_t asked[HOST_UUID_BYTES]; /* ... this one, or did so last */
};

/* A job to fill in and submit; NULL without memory. */
struct libvirt_gather *libvirt_gather_new(int kind);

/* A zeroed place at the end of gather->seen with all figures UNKNOWN; NULL without memory. */
struct libvirt_seen *libvirt_gather_add(struct libvirt_gather *gather);

/* The job is about to ask one domain; NULL: it is done with that. -ECANCELED: it was left to itself. */
int libvirt_gather_ask(struct libvirt_gather *gather, const uint8_t *uuid);

/* Nobody waits for the job any more. True if it is asking one domain, `uuid`. */
bool libvirt_gather_leave(struct libvirt_gather *gather, uint8_t uuid[HOST_UUID_BYTES]);

/* Sees all domains one by one, for drivers whose bulk statistics have no balloon: libvirt_each.c.
 * 0, or a negative errno and the reason in *text. */
int libvirt_gather_each(struct libvirt_gather *gather, struct libvirt_session *session,
                        char **text);

/* Memory of the server's host; what can't be had is UNKNOWN. */
void libvirt_gather_memory(struct libvirt_session *session, struct host_memory *memory);

#endif
