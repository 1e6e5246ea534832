/* SPDX-License-Identifier: BSD-3-Clause */
/* What a policy asks for in one tick, and the calls through which it does. */
#ifndef CORE_POLICY_PLAN_H
#define CORE_POLICY_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memcoord/policy.h"
#include "util/log.h"

#define PLAN_WHY_BYTES 64
#define PLAN_LOG_LIMITS 16
#define PLAN_ERROR_BYTES 256
#define PLAN_LINE_BYTES 256

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

/* A message of this tick, for plan_say() in another process. */
struct plan_line {
    uint64_t message; /* the same for messages of one format */
    uint32_t level;   /* as syslog has it */
    uint32_t count;   /* how often it came in this tick; 0: never, and the rest means nothing */
    char text[PLAN_LINE_BYTES]; /* the first of them */
};

/* How loud the coordinator is about a plan that failed. */
enum plan_saying {
    PLAN_SAY_LIMITED, /* once a minute */
    PLAN_SAY_ALWAYS,  /* something has happened */
    PLAN_SAY_NEVER,   /* that has been said */
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
    bool placed;      /* with the first target: plans of other processes need none */
    bool same_places; /* the caller's word: domains lie where they did at the last plan_begin() */
    void **scratch;
    size_t n_scratch;
    struct plan_log_limit limits[PLAN_LOG_LIMITS];
    struct plan_line *lines; /* PLAN_LOG_LIMITS of the caller's: messages are kept there, not said;
                                NULL: they are said */
    size_t n_lines;
    int failed; /* 0, or the negative errno of the first memcoord_fail() */
    enum plan_saying saying;
    char error[PLAN_ERROR_BYTES]; /* why it failed */
    uint64_t strangers;           /* calls that named a domain that is not in the snapshot */
};

/* Empties the plan for `snapshot`, whose domains lie at snapshot->domains[i] with index i. -ENOMEM. */
int plan_begin(struct plan *plan, const struct memcoord_snapshot *snapshot,
               const char *policy_name);

/* Settles the plan after decide() has returned `returned`: 0; or a negative errno with plan->error
 * filled in, and then no target is asked for any more. A plan that failed once has failed, whatever
 * decide() returned. */
int plan_finish(struct plan *plan, int returned);

/* ---- for a plan that was made in another process; nothing of it is trusted */

/* Says a message that was kept there, rate limited as those of a policy that is called here. */
void plan_say(struct plan *plan, const struct plan_line *line);

/* A reason as it may be shown: cut to fit, in printable ASCII. `why` may have no end. */
void plan_plain_why(char plain[PLAN_WHY_BYTES], const char why[PLAN_WHY_BYTES]);

/* Takes what was asked for the domain `index`, with a plain reason. */
void plan_take_target(struct plan *plan, size_t index, uint64_t asked_kib,
                      const char plain[PLAN_WHY_BYTES]);

/* Takes its end: `failed` is 0 or a negative errno, with `error` (which is made plain) for it. */
void plan_take_failure(struct plan *plan, int failed, const char *error);

/* ---- */

/* Frees the policy's scratch memory; the entries stay until the next plan_begin(). */
void plan_end(struct plan *plan);

/* Frees all; a zeroed plan is fine. */
void plan_free(struct plan *plan);

#endif
