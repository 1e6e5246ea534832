/* SPDX-License-Identifier: BSD-3-Clause */
/* Which targets of ours a domain may follow: the last, those before it, none. */
#include "control/domain_targets.h"

#include "control/domain_stuck.h"

#define UNKNOWN MEMCOORD_UNKNOWN

void targets_widen_path(struct domain *d, uint64_t kib)
{
    d->path_low_kib = memcoord_min(d->path_low_kib, kib);
    d->path_high_kib = memcoord_max(d->path_high_kib, kib);
}

void targets_adopt(struct domain *d)
{
    d->target_kib = d->path_low_kib = d->path_high_kib = d->balloon_kib;
    d->held = false;
    stuck_forget(d);
}

void targets_asked(struct domain *d, uint64_t kib, uint64_t now_ms)
{
    targets_widen_path(d, d->balloon_kib);
    targets_widen_path(d, d->target_kib);
    targets_widen_path(d, kib);
    d->force_before_kib = d->force_kib;
    d->asked_before_kib = d->asked_kib;
    d->target_before_kib = d->reassert ? d->asked_kib : d->target_kib;
    d->force_kib = memcoord_max(d->force_kib, kib);
    d->target_kib = d->asked_kib = kib;
    d->set_ms = d->arrived_ms = now_ms;
    d->setting = true;
    d->held = d->reassert = false;
}

void targets_ended(struct domain *d, bool well)
{
    d->setting = false;
    if (well) {
        d->force_kib = d->asked_kib == UNKNOWN ? 0 : d->asked_kib;
        return;
    }
    d->force_kib = d->force_before_kib;
    d->asked_kib = d->asked_before_kib;
    d->target_kib = d->target_before_kib == UNKNOWN ? d->balloon_kib : d->target_before_kib;
    if (!d->stuck.is_stuck)
        stuck_wants(d, d->target_kib);
}

void targets_forget(struct domain *d)
{
    d->asked_kib = UNKNOWN;
    d->force_kib = 0;
}

/* The host may tell late of what was before its rest. */
void targets_end_path(struct domain *d)
{
    d->path_low_kib = d->path_high_kib = d->target_kib;
    targets_widen_path(d, d->balloon_kib);
    targets_widen_path(d, d->host_balloon_kib);
}
