/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/owing.h"

#include <string.h>

#include "util/log.h"

void owing_begin(struct origins *origins, struct domain *d)
{
    if (!origins || d->has_origin)
        return;
    if (origins_add(origins, d->uuid, d->run_id, d->target_kib) == 0)
        d->has_origin = true;
    else
        log_warning("%s: out of memory: what it had is not remembered", d->name);
}

void owing_end(struct origins *origins, struct domain *d)
{
    if (origins)
        origins_drop(origins, d->uuid, d->run_id);
    d->has_origin = false;
}

void owing_resume(const struct origins *origins, struct domains *domains)
{
    for (size_t i = 0; i < domains->n; i++) {
        struct domain *d = domains->list[i];

        d->has_origin = origins && origins_find(origins, d->uuid, d->run_id) != MEMCOORD_UNKNOWN;
    }
}

void owing_see(struct origins *origins, const struct domains *domains)
{
    for (size_t i = 0; i < domains->n; i++) {
        struct domain *d = domains->list[i];
        uint64_t had_kib;

        if (d->origin_over) {
            d->origin_over = false;
            owing_end(origins, d);
        }
        /* more than this daemon knows, if another one took it */
        had_kib = d->effect.is_ineffective ? owing_kib(origins, d) : MEMCOORD_UNKNOWN;
        if (had_kib != MEMCOORD_UNKNOWN)
            d->had_kib = memcoord_max(d->had_kib, had_kib);
    }
}

uint64_t owing_kib(const struct origins *origins, const struct domain *d)
{
    uint64_t had_kib = origins ? origins_find(origins, d->uuid, d->run_id) : MEMCOORD_UNKNOWN;

    return had_kib != MEMCOORD_UNKNOWN && had_kib > d->target_kib ? had_kib : MEMCOORD_UNKNOWN;
}

static int still_runs(const struct origin *origin, void *domains)
{
    return domains_find(domains, origin->uuid, origin->run_id) != NULL;
}

void owing_save(struct origins *origins, struct domains *domains)
{
    int r;

    if (!origins || !origins->changed)
        return;
    origins_keep(origins, still_runs, domains);
    r = origins_save(origins);
    if (r < 0)
        log_warning("%s: what domains had can't be written down: %s", origins->file, strerror(-r));
}
