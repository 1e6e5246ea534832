/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t unmovable_flags = MEMCOORD_UNMANAGED | MEMCOORD_PAUSED | MEMCOORD_MIGRATING;

static int grow(struct snapshot *snapshot, size_t n)
{
    struct snapshot_domain *domains;
    const struct memcoord_domain **list;

    if (n <= snapshot->capacity)
        return 0;
    domains = calloc(n, sizeof(*domains));
    list = calloc(n, sizeof(*list));
    if (!domains || !list) {
        free(domains);
        free(list);
        return -ENOMEM;
    }
    free(snapshot->domains);
    free(snapshot->list);
    snapshot->domains = domains;
    snapshot->list = list;
    snapshot->capacity = n;
    return 0;
}

int snapshot_begin(struct snapshot *snapshot, size_t n)
{
    int r = grow(snapshot, n);

    if (r < 0)
        return r;
    if (n > 0)
        memset(snapshot->domains, 0, n * sizeof(*snapshot->domains));
    memset(&snapshot->host, 0, sizeof(snapshot->host));
    for (size_t i = 0; i < n; i++) {
        snapshot->domains[i].seen.index = (uint32_t)i;
        snapshot->list[i] = &snapshot->domains[i].seen;
    }
    snapshot->ksm_sharing_kib = 0;
    snapshot->seen = (struct memcoord_snapshot){ .host = &snapshot->host,
                                                 .domains = snapshot->list,
                                                 .n_domains = n };
    return 0;
}

void snapshot_free(struct snapshot *snapshot)
{
    free(snapshot->domains);
    free(snapshot->list);
    memset(snapshot, 0, sizeof(*snapshot));
}

uint64_t snapshot_kept_kib(const struct snapshot_domain *domain)
{
    uint64_t rss_kib = domain->seen.rss_kib, others_kib = domain->overhead_kib + domain->extra_kib;

    if (!domain->ineffective || rss_kib == MEMCOORD_UNKNOWN || rss_kib < others_kib)
        return 0;
    return rss_kib - others_kib;
}

uint64_t snapshot_holds_kib(const struct snapshot_domain *domain)
{
    uint64_t asked_kib = memcoord_max(domain->seen.target_kib, domain->force_kib);
    uint64_t has_kib = memcoord_max(domain->seen.balloon_kib, snapshot_kept_kib(domain));

    return memcoord_max(has_kib, asked_kib) + domain->extra_kib;
}

uint64_t snapshot_promised_kib(const struct snapshot_domain *domain)
{
    const struct memcoord_domain *seen = &domain->seen;
    uint64_t holds_kib =
        memcoord_max(snapshot_holds_kib(domain), domain->booting_kib + domain->extra_kib);
    uint64_t owns_kib = holds_kib + domain->overhead_kib;

    if (domain->set_aside)
        return 0;
    if (seen->rss_kib == MEMCOORD_UNKNOWN) /* only what it is getting just now is known */
        return seen->target_kib > seen->balloon_kib ? seen->target_kib - seen->balloon_kib : 0;
    return owns_kib > seen->rss_kib ? owns_kib - seen->rss_kib : 0;
}

/* Sums over all domains, managed or not. */
struct sums {
    uint64_t holds_kib, promised_kib;
};

static struct sums sum_domains(struct snapshot *snapshot)
{
    struct sums sums = { 0 };

    for (size_t i = 0; i < snapshot->seen.n_domains; i++) {
        struct snapshot_domain *d = &snapshot->domains[i];

        sums.holds_kib += snapshot_holds_kib(d);
        sums.promised_kib += snapshot_promised_kib(d);
        d->seen.flags &= ~MEMCOORD_MOVABLE;
        if (!(d->seen.flags & unmovable_flags) && !d->stuck)
            d->seen.flags |= MEMCOORD_MOVABLE;
    }
    return sums;
}

/* Signed differences: memory is at most 2^34 KiB a domain, so that sums fit int64_t. */
static int64_t grantable(const struct snapshot *snapshot, const struct sums *sums,
                         const struct host_settings *settings)
{
    const struct memcoord_host *host = &snapshot->host;
    int64_t grantable_kib = 0;

    if (host->total_kib != MEMCOORD_UNKNOWN && host->available_kib != MEMCOORD_UNKNOWN)
        grantable_kib = (int64_t)host->available_kib - (int64_t)host->reserve_kib -
                        (int64_t)sums->promised_kib - (int64_t)snapshot->ksm_sharing_kib;
    if (settings->limit_kib > 0) {
        int64_t below_limit_kib = (int64_t)settings->limit_kib - (int64_t)sums->holds_kib;

        if (below_limit_kib < grantable_kib)
            grantable_kib = below_limit_kib;
    }
    return grantable_kib;
}

static uint64_t capacity(const struct memcoord_host *host, const struct host_settings *settings)
{
    uint64_t capacity_kib = 0;

    if (host->total_kib != MEMCOORD_UNKNOWN && host->total_kib > host->reserve_kib)
        capacity_kib = host->total_kib - host->reserve_kib;
    if (settings->limit_kib > 0)
        capacity_kib = memcoord_min(capacity_kib, settings->limit_kib);
    return capacity_kib;
}

uint64_t snapshot_pool_kib(const struct snapshot *snapshot, int64_t grantable_kib,
                           const struct guard_settings *guard)
{
    int64_t pool_kib = grantable_kib;

    for (size_t i = 0; i < snapshot->seen.n_domains; i++) {
        const struct memcoord_domain *d = &snapshot->domains[i].seen;

        if (d->flags & MEMCOORD_MOVABLE)
            pool_kib += (int64_t)memcoord_max(d->balloon_kib, d->target_kib);
    }
    if (guard->rescue)
        pool_kib -= (int64_t)guard->rescue_keep_kib;
    return pool_kib > 0 ? (uint64_t)pool_kib : 0;
}

void snapshot_complete(struct snapshot *snapshot, const struct host_settings *settings,
                       const struct guard_settings *guard)
{
    struct memcoord_host *host = &snapshot->host;
    struct sums sums = sum_domains(snapshot);

    host->reserve_kib =
        amount_of(settings->reserve, host->total_kib == MEMCOORD_UNKNOWN ? 0 : host->total_kib);
    host->capacity_kib = capacity(host, settings);
    host->grantable_kib = grantable(snapshot, &sums, settings);
    host->pool_kib = snapshot_pool_kib(snapshot, host->grantable_kib, guard);
}
