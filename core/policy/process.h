/* SPDX-License-Identifier: BSD-3-Clause */
/* A policy in a process of its own: the same executable, started anew (child.h), which loads the .so that was
 * opened here, and answers questions (wire.h). Neither its crash nor its hanging nor its answers can harm this
 * process. A process that fails is killed, and another is started: after 1 s, 2 s, 4 s, ... of the snapshots'
 * time, a minute at most; after too many failures in a row no more. A start may take longer than a tick waits, 5 s
 * in all: ticks have no plan until then. Code of the policy runs there alone, that
 * which runs while it is loaded, too.
 *
 * All of it is called by one thread. The process ends with the thread that started it: start it where it
 * will be asked. It takes /proc (so does policy_load()); without it no policy can be loaded. */
#ifndef CORE_POLICY_PROCESS_H
#define CORE_POLICY_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "policy/loader.h"
#include "policy/plan.h"

struct process_options {
    uint64_t sandbox;       /* enum sandbox_mode */
    uint64_t deadline_ms;   /* of a tick: for an answer, and the start of a process before it */
    uint64_t failures;      /* in a row, until it is not asked any more */
    uint64_t memory_kib;    /* what the process may take beyond what it begins with */
    const char *executable; /* what is started; NULL: this program */
};

/* What `config` says, with the deadline that counts: at most half the interval. */
struct process_options process_options_of(const struct config *config);

/* Loads a policy as policy_load() does, but into a process of its own, which is judged by what it says. The
 * policy is used as any other; its table has no check() and a decide() that only fails. What the kernel
 * refused of the sandbox is logged, or with SANDBOX_REQUIRED an error (-EPERM). A process that can't be
 * started, fails or gives no answer within 5 s: -ECHILD, or what the kernel said. */
int policy_load_apart(const char *name, const char *policy_path,
                      const struct process_options *options, struct policy **policy, char *error,
                      size_t error_size);

/* The same in two halves, for who has something else to do meanwhile: what begins to load may only be asked
 * whether it is loaded, or unloaded. */
int policy_load_begin(const char *name, const char *policy_path,
                      const struct process_options *options, struct policy **policy, char *error,
                      size_t error_size);

/* Waits for it, or with `wait` false only looks: -EINPROGRESS, not yet. Else as policy_load_apart(), but the
 * policy is still the caller's to unload. */
int policy_load_end(struct policy *policy, bool wait, char *error, size_t error_size);

/* Ends the process; NULL is fine. policy_unload() does it. */
void policy_process_free(struct policy_process *process);

/* Logs in which process the policy runs, and what the kernel refused of its sandbox; of a policy that is called
 * here, nothing. A process that takes another's place does so by itself. */
void policy_process_say(const struct policy *policy);

/* ---- for instance.c */

/* What its check() says about `state`, or why it could not say, in *wrong; NULL if all is right. Valid until
 * the next call. 0; or, with `wait` false, -EINPROGRESS: not yet, look again with the same state. */
int policy_process_check(struct policy_process *process, const void *state, bool wait,
                         const char **wrong);

/* Begins a tick: sees to it that the process runs. 0; or the plan has failed, and says why. `now_ms` is the
 * snapshot's. */
int policy_process_ready(struct policy_process *process, uint64_t now_ms, struct plan *plan);

/* Whether it has not decided yet. */
bool policy_process_is_new(const struct policy_process *process);

/* Asks it, after policy_process_ready(): its answer, which may be a failed plan, is in `plan`, `state` and the
 * domains' states. Or -ECONNRESET: it failed before there was an answer; states are untouched, and the plan has
 * failed and says how. */
int policy_process_decide(struct policy_process *process, void *state,
                          const struct memcoord_snapshot *snapshot, struct plan *plan);

/* Asks it for a trial, without policy_process_ready(): a process that fails at it is ended, and nothing follows
 * from that. As policy_process_decide(); or, with `wait` false, -EINPROGRESS: not yet, look again with the same
 * arguments. The names of the snapshot's domains are read the first time only. */
int policy_process_try(struct policy_process *process, void *state,
                       const struct memcoord_snapshot *snapshot, struct plan *plan, bool wait);

#endif
