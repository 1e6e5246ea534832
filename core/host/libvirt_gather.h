/* SPDX-License-Identifier: BSD-3-Clause */
/* The job that sees all running domains: one bulk call, and one more for those that it missed. */
#ifndef CORE_HOST_LIBVIRT_GATHER_H
#define CORE_HOST_LIBVIRT_GATHER_H

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
    uint64_t state, reason;            /* virDomainState and its reason */
    uint64_t current_kib, maximum_kib; /* with what lies beside the balloon */
    uint64_t rss_kib;                  /* UNKNOWN: its statistics could not be had this time */
    uint64_t last_update_s;
    uint64_t unused_kib, usable_kib, available_kib, disk_caches_kib;
    uint64_t swap_in_kib, swap_out_kib, major_faults;
};

struct libvirt_gather {
    struct libvirt_job job;           /* first */
    bool remote;                      /* in: ask the server for the host's memory */
    uint8_t (*hung)[HOST_UUID_BYTES]; /* in: don't ask twice for these; in order; freed with it */
    size_t n_hung;

    struct libvirt_seen *seen; /* in the order of the UUIDs, none twice */
    size_t n, capacity;
    struct libvirt_look look;
    bool bulk;                 /* seen by bulk statistics: no rss says that they were missed */
    bool clockless;            /* statistics have no time: they count as taken now */
    struct host_memory memory; /* if remote */
    uint64_t serial;           /* of the connection that saw it */
};

/* A job to fill in and submit; NULL without memory. */
struct libvirt_gather *libvirt_gather_new(int kind);

/* A zeroed place at the end of gather->seen with all figures UNKNOWN; NULL without memory. */
struct libvirt_seen *libvirt_gather_add(struct libvirt_gather *gather);

/* Sees all domains one by one, for drivers whose bulk statistics have no balloon: libvirt_each.c.
 * 0, or a negative errno and the reason in *text. */
int libvirt_gather_each(struct libvirt_gather *gather, struct libvirt_session *session,
                        char **text);

/* Memory of the server's host; what can't be had is UNKNOWN. */
void libvirt_gather_memory(struct libvirt_session *session, struct host_memory *memory);

#endif
