/* SPDX-License-Identifier: BSD-3-Clause */
/* What a policy asks for in one tick, and the calls through which it does. */
#ifndef CORE_POLICY_PLAN_H
#define CORE_POLICY_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "memcoord/policy.h"
#include "util/log.h"

#define PLAN_WHY_BYTES 64
#define PLAN_LOG_LIMITS 16

/* One target that a policy asked for. */
struct plan_entry {
    uint64_t asked_kib;       /* MEMCOORD_UNKNOWN: not named */
    char why[PLAN_WHY_BYTES]; /* the policy's words, cut to fit, in printable ASCII */
};

/* How often one message of a policy was logged; its format tells it from others. */
struct plan_log_limit {
    const void *format; /* compared, never read: the policy may be gone */
    struct log_limit limit;
};

/* Zero it to begin; it is used again for each tick. */
struct plan {
    struct memcoord_plan calls; /* what the policy gets; calls.core points back here */
    const struct memcoord_snapshot *snapshot;
    const char *policy_name;    /* for its log lines; not owned */
    struct plan_entry *entries; /* one for each domain of the snapshot, by index */
    size_t capacity;
    uint32_t *places; /* a hash table from a domain's address to its index + 1; 0: empty */
    size_t n_places;  /* a power of two, at least twice the domains */
    void **scratch;
    size_t n_scratch;
    struct plan_log_limit limits[PLAN_LOG_LIMITS];
    int failed;         /* 0, or the negative errno of the first memcoord_fail() */
    char error[160];    /* why it failed */
    uint64_t strangers; /* calls that named a domain that is not in the snapshot */
};

/* Empties the plan for `snapshot`, whose domains lie at snapshot->domains[i] with index i. -ENOMEM. */
int plan_begin(struct plan *plan, const struct memcoord_snapshot *snapshot,
               const char *policy_name);

/* Settles the plan after decide() has returned `returned`: 0; or a negative errno with plan->error
 * filled in, and then no target is asked for any more. A plan that failed once has failed, whatever
 * decide() returned. */
int plan_finish(struct plan *plan, int returned);

/* Frees the policy's scratch memory; the entries stay until the next plan_begin(). */
void plan_end(struct plan *plan);

/* Frees all; a zeroed plan is fine. */
void plan_free(struct plan *plan);

#endif
