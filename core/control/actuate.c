/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/actuate.h"

#include <errno.h>
#include <string.h>

#include "util/log.h"

static void remember_origin(const struct actuation *a, struct domain *d)
{
    if (!a->origins || d->has_origin)
        return;
    if (origins_add(a->origins, d->uuid, d->run_id, d->target_kib) == 0)
        d->has_origin = true;
    else
        log_warning("%s: out of memory: what it had is not remembered", d->name);
}

static void set(const struct actuation *a, struct domain *d, uint64_t kib)
{
    int r;

    remember_origin(a, d);
    r = a->host->ops->set_target(a->host, d->uuid, kib);
    if (r == 0)
        domain_asked(d, kib, a->now_ms, a->interval_ms);
    else if (r != -EBUSY && r != -ENOENT)
        log_warning("%s: its balloon can't be set now: %s", d->name, strerror(-r));
}

static void set_all(const struct actuation *a, bool grows)
{
    for (size_t i = 0; i < a->snapshot->seen.n_domains; i++) {
        uint64_t from_kib = a->snapshot->domains[i].seen.target_kib;
        uint64_t to_kib = a->verdicts[i].granted_kib;

        if (to_kib != from_kib && (to_kib > from_kib) == grows)
            set(a, a->domains->list[i], to_kib);
    }
}

/* Tells the host that a target which is not followed is none any more. */
static void reassert(const struct actuation *a)
{
    for (size_t i = 0; i < a->domains->n; i++) {
        struct domain *d = a->domains->list[i];

        if (!d->reassert)
            continue;
        d->reassert = false;
        if (a->verdicts[i].granted_kib == d->target_kib &&
            a->host->ops->set_target(a->host, d->uuid, d->target_kib) == 0)
            d->asked_kib = d->target_kib;
    }
}

static int still_runs(const struct origin *origin, void *arg)
{
    const struct domains *domains = arg;

    for (size_t i = 0; i < domains->n; i++)
        if (domains->list[i]->run_id == origin->run_id &&
            !memcmp(domains->list[i]->uuid, origin->uuid, sizeof(origin->uuid)))
            return 1;
    return 0;
}

static void save_origins(const struct actuation *a)
{
    int r;

    if (!a->origins || !a->origins->changed)
        return;
    origins_keep(a->origins, still_runs, a->domains);
    r = origins_save(a->origins);
    if (r < 0)
        log_warning("%s: what domains had can't be written down: %s", a->origins->file,
                    strerror(-r));
}

void actuate(const struct actuation *actuation)
{
    reassert(actuation);
    set_all(actuation, false);
    set_all(actuation, true);
    save_origins(actuation);
}
