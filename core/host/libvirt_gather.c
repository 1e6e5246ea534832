/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/libvirt_gather.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/libvirt_error.h"
#include "host/libvirt_uri.h"
#include "host/wakeup.h"

#define GROUPS (VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_BALLOON)
/* NOWAIT: a domain that another call holds comes without its statistics, instead of holding all. */
#define ALL_FLAGS \
    (VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT)

/* libvirt's records take some 3 KiB a domain, and malloc would keep that from tick to tick; giving it
 * back takes 1 ms for 1,000 domains, a tenth of the call. */
#define MANY 256
/* Another client's poll holds a domain for some 5 ms. */
#define ASK_AGAIN_US 20000

static const struct {
    const char *name;
    size_t offset;
} figures[] = {
    { "state.state", offsetof(struct libvirt_seen, state) },
    { "state.reason", offsetof(struct libvirt_seen, reason) },
    { "balloon.current", offsetof(struct libvirt_seen, current_kib) },
    { "balloon.maximum", offsetof(struct libvirt_seen, maximum_kib) },
    { "balloon.rss", offsetof(struct libvirt_seen, rss_kib) },
    { "balloon.last-update", offsetof(struct libvirt_seen, last_update_s) },
    { "balloon.unused", offsetof(struct libvirt_seen, unused_kib) },
    { "balloon.usable", offsetof(struct libvirt_seen, usable_kib) },
    { "balloon.available", offsetof(struct libvirt_seen, available_kib) },
    { "balloon.disk_caches", offsetof(struct libvirt_seen, disk_caches_kib) },
    { "balloon.swap_in", offsetof(struct libvirt_seen, swap_in_kib) },
    { "balloon.swap_out", offsetof(struct libvirt_seen, swap_out_kib) },
    { "balloon.major_fault", offsetof(struct libvirt_seen, major_faults) },
};

static uint64_t value_of(const virTypedParameter *parameter)
{
    switch (parameter->type) {
    case VIR_TYPED_PARAM_ULLONG:
        return parameter->value.ul;
    case VIR_TYPED_PARAM_UINT:
        return parameter->value.ui;
    case VIR_TYPED_PARAM_INT:
        return parameter->value.i < 0 ? MEMCOORD_UNKNOWN : (uint64_t)parameter->value.i;
    case VIR_TYPED_PARAM_LLONG:
        return parameter->value.l < 0 ? MEMCOORD_UNKNOWN : (uint64_t)parameter->value.l;
    default:
        return MEMCOORD_UNKNOWN;
    }
}

static void read_figures(struct libvirt_seen *seen, const virDomainStatsRecord *record)
{
    for (int p = 0; p < record->nparams; p++) {
        const virTypedParameter *parameter = &record->params[p];

        for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
            if (!strcmp(parameter->field, figures[i].name)) {
                *(uint64_t *)((char *)seen + figures[i].offset) = value_of(parameter);
                break;
            }
        }
    }
}

struct libvirt_seen *libvirt_gather_add(struct libvirt_gather *gather)
{
    struct libvirt_seen *seen;

    if (gather->n == gather->capacity) {
        size_t capacity = gather->capacity ? gather->capacity * 2 : 64;
        seen = realloc(gather->seen, capacity * sizeof(*seen));
        if (!seen)
            return NULL;
        gather->seen = seen;
        gather->capacity = capacity;
    }
    seen = &gather->seen[gather->n++];
    memset(seen, 0, sizeof(*seen));
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
        *(uint64_t *)((char *)seen + figures[i].offset) = MEMCOORD_UNKNOWN;
    return seen;
}

static int add_record(struct libvirt_gather *gather, const virDomainStatsRecord *record)
{
    struct libvirt_seen *seen = libvirt_gather_add(gather);

    if (!seen)
        return -ENOMEM;
    seen->name = strdup(virDomainGetName(record->dom));
    if (!seen->name)
        return -ENOMEM;
    virDomainGetUUID(record->dom, seen->uuid);
    seen->id = (int)virDomainGetID(record->dom);
    read_figures(seen, record);
    return 0;
}

static int compare_uuids(const void *a, const void *b)
{
    return memcmp(a, b, HOST_UUID_BYTES);
}

/* The UUID is the first thing in a libvirt_seen, as in `hung`. */
_Static_assert(offsetof(struct libvirt_seen, uuid) == 0, "bsearch and qsort compare the UUID");

static struct libvirt_seen *find(struct libvirt_gather *gather, const uint8_t *uuid)
{
    return bsearch(uuid, gather->seen, gather->n, sizeof(*gather->seen), compare_uuids);
}

static bool is_hung(const struct libvirt_gather *gather, const uint8_t *uuid)
{
    return gather->n_hung > 0 &&
           bsearch(uuid, gather->hung, gather->n_hung, HOST_UUID_BYTES, compare_uuids);
}

/* Asks once more for the domains that the bulk call missed: another client polled them just then,
 * or they hang, which is why it is once. What it does not get either stays missing. */
static void ask_again(struct libvirt_gather *gather, struct libvirt_session *session,
                      virDomainStatsRecordPtr *records, size_t n)
{
    virDomainPtr *missed = calloc(n + 1, sizeof(*missed)); /* ends with NULL */
    virDomainStatsRecordPtr *again = NULL;
    size_t n_missed = 0;
    int got;

    for (size_t i = 0; missed && i < n; i++) {
        uint8_t uuid[HOST_UUID_BYTES];
        const struct libvirt_seen *seen;

        virDomainGetUUID(records[i]->dom, uuid);
        seen = find(gather, uuid);
        if (seen && seen->rss_kib == MEMCOORD_UNKNOWN && !is_hung(gather, uuid))
            missed[n_missed++] = records[i]->dom;
    }
    if (n_missed > 0) {
        usleep(ASK_AGAIN_US);
        atomic_fetch_add(session->calls, 1);
        got =
            virDomainListGetStats(missed, GROUPS, &again, VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
        for (int i = 0; i < got; i++) {
            uint8_t uuid[HOST_UUID_BYTES];
            struct libvirt_seen *seen;

            virDomainGetUUID(again[i]->dom, uuid);
            seen = find(gather, uuid);
            if (seen)
                read_figures(seen, again[i]);
        }
        if (got >= 0)
            virDomainStatsRecordListFree(again);
    }
    free(missed);
}

static bool any_balloon(const struct libvirt_gather *gather)
{
    for (size_t i = 0; i < gather->n; i++) {
        if (gather->seen[i].current_kib != MEMCOORD_UNKNOWN)
            return true;
    }
    return false;
}

static void forget_all(struct libvirt_gather *gather)
{
    for (size_t i = 0; i < gather->n; i++)
        free(gather->seen[i].name);
    gather->n = 0;
}

/* In the order of the UUIDs, and none twice, whatever the server says. */
static void sort(struct libvirt_gather *gather)
{
    size_t kept = 0;

    if (gather->n > 0)
        qsort(gather->seen, gather->n, sizeof(*gather->seen), compare_uuids);
    for (size_t i = 0; i < gather->n; i++) {
        if (kept > 0 && !compare_uuids(&gather->seen[kept - 1], &gather->seen[i]))
            free(gather->seen[i].name);
        else
            gather->seen[kept++] = gather->seen[i];
    }
    gather->n = kept;
}

static int gather_bulk(struct libvirt_gather *gather, struct libvirt_session *session)
{
    virDomainStatsRecordPtr *records = NULL;
    int r = 0, n;

    atomic_fetch_add(session->calls, 1);
    n = virConnectGetAllDomainStats(session->connection, GROUPS, &records, ALL_FLAGS);
    if (n < 0) {
        r = libvirt_error(session->connection, &gather->job.text);
        if (r == -EOPNOTSUPP)
            session->each = true;
        return r;
    }
    for (int i = 0; r == 0 && i < n; i++)
        r = add_record(gather, records[i]);
    if (r == 0 && n > 0) {
        sort(gather);
        session->each = !any_balloon(gather);
        if (!session->each)
            ask_again(gather, session, records, (size_t)n);
    }
    virDomainStatsRecordListFree(records);
    if (n >= MANY)
        malloc_trim(0);
    return r;
}

static bool is_clockless(virConnectPtr connection)
{
    char *uri = virConnectGetURI(connection);
    bool test = uri && libvirt_uri_is_test(uri);

    free(uri);
    return test;
}

static int run(struct libvirt_job *job, struct libvirt_session *session)
{
    struct libvirt_gather *gather = (struct libvirt_gather *)job;
    struct timespec wall;
    int r = 0;

    gather->look.began_ms = wakeup_now_ms();
    if (!session->each)
        r = gather_bulk(gather, session);
    if (session->each) {
        forget_all(gather);
        free(job->text);
        job->text = NULL;
        r = libvirt_gather_each(gather, session, &job->text);
        sort(gather);
    }
    if (r)
        return r;
    if (gather->remote)
        libvirt_gather_memory(session, &gather->memory);
    gather->bulk = !session->each;
    gather->clockless = is_clockless(session->connection);
    gather->serial = session->serial;
    gather->look.now_ms = wakeup_now_ms();
    clock_gettime(CLOCK_REALTIME, &wall);
    gather->look.wall_ms = (uint64_t)wall.tv_sec * 1000 + (uint64_t)wall.tv_nsec / 1000000;
    return 0;
}

int libvirt_gather_ask(struct libvirt_gather *gather, const uint8_t *uuid)
{
    bool left;

    pthread_mutex_lock(&gather->lock);
    left = gather->left;
    if (!left)
        gather->asks = uuid != NULL;
    if (!left && uuid)
        memcpy(gather->asked, uuid, HOST_UUID_BYTES);
    pthread_mutex_unlock(&gather->lock);
    return left ? -ECANCELED : 0;
}

bool libvirt_gather_leave(struct libvirt_gather *gather, uint8_t uuid[HOST_UUID_BYTES])
{
    bool asks;

    pthread_mutex_lock(&gather->lock);
    gather->left = true;
    asks = gather->asks;
    memcpy(uuid, gather->asked, HOST_UUID_BYTES);
    pthread_mutex_unlock(&gather->lock);
    return asks;
}

static void free_gather(struct libvirt_job *job)
{
    struct libvirt_gather *gather = (struct libvirt_gather *)job;

    pthread_mutex_destroy(&gather->lock);
    forget_all(gather);
    free(gather->seen);
    free(gather->hung);
    free(gather);
}

struct libvirt_gather *libvirt_gather_new(int kind)
{
    struct libvirt_gather *gather = calloc(1, sizeof(*gather));

    if (!gather)
        return NULL;
    gather->job.run = run;
    gather->job.free = free_gather;
    gather->job.kind = kind;
    pthread_mutex_init(&gather->lock, NULL);
    return gather;
}
