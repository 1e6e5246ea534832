/* SPDX-License-Identifier: BSD-3-Clause */
/* A policy's process as it is asked; of core/policy/process_*.c only. */
#ifndef CORE_POLICY_PROCESS_ASK_H
#define CORE_POLICY_PROCESS_ASK_H

#include "policy/process.h"
#include "policy/process_area.h"
#include "policy/process_worker.h"
#include "policy/wire.h"

/* A start takes some 30 ms, most of it for the program's own libraries; longer than a tick may wait on a busy host. */
#define PROCESS_START_MS 5000

struct policy_process {
    struct process_options options;
    const struct policy *policy; /* whose it is */
    struct process_worker worker;
    struct process_area question, answer;
    bool handed_over; /* it has the areas */
    uint64_t serial;
    char *copy; /* of an answer: nothing is judged that could still change; answer.size bytes */
    char *description; /* what it declared: the policy's texts stay in it */
    bool has_check;
    bool loading;                /* it was started, and has not answered yet */
    uint64_t load_until_ms;      /* as long as it may take */
    bool checking, trying;       /* it was asked to, and has not answered yet */
    uint64_t check_until_ms;     /* as long as a check() may take */
    bool decided;                /* since it was started */
    uint64_t until_ms;           /* of this tick, or trial */
    uint64_t in_a_row, retry_ms; /* failures; retry_ms: of the snapshots, not started before */
    bool out;                    /* too many */
    char refused[WIRE_TEXT_BYTES];
    char said[WIRE_TEXT_BYTES]; /* by check() */
};

/* Room for a question and its answer. -ENOMEM and the like. */
int process_reserve(struct policy_process *process, uint64_t question_bytes, uint64_t answer_bytes);

/* Asks what stands in the question's area, `bytes` of it. Or a negative errno: the process has failed. */
int process_ask(struct policy_process *process, enum wire_call call, uint64_t bytes);

/* Waits for the answer to it until `until_ms`: it is copied to process->copy, *bytes of it. -ETIMEDOUT, or another
 * negative errno: the process has failed. */
int process_answer(struct policy_process *process, enum wire_call call, uint64_t until_ms,
                   size_t *bytes);

/* Ends a process that failed with `r` in `within_ms`, and tells how into `text`: "its process was killed by signal
 * 11 (Segmentation fault) while it decided". */
void process_give_up(struct policy_process *process, int r, const char *doing, uint64_t within_ms,
                     char *text, size_t size);

/* Starts it and lets it load the policy, for PROCESS_START_MS at most. 0; or a negative errno: it is ended, and
 * `error` says why. */
int process_start(struct policy_process *process, char *error, size_t error_size);

/* Waits until `until_ms` for the policy to be loaded. The first time what it declares becomes `first`'s; later
 * (NULL) it must be the same. 0; -EINPROGRESS: not yet; or another negative errno: it is ended, `error` says why,
 * beginning with the file's path, or "its process". */
int process_started(struct policy_process *process, struct policy *first, uint64_t until_ms,
                    char *error, size_t error_size);

#endif
