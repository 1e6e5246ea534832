/* SPDX-License-Identifier: BSD-3-Clause */
/* Gathering without bulk statistics, and a remote host's memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/libvirt_error.h"
#include "host/libvirt_gather.h"

static void read_statistics(struct libvirt_seen *seen, virDomainPtr domain)
{
    static const struct {
        int tag;
        size_t offset;
    } figures[] = {
        { VIR_DOMAIN_MEMORY_STAT_SWAP_IN, offsetof(struct libvirt_seen, swap_in_kib) },
        { VIR_DOMAIN_MEMORY_STAT_SWAP_OUT, offsetof(struct libvirt_seen, swap_out_kib) },
        { VIR_DOMAIN_MEMORY_STAT_MAJOR_FAULT, offsetof(struct libvirt_seen, major_faults) },
        { VIR_DOMAIN_MEMORY_STAT_UNUSED, offsetof(struct libvirt_seen, unused_kib) },
        { VIR_DOMAIN_MEMORY_STAT_AVAILABLE, offsetof(struct libvirt_seen, available_kib) },
        { VIR_DOMAIN_MEMORY_STAT_RSS, offsetof(struct libvirt_seen, rss_kib) },
        { VIR_DOMAIN_MEMORY_STAT_USABLE, offsetof(struct libvirt_seen, usable_kib) },
        { VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE, offsetof(struct libvirt_seen, last_update_s) },
        { VIR_DOMAIN_MEMORY_STAT_DISK_CACHES, offsetof(struct libvirt_seen, disk_caches_kib) },
    };
    virDomainMemoryStatStruct got[VIR_DOMAIN_MEMORY_STAT_NR];
    int n = virDomainMemoryStats(domain, got, VIR_DOMAIN_MEMORY_STAT_NR, 0);

    for (int i = 0; i < n; i++) {
        for (size_t f = 0; f < sizeof(figures) / sizeof(figures[0]); f++) {
            if (got[i].tag == figures[f].tag)
                *(uint64_t *)((char *)seen + figures[f].offset) = got[i].val;
        }
    }
}

static bool is_held(const struct libvirt_gather *gather, const uint8_t *uuid)
{
    for (size_t i = 0; i < gather->held.n; i++) {
        if (!memcmp(gather->held.uuids[i], uuid, HOST_UUID_BYTES))
            return true;
    }
    return false;
}

/* What can be told of a domain without asking the server. */
static struct libvirt_seen *add_seen(struct libvirt_gather *gather, virDomainPtr domain)
{
    struct libvirt_seen *seen = libvirt_gather_add(gather);

    if (!seen)
        return NULL;
    seen->name = strdup(virDomainGetName(domain));
    if (!seen->name) {
        gather->n--;
        return NULL;
    }
    virDomainGetUUID(domain, seen->uuid);
    seen->id = (int)virDomainGetID(domain);
    return seen;
}

/* A domain that has just stopped is left out: 0. */
static int ask_domain(struct libvirt_gather *gather, struct libvirt_session *session,
                      virDomainPtr domain, char **text)
{
    struct libvirt_seen *seen;
    virDomainInfo info;

    atomic_fetch_add(session->calls, 2);
    if (virDomainGetInfo(domain, &info) < 0) {
        int r = libvirt_error(session->connection, NULL);
        if (r == -ENOTCONN)
            return libvirt_error(session->connection, text);
        return 0;
    }
    seen = add_seen(gather, domain);
    if (!seen)
        return -ENOMEM;
    seen->state = info.state;
    seen->current_kib = info.memory;
    seen->maximum_kib = info.maxMem;
    read_statistics(seen, domain);
    return 0;
}

static int add_domain(struct libvirt_gather *gather, struct libvirt_session *session,
                      virDomainPtr domain, char **text)
{
    uint8_t uuid[HOST_UUID_BYTES];
    struct libvirt_seen *seen;
    int r;

    virDomainGetUUID(domain, uuid);
    if (is_held(gather, uuid)) {
        seen = add_seen(gather, domain);
        if (seen)
            seen->skipped = true;
        return seen ? 0 : -ENOMEM;
    }
    r = libvirt_gather_ask(gather, uuid);
    if (r == 0)
        r = ask_domain(gather, session, domain, text);
    return r ? r : libvirt_gather_ask(gather, NULL);
}

int libvirt_gather_each(struct libvirt_gather *gather, struct libvirt_session *session, char **text)
{
    virDomainPtr *domains = NULL;
    int r = 0, n;

    atomic_fetch_add(session->calls, 1);
    n = virConnectListAllDomains(session->connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    if (n < 0)
        return libvirt_error(session->connection, text);
    for (int i = 0; i < n; i++) {
        if (r == 0)
            r = add_domain(gather, session, domains[i], text);
        virDomainFree(domains[i]);
    }
    free(domains);
    return r;
}

static uint64_t node_figure(const virNodeMemoryStats *stats, int n, const char *field)
{
    for (int i = 0; i < n; i++) {
        if (!strcmp(stats[i].field, field))
            return stats[i].value;
    }
    return MEMCOORD_UNKNOWN;
}

void libvirt_gather_memory(struct libvirt_session *session, struct host_memory *memory)
{
    virNodeMemoryStats stats[16];
    int n = 0;
    uint64_t cached, buffers;

    memset(memory, 0xff, sizeof(*memory)); /* all UNKNOWN */
    atomic_fetch_add(session->calls, 2);
    if (virNodeGetMemoryStats(session->connection, VIR_NODE_MEMORY_STATS_ALL_CELLS, NULL, &n, 0) <
            0 ||
        n <= 0 || n > 16 ||
        virNodeGetMemoryStats(session->connection, VIR_NODE_MEMORY_STATS_ALL_CELLS, stats, &n, 0) <
            0)
        return;
    memory->total_kib = node_figure(stats, n, VIR_NODE_MEMORY_STATS_TOTAL);
    memory->free_kib = node_figure(stats, n, VIR_NODE_MEMORY_STATS_FREE);
    /* There is no MemAvailable, and the cache may be guests' own memory: only what is free counts. */
    memory->available_kib = memory->free_kib;
    cached = node_figure(stats, n, VIR_NODE_MEMORY_STATS_CACHED);
    buffers = node_figure(stats, n, VIR_NODE_MEMORY_STATS_BUFFERS);
    if (cached != MEMCOORD_UNKNOWN && buffers != MEMCOORD_UNKNOWN)
        memory->cached_kib = cached + buffers;
}
