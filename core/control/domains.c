/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/domains.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "control/credible.h"
#include "util/log.h"

/* A domain that was started anew under the same UUID has nothing of the one before. */
static int by_run(const void *a, const void *b)
{
    const struct domain *x = a, *y = b;
    int r = memcmp(x->uuid, y->uuid, sizeof(x->uuid));

    return r ? r : (x->run_id > y->run_id) - (x->run_id < y->run_id);
}

static int reserve(struct domains *domains, size_t n)
{
    struct domain **list, **before;

    if (n <= domains->capacity)
        return 0;
    list = calloc(n, sizeof(struct domain *));
    before = calloc(n, sizeof(struct domain *));
    if (!list || !before) {
        free(list);
        free(before);
        return -ENOMEM;
    }
    if (domains->n > 0)
        memcpy(list, domains->list, domains->n * sizeof(struct domain *));
    free(domains->list);
    free(domains->before);
    domains->list = list;
    domains->before = before;
    domains->capacity = n;
    return 0;
}

static void forget(struct domains *domains, struct domain *domain)
{
    tdelete(domain, &domains->tree, by_run);
    domain_free(domain);
}

static struct domain *add(struct domains *domains, const struct host_domain *seen, uint64_t now_ms,
                          const struct config *config)
{
    struct domain *d = domain_new(seen, now_ms, config);

    if (d && domains->policy_state_size > 0)
        d->policy_state = calloc(1, domains->policy_state_size);
    if (!d || (domains->policy_state_size > 0 && !d->policy_state) ||
        !tsearch(d, &domains->tree, by_run)) {
        domain_free(d);
        return NULL;
    }
    log_info("%s: runs, %" PRIu64 " of at most %" PRIu64 " MiB", d->name, d->balloon_kib / 1024,
             seen->max_kib / 1024);
    return d;
}

static bool is_run(const struct domain *d, const struct host_domain *seen)
{
    return d->run_id == seen->run_id && !memcmp(d->uuid, seen->uuid, sizeof(d->uuid));
}

struct domain *domains_find(const struct domains *domains, const uint8_t uuid[HOST_UUID_BYTES],
                            int64_t run_id)
{
    struct domain key = { .run_id = run_id };
    void *found;

    memcpy(key.uuid, uuid, sizeof(key.uuid));
    found = tfind(&key, &domains->tree, by_run);
    return found ? *(struct domain **)found : NULL;
}

/* What is remembered of this run; `hint` is where it was in the list before, if the order held. */
static struct domain *find(const struct domains *domains, const struct host_domain *seen,
                           size_t hint, size_t n_before)
{
    if (hint < n_before && is_run(domains->before[hint], seen))
        return domains->before[hint];
    return domains_find(domains, seen->uuid, seen->run_id);
}

static void forget_unseen(struct domains *domains, size_t n_before)
{
    for (size_t i = 0; i < n_before; i++) {
        struct domain *d = domains->before[i];

        if (d->seen_tick == domains->tick)
            continue;
        log_info("%s: is gone", d->name);
        forget(domains, d);
    }
}

/* That a guest tells what can't be is said, and then not while it goes on. */
static const uint64_t quiet_ms = 60 * 1000;

/* What can't be is not seen. */
static void see(struct domain *d, const struct host_domain *seen, uint64_t now_ms,
                const struct config *config)
{
    const char *why;
    struct host_domain believed = credible(seen, &why);

    if (why && now_ms >= d->quiet_incredible_ms)
        log_warning("%s: its guest's statistics are not used: %s", d->name, why);
    if (why)
        d->quiet_incredible_ms = now_ms + quiet_ms;
    domain_see(d, &believed, now_ms, config);
}

int domains_see(struct domains *domains, const struct host_view *view, const struct config *config)
{
    struct domain **swap;
    size_t n_before = domains->n;
    int r = reserve(domains, view->n_domains);

    if (r < 0)
        return r;
    swap = domains->before;
    domains->before = domains->list;
    domains->list = swap;
    domains->n = 0;
    domains->tick++;
    for (size_t i = 0; i < view->n_domains; i++) {
        const struct host_domain *seen = &view->domains[i];
        struct domain *d = find(domains, seen, i, n_before);

        if (d && d->seen_tick == domains->tick)
            continue; /* named twice in one view */
        if (!d && !(d = add(domains, seen, view->now_ms, config))) {
            r = -ENOMEM;
            continue;
        }
        d->seen_tick = domains->tick;
        see(d, seen, view->now_ms, config);
        domains->list[domains->n++] = d;
    }
    forget_unseen(domains, n_before);
    return r;
}

int domains_set_policy_state(struct domains *domains, size_t size)
{
    void **states = calloc(domains->n + 1, sizeof(*states));
    bool whole = states;

    for (size_t i = 0; whole && size > 0 && i < domains->n; i++)
        whole = (states[i] = calloc(1, size));
    for (size_t i = 0; whole && i < domains->n; i++) {
        void *before = domains->list[i]->policy_state;

        domains->list[i]->policy_state = states[i];
        states[i] = before;
    }
    for (size_t i = 0; states && i < domains->n; i++)
        free(states[i]);
    free(states);
    if (whole)
        domains->policy_state_size = size;
    return whole ? 0 : -ENOMEM;
}

void domains_configure(struct domains *domains, const struct config *config)
{
    for (size_t i = 0; i < domains->n; i++)
        domain_configure(domains->list[i], config);
}

static void fill_host(const struct host_memory *memory, struct snapshot *snapshot)
{
    struct memcoord_host *host = &snapshot->host;

    host->total_kib = memory->total_kib;
    host->available_kib = memory->available_kib;
    host->free_kib = memory->free_kib;
    host->cached_kib = memory->cached_kib;
    host->swap_total_kib = memory->swap_total_kib;
    host->swap_free_kib = memory->swap_free_kib;
    host->psi_some_bp = memory->psi_some_bp;
    host->psi_full_bp = memory->psi_full_bp;
    if (memory->ksm_sharing_kib != MEMCOORD_UNKNOWN)
        snapshot->ksm_sharing_kib = memory->ksm_sharing_kib;
}

static void complete(const struct domains *domains, const struct host_view *view,
                     const struct config *config, struct snapshot *snapshot)
{
    fill_host(&view->memory, snapshot);
    snapshot->seen.tick = domains->tick;
    snapshot->seen.now_ms = view->now_ms;
    snapshot->seen.interval_ms = config->daemon.interval_ms;
    snapshot_complete(snapshot, &config->host, &config->guard);
}

int domains_snapshot(struct domains *domains, const struct host_view *view,
                     const struct config *config, struct snapshot *snapshot)
{
    int r = snapshot_begin(snapshot, domains->n);

    if (r < 0)
        return r;
    for (size_t i = 0; i < domains->n; i++)
        domain_fill(domains->list[i], &snapshot->domains[i], view->now_ms, config);
    complete(domains, view, config, snapshot);
    return 0;
}

int domains_preview(const struct domains *domains, const struct host_view *view,
                    const struct config *config, struct snapshot *snapshot)
{
    int r = snapshot_begin(snapshot, domains->n);

    if (r < 0)
        return r;
    for (size_t i = 0; i < domains->n; i++) {
        struct domain copy = *domains->list[i];

        domain_configure(&copy, config);
        domain_fill(&copy, &snapshot->domains[i], view->now_ms, config);
        snapshot->domains[i].seen.state = NULL;
    }
    complete(domains, view, config, snapshot);
    return 0;
}

void domains_free(struct domains *domains)
{
    for (size_t i = 0; i < domains->n; i++)
        forget(domains, domains->list[i]);
    free(domains->list);
    free(domains->before);
    memset(domains, 0, sizeof(*domains));
}
