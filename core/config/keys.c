/* SPDX-License-Identifier: BSD-3-Clause */
/* The one table of the configuration. A new key is one row here and one field in config.h. */
#include "config/config.h"

#define SIZE MEMCOORD_TYPE_SIZE
#define DURATION MEMCOORD_TYPE_DURATION
#define INTEGER MEMCOORD_TYPE_INTEGER
#define BOOLEAN MEMCOORD_TYPE_BOOLEAN
#define CHOICE MEMCOORD_TYPE_CHOICE
#define TEXT VALUE_TEXT
#define AMOUNT VALUE_AMOUNT

#define DAEMON(field) offsetof(struct config, daemon.field)
#define HOST(field) offsetof(struct config, host.field)
#define RECORD(field) offsetof(struct config, record.field)
#define PROCESS(field) offsetof(struct config, process.field)
#define GUARD(field) offsetof(struct config, guard.field)
#define DOMAIN(field) offsetof(struct domain_settings, field)

/* clang-format off */
const struct config_key config_keys[] = {
    { "memcoord", "uri", TEXT, "qemu:///system", NULL,
      "the libvirt host; a remote one can only be watched; sim:FILE simulates one", DAEMON(uri) },
    { "memcoord", "interval", DURATION, "1s", "100ms..60min",
      "time between two rounds", DAEMON(interval_ms) },
    { "memcoord", "policy", TEXT, "threshold", NULL,
      "a name found in policy_path, or the path of a .so", DAEMON(policy) },
    { "memcoord", "policy_path", TEXT, "$ORIGIN/policies:$ORIGIN/../lib/memcoord", NULL,
      "folders of policies, separated by ':'; $ORIGIN is memcoord's own", DAEMON(policy_path) },
    { "memcoord", "dry_run", BOOLEAN, "no", "no|yes",
      "show what would be done, change nothing", DAEMON(dry_run) },
    { "memcoord", "on_exit", CHOICE, "hold", "hold|restore",
      "leave balloons as they are, or give back what domains had", DAEMON(on_exit) },

    { "host", "reserve", AMOUNT, "200MiB, 5%", "0..16TiB",
      "memory of the host that is never given out; percent of its total", HOST(reserve) },
    { "host", "limit", SIZE, "0", "0..16TiB",
      "what domains may hold in all; 0: no limit", HOST(limit_kib) },
    /* 60-100 MiB are usual; too little hides promises, too much idles some memory */
    { "host", "domain_overhead", SIZE, "100MiB", "0..64GiB",
      "QEMU's own memory beside its guest's, at least", HOST(domain_overhead_kib) },
    { "host", "warn_free", SIZE, "200MiB", "0..16TiB",
      "warn when the host's available memory is at or below; 0: never", HOST(warn_free_kib) },

    { "record", "file", TEXT, "none", NULL,
      "where each tick is recorded; none: nowhere", RECORD(file) },
    { "record", "keep", DURATION, "7d", "0..10000d",
      "older ticks are deleted; 0: none are; a simulated run is kept whole", RECORD(keep_ms) },

    { "policy_process", "isolate", CHOICE, "auto", "auto|yes|no",
      "run the policy in a process of its own; auto: unless the host is simulated",
      PROCESS(isolate) },
    { "policy_process", "sandbox", CHOICE, "best-effort", "required|best-effort|off",
      "what if the kernel refuses a part of its confinement; off: it has none", PROCESS(sandbox) },
    { "policy_process", "deadline", DURATION, "500ms", "10ms..60min",
      "how long an answer may take; at most half the interval counts", PROCESS(deadline_ms) },
    { "policy_process", "failures", INTEGER, "3", "1..1000",
      "after so many failures in a row the guard goes on alone", PROCESS(failures) },
    /* The shipped ones take 10 MiB for 10,000 domains. */
    { "policy_process", "memory", SIZE, "256MiB", "16MiB..1TiB",
      "what the policy's process may take", PROCESS(memory_kib) },

    { "guard", "guest_reserve", SIZE, "100MiB", "0..1TiB",
      "what a shrink leaves usable in the guest", GUARD(guest_reserve_kib) },
    { "guard", "max_shrink", AMOUNT, "50MiB, 10%", "1MiB..16TiB",
      "a domain loses at most this in an interval; percent of its balloon", GUARD(max_shrink) },
    /* No percentage: 1% of a guest of 16 GiB is more than a whole step of threshold, which would
     * then never reach it. */
    { "guard", "deadband", AMOUNT, "8MiB", "0..1TiB",
      "smaller changes are not worth a call; percent of the balloon, if given", GUARD(deadband) },
    /* At an interval of 1s samples are 0.5-1.8 s old, one that another client's poll displaced
     * (2-21% are) 2.8 s, two in a row 3.8 s. Three in a row are a guest that does not answer. */
    { "guard", "stale_after", DURATION, "5s", "1s..60min",
      "older statistics forbid a shrink; three intervals at least", GUARD(stale_after_ms) },
    { "guard", "rescue", BOOLEAN, "yes", "no|yes",
      "help a guest that is about to starve, whatever the policy says", GUARD(rescue) },
    { "guard", "rescue_below", SIZE, "64MiB", "0..1TiB",
      "... which is one with less usable memory", GUARD(rescue_below_kib) },
    { "guard", "rescue_keep", SIZE, "256MiB", "0..16TiB",
      "memory above the reserve that is for rescues alone", GUARD(rescue_keep_kib) },
    { "guard", "hands_off", DURATION, "5min", "0..1440min",
      "how long a domain is left to another who keeps changing it", GUARD(hands_off_ms) },
    /* The host tells of a move up to a second late; a busy guest takes 2.4 s for 300 MiB. */
    { "guard", "stuck_after", DURATION, "5s", "3s..60min",
      "a balloon that does not move for so long is stuck: it is not counted on", GUARD(stuck_after_ms) },
    { "guard", "probe_every", DURATION, "10s", "1s..1440min",
      "a stuck balloon is tried with a quarter of max_shrink so often", GUARD(probe_every_ms) },
    { "guard", "uncooperative_after", DURATION, "20s", "3s..1440min",
      "one that does not move for so long is reported", GUARD(uncooperative_after_ms) },
    { "guard", "ineffective_after", DURATION, "1min", "0..1440min",
      "memory that a guest gave and its QEMU keeps for so long goes back to it; 0: never",
      GUARD(ineffective_after_ms) },

    { "domain", "min", AMOUNT, "256MiB, 25%", "0..16TiB",
      "a balloon is never made smaller; percent of its max", DOMAIN(min) },
    { "domain", "max", SIZE, "0", "0..16TiB",
      "nor larger; 0: the domain's own maximum", DOMAIN(max_kib) },
    { "domain", "weight", INTEGER, "1000", "0..1000000",
      "its claim relative to other domains'", DOMAIN(weight) },
    { "domain", "manage", BOOLEAN, "yes", "no|yes",
      "no: leave it alone, and count what it holds", DOMAIN(manage) },
    { "domain", "statistics", CHOICE, "required", "required|optional",
      "optional: a guest that never gives any is coordinated, too, and only min protects it",
      DOMAIN(statistics) },

    { NULL, NULL, 0, NULL, NULL, NULL, 0 }
};
/* clang-format on */
