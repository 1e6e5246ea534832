/* SPDX-License-Identifier: BSD-3-Clause */
/* Decides anew on each tick of a recorded run. Open-loop: what is decided changes nothing of what was seen. */
#ifndef CORE_COMMANDS_REPLAY_RUN_H
#define CORE_COMMANDS_REPLAY_RUN_H

#include "commands/decide_states.h"
#include "commands/decision.h"
#include "commands/replay_tally.h"
#include "record/tick.h"

/* Zero it, set the first four, and hand it ticks. */
struct replay_run {
    struct decision decision; /* guard, no_guard and instance are set */
    uint64_t interval_ms;     /* of the run */
    bool other_guard;         /* the guard is not the one that was recorded: the pool follows it */
    bool json;                /* each decision is printed, not counted */

    struct decide_states states;
    struct replay_tally tally;
    uint64_t failed;                   /* ticks on which the policy failed */
    char why_failed[PLAN_ERROR_BYTES]; /* on the first of them */
    int err;         /* a negative errno, and `stop` is set: what follows is left out */
    char error[200]; /* why, if there is more to say */
    bool stop;
};

/* Takes the ticks of one run, in the order of time. */
struct record_sink replay_run_sink(struct replay_run *run);

/* Frees all but the policy's instance. */
void replay_run_free(struct replay_run *run);

#endif
