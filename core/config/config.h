/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration: one INI file, described by one table (config_keys). */
#ifndef CORE_CONFIG_CONFIG_H
#define CORE_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config/problems.h"
#include "config/values.h"

/* uint64_t throughout, as values.h gives them: KiB, ms, basis points, 0/1, index of the choice. */

struct daemon_settings { /* [memcoord] */
    char *uri;           /* of the libvirt host */
    char *policy;        /* a name, found in policy_path, or a path (it contains a '/') */
    char *policy_path;   /* folders separated by ':'; $ORIGIN is the executable's folder */
    uint64_t interval_ms;
    uint64_t dry_run; /* 1: watch and show, change nothing */
    uint64_t on_exit; /* enum on_exit */
};

enum on_exit { ON_EXIT_HOLD, ON_EXIT_RESTORE };

struct host_settings {            /* [host] */
    struct amount reserve;        /* never given out; percent of the host's total memory */
    uint64_t limit_kib;           /* what domains may hold in all; 0: no limit */
    uint64_t domain_overhead_kib; /* QEMU's own memory, at least */
    uint64_t warn_free_kib;       /* warn when available host memory is at or below; 0: never */
};

struct record_settings { /* [record] */
    char *file;          /* of the recording, from the configuration's folder; "none" */
    uint64_t keep_ms;    /* older ticks are deleted; 0: none are */
};

struct process_settings { /* [policy_process] */
    uint64_t isolate;     /* enum isolate */
    uint64_t sandbox;     /* enum sandbox_mode */
    uint64_t deadline_ms; /* for an answer; at most half the interval counts */
    uint64_t failures;    /* so many in a row, and the policy is not asked any more */
    uint64_t memory_kib;  /* what a policy's process may take beyond the program's own */
};

/* ISOLATE_AUTO: on real hosts; a simulated one calls it in process, for speed. */
enum isolate { ISOLATE_AUTO, ISOLATE_YES, ISOLATE_NO };
enum sandbox_mode { SANDBOX_REQUIRED, SANDBOX_BEST_EFFORT, SANDBOX_OFF };

struct guard_settings {         /* [guard] */
    uint64_t guest_reserve_kib; /* what a shrink leaves usable in the guest */
    struct amount max_shrink;   /* at most this an interval; percent of the balloon */
    struct amount deadband;     /* smaller changes are not worth a call; percent of the balloon */
    uint64_t stale_after_ms;    /* older statistics forbid a shrink; at least three intervals */
    uint64_t rescue;            /* 1: help a guest that is about to starve */
    uint64_t rescue_below_kib;  /* ... which is one with less usable memory */
    uint64_t rescue_keep_kib;   /* grantable memory that is for rescues alone */
    uint64_t hands_off_ms;      /* how long a domain is left to another who keeps changing it */
    uint64_t stuck_after_ms;    /* a balloon that has not moved for so long, away from its target */
    uint64_t probe_every_ms;    /* ... is tried again so often */
    uint64_t uncooperative_after_ms; /* ... and reported after so long */
    uint64_t ineffective_after_ms;   /* a shrink that gave the host nothing for so long; 0: never */
};

struct domain_settings { /* [domain GLOB], all that match, merged key by key: the last one wins */
    struct amount min;   /* percent of max, or of the domain's own maximum */
    uint64_t max_kib;    /* 0: the domain's own maximum */
    uint64_t weight;
    uint64_t manage;        /* 0: leave it alone, and count what it holds */
    uint64_t statistics;    /* enum statistics */
    int min_line, max_line; /* where the two stand; 0: they are the defaults */
};

/* Of a guest that never gave any: STATISTICS_REQUIRED leaves it alone; STATISTICS_OPTIONAL coordinates it
 * nonetheless, and its min alone protects it. */
enum statistics { STATISTICS_REQUIRED, STATISTICS_OPTIONAL };

/* One [domain GLOB] section: only keys that it names are given. */
struct domain_rule {
    char *glob; /* fnmatch()ed with the domain's name; and with its UUID if it looks like one */
    int line;
    bool has_min, has_max, has_weight, has_manage, has_statistics;
    struct domain_settings settings;
};

/* One `key = value` of a [policy NAME] section, kept as text: only the policy knows its keys. */
struct policy_entry {
    char *policy, *key, *value; /* key is NULL for the section's own line (it may be empty) */
    int line;
};

struct config {
    char *file;
    int uri_line, policy_line, policy_path_line,
        record_line;         /* where they stand; 0: it is the default */
    uint64_t stale_after_ms; /* as it is written; guard.stale_after_ms is what counts */
    struct daemon_settings daemon;
    struct host_settings host;
    struct record_settings record;
    struct process_settings process;
    struct guard_settings guard;
    struct domain_settings domain_defaults;
    struct domain_rule *domain_rules;
    size_t n_domain_rules;
    struct policy_entry *policy_entries;
    size_t n_policy_entries;
};

/* One key of the table. */
struct config_key {
    const char *section; /* "memcoord", "host", "record", "policy_process", "guard", "domain" */
    const char *key;
    uint32_t type;       /* enum memcoord_param_type or enum value_type */
    const char *initial; /* its default, as written in the file */
    const char *range;   /* as for value_parse(); NULL for texts */
    const char *help;    /* one line, without a full stop */
    size_t offset;       /* in struct config; for "domain", in struct domain_settings */
};

/* The table, ended by a row without a section: parser, `check`, --help, coord.ini's test. */
extern const struct config_key config_keys[];

/* Fills *config with the defaults of the table. -ENOMEM. */
int config_defaults(struct config *config);

/* Reads `file` over the defaults into *config. Adds everything that is wrong to `problems` and then
 * returns -EINVAL (-ENOENT, ... if it can't be read, -ENOMEM), with *config untouched. The values of
 * [policy ...] sections are not looked at; the policy's loader does that. Free with config_free(). */
int config_load(const char *file, struct config *config, struct problems *problems);

/* The same with the text that config_print() wrote; `name` is said in the place of the file's. */
int config_load_text(const char *text, const char *name, struct config *config,
                     struct problems *problems);

/* As config_load(), but where something in the file is wrong (-EINVAL) *config is filled nonetheless with
 * what is right, so that more mistakes can be looked for; free it then, too. */
int config_examine(const char *file, struct config *config, struct problems *problems);

/* The interval that the command line gives wins over the file's; stale_after follows. `interval_ms`
 * must be within the key's range. */
void config_set_interval(struct config *config, uint64_t interval_ms);

/* Sets one key of [memcoord], [host] or [guard] as if it stood in the file. -ENOENT: there is no such key;
 * -EINVAL: the value is wrong; -ENOMEM. `error` says what is allowed; *config is untouched then. */
int config_set(struct config *config, const char *section, const char *key, const char *value,
               char *error, size_t error_size);

/* 0, or -EINVAL with `error` if keys contradict each other. */
int config_check(const struct config *config, char *error, size_t error_size);

/* Frees what *config points to, not *config itself; a zeroed one is fine. */
void config_free(struct config *config);

/* The row of the table for `key` of `section`; NULL if there is none. */
const struct config_key *config_find_key(const char *section, const char *key);

/* The present value of a row as it would be written in the file: in `base`, which is the config, or
 * the domain_settings for a row of "domain". Always terminated. */
void config_format(const struct config_key *key, const void *base, char *text, size_t size);

/* Writes all that decides as a configuration, which config_load() reads to the same: every key of the table
 * but [record], each [domain GLOB], and the [policy NAME] sections but the one of the policy `except`
 * (NULL: all). */
void config_print(const struct config *config, const char *except, FILE *out);

/* Whether a [domain GLOB] gives the key of `row`, a row of "domain". */
bool config_rule_gives(const struct domain_rule *rule, const struct config_key *row);

/* Writes one [domain GLOB] with the keys that it gives, an empty line before it. */
void config_print_rule(const struct domain_rule *rule, FILE *out);

/* Whether a [domain GLOB] means the domain `name` with the UUID `uuid` (36 characters): it matches one
 * of them. It is compared with the UUID, regardless of case, only if it begins as one does
 * ("6ba7b810-*"): `[domain d*]` means names. */
bool config_rule_matches(const struct domain_rule *rule, const char *name, const char *uuid);

/* The settings of that domain: `base` (the defaults, or what its host proposes in their place), then
 * each [domain GLOB] that means it, in the file's order. */
struct domain_settings config_domain(const struct config *config, struct domain_settings base,
                                     const char *name, const char *uuid);

#endif
