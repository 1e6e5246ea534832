/* SPDX-License-Identifier: BSD-3-Clause */
/* What a guest's programs (or a host's other programs) want to hold over time: a script of steps, or
 * samples of a trace; both are pieces in which demand moves in a straight line. */
#ifndef CORE_SCENARIO_LOAD_H
#define CORE_SCENARIO_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scenario/trace.h"

#define LOAD_FOREVER UINT64_MAX

enum load_kind {
    LOAD_IDLE,
    LOAD_HOLD,
    LOAD_TAKE,
    LOAD_RAMP,
    LOAD_FREE,
    LOAD_DROP,
    LOAD_BURST,
    LOAD_WALK,
    LOAD_DIURNAL,
    LOAD_REPEAT /* in texts only */
};

/* One step of a script; each kind uses some of these. */
struct load_step {
    enum load_kind kind;
    uint64_t low_kib, high_kib; /* `ramp` and `take` go to high_kib */
    uint64_t step_kib;
    uint64_t rate_kib_per_s;
    uint64_t every_ms, length_ms, noise_bp;
    uint64_t for_ms; /* LOAD_FOREVER */
    uint64_t rounds; /* of `repeat`; 0: for ever */
};

struct load {
    struct load_step *steps;
    size_t n_steps;
    uint64_t rounds;             /* how often the steps are done in all; 0: for ever */
    const struct series *series; /* instead of steps; not owned */
    bool linear;                 /* between its samples: a straight line, not a step */
};

/* A piece of time in which demand moves in a straight line: load_kib() within it. */
struct load_segment {
    uint64_t from_ms, end_ms; /* LOAD_FOREVER: it does not end; from_kib is to_kib then */
    uint64_t from_kib, to_kib;
    bool drops_cache; /* the guest drops its page cache when it begins */
};

/* Where a load is. Plain data: it may be copied, and both go on alike. */
struct load_cursor {
    const struct load *load;
    struct load_segment now;
    uint64_t begun_ms; /* when the load began */
    uint64_t random;
    uint64_t level_kib; /* where demand stands at the end of what was made */
    uint64_t rounds_done, step_end_ms, phase;
    size_t next; /* step or sample */
    bool inside; /* the step before `next` still makes segments */
};

/* Parses "idle 10s; ramp 15MiB/s to 2GiB; hold 20s; free; repeat 3" into *load (free it with
 * load_free()). -EINVAL with *load untouched and `error`, which names the step and what is allowed;
 * -ENOMEM. conf/scenarios/README.md has the language. */
int load_parse(const char *text, struct load *load, char *error, size_t error_size);

/* Whether `text` begins with the word of a step. */
bool load_begins_step(const char *text);

/* Frees what it points to; a zeroed one is fine. */
void load_free(struct load *load);

/* Parses "15MiB/s" into KiB a second, 1KiB/s to 1TiB/s. -EINVAL with `error`. */
int rate_parse(const char *text, uint64_t *kib_per_s, char *error, size_t error_size);

/* Begins `load` (which must outlive the cursor) at `at_ms`, with random numbers from `seed`. Its first
 * segment is cursor->now. */
void load_begin(struct load_cursor *cursor, const struct load *load, uint64_t seed, uint64_t at_ms);

/* Goes on to the segment that begins where the present one ends, which must not be LOAD_FOREVER. */
void load_next(struct load_cursor *cursor);

/* Moves the cursor from `from_ms`, which lies within its segment, to `to_ms`. Returns the most demand on the
 * way, both ends included. KiB. */
uint64_t load_move(struct load_cursor *cursor, uint64_t from_ms, uint64_t to_ms);

/* Demand at `ms`, which lies within the segment; at its end it is to_kib. KiB. */
uint64_t load_kib(const struct load_segment *segment, uint64_t ms);

#endif
