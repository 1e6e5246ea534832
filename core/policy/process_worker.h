/* SPDX-License-Identifier: BSD-3-Clause */
/* The process itself: how it is started, asked and ended. */
#ifndef CORE_POLICY_PROCESS_WORKER_H
#define CORE_POLICY_PROCESS_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "policy/process_area.h"
#include "policy/wire.h"

#define WORKER_LINGERING 4

/* Zero it, and set socket to -1, to begin. */
struct process_worker {
    pid_t pid; /* 0: none runs */
    int socket;
    uint64_t cpu_s;                    /* processor time that it may take in all, in seconds */
    pid_t lingering[WORKER_LINGERING]; /* killed, but not gone yet; 0: empty */
};

/* Starts `executable` (NULL: this program) with `object`, an open file. 0; -EAGAIN: too many that were killed are
 * not gone yet; or a negative errno. */
int worker_start(struct process_worker *worker, const char *executable, int object);

/* Kills it, and all that it may have started. `how` tells how it ended, if it had by itself: "was killed by
 * signal 11 (Segmentation fault)"; else "". NULL: nobody asks. */
void worker_end(struct process_worker *worker, char *how, size_t how_size);

/* Lets it take `ms` of processor time from now on, and some: then the kernel ends it. */
void worker_allow_cpu(struct process_worker *worker, uint64_t ms);

/* Sends a question; with `areas` (a question's and an answer's; NULL: those it has) they are handed over. 0 or a
 * negative errno. */
int worker_send(struct process_worker *worker, const struct wire_head *head,
                const struct process_area *const areas[2]);

/* Waits for an answer's head until `until_ms` (worker_now_ms()). 0; -ETIMEDOUT, -EBADMSG, or -ECONNRESET when
 * nobody is there any more. With `until_ms` 0 it only looks. */
int worker_receive(struct process_worker *worker, uint64_t until_ms, struct wire_head *head);

/* CLOCK_MONOTONIC in ms. */
uint64_t worker_now_ms(void);

#endif
