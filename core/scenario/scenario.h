/* SPDX-License-Identifier: BSD-3-Clause */
/* A scenario: a host, its guests, and what they want over time, from one INI file. It knows nothing of
 * how hosts work. conf/scenarios/README.md documents the file. */
#ifndef CORE_SCENARIO_SCENARIO_H
#define CORE_SCENARIO_SCENARIO_H

#include <stdbool.h>

#include "config/config.h"
#include "scenario/load.h"
#include "scenario/trace.h"

enum temper_kind {
    TEMPER_WORKS,
    TEMPER_LIMIT,  /* gives nothing below a size */
    TEMPER_STICKS, /* stands still for a part of the time */
    TEMPER_STUCK,  /* does not move; statistics come */
    TEMPER_DEAD,   /* the guest hangs: nothing moves, statistics grow old */
    TEMPER_NO_DRIVER
};

struct temper {
    enum temper_kind kind;
    uint64_t limit_kib;
    uint64_t sticks_ms, every_ms;
};

/* Where a load comes from, before traces are read. */
struct load_source {
    char *trace;             /* the path; NULL: `load` is a script */
    char *column;            /* which series; NULL: as the guest is named, or all */
    const struct load *load; /* the scenario's */
    int line;
};

/* What stands in [guests] and [guest NAME]. KiB, ms; MEMCOORD_UNKNOWN: not given, see the README. */
struct guest_settings {
    uint64_t max_kib, min_kib, balloon_kib, weight, count;
    uint64_t start_ms, stop_ms, boot_ms; /* stop_ms 0: it stays */
    struct amount cache, cache_used;     /* percent of max */
    uint64_t kernel_kib, system_kib, watermark_kib, lists_kib, overhead_kib;
    uint64_t cache_kib_per_s, cache_reads_kib_per_s, touch_kib_per_s;
    uint64_t swap_kib, swap_kib_per_s;
    uint64_t gives_kib_per_s, takes_kib_per_s;
    uint64_t returns; /* 0: QEMU keeps what the balloon takes */
    struct temper temper;
    uint64_t temper_at_ms;
    uint64_t period_ms, lag_ms, jitter_ms;
    uint64_t statistics;                  /* 0: it never gives any */
    uint64_t silent_at_ms, silent_for_ms; /* both 0: never; silent_for_ms 0: from then on */
    uint64_t restart_ms;                  /* 0: a killed load stays away */
    uint64_t linear;
    uint64_t max_gap_ms;
    bool max_is_wrong; /* it was given, and that was told */
    struct load_source source;
};

/* One guest, complete: nothing is MEMCOORD_UNKNOWN but min_kib and weight. */
struct guest {
    char *name;
    int line; /* of its section */
    struct guest_settings settings;
    const struct load *load; /* of the scenario's */
};

struct scenario {
    char *file;
    uint64_t seed, duration_ms;
    uint64_t speed; /* 0: as fast as it can; N: N times as fast as real time */
    uint64_t memory_kib, swap_kib, swap_kib_per_s; /* of the host */
    struct load_source used; /* what other programs of the host hold, its kernel included */
    struct guest *guests;    /* in the file's order */
    size_t n_guests, capacity;
    struct load **loads;
    size_t n_loads;
    struct trace **traces;
    size_t n_traces;
};

/* A key of the file: types beside those of values.h. */
enum scenario_type { SCENARIO_RATE = 200, SCENARIO_TEMPER, SCENARIO_LOAD };

/* The table of keys, ended by a row without a section: "scenario", "host" (offsets in struct scenario)
 * and "guest" (in struct guest_settings). `initial` NULL: there is no default. */
extern const struct config_key scenario_keys[];

/* Reads `file`, and the traces that it names, into *scenario. Adds everything that is wrong to
 * `problems` and then returns -EINVAL (-ENOENT, ... if it can't be read, -ENOMEM), with *scenario
 * untouched. Free with scenario_free(). */
int scenario_load(const char *file, struct scenario *scenario, struct problems *problems);

/* Frees what it points to; a zeroed one is fine. */
void scenario_free(struct scenario *scenario);

#endif
