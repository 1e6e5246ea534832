/* SPDX-License-Identifier: BSD-3-Clause */
/* A daemon that coordinates: all that it works with, from the host's opening to what becomes of the
 * balloons. */
#ifndef CORE_COMMANDS_DAEMON_H
#define CORE_COMMANDS_DAEMON_H

#include "commands/session.h"
#include "commands/setup.h"
#include "control/coordinator.h"
#include "record/recorder.h"

struct run_arguments {
    const char *file, *proc;
    uint64_t ticks, speed, interval_ms; /* 0: not given */
    int verbose;
};

struct reload;

/* A reload exchanges each of these but the arguments (reload.h). */
struct daemon {
    const struct run_arguments *arguments;
    struct setup setup;
    struct session session;
    struct recorder *recorder; /* NULL: nothing is recorded */
    struct record_sink sink;
    bool recording_failed; /* a simulated run's, that must not */
    struct coordinator coordinator;
    struct reload *reload; /* under way; NULL: none is */
};

/* Coordinates with `setup`, which it takes over and frees, until a signal or the host ends it. Returns the status
 * to exit with. */
int daemon_run(struct setup *setup, const struct run_arguments *arguments);

/* What the coordinator records is for daemon->recorder from now on. */
void daemon_attach_recorder(struct daemon *daemon);

#endif
