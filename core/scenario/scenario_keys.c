/* SPDX-License-Identifier: BSD-3-Clause */
/* The one table of a scenario's keys. A new key is one row here and one field in scenario.h. Defaults
 * without another source are from guests that were measured (the README tells). */
#include "scenario/scenario.h"

#define SIZE MEMCOORD_TYPE_SIZE
#define DURATION MEMCOORD_TYPE_DURATION
#define INTEGER MEMCOORD_TYPE_INTEGER
#define BOOLEAN MEMCOORD_TYPE_BOOLEAN
#define CHOICE MEMCOORD_TYPE_CHOICE
#define AMOUNT VALUE_AMOUNT
#define RATE SCENARIO_RATE
#define ANY_SIZE "0..16TiB"
#define ANY_TIME "0..10000000min"

#define ALL(field) offsetof(struct scenario, field)
#define GUEST(field) offsetof(struct guest_settings, field)

/* clang-format off */
const struct config_key scenario_keys[] = {
    { "scenario", "duration", DURATION, NULL, "1ms..10000000min",
      "how long it lasts; must be given", ALL(duration_ms) },
    { "scenario", "seed", INTEGER, "1", "0..1000000000",
      "of everything that is random", ALL(seed) },
    { "scenario", "speed", INTEGER, "0", "0..100000",
      "0: as fast as it can; N: N times as fast as real time", ALL(speed) },

    { "host", "memory", SIZE, NULL, "1MiB..16TiB",
      "what it has; must be given", ALL(memory_kib) },
    { "host", "used", SCENARIO_LOAD, "take 1GiB", NULL,
      "what its kernel and its other programs hold: a load", ALL(used) },
    { "host", "swap", SIZE, "0", ANY_SIZE,
      "its swap space", ALL(swap_kib) },
    { "host", "swap_speed", RATE, "200MiB/s", NULL,
      "how fast it reads back what it swapped out", ALL(swap_kib_per_s) },

    { "guest", "max", SIZE, NULL, "32MiB..16TiB",
      "its maximum; default: what the trace says it was given", GUEST(max_kib) },
    { "guest", "balloon", SIZE, NULL, "32MiB..16TiB",
      "what it owns at its start; default: its maximum", GUEST(balloon_kib) },
    { "guest", "min", SIZE, NULL, ANY_SIZE,
      "proposed to the coordinator, as weight: [domain] sections win", GUEST(min_kib) },
    { "guest", "weight", INTEGER, NULL, "0..1000000",
      "its claim relative to others'", GUEST(weight) },
    { "guest", "count", INTEGER, NULL, "1..100000",
      "so many of them, numbered; default: one, or one for each series", GUEST(count) },
    { "guest", "start", DURATION, "0", ANY_TIME,
      "when it is started; 0: it runs already", GUEST(start_ms) },
    { "guest", "stop", DURATION, "0", ANY_TIME,
      "when it is stopped; 0: never", GUEST(stop_ms) },
    { "guest", "boot", DURATION, "2500ms", "0..60min",
      "from start until its driver is there; it owns its maximum till then", GUEST(boot_ms) },
    { "guest", "load", SCENARIO_LOAD, "hold", NULL,
      "a script, or: trace PATH [COLUMN]", GUEST(source) },
    { "guest", "between", CHOICE, "step", "step|linear",
      "demand between two samples of a trace", GUEST(linear) },
    { "guest", "max_gap", DURATION, "120min", "1s..10000000min",
      "rows of a trace may be so far apart", GUEST(max_gap_ms) },
    { "guest", "touch", RATE, "1GiB/s", NULL,
      "how fast its load touches memory when demand jumps", GUEST(touch_kib_per_s) },
    { "guest", "restart", DURATION, "10s", ANY_TIME,
      "so long a killed load stays away; 0: for good", GUEST(restart_ms) },
    { "guest", "kernel", SIZE, NULL, ANY_SIZE,
      "what its kernel keeps: balloon less total; default: grows with max", GUEST(kernel_kib) },
    { "guest", "system", SIZE, "32MiB", ANY_SIZE,
      "what its own programs hold, beside the load", GUEST(system_kib) },
    { "guest", "watermark", SIZE, NULL, ANY_SIZE,
      "free memory that nobody gets; default: grows with max", GUEST(watermark_kib) },
    { "guest", "lists", SIZE, NULL, ANY_SIZE,
      "per-CPU lists hold so much of what a balloon gave back; default: grows with max",
      GUEST(lists_kib) },
    { "guest", "cache", AMOUNT, "0", ANY_SIZE,
      "page cache grows to this where memory is free; percent of max", GUEST(cache) },
    { "guest", "cache_speed", RATE, "10MiB/s", NULL,
      "how fast", GUEST(cache_kib_per_s) },
    { "guest", "cache_used", AMOUNT, "0", ANY_SIZE,
      "so much of the cache is read again and again; percent of max", GUEST(cache_used) },
    { "guest", "cache_reads", RATE, "20MiB/s", NULL,
      "how fast that is read", GUEST(cache_reads_kib_per_s) },
    { "guest", "swap", SIZE, "0", ANY_SIZE,
      "its swap space", GUEST(swap_kib) },
    { "guest", "swap_speed", RATE, "100MiB/s", NULL,
      "how fast that is written and read", GUEST(swap_kib_per_s) },
    { "guest", "gives", RATE, "920MiB/s", NULL,
      "how fast its balloon takes memory from it", GUEST(gives_kib_per_s) },
    { "guest", "takes", RATE, "2150MiB/s", NULL,
      "how fast it gets memory back", GUEST(takes_kib_per_s) },
    { "guest", "returns", BOOLEAN, "yes", "no|yes",
      "no: its QEMU keeps of the host what its balloon takes", GUEST(returns) },
    { "guest", "temper", SCENARIO_TEMPER, "works", NULL,
      "works; limit SIZE; sticks TIME every TIME; stuck; dead; no driver", GUEST(temper) },
    { "guest", "temper_at", DURATION, "0", ANY_TIME,
      "it works until then", GUEST(temper_at_ms) },
    { "guest", "statistics", BOOLEAN, "yes", "no|yes",
      "no: it never gives any, though its balloon works", GUEST(statistics) },
    { "guest", "period", DURATION, "1s", "100ms..60min",
      "between two samples of its statistics", GUEST(period_ms) },
    { "guest", "lag", DURATION, "500ms", "0..10min",
      "from a sample to when it can be seen", GUEST(lag_ms) },
    { "guest", "jitter", DURATION, "300ms", "0..10min",
      "up to so much more of it, different for each guest", GUEST(jitter_ms) },
    { "guest", "silent_at", DURATION, "0", ANY_TIME,
      "from then on its statistics go stale; 0: never", GUEST(silent_at_ms) },
    { "guest", "silent_for", DURATION, "0", ANY_TIME,
      "for so long; 0: for good", GUEST(silent_for_ms) },
    { "guest", "overhead", SIZE, "80MiB", ANY_SIZE,
      "QEMU's own memory beside the guest's", GUEST(overhead_kib) },

    { NULL, NULL, 0, NULL, NULL, NULL, 0 }
};
/* clang-format on */
