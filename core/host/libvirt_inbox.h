/* SPDX-License-Identifier: BSD-3-Clause */
/* What libvirt's events said since the last look: they arrive on the event thread, are gathered
 * here, and wake the loop. Counted references: a connection that hangs keeps its own. */
#ifndef CORE_HOST_LIBVIRT_INBOX_H
#define CORE_HOST_LIBVIRT_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libvirt/libvirt.h>

#include "host/host.h"

/* What happened to a domain; bits. */
enum libvirt_news {
    LIBVIRT_NEWS_CHANGED = 1,  /* its definition: read its XML again */
    LIBVIRT_NEWS_JOB = 2,      /* a migration or the like is under way */
    LIBVIRT_NEWS_JOB_ENDED = 4 /* ... or may have ended */
};

struct libvirt_letter {
    uint8_t uuid[HOST_UUID_BYTES];
    unsigned news;
};

/* How many kinds of events are listened to. */
#define LIBVIRT_LISTENS 6

struct libvirt_inbox;

/* NULL if there is no memory. */
struct libvirt_inbox *libvirt_inbox_new(void);
struct libvirt_inbox *libvirt_inbox_ref(struct libvirt_inbox *inbox);
void libvirt_inbox_unref(struct libvirt_inbox *inbox);

/* An eventfd that becomes readable when something happened that is worth a look; the inbox's. */
int libvirt_inbox_fd(const struct libvirt_inbox *inbox);

/* Registers for the events of `connection`; ids[] is for the unlisten. The caller's reference must
 * outlast it. Events that this libvirt or
 * this driver does not know are gone without. */
void libvirt_inbox_listen(struct libvirt_inbox *inbox, virConnectPtr connection,
                          int ids[LIBVIRT_LISTENS]);
void libvirt_inbox_unlisten(virConnectPtr connection, const int ids[LIBVIRT_LISTENS]);

/* Takes all letters: *letters (to be freed) and their number. False if some were lost, for there
 * were too many: take everything for changed. */
bool libvirt_inbox_take(struct libvirt_inbox *inbox, struct libvirt_letter **letters, size_t *n);

#endif
