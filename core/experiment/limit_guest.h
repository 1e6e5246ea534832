/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest of a scenario as its demand alone makes it, its load's and that of the cache in use: no balloon that
 * moves, no other cache, no swap, no kills. Of
 * core/experiment/limit*.c only. */
#ifndef CORE_EXPERIMENT_LIMIT_GUEST_H
#define CORE_EXPERIMENT_LIMIT_GUEST_H

#include "host/truth.h"
#include "scenario/scenario.h"

/* KiB x ms over months do not fit 64 bits. */
__extension__ typedef unsigned __int128 limit_sum;

struct limit_guest {
    const struct guest *spec;
    uint64_t start_ms, stop_ms; /* stop: LOAD_FOREVER if it never does */
    uint64_t wants_ms;          /* it has booted: from now on its load wants something */
    uint64_t frozen_ms;         /* it hangs: demand stays as it is */
    uint64_t max_kib, weight;
    uint64_t base_kib; /* what it must own before its load gets anything */
    uint64_t cache_used_kib;
    struct load_cursor load;
    uint64_t at_ms; /* so far it was moved */
    uint64_t
        touched_kib; /* of its demand, the load would have touched by then if there were memory */
    uint64_t balloon_kib, held_kib;
    limit_sum demand_kib_ms, short_kib_ms;
    uint64_t short_ms;
};

/* Guest number `index`, before it starts, with the bounds and the weight that `config` gives it. */
void limit_guest_begin(struct limit_guest *g, const struct scenario *scenario, size_t index,
                       const struct config *config);

bool limit_guest_runs(const struct limit_guest *g, uint64_t at_ms);

/* What its load wants at at_ms, and at most from there until `to_ms`. KiB. */
uint64_t limit_guest_demand(const struct limit_guest *g);
uint64_t limit_guest_most(const struct limit_guest *g, uint64_t to_ms);

/* What of that it has come to touch, if there were memory: the rest does not lack yet. KiB. */
uint64_t limit_guest_touched(const struct limit_guest *g);

/* What of its demand could be held with all that it may own. KiB. */
uint64_t limit_guest_room(const struct limit_guest *g);

/* Moves it to `to_ms` while its load may hold `room_kib`, and counts what it wanted and what it lacked: demand above
 * the room, from when the load has touched all of that. */
void limit_guest_move(struct limit_guest *g, uint64_t to_ms, uint64_t room_kib);

/* Counts that it lacked first `from_kib`, then `to_kib`, in `ms`. */
void limit_guest_lacked(struct limit_guest *g, uint64_t from_kib, uint64_t to_kib, uint64_t ms);

struct host_truth limit_guest_truth(const struct limit_guest *g);

#endif
