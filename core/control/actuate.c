/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/actuate.h"

#include <errno.h>
#include <string.h>

#include "control/domain_stuck.h"
#include "control/domain_targets.h"
#include "control/owing.h"
#include "util/log.h"

static const uint32_t unmovable_flags = MEMCOORD_UNMANAGED | MEMCOORD_PAUSED | MEMCOORD_MIGRATING;

/* Whether the target of domain i changes, and to more (`grows`) or to less. */
static bool changes(const struct actuation *a, size_t i, bool grows)
{
    uint64_t from_kib = a->snapshot->domains[i].seen.target_kib;
    uint64_t to_kib = a->verdicts[i].granted_kib;

    return to_kib != from_kib && (to_kib > from_kib) == grows;
}

/* Written down before anything is changed: a daemon that is killed in between has taken nothing that
 * is not known. */
static void remember_what_they_had(const struct actuation *a)
{
    for (size_t i = 0; i < a->snapshot->seen.n_domains; i++)
        if (changes(a, i, false) || changes(a, i, true))
            owing_begin(a->origins, a->domains->list[i]);
    owing_save(a->origins, a->domains);
}

static const char *refusal(int error)
{
    if (error == -EBUSY)
        return "its last change has not ended, or its QEMU hangs";
    return error == -ENOENT ? "it is gone" : strerror(-error);
}

/* Whatever a stuck one is asked for is a try, too. */
static void ask(const struct actuation *a, struct domain *d, const struct guard_verdict *verdict)
{
    if (d->stuck.is_stuck)
        stuck_probed(d, a->now_ms, a->config);
    if (verdict->reason == GUARD_RECALLED)
        domain_recalled(d, verdict->granted_kib, a->now_ms);
    else
        domain_asked(d, verdict->granted_kib, a->now_ms, a->config->daemon.interval_ms);
}

static void set(const struct actuation *a, struct domain *d, const struct guard_verdict *verdict)
{
    uint64_t kib = verdict->granted_kib;
    int r = a->host->ops->set_target(a->host, d->uuid, kib);

    if (r == 0 && verdict->reason == GUARD_PROBE)
        domain_probed(d, kib, a->now_ms, a->config);
    else if (r == 0)
        ask(a, d, verdict);
    else if (a->last || (r != -EBUSY && r != -ENOENT))
        log_warning("%s: its balloon can't be set now: %s", d->name, refusal(r));
}

static void set_all(const struct actuation *a, bool grows)
{
    for (size_t i = 0; i < a->snapshot->seen.n_domains; i++)
        if (changes(a, i, grows))
            set(a, a->domains->list[i], &a->verdicts[i]);
}

/* What is told anew: the target, but above max no more than the guest has. */
static uint64_t reasserted_kib(const struct memcoord_domain *seen)
{
    return memcoord_max(memcoord_min(seen->target_kib, seen->max_kib),
                        memcoord_min(seen->target_kib, seen->balloon_kib));
}

/* Tells the host that a target which is not followed is none any more. One that must not be changed now
 * is told when it may be; one below min never, for what a host tells of a balloon may be wrong: the older target
 * stays in force, and is counted. */
static void reassert(const struct actuation *a)
{
    for (size_t i = 0; i < a->domains->n; i++) {
        const struct memcoord_domain *seen = &a->snapshot->domains[i].seen;
        struct domain *d = a->domains->list[i];
        uint64_t kib = reasserted_kib(seen);
        int r;

        if (!d->reassert || (seen->flags & unmovable_flags) || kib < seen->min_kib ||
            a->verdicts[i].granted_kib != d->target_kib) /* it gets another */
            continue;
        r = a->host->ops->set_target(a->host, d->uuid, kib);
        if (r == 0)
            targets_asked(d, kib, a->now_ms);
        d->reassert = r == -EBUSY; /* the next tick tries again */
    }
}

void actuate(const struct actuation *actuation)
{
    remember_what_they_had(actuation);
    reassert(actuation);
    set_all(actuation, false);
    set_all(actuation, true);
}
