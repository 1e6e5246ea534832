/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes a plan safe, whatever it asks. Pure: no I/O, no clock, no globals. After it, in each tick:
 *  1. an unmanaged, paused or migrating domain is not changed; one that is new, settling or has stale
 *     statistics is not shrunk (a shrink under way is recalled when statistics go stale); one whose
 *     balloon is stuck is tried with a little now and then, and grown only where it is in need; one
 *     whose QEMU keeps what the guest gives gets it back;
 *  2. min <= target <= max for every domain whose target changes;
 *  3. a shrink leaves the guest at least guest_reserve usable;
 *  4. a domain loses at most max_shrink in an interval, however many ticks that is;
 *  5. a guest about to starve gets what brings it back, before all others (rescue), and of that
 *     nothing is taken from it;
 *  6. all grows together stay within grantable, ordinary ones also leave rescue_keep; when rescue or
 *     the reserve is short, the guard itself shrinks, within 1-5;
 *     Of one that is coordinated without statistics 3 and 5 can't be kept: it gives last in 6;
 *  7. a change smaller than the deadband is not made, unless it ends exactly at min or max, or is a
 *     rescue.
 */
#ifndef CORE_CONTROL_GUARD_H
#define CORE_CONTROL_GUARD_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "control/snapshot.h"

enum guard_reason {
    GUARD_NOT_ASKED,     /* nothing was asked, nothing changes */
    GUARD_AS_ASKED,      /* granted in full */
    GUARD_NO_CHANGE,     /* asked for what it has already */
    GUARD_AT_MIN,        /* cut to min */
    GUARD_AT_MAX,        /* cut to max */
    GUARD_GUEST_RESERVE, /* shrinks no further: the guest keeps guest_reserve usable */
    GUARD_GRADUAL,       /* shrinks no faster than max_shrink an interval */
    GUARD_DEADBAND,      /* too small to be worth a call */
    GUARD_BUDGET,        /* the host can't give it now */
    GUARD_RESCUE,        /* the guest was about to starve: grown by the guard */
    GUARD_RESCUE_SHORT,  /* the same, but the host can't give all of it now */
    GUARD_RECALLED,      /* statistics went stale: the shrink under way is taken back */
    GUARD_HOST_SHORT,    /* the host is short: shrunk by the guard */
    GUARD_UNMANAGED,
    GUARD_PAUSED,
    GUARD_MIGRATING,
    GUARD_NEW,           /* no shrink while it may still be booting */
    GUARD_SETTLING,      /* no shrink until the last change has arrived */
    GUARD_STALE,         /* no shrink on old statistics */
    GUARD_NO_STATS,      /* no shrink without statistics */
    GUARD_SHRINK_PAUSED, /* no shrink for a while: it took memory back */
    GUARD_STUCK,         /* nothing but a try now and then: its balloon does not move */
    GUARD_PROBE,         /* such a try */
    GUARD_INEFFECTIVE,   /* no shrink: its QEMU keeps what the guest gives */
    GUARD_GIVEN_BACK,    /* ... and the guest gets it back */
    GUARD_OFF,           /* granted as asked: there is no guard (decide --no-guard) */
    GUARD_REASONS_N
};

/* The verdict on one domain. */
struct guard_verdict {
    uint64_t asked_kib;   /* MEMCOORD_UNKNOWN: nothing was asked */
    uint64_t granted_kib; /* the target from now on; == target_kib: no change, no call */
    enum guard_reason reason;
};

/* Judges what was asked (`asked_kib`, one for each domain of the snapshot by index,
 * MEMCOORD_UNKNOWN where nothing was) into `verdicts`, as many. The result does not depend on the
 * order of the domains. 0, or -ENOMEM with `verdicts` untouched. */
int guard_apply(const struct guard_settings *settings, const struct snapshot *snapshot,
                const uint64_t *asked_kib, struct guard_verdict *verdicts);

/* A short word for JSON and recordings: "as-asked", "budget", "rescue", ... */
const char *guard_reason_name(enum guard_reason reason);

/* The verdict in words with its figures ("kept 100 MiB usable in the guest"), for a person. Always
 * terminated. */
void guard_explain(const struct guard_settings *settings, const struct snapshot_domain *domain,
                   const struct guard_verdict *verdict, char *text, size_t size);

#endif
