/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * memcoord/policy.h: all that a policy needs. A policy is one shared object that defines one
 * MEMCOORD_POLICY; it links to nothing of memcoord. It is called once a tick with a snapshot of the
 * domains and the host, and names the balloon targets that it wants; a guard makes them safe.
 *
 * Rules for a policy
 *  - All figures are integers: memory in KiB (_kib), time in milliseconds (_ms), fractions in basis
 *    points (_bp, 10000 = 100%), rates a second (_per_s). Memory is at most 2^34 KiB, weights are at
 *    most 1000000: memory x weight fits 64 bits; for memory x memory there is memcoord_mul_div().
 *  - What is not known is MEMCOORD_UNKNOWN, never 0: compare before you calculate.
 *  - Time comes from the snapshot only, so that a replay is exact. Don't block, don't start threads,
 *    don't call libvirt. decide() is never called again before it has returned.
 *  - It may compute, and take memory. Files, sockets, processes, threads and waiting are forbidden to
 *    the process that it runs in, and end it; what it prints goes nowhere: there is memcoord_log().
 *  - Libraries that it links to are the system's, which the linker finds by their names alone.
 *  - Reckon from target_kib (what was asked last), not from balloon_kib: while a balloon still moves,
 *    balloon + step asks for less than was asked already.
 *
 * Compatibility: a core runs policies of its own MEMCOORD_ABI and of all before, and refuses newer
 * ones. Structs grow at their end only, and the meaning of a field never changes.
 *
 * C99 or later, C++11 or later; gcc or clang; 64-bit.
 */
#ifndef MEMCOORD_POLICY_H
#define MEMCOORD_POLICY_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Counts every addition to this header, also of a single field.
 *  1  the first
 *  2  memcoord_domain.growth_kib_per_s, memcoord_host.pool_kib, memcoord_policy.source
 */
#define MEMCOORD_ABI 2u

/* What no figure is: not known. */
#define MEMCOORD_UNKNOWN UINT64_MAX

/*
 * memcoord_domain.flags. MOVABLE is the only one that a policy must test; the others explain it.
 */
/* the guard will accept a change this tick, if only a growth */
#define MEMCOORD_MOVABLE (UINT32_C(1) << 0)
/* the statistics are too old to shrink by */
#define MEMCOORD_STALE (UINT32_C(1) << 1)
/* the balloon is on its way to target_kib, or no statistics came since it arrived: no shrink */
#define MEMCOORD_SETTLING (UINT32_C(1) << 2)
/* the guest does not run: no change */
#define MEMCOORD_PAUSED (UINT32_C(1) << 3)
/* the domain is leaving this host: no change */
#define MEMCOORD_MIGRATING (UINT32_C(1) << 4)
/* not ours to change (configuration, passthrough, no balloon, ...): no change */
#define MEMCOORD_UNMANAGED (UINT32_C(1) << 5)
/* seen for too short a time: it may still be booting: no shrink */
#define MEMCOORD_NEW (UINT32_C(1) << 6)

/* One running domain. Never UNKNOWN: min, max, balloon and target; min_kib <= max_kib always. */
struct memcoord_domain {
    const char *name;     /* libvirt's name of the domain; valid until decide returns */
    void *state;          /* domain_state_size bytes of the policy's own: zeroed when the domain
                            appeared, kept as long as it runs; NULL if the size is 0 */
    uint32_t index;       /* its place in snapshot->domains */
    uint32_t flags;       /* MEMCOORD_MOVABLE, ... */
    uint64_t weight;      /* 0..1000000, 1000 is usual: its claim relative to the other domains' */
    uint64_t min_kib;     /* the guard allows no target below */
    uint64_t max_kib;     /* nor above */
    uint64_t balloon_kib; /* current size: what the guest owns now */
    uint64_t target_kib;  /* the size that was asked for last, else balloon_kib */
    uint64_t used_kib;   /* what the guest needs: its size at the moment of the statistics - usable;
                            page cache that can be dropped is not in it */
    uint64_t unused_kib; /* wholly free in the guest; page cache makes it small without need */
    uint64_t usable_kib; /* what the guest could use without swapping (MemAvailable) */
    uint64_t guest_total_kib;    /* the guest's MemTotal: the balloon less its kernel's part
                                  (libvirt calls it "available"; it is not free memory) */
    uint64_t disk_caches_kib;    /* page cache and buffers in the guest */
    uint64_t rss_kib;            /* what the domain's process holds of the host's memory */
    uint64_t swap_in_kib_per_s;  /* read back from the guest's swap */
    uint64_t swap_out_kib_per_s; /* written to the guest's swap */
    uint64_t major_faults_per_s; /* page faults in the guest that needed a read */
    uint64_t stats_age_ms;       /* how old the guest's statistics are; UNKNOWN: none ever came */
    /* since ABI 2 */
    uint64_t growth_kib_per_s; /* how fast used_kib rises: what two samples agree on, slow to
                                  fall, never negative; UNKNOWN before two samples */
};

/* The host. Each figure may be UNKNOWN, but for reserve, capacity, grantable and pool. */
struct memcoord_host {
    uint64_t total_kib;      /* memory of the host */
    uint64_t available_kib;  /* what can be used without swapping (MemAvailable) */
    uint64_t free_kib;       /* wholly free (MemFree) */
    uint64_t cached_kib;     /* page cache and buffers */
    uint64_t swap_total_kib; /* swap space of the host */
    uint64_t swap_free_kib;  /* what of it is free */
    uint64_t reserve_kib;    /* never given out */
    uint64_t capacity_kib;   /* what domains may hold in all: total - reserve, or [host] limit if
                                that is less */
    int64_t grantable_kib;   /* what can be handed out beyond what is held and promised; negative:
                                more is promised than there is */
    uint64_t psi_some_bp;    /* share of the last 10 s in which some task waited for memory */
    uint64_t psi_full_bp;    /* ... in which all did */
    /* since ABI 2 */
    uint64_t pool_kib; /* what a policy may divide among the MOVABLE domains: the sum of
                          max(balloon, target) over them + grantable, less what the guard keeps
                          for rescues; 0 if that is negative */
};

/* What a policy decides on; it is constant, and gone after decide. */
struct memcoord_snapshot {
    const struct memcoord_host *host;
    const struct memcoord_domain *const *domains; /* in no meaningful order */
    size_t n_domains;
    uint64_t tick;        /* counts from 1 */
    uint64_t now_ms;      /* monotonic; its zero means nothing */
    uint64_t interval_ms; /* the nominal distance of two ticks */
};

/* What a policy calls; use the functions below. The core fills it in anew for each decide. */
struct memcoord_plan {
    void *core;
    void (*set_target)(struct memcoord_plan *, const struct memcoord_domain *, uint64_t kib,
                       const char *why);
    void (*vlog)(struct memcoord_plan *, int level, const char *fmt, va_list args);
    int (*vfail)(struct memcoord_plan *, int err, const char *fmt, va_list args);
    void *(*scratch)(struct memcoord_plan *, size_t n, size_t size);
};

/* How a parameter is written in the configuration, and what arrives in its uint64_t. */
enum memcoord_param_type {
    MEMCOORD_TYPE_SIZE = 1, /* "100MiB" (KiB, MiB, GiB, TiB; a bare 0)     -> KiB          */
    MEMCOORD_TYPE_PERCENT,  /* "75%", "0.5%"                               -> basis points */
    MEMCOORD_TYPE_DURATION, /* "500ms", "2s", "5min", "7d" (h, too); a bare 0  -> milliseconds */
    MEMCOORD_TYPE_INTEGER,  /* "12"                                        -> 12           */
    MEMCOORD_TYPE_BOOLEAN,  /* "yes", "no" (also on/off, true/false)       -> 1, 0         */
    MEMCOORD_TYPE_CHOICE    /* one of the words of the range, "keep|share" -> its index    */
};

/* One parameter of [policy NAME]; write it with the macros below. */
struct memcoord_param {
    const char *key;     /* lower case letters, digits, '_' */
    const char *initial; /* its default, written as in the configuration; must lie in the range */
    const char *range;   /* "LOW..HIGH" as values are written, or the words of a choice */
    const char *help;    /* one line, without a full stop */
    size_t offset;       /* of a uint64_t in the policy's state */
    uint32_t type;       /* enum memcoord_param_type */
    uint32_t reserved;   /* 0 */
};

/* offsetof, and a check at compile time that the field is a uint64_t */
#define MEMCOORD_OFFSET_(T, field) \
    (offsetof(T, field) + 0 * sizeof(1 ? &((T *)0)->field : (uint64_t *)0))
#define MEMCOORD_PARAM_(T, field, type, key, initial, range, help)     \
    {                                                                  \
        key, initial, range, help, MEMCOORD_OFFSET_(T, field), type, 0 \
    }

/* A parameter: state struct, its field (a uint64_t), key, default, range, help. */
#define MEMCOORD_SIZE(T, field, key, initial, range, help) \
    MEMCOORD_PARAM_(T, field, MEMCOORD_TYPE_SIZE, key, initial, range, help)
#define MEMCOORD_PERCENT(T, field, key, initial, range, help) \
    MEMCOORD_PARAM_(T, field, MEMCOORD_TYPE_PERCENT, key, initial, range, help)
#define MEMCOORD_DURATION(T, field, key, initial, range, help) \
    MEMCOORD_PARAM_(T, field, MEMCOORD_TYPE_DURATION, key, initial, range, help)
#define MEMCOORD_INTEGER(T, field, key, initial, range, help) \
    MEMCOORD_PARAM_(T, field, MEMCOORD_TYPE_INTEGER, key, initial, range, help)
#define MEMCOORD_BOOLEAN(T, field, key, initial, help) \
    MEMCOORD_PARAM_(T, field, MEMCOORD_TYPE_BOOLEAN, key, initial, "no|yes", help)
#define MEMCOORD_CHOICE(T, field, key, initial, choices, help) \
    MEMCOORD_PARAM_(T, field, MEMCOORD_TYPE_CHOICE, key, initial, choices, help)
/* Ends the table. */
#define MEMCOORD_PARAMS_END             \
    {                                   \
        NULL, NULL, NULL, NULL, 0, 0, 0 \
    }

/* A policy; write it with MEMCOORD_POLICY, which fills in the first line. */
struct memcoord_policy {
    uint32_t abi, struct_size, param_size, reserved;
    const char *name;         /* as in `policy = NAME`: lower case letters, digits, '-' */
    const char *summary;      /* one line, without a full stop */
    size_t state_size;        /* bytes of state that the core keeps for the policy: plain data
                                 without pointers, zeroed, then the parameters are written into it */
    size_t domain_state_size; /* the same for each domain: memcoord_domain.state */
    uint64_t state_version;   /* not 0: both states are kept across a reload or a restart of the
                                 policy as long as this number and both sizes stay the same */
    const struct memcoord_param *params; /* the table, or NULL; ends with MEMCOORD_PARAMS_END */
    /* NULL, or what is wrong between the parameters ("low is above high"); optional */
    const char *(*check)(const void *state);
    /* Names targets with memcoord_set_target(). 0, or what memcoord_fail() returned: then nothing
     * of this plan is done. */
    int (*decide)(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan);
    /* since ABI 2 */
    const char *source; /* where the rule comes from: a paper, an address; optional */
};

#if defined(__GNUC__)
#define MEMCOORD_EXPORT_ __attribute__((visibility("default")))
#define MEMCOORD_PRINTF_(f, a) __attribute__((format(printf, f, a)))
#else
#define MEMCOORD_EXPORT_
#define MEMCOORD_PRINTF_(f, a)
#endif

/* What the core looks up. The visibility must stand here: g++ ignores it on the definition. */
MEMCOORD_EXPORT_ extern const struct memcoord_policy memcoord_plugin;

/*
 * Defines the policy of this shared object:
 *   MEMCOORD_POLICY(.name = "hold", .summary = "changes nothing", .decide = decide);
 * In C++ the fields must be named in the order of the struct.
 */
#ifdef __cplusplus /* designated initialisers are C++20, and an extension of g++ and clang++ before */
#define MEMCOORD_POLICY(...)                                                                    \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wpragmas\"")              \
        _Pragma("GCC diagnostic ignored \"-Wpedantic\"")                                        \
            _Pragma("GCC diagnostic ignored \"-Wc++20-extensions\"") _Pragma(                   \
                "GCC diagnostic ignored \"-Wmissing-field-initializers\"")                      \
                const struct memcoord_policy memcoord_plugin = { MEMCOORD_SELF_, __VA_ARGS__ }; \
    _Pragma("GCC diagnostic pop") extern const struct memcoord_policy memcoord_plugin
#else
#define MEMCOORD_POLICY(...) \
    const struct memcoord_policy memcoord_plugin = { MEMCOORD_SELF_, __VA_ARGS__ }
#endif
#define MEMCOORD_SELF_                                                  \
    .abi = MEMCOORD_ABI, .struct_size = sizeof(struct memcoord_policy), \
    .param_size = sizeof(struct memcoord_param)

/*
 * Asks for a balloon target of `kib` for domain `d`, a domain of this snapshot. `why` says it in a
 * few plain words ("usable below low"); it is copied at once, and the core adds the figures. The
 * last call for a domain counts; a domain that is not named stays as it is.
 */
static inline void memcoord_set_target(struct memcoord_plan *plan, const struct memcoord_domain *d,
                                       uint64_t kib, const char *why)
{
    plan->set_target(plan, d, kib, why);
}

/* Logs a line in the policy's name, rate limited. `level` as syslog has it: 3 error, 4 warning,
 * 6 info, 7 debug. */
MEMCOORD_PRINTF_(3, 4)
static inline void memcoord_log(struct memcoord_plan *plan, int level, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    plan->vlog(plan, level, fmt, args);
    va_end(args);
}

/* Gives this plan up: nothing of it is done, the reason is logged. `err` is an errno; returns -err,
 * for decide to return. */
MEMCOORD_PRINTF_(3, 4)
static inline int memcoord_fail(struct memcoord_plan *plan, int err, const char *fmt, ...)
{
    va_list args;
    int r;
    va_start(args, fmt);
    r = plan->vfail(plan, err, fmt, args);
    va_end(args);
    return r;
}

/* Zeroed memory for `n` elements of `size` bytes, gone after decide. NULL when there is none; the
 * plan has failed then: return -ENOMEM. */
static inline void *memcoord_scratch(struct memcoord_plan *plan, size_t n, size_t size)
{
    return plan->scratch(plan, n, size);
}

static inline uint64_t memcoord_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}
static inline uint64_t memcoord_max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}
/* `x`, but at least `low` and at most `high`. */
static inline uint64_t memcoord_clamp(uint64_t x, uint64_t low, uint64_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* floor(a * b / c) without overflow on the way; UINT64_MAX where it does not fit or c is 0. */
static inline uint64_t memcoord_mul_div(uint64_t a, uint64_t b, uint64_t c)
{
    __extension__ unsigned __int128 q = a;
    if ((a | b) >> 32 == 0 && c) /* the usual: 128 bits cost ten times as much */
        return a * b / c;
    q = c ? q * b / c : UINT64_MAX;
    return q > UINT64_MAX ? UINT64_MAX : (uint64_t)q;
}

#ifdef __cplusplus
}
#endif
#endif
