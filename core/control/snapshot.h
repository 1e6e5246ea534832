/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known at one tick, frozen: the part that a policy sees, and what only the guard needs.
 * Pure: no I/O, no clock, no globals. */
#ifndef CORE_CONTROL_SNAPSHOT_H
#define CORE_CONTROL_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "memcoord/policy.h"

struct snapshot_domain {
    struct memcoord_domain seen; /* what the policy sees */
    const char *unmanaged_why;   /* with MEMCOORD_UNMANAGED: why, for people; not owned */
    uint64_t extra_kib;          /* memory beside the balloon: virtio-mem, DIMMs */
    uint64_t overhead_kib;       /* QEMU's own memory */
    uint64_t shrunk_kib;         /* by how much it was shrunk within the last interval */
    uint64_t force_kib;          /* the highest of our targets that may be in force; 0: none */
    uint64_t
        own_ask_kib; /* what memcoord itself asks of it, whatever the policy does: to try a stuck
                             balloon, or to give back; 0: nothing */
    uint64_t booting_kib; /* what it owns as long as its guest has not answered; else 0 */
    bool set_aside;       /* huge pages: promises nothing of the pool */
    bool not_coming;      /* its balloon has not moved for a while: what it was asked to give
                                    is not counted on */
    bool moved_by_others; /* its balloon is on its way to somebody else's target */
    bool shrink_paused;   /* it took memory back by itself (autodeflate) */
    bool stuck;           /* its balloon does not move: own_ask_kib, or a rescue */
    bool takes_nothing;   /* ... and it was to grow */
    bool uncooperative;   /* ... and has not for long */
    bool without_stats;   /* its guest never gave statistics, and it is coordinated without:
                                    only its min protects it */
    bool ineffective;     /* its QEMU keeps what the guest gives: no shrink, it gets that back */
    bool stale_rescue;    /* its statistics went stale when it was starving, and one step of
                                    help is due */
};

/* Zero it to begin; it is used again for each tick. */
struct snapshot {
    struct memcoord_snapshot seen; /* its pointers lead into this struct */
    struct memcoord_host host;
    struct snapshot_domain *domains;
    const struct memcoord_domain **list;
    size_t capacity;
    uint64_t ksm_sharing_kib; /* memory that KSM saves and that may come back; 0 if unknown */
};

/* Makes room for `n` domains, all zeroed, and wires the pointers. -ENOMEM. */
int snapshot_begin(struct snapshot *snapshot, size_t n);

/* When the domains, total, available and free are filled in: derives the host's reserve, capacity,
 * grantable and pool, and MEMCOORD_MOVABLE of each domain from its other flags. Where host.total or
 * host.available is UNKNOWN, nothing is grantable. */
void snapshot_complete(struct snapshot *snapshot, const struct host_settings *host,
                       const struct guard_settings *guard);

/* What a policy may divide: what the movable domains hold, and `grantable_kib`, less what the guard
 * keeps for rescues; 0 if that is negative. */
uint64_t snapshot_pool_kib(const struct snapshot *snapshot, int64_t grantable_kib,
                           const struct guard_settings *guard);

/* Frees all; a zeroed one is fine. */
void snapshot_free(struct snapshot *snapshot);

/* What an ineffective domain's process holds of the host for its guest, whatever its balloon is; else, and
 * where that is not known, 0. KiB. */
uint64_t snapshot_kept_kib(const struct snapshot_domain *domain);

/* What a domain holds as far as the pool is concerned: max(balloon, target, kept) + extra, in KiB. A target
 * that was given up counts until the host has set another. */
uint64_t snapshot_holds_kib(const struct snapshot_domain *domain);

/* promised(d) = max(0, holds + overhead - rss): memory that the guest may touch without asking
 * anyone, in KiB; holds is the maximum of a guest that is booting. Where rss is unknown, only what it is
 * getting just now (target - balloon); 0 where the memory is set aside. */
uint64_t snapshot_promised_kib(const struct snapshot_domain *domain);

#endif
