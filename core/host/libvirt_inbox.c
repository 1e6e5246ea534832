/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/libvirt_inbox.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* More than that between two looks: it is cheaper to look at every domain. */
#define MOST_LETTERS 4096

struct libvirt_inbox {
    atomic_uint references;
    int fd;
    pthread_mutex_t lock; /* guards what follows */
    struct libvirt_letter *letters;
    size_t n, capacity;
    bool lost;
};

struct libvirt_inbox *libvirt_inbox_new(void)
{
    struct libvirt_inbox *inbox = calloc(1, sizeof(*inbox));

    if (!inbox)
        return NULL;
    inbox->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (inbox->fd < 0) {
        free(inbox);
        return NULL;
    }
    atomic_init(&inbox->references, 1);
    pthread_mutex_init(&inbox->lock, NULL);
    return inbox;
}

struct libvirt_inbox *libvirt_inbox_ref(struct libvirt_inbox *inbox)
{
    atomic_fetch_add(&inbox->references, 1);
    return inbox;
}

void libvirt_inbox_unref(struct libvirt_inbox *inbox)
{
    if (!inbox || atomic_fetch_sub(&inbox->references, 1) > 1)
        return;
    pthread_mutex_destroy(&inbox->lock);
    close(inbox->fd);
    free(inbox->letters);
    free(inbox);
}

int libvirt_inbox_fd(const struct libvirt_inbox *inbox)
{
    return inbox->fd;
}

static void wake(struct libvirt_inbox *inbox)
{
    const uint64_t one = 1;
    ssize_t r = write(inbox->fd, &one, sizeof(one));
    (void)r; /* full: it is awake */
}

/* Room for one more letter, or NULL. */
static struct libvirt_letter *new_letter(struct libvirt_inbox *inbox)
{
    if (inbox->n == inbox->capacity) {
        size_t capacity = inbox->capacity ? inbox->capacity * 2 : 16;
        struct libvirt_letter *more =
            capacity > MOST_LETTERS ? NULL : realloc(inbox->letters, capacity * sizeof(*more));
        if (!more)
            return NULL;
        inbox->letters = more;
        inbox->capacity = capacity;
    }
    return &inbox->letters[inbox->n++];
}

static void put(struct libvirt_inbox *inbox, virDomainPtr domain, unsigned news)
{
    struct libvirt_letter letter = { .news = news };
    struct libvirt_letter *place;

    if (virDomainGetUUID(domain, letter.uuid) < 0)
        return;
    pthread_mutex_lock(&inbox->lock);
    place = new_letter(inbox);
    if (place)
        *place = letter;
    else
        inbox->lost = true;
    pthread_mutex_unlock(&inbox->lock);
}

static int on_lifecycle(virConnectPtr connection, virDomainPtr domain, int event, int detail,
                        void *inbox)
{
    (void)connection;
    (void)detail;
    switch (event) {
    case VIR_DOMAIN_EVENT_DEFINED:
    case VIR_DOMAIN_EVENT_UNDEFINED:
        put(inbox, domain, LIBVIRT_NEWS_CHANGED);
        return 0; /* what runs is as it was */
    case VIR_DOMAIN_EVENT_STARTED:
        put(inbox, domain, LIBVIRT_NEWS_CHANGED);
        break;
    case VIR_DOMAIN_EVENT_RESUMED:
    case VIR_DOMAIN_EVENT_STOPPED:
        put(inbox, domain, LIBVIRT_NEWS_JOB_ENDED);
        break;
    default:
        break;
    }
    wake(inbox);
    return 0;
}

static void on_device(virConnectPtr connection, virDomainPtr domain, const char *alias, void *inbox)
{
    (void)connection;
    (void)alias;
    put(inbox, domain, LIBVIRT_NEWS_CHANGED);
    wake(inbox);
}

static void on_memory_device(virConnectPtr connection, virDomainPtr domain, const char *alias,
                             unsigned long long size, void *inbox)
{
    (void)size;
    on_device(connection, domain, alias, inbox);
}

static void on_migration(virConnectPtr connection, virDomainPtr domain, int iteration, void *inbox)
{
    (void)connection;
    (void)iteration;
    put(inbox, domain, LIBVIRT_NEWS_JOB);
}

static void on_job_completed(virConnectPtr connection, virDomainPtr domain,
                             virTypedParameterPtr params, int n, void *inbox)
{
    (void)connection;
    (void)params;
    (void)n;
    put(inbox, domain, LIBVIRT_NEWS_JOB_ENDED);
}

static void on_close(virConnectPtr connection, int reason, void *inbox)
{
    (void)connection;
    (void)reason;
    wake(inbox);
}

static void let_go(void *inbox)
{
    libvirt_inbox_unref(inbox);
}

static const struct {
    int event;
    virConnectDomainEventGenericCallback callback;
} listens[LIBVIRT_LISTENS] = {
    { VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle) },
    { VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, VIR_DOMAIN_EVENT_CALLBACK(on_device) },
    { VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK(on_device) },
    { VIR_DOMAIN_EVENT_ID_MEMORY_DEVICE_SIZE_CHANGE, VIR_DOMAIN_EVENT_CALLBACK(on_memory_device) },
    { VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION, VIR_DOMAIN_EVENT_CALLBACK(on_migration) },
    { VIR_DOMAIN_EVENT_ID_JOB_COMPLETED, VIR_DOMAIN_EVENT_CALLBACK(on_job_completed) },
};

void libvirt_inbox_listen(struct libvirt_inbox *inbox, virConnectPtr connection,
                          int ids[LIBVIRT_LISTENS])
{
    for (size_t i = 0; i < LIBVIRT_LISTENS; i++) {
        ids[i] =
            virConnectDomainEventRegisterAny(connection, NULL, listens[i].event,
                                             listens[i].callback, libvirt_inbox_ref(inbox), let_go);
        if (ids[i] < 0)
            libvirt_inbox_unref(inbox);
    }
    /* Without a reference: drivers that have no such callback "succeed" and never let go. It can't
     * be called any more when it is unregistered. */
    (void)virConnectRegisterCloseCallback(connection, on_close, inbox, NULL);
}

void libvirt_inbox_unlisten(virConnectPtr connection, const int ids[LIBVIRT_LISTENS])
{
    for (size_t i = 0; i < LIBVIRT_LISTENS; i++) {
        if (ids[i] >= 0)
            virConnectDomainEventDeregisterAny(connection, ids[i]);
    }
    virConnectUnregisterCloseCallback(connection, on_close);
}

bool libvirt_inbox_take(struct libvirt_inbox *inbox, struct libvirt_letter **letters, size_t *n)
{
    bool whole;

    pthread_mutex_lock(&inbox->lock);
    *letters = inbox->letters;
    *n = inbox->n;
    whole = !inbox->lost;
    inbox->letters = NULL;
    inbox->n = inbox->capacity = 0;
    inbox->lost = false;
    pthread_mutex_unlock(&inbox->lock);
    return whole;
}
