/* SPDX-License-Identifier: BSD-3-Clause */
/* A new column is one row here and one in `later`, a new SCHEMA_VERSION, and a line in conf/recordings.md. */
#include "record/schema.h"

#include <string.h>

#include "record/tick.h"

#define SEEN(field) offsetof(struct record_domain, seen.field)
#define OF(field) offsetof(struct record_domain, field)
#define HOST(field) offsetof(struct record_tick, host.field)
#define TICK(field) offsetof(struct record_tick, field)
#define RUN(field) offsetof(struct record_run, field)
#define TRUTH(field) offsetof(struct host_truth, field)
#define COUNT(field) offsetof(struct host_counts, field)

#define MEMORY_MAX (UINT64_C(1) << 34) /* policy.h promises it */
#define WEIGHT_MAX 1000000
#define TICKS_MAX (UINT64_C(1) << 53)
#define DOMAINS_MAX 1000000
#define SEEN_FLAGS 0x7f
#define GUARD_FLAGS 0x3ff

#define END                                 \
    {                                       \
        NULL, SCHEMA_U64, 0, false, 0, NULL \
    }

/* clang-format off */

/* ---- run */

static const struct schema_column run_keys[] = {
    { "id", SCHEMA_I64, 0, true, 0, "in the order of time" },
    { "first_ms", SCHEMA_U64, 0, false, 0, "of its first tick, on the host's clock, ms" },
    END
};
static const struct schema_column run_columns[] = {
    { "host", SCHEMA_TEXT, RUN(host), false, 0, "its URI" },
    { "policy", SCHEMA_TEXT, RUN(policy), false, 0, "its name; none: the guard alone" },
    { "settings", SCHEMA_TEXT, RUN(settings), false, 0, "all that decides, as an INI file" },
    { "interval_ms", SCHEMA_U64, RUN(interval_ms), false, 0, "between two ticks, ms" },
    { "variant", SCHEMA_TEXT, RUN(variant), false, 0, "of an experiment" },
    { "scenario", SCHEMA_TEXT, RUN(scenario), false, 0, "of an experiment" },
    { "seed", SCHEMA_U64, RUN(seed), false, 0, "of an experiment" },
    { "started_unix_ms", SCHEMA_U64, RUN(started_unix_ms), false, 0,
      "ms since 1970; NULL: simulated" },
    END
};
const struct schema_table schema_run = {
    "run", "each time that memcoord is started adds one", run_keys, run_columns, NULL,
    "PRIMARY KEY (id)) STRICT"
};

/* ---- domain */

static const struct schema_column domain_keys[] = {
    { "id", SCHEMA_I64, 0, true, 0, "domain_sample.domain" },
    { "run", SCHEMA_I64, 0, true, 0, "run.id" },
    END
};
static const struct schema_column domain_columns[] = {
    { "uuid", SCHEMA_UUID, OF(uuid), true, 0, "16 bytes; hex(uuid) shows them" },
    { "run_id", SCHEMA_I64, OF(run_id), true, 0, "differs when the same domain is started again" },
    { "name", SCHEMA_TEXT, SEEN(name), true, 0, "libvirt's name of it" },
    END
};
const struct schema_table schema_domain = {
    "domain", "each domain of a run, once for each time that it was started",
    domain_keys, domain_columns, NULL, "PRIMARY KEY (id), UNIQUE (run, uuid, run_id, name)) STRICT"
};

/* ---- host_sample */

static const struct schema_column tick_keys[] = {
    { "run", SCHEMA_I64, 0, true, 0, "run.id" },
    END
};
static const struct schema_column tick_columns[] = {
    { "tick", SCHEMA_U64, TICK(tick), true, TICKS_MAX, "counts from 1" },
    { "now_ms", SCHEMA_U64, TICK(now_ms), true, TICKS_MAX, "the host's clock, ms" },
    { "n_domains", SCHEMA_SIZE, TICK(n_domains), true, DOMAINS_MAX, "rows in domain_sample" },
    { "total_kib", SCHEMA_U64, HOST(total_kib), false, 0, "memory of the host, KiB" },
    { "available_kib", SCHEMA_U64, HOST(available_kib), false, 0, "without swapping, KiB" },
    { "free_kib", SCHEMA_U64, HOST(free_kib), false, 0, "wholly free, KiB" },
    { "cached_kib", SCHEMA_U64, HOST(cached_kib), false, 0, "page cache and buffers, KiB" },
    { "swap_total_kib", SCHEMA_U64, HOST(swap_total_kib), false, 0, "the host's swap space, KiB" },
    { "swap_free_kib", SCHEMA_U64, HOST(swap_free_kib), false, 0, "of it, KiB" },
    { "reserve_kib", SCHEMA_U64, HOST(reserve_kib), false, 0, "never given out, KiB" },
    { "capacity_kib", SCHEMA_U64, HOST(capacity_kib), false, 0,
      "what domains may hold in all, KiB" },
    { "grantable_kib", SCHEMA_I64, HOST(grantable_kib), true, TICKS_MAX,
      "beyond what is held and promised, KiB; may be negative" },
    { "pool_kib", SCHEMA_U64, HOST(pool_kib), false, 0, "what a policy may divide, KiB" },
    { "psi_some_bp", SCHEMA_U64, HOST(psi_some_bp), false, 0,
      "share of 10 s in which some task waited for memory, 1/10000" },
    { "psi_full_bp", SCHEMA_U64, HOST(psi_full_bp), false, 0, "... in which all did, 1/10000" },
    { "ksm_sharing_kib", SCHEMA_U64, TICK(ksm_sharing_kib), false, 0,
      "what KSM saves and may come back, KiB" },
    { "dry_run", SCHEMA_BOOL, TICK(dry_run), true, 1, "1: what was granted was not done" },
    { "policy_error", SCHEMA_TEXT, TICK(policy_error), false, 0,
      "why the policy failed; NULL: it did not" },
    END
};
static const struct schema_column counts_columns[] = {
    { "domain_kills", SCHEMA_U64, COUNT(domain_kills), false, 0,
      "simulated: domains that the host killed since the beginning" },
    { "swapped_out_kib", SCHEMA_U64, COUNT(swapped_out_kib), false, 0,
      "simulated: by the host since the beginning, KiB" },
    { "swapped_in_kib", SCHEMA_U64, COUNT(swapped_in_kib), false, 0,
      "simulated: by the host since the beginning, KiB" },
    { "host_short_ms", SCHEMA_U64, COUNT(short_ms), false, 0,
      "simulated: so long the host was short of memory, ms" },
    END
};
const struct schema_table schema_host_sample = {
    "host_sample", "the host at each tick", tick_keys, tick_columns, counts_columns,
    "PRIMARY KEY (run, tick)) WITHOUT ROWID, STRICT"
};

/* ---- domain_sample */

static const struct schema_column sample_keys[] = {
    { "run", SCHEMA_I64, 0, true, 0, "run.id" },
    { "tick", SCHEMA_I64, 0, true, 0, "host_sample.tick" },
    { "place", SCHEMA_I64, 0, true, 0, "in the snapshot, from 0" },
    { "domain", SCHEMA_I64, 0, true, 0, "domain.id" },
    END
};
static const struct schema_column sample_columns[] = {
    { "flags", SCHEMA_U32, SEEN(flags), true, SEEN_FLAGS,
      "sum of 1 movable, 2 stale, 4 settling, 8 paused, 16 migrating, 32 unmanaged, 64 new" },
    { "weight", SCHEMA_U64, SEEN(weight), true, WEIGHT_MAX, "its claim, 1000 is usual" },
    { "min_kib", SCHEMA_U64, SEEN(min_kib), true, MEMORY_MAX, "no target below, KiB" },
    { "max_kib", SCHEMA_U64, SEEN(max_kib), true, MEMORY_MAX, "nor above, KiB" },
    { "balloon_kib", SCHEMA_U64, SEEN(balloon_kib), true, MEMORY_MAX,
      "what the guest owned, KiB" },
    { "target_kib", SCHEMA_U64, SEEN(target_kib), true, MEMORY_MAX,
      "the size asked for last before this tick, KiB" },
    { "used_kib", SCHEMA_U64, SEEN(used_kib), false, 0, "what the guest needed, KiB" },
    { "unused_kib", SCHEMA_U64, SEEN(unused_kib), false, 0, "wholly free in the guest, KiB" },
    { "usable_kib", SCHEMA_U64, SEEN(usable_kib), false, 0,
      "what the guest could use without swapping, KiB" },
    { "guest_total_kib", SCHEMA_U64, SEEN(guest_total_kib), false, 0, "the guest's MemTotal, KiB" },
    { "disk_caches_kib", SCHEMA_U64, SEEN(disk_caches_kib), false, 0,
      "page cache in the guest, KiB" },
    { "rss_kib", SCHEMA_U64, SEEN(rss_kib), false, 0,
      "what its process held of the host's memory, KiB" },
    { "swap_in_kib_per_s", SCHEMA_U64, SEEN(swap_in_kib_per_s), false, 0, "by the guest, KiB/s" },
    { "swap_out_kib_per_s", SCHEMA_U64, SEEN(swap_out_kib_per_s), false, 0,
      "by the guest, KiB/s" },
    { "major_faults_per_s", SCHEMA_U64, SEEN(major_faults_per_s), false, 0, "in the guest, 1/s" },
    { "stats_age_ms", SCHEMA_U64, SEEN(stats_age_ms), false, 0,
      "how old these figures of the guest were, ms" },
    { "growth_kib_per_s", SCHEMA_U64, SEEN(growth_kib_per_s), false, 0,
      "how fast used_kib rose, KiB/s" },
    { "unmanaged_why", SCHEMA_TEXT, OF(unmanaged_why), false, 0, "NULL: it is managed" },
    { "extra_kib", SCHEMA_U64, OF(extra_kib), false, 0, "virtio-mem and DIMMs, KiB" },
    { "overhead_kib", SCHEMA_U64, OF(overhead_kib), false, 0, "QEMU's own memory, KiB" },
    { "shrunk_kib", SCHEMA_U64, OF(shrunk_kib), false, 0, "within the last interval, KiB" },
    { "force_kib", SCHEMA_U64, OF(force_kib), false, 0,
      "highest target that may be in force, KiB; 0: none" },
    { "booting_kib", SCHEMA_U64, OF(booting_kib), false, 0,
      "what it owned while it booted, KiB; else 0" },
    { "guard_flags", SCHEMA_U32, OF(guard_flags), true, GUARD_FLAGS,
      "sum of 1 huge pages, 2 balloon does not move now, 4 moved by others, 8 no shrink for a while, "
      "16 one step of help is due, 32 stuck, 64 did not grow, 128 uncooperative, 256 ineffective, "
      "512 without statistics" },
    { "own_ask_kib", SCHEMA_U64, OF(own_ask_kib), false, 0,
      "by memcoord itself, KiB; 0 or NULL: nothing" },
    { "asked_kib", SCHEMA_U64, OF(asked_kib), false, 0, "by the policy, KiB; NULL: nothing" },
    { "granted_kib", SCHEMA_U64, OF(granted_kib), false, 0,
      "by the guard: the target from this tick on, KiB" },
    { "why", SCHEMA_TEXT, OF(why), false, 0, "the policy's words; NULL: it asked nothing" },
    { "guard", SCHEMA_TEXT, OF(guard), false, 0, "the guard's reason: as-asked, rescue, ..." },
    { "guard_text", SCHEMA_TEXT, OF(guard_text), false, 0, "the same with figures" },
    END
};
static const struct schema_column truth_columns[] = {
    { "demand_kib", SCHEMA_U64, TRUTH(demand_kib), false, 0,
      "simulated: what its load wanted, KiB" },
    { "held_kib", SCHEMA_U64, TRUTH(held_kib), false, 0, "simulated: and held in memory, KiB" },
    { "demand_kib_s", SCHEMA_U64, TRUTH(demand_kib_s), false, 0,
      "simulated: demand since its start, KiB s" },
    { "short_kib_s", SCHEMA_U64, TRUTH(short_kib_s), false, 0,
      "simulated: what was not held of it, KiB s" },
    { "short_ms", SCHEMA_U64, TRUTH(short_ms), false, 0, "simulated: so long some was not, ms" },
    { "kills", SCHEMA_U64, TRUTH(kills), false, 0, "simulated: of its load, by the guest" },
    { "swapped_in_kib", SCHEMA_U64, TRUTH(swap_in_kib), false, 0,
      "simulated: by the guest since its start, KiB" },
    { "swapped_out_kib", SCHEMA_U64, TRUTH(swap_out_kib), false, 0,
      "simulated: by the guest since its start, KiB" },
    END
};
const struct schema_table schema_domain_sample = {
    "domain_sample", "each domain at each tick: seen, asked, granted, and why",
    sample_keys, sample_columns, truth_columns,
    "PRIMARY KEY (run, tick, place)) WITHOUT ROWID, STRICT"
};

/* The columns that the first schema has not. */
static const struct {
    const struct schema_table *table;
    const char *column;
    int since;
} later[] = {
    { &schema_domain_sample, "own_ask_kib", 2 },
};
/* clang-format on */

int schema_since(const struct schema_table *table, const struct schema_column *column)
{
    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
        if (later[i].table == table && strcmp(later[i].column, column->name) == 0)
            return later[i].since;
    return 1;
}
