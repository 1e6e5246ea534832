/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulated host's memory and its guests, moved together in time. It runs out where the sum is too
 * much: then it swaps, then it kills the largest guest. No clock of its own. */
#ifndef CORE_HOST_SIM_MACHINE_H
#define CORE_HOST_SIM_MACHINE_H

#include "host/sim_guest.h"

/* A guest starts, or stops. */
struct sim_event {
    uint64_t at_ms;
    size_t guest;
    bool starts;
};

struct sim_machine {
    const struct scenario *scenario;
    uint64_t now_ms, end_ms;
    struct sim_guest *guests, *saved; /* scenario->n_guests of each */
    size_t *alive;                    /* indices of those that run, in order */
    size_t n_alive;
    struct sim_event *events; /* in the order of time */
    size_t n_events, next_event;
    struct load_cursor used; /* by other programs */
    uint64_t used_kib;
    uint64_t rss_kib;     /* of all guests */
    uint64_t swapped_kib; /* of guests, in the host's swap */
    uint64_t swap_rest;
    uint64_t psi_bp;     /* the share of the last 10 s in which it was short */
    bool pressed;        /* it ran short since sim_machine_move() was called */
    bool changed;        /* a guest came or went since then */
    uint64_t load_kills; /* by guests' own OOM killers */
    struct host_counts counts;
};

/* A machine that is about to begin `scenario`, which must outlive it. -ENOMEM. */
int sim_machine_begin(struct sim_machine *m, const struct scenario *scenario);

/* Moves to `to_ms`, or until a guest comes or goes or memory runs short, whichever is first: m->changed
 * and m->pressed tell. Logs what befalls guests. */
void sim_machine_move(struct sim_machine *m, uint64_t to_ms);

/* What is free, and available, KiB. */
uint64_t sim_machine_available_kib(const struct sim_machine *m);

/* Frees all; a zeroed one is fine. */
void sim_machine_free(struct sim_machine *m);

#endif
