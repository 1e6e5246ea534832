/* SPDX-License-Identifier: BSD-3-Clause */
/* What is remembered of each running domain from one gather to the next. The loop's thread only. */
#ifndef CORE_HOST_LIBVIRT_KNOWN_H
#define CORE_HOST_LIBVIRT_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/libvirt_freshness.h"
#include "host/libvirt_gather.h"
#include "host/libvirt_work.h"

struct libvirt_known {
    uint8_t uuid[HOST_UUID_BYTES];
    char *name;
    int64_t run_id;
    struct libvirt_traits traits;
    bool changed;             /* its XML is to be read (again) ... */
    uint64_t retry_ms;        /* ... but not before, for it could not be read */
    uint64_t wait_ms;         /* for so long the last time; 0: it could be read */
    bool period_done;         /* its statistics were switched on in this run, or were on */
    uint64_t our_period_s;    /* the period that we set in this run; 0: we set none */
    bool moving;              /* a migration or the like is under way */
    bool ask_moving;          /* whether it is, is to be asked */
    uint64_t asked_ms;        /* ... and when it was asked last */
    unsigned missed;          /* gathers in a row that did not get its statistics */
    struct libvirt_seen last; /* what was seen of it last; not its name */
    struct libvirt_freshness freshness;
    struct libvirt_work *examining, *setting; /* jobs of it that have not ended; not owned */
    uint64_t set_ms;                          /* when `setting` was begun */
    bool late;                                /* it has not ended for an interval */
    int set_error;                            /* of the target that ended since the last view */
    char *set_text;
    char *shown_text; /* what the last view shows of one before */
};

/* Zero it to begin. */
struct libvirt_known_table {
    struct libvirt_known **list; /* in the order of the UUIDs */
    size_t n;
};

/* Makes the table what `gather` saw: new domains are added, those that are gone are freed. Each whose
 * run is over, gone or running anew, is handed to `ended` before; its jobs are not known after that.
 * 0, or -ENOMEM with nothing changed. */
int libvirt_known_update(struct libvirt_known_table *table, const struct libvirt_gather *gather,
                         void (*ended)(void *context, struct libvirt_known *known), void *context);

/* The domain with this UUID, or NULL. */
struct libvirt_known *libvirt_known_find(const struct libvirt_known_table *table,
                                         const uint8_t uuid[HOST_UUID_BYTES]);

/* True if its QEMU hangs, as far as can be told: one or two misses are other clients' doing, but for
 * those right after a call that hung. Calls that wait for it would hang, too. */
bool libvirt_known_hangs(const struct libvirt_known *known);

/* True if its XML has never been read in this run. */
bool libvirt_known_is_unread(const struct libvirt_known *known);

/* Fills in what a new view shows of a domain; the outcome of its last target is shown once. False if
 * too little is known of it to be shown. */
bool libvirt_known_show(struct libvirt_known *known, const struct libvirt_gather *gather,
                        const struct libvirt_seen *seen, struct host_domain *shown);

void libvirt_known_free(struct libvirt_known_table *table);

#endif
