/* SPDX-License-Identifier: BSD-3-Clause */
/* One tick as it is recorded: what was seen, asked, granted and done, and why. Written by recorder.h, read
 * back by recording.h, scored, drawn and replayed; no one of them looks anywhere else. KiB, ms;
 * MEMCOORD_UNKNOWN where not known. Nothing is owned; valid only as long as the call that hands it over. */
#ifndef CORE_RECORD_TICK_H
#define CORE_RECORD_TICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/host.h"
#include "memcoord/policy.h"

/* What the guard alone knows of a domain, as bits of record_domain.guard_flags. */
#define RECORD_SET_ASIDE (1u << 0)       /* huge pages */
#define RECORD_NOT_COMING (1u << 1)      /* its balloon does not move */
#define RECORD_MOVED_BY_OTHERS (1u << 2) /* its balloon is on its way to somebody else's target */
#define RECORD_SHRINK_PAUSED (1u << 3)   /* it took memory back; schema 1: or did not follow */
#define RECORD_STALE_RESCUE (1u << 4)    /* a step of help is due on stale statistics */
#define RECORD_STUCK (1u << 5)           /* its balloon does not follow */
#define RECORD_TAKES_NOTHING (1u << 6)   /* ... when it is to grow */
#define RECORD_UNCOOPERATIVE (1u << 7)   /* ... and has not for long */
#define RECORD_INEFFECTIVE (1u << 8)     /* its QEMU keeps what the guest gives */
#define RECORD_WITHOUT_STATS (1u << 9)   /* its guest never gave statistics, and need not */

struct record_domain {
    uint8_t uuid[HOST_UUID_BYTES];
    int64_t run_id;              /* differs between two runs of the same domain */
    struct memcoord_domain seen; /* what the policy saw; its state is NULL */
    const char *unmanaged_why;   /* NULL: it is managed */
    /* what only the guard needs (snapshot_domain) */
    uint64_t extra_kib, overhead_kib, shrunk_kib, force_kib, booting_kib;
    uint64_t own_ask_kib; /* asked by memcoord itself, whatever the policy does; 0: nothing */
    uint32_t guard_flags;
    /* what came of it */
    uint64_t asked_kib;             /* by the policy; MEMCOORD_UNKNOWN: nothing */
    uint64_t granted_kib;           /* by the guard: the target from now on */
    const char *why;                /* the policy's words with figures; NULL: it asked nothing */
    const char *guard;              /* the guard's reason: "as-asked", "rescue", ... */
    const char *guard_text;         /* the same in words with figures */
    const struct host_truth *truth; /* NULL on a real host */
};

struct record_tick {
    uint64_t tick;   /* from 1 */
    uint64_t now_ms; /* the host's clock */
    struct memcoord_host host;
    uint64_t ksm_sharing_kib;
    bool dry_run;                     /* what was granted was not done */
    const char *policy_error;         /* the policy failed: why; NULL: it did not */
    const struct host_counts *counts; /* NULL on a real host */
    const struct record_domain *domains;
    size_t n_domains;
};

/* What a run is, besides its ticks. Texts may be NULL where there is none. */
struct record_run {
    const char *host;   /* its canonical name */
    const char *policy; /* "none": the guard alone */
    /* all that decides, as an INI file: [memcoord], [host], [policy_process],
     * [guard], [domain ...], [policy ...] */
    const char *settings;
    uint64_t interval_ms;
    const char *variant, *scenario; /* of an experiment */
    uint64_t seed;                  /* MEMCOORD_UNKNOWN: none */
    uint64_t started_unix_ms;       /* MEMCOORD_UNKNOWN on a simulated host */
};

/* Where ticks go. */
struct record_sink {
    void *to;
    void (*tick)(void *to, const struct record_tick *tick);
};

#endif
