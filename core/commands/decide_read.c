/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/decide_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/complain.h"
#include "util/json_fields.h"

#define MAX_KIB (UINT64_C(1) << 34) /* as policy.h promises to policies */
#define MAX_WEIGHT 1000000
#define MAX_BP 10000
#define MAX_MS (UINT64_C(1) << 50)
#define MAX_INTERVAL_MS 86400000
/* absent, where MEMCOORD_UNKNOWN is a figure */
#define NOT_GIVEN INT64_MIN

#define KIB(field) JSON_FIELD_NUMBER, offsetof(struct snapshot_domain, field), MAX_KIB
#define UP_TO(field, max) JSON_FIELD_NUMBER, offsetof(struct snapshot_domain, field), max
#define BOOL(field) JSON_FIELD_BOOL, offsetof(struct snapshot_domain, field), 1
#define OTHER JSON_FIELD_OTHER, 0, 0, 0

static const struct json_field domain_fields[] = {
    { "name", OTHER },
    { "flags", OTHER },
    { "weight", UP_TO(seen.weight, MAX_WEIGHT), MEMCOORD_UNKNOWN },
    { "min_kib", KIB(seen.min_kib), MEMCOORD_UNKNOWN },
    { "max_kib", KIB(seen.max_kib), MEMCOORD_UNKNOWN },
    { "balloon_kib", KIB(seen.balloon_kib), MEMCOORD_UNKNOWN },
    { "target_kib", KIB(seen.target_kib), MEMCOORD_UNKNOWN },
    { "used_kib", KIB(seen.used_kib), MEMCOORD_UNKNOWN },
    { "unused_kib", KIB(seen.unused_kib), MEMCOORD_UNKNOWN },
    { "usable_kib", KIB(seen.usable_kib), MEMCOORD_UNKNOWN },
    { "guest_total_kib", KIB(seen.guest_total_kib), MEMCOORD_UNKNOWN },
    { "disk_caches_kib", KIB(seen.disk_caches_kib), MEMCOORD_UNKNOWN },
    { "rss_kib", KIB(seen.rss_kib), MEMCOORD_UNKNOWN },
    { "swap_in_kib_per_s", KIB(seen.swap_in_kib_per_s), MEMCOORD_UNKNOWN },
    { "swap_out_kib_per_s", KIB(seen.swap_out_kib_per_s), MEMCOORD_UNKNOWN },
    { "major_faults_per_s", KIB(seen.major_faults_per_s), MEMCOORD_UNKNOWN },
    { "stats_age_ms", UP_TO(seen.stats_age_ms, MAX_MS), MEMCOORD_UNKNOWN },
    { "growth_kib_per_s", KIB(seen.growth_kib_per_s), MEMCOORD_UNKNOWN },
    /* what only the guard sees */
    { "extra_kib", KIB(extra_kib), 0 },
    { "overhead_kib", KIB(overhead_kib), MEMCOORD_UNKNOWN },
    { "shrunk_kib", KIB(shrunk_kib), 0 },
    { "set_aside", BOOL(set_aside), 0 },
    { "shrink_paused", BOOL(shrink_paused), 0 },
    { "stale_rescue", BOOL(stale_rescue), 0 },
    { "stuck", BOOL(stuck), 0 },
    { "takes_nothing", BOOL(takes_nothing), 0 },
    { "ineffective", BOOL(ineffective), 0 },
    { "without_stats", BOOL(without_stats), 0 },
    { "own_ask_kib", KIB(own_ask_kib), 0 },
    { 0 },
};

#undef KIB
#define KIB(field) \
    JSON_FIELD_NUMBER, offsetof(struct memcoord_host, field), MAX_KIB, MEMCOORD_UNKNOWN
#define BP(field) JSON_FIELD_NUMBER, offsetof(struct memcoord_host, field), MAX_BP, MEMCOORD_UNKNOWN

static const struct json_field host_fields[] = {
    { "total_kib", KIB(total_kib) },
    { "available_kib", KIB(available_kib) },
    { "free_kib", KIB(free_kib) },
    { "cached_kib", KIB(cached_kib) },
    { "swap_total_kib", KIB(swap_total_kib) },
    { "swap_free_kib", KIB(swap_free_kib) },
    { "reserve_kib", KIB(reserve_kib) },
    { "capacity_kib", KIB(capacity_kib) },
    { "grantable_kib", JSON_FIELD_SIGNED, offsetof(struct memcoord_host, grantable_kib), MAX_KIB,
      (uint64_t)NOT_GIVEN },
    { "psi_some_bp", BP(psi_some_bp) },
    { "psi_full_bp", BP(psi_full_bp) },
    { "pool_kib", KIB(pool_kib) },
    { 0 },
};

#define UNTIL(field, max) \
    JSON_FIELD_NUMBER, offsetof(struct memcoord_snapshot, field), max, MEMCOORD_UNKNOWN

static const struct json_field line_fields[] = {
    { "host", OTHER },
    { "domains", OTHER },
    { "tick", UNTIL(tick, MAX_MS) },
    { "now_ms", UNTIL(now_ms, MAX_MS) },
    { "interval_ms", UNTIL(interval_ms, MAX_INTERVAL_MS) },
    { 0 },
};

/* MOVABLE is not among them: it follows from the others. */
static const struct {
    const char *name;
    uint32_t flag;
} flag_names[] = {
    { "stale", MEMCOORD_STALE },         { "settling", MEMCOORD_SETTLING },
    { "paused", MEMCOORD_PAUSED },       { "migrating", MEMCOORD_MIGRATING },
    { "unmanaged", MEMCOORD_UNMANAGED }, { "new", MEMCOORD_NEW },
};

static const char flags_want[] = "flags: want a list of \"stale\", \"settling\", \"paused\", "
                                 "\"migrating\", \"unmanaged\", \"new\"";

static int read_flags(json_t *list, uint32_t *flags, char *error, size_t error_size)
{
    size_t i, k, n = sizeof(flag_names) / sizeof(flag_names[0]);
    json_t *item;

    if (!list || json_is_null(list))
        return 0;
    if (!json_is_array(list))
        return complain(error, error_size, -EINVAL, "%s", flags_want);
    json_array_foreach(list, i, item)
    {
        const char *name = json_string_value(item);
        for (k = 0; k < n && !(name && strcmp(name, flag_names[k].name) == 0); k++)
            ;
        if (k == n)
            return complain(error, error_size, -EINVAL, "%s; not %.40s", flags_want,
                            name ? name : "something else");
        *flags |= flag_names[k].flag;
    }
    return 0;
}

static uint64_t either(uint64_t known, uint64_t otherwise)
{
    return known == MEMCOORD_UNKNOWN ? otherwise : known;
}

/* Bounds and weight that the line does not give are as in the configuration. */
static int complete_bounds(struct snapshot_domain *d, const struct config *config, char *error,
                           size_t error_size)
{
    struct domain_settings settings =
        config_domain(config, config->domain_defaults, d->seen.name, "");
    struct memcoord_domain *seen = &d->seen;
    bool has_min = seen->min_kib != MEMCOORD_UNKNOWN;

    if (seen->balloon_kib == MEMCOORD_UNKNOWN)
        return complain(error, error_size, -EINVAL, "balloon_kib is missing");
    if (seen->max_kib == MEMCOORD_UNKNOWN && settings.max_kib == 0)
        return complain(error, error_size, -EINVAL, "max_kib is missing");
    seen->max_kib = either(seen->max_kib, settings.max_kib);
    if (!has_min)
        seen->min_kib = memcoord_min(amount_of(settings.min, seen->max_kib),
                                     memcoord_min(seen->balloon_kib, seen->max_kib));
    if (seen->min_kib > seen->max_kib)
        return complain(error, error_size, -EINVAL,
                        "min_kib %llu is above max_kib %llu; want at most that",
                        (unsigned long long)seen->min_kib, (unsigned long long)seen->max_kib);
    seen->weight = either(seen->weight, settings.weight);
    if (!settings.manage) {
        seen->flags |= MEMCOORD_UNMANAGED;
        d->unmanaged_why = "manage = no";
    }
    return 0;
}

/* Whether it is coordinated without statistics, as the line has none and the configuration does not ask for them. */
static bool needs_none(const struct snapshot_domain *d, const struct config *config)
{
    struct domain_settings settings =
        config_domain(config, config->domain_defaults, d->seen.name, "");

    return d->seen.stats_age_ms == MEMCOORD_UNKNOWN && settings.statistics == STATISTICS_OPTIONAL;
}

static void complete_statistics(struct snapshot_domain *d, const struct config *config)
{
    struct memcoord_domain *seen = &d->seen;
    bool has_some = seen->usable_kib != MEMCOORD_UNKNOWN || seen->unused_kib != MEMCOORD_UNKNOWN ||
                    seen->used_kib != MEMCOORD_UNKNOWN;

    seen->target_kib = either(seen->target_kib, seen->balloon_kib);
    if (seen->used_kib == MEMCOORD_UNKNOWN && seen->usable_kib != MEMCOORD_UNKNOWN)
        seen->used_kib = seen->balloon_kib - memcoord_min(seen->usable_kib, seen->balloon_kib);
    if (has_some)
        seen->stats_age_ms = either(seen->stats_age_ms, 0);
    if (seen->stats_age_ms != MEMCOORD_UNKNOWN && seen->stats_age_ms > config->guard.stale_after_ms)
        seen->flags |= MEMCOORD_STALE;
    d->without_stats |= needs_none(d, config);
    d->overhead_kib = either(d->overhead_kib, config->host.domain_overhead_kib);
}

/* A key that must be there is not, or is no `want`. */
static int refuse_value(const char *key, json_t *value, const char *want, char *error,
                        size_t error_size)
{
    char *text =
        value && !json_is_null(value) ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    int r = text ? complain(error, error_size, -EINVAL, "%s is %.40s; want %s", key, text, want)
                 : complain(error, error_size, -EINVAL, "%s is missing; want %s", key, want);

    free(text);
    return r;
}

static int read_domain(json_t *object, const struct config *config, struct snapshot_domain *d,
                       char *error, size_t error_size)
{
    char why[200];
    uint32_t index = d->seen.index;
    const char *name = json_string_value(json_object_get(object, "name"));
    int r = json_fields_read(object, domain_fields, d, why, sizeof(why));

    if (!r && (!name || !*name))
        r = refuse_value("name", json_object_get(object, "name"), "a text", why, sizeof(why));
    d->seen.name = name;
    if (!r)
        r = read_flags(json_object_get(object, "flags"), &d->seen.flags, why, sizeof(why));
    if (!r)
        r = complete_bounds(d, config, why, sizeof(why));
    if (r && name && *name)
        return complain(error, error_size, r, "domain '%.60s': %s", name, why);
    if (r)
        return complain(error, error_size, r, "domain number %u: %s", index + 1, why);
    complete_statistics(d, config);
    return 0;
}

/* Derives what the host's figures do not say, and lets stand what they do. */
static void complete_host(struct snapshot *snapshot, const struct config *config,
                          const struct guard_settings *guard)
{
    struct memcoord_host given = snapshot->host, *host = &snapshot->host;
    struct host_settings settings = config->host;

    if (given.reserve_kib != MEMCOORD_UNKNOWN)
        settings.reserve = (struct amount){ .kib = given.reserve_kib };
    snapshot_complete(snapshot, &settings, guard);
    host->capacity_kib = either(given.capacity_kib, host->capacity_kib);
    if (given.grantable_kib != NOT_GIVEN) {
        host->grantable_kib = given.grantable_kib;
        host->pool_kib = snapshot_pool_kib(snapshot, given.grantable_kib, guard);
    }
    host->pool_kib = either(given.pool_kib, host->pool_kib);
}

static int read_host(json_t *object, struct memcoord_host *host, char *error, size_t error_size)
{
    json_t *none = object && !json_is_null(object) ? NULL : json_object();
    char why[200];
    int r = json_fields_read(none ? none : object, host_fields, host, why, sizeof(why));

    json_decref(none);
    return r ? complain(error, error_size, r, "host: %s", why) : 0;
}

/* The line's own figures. */
static int read_time(json_t *line, const struct config *config,
                     const struct memcoord_snapshot *last, struct memcoord_snapshot *now,
                     char *error, size_t error_size)
{
    struct memcoord_snapshot given;
    int r = json_fields_read(line, line_fields, &given, error, error_size);
    if (r)
        return r;

    now->interval_ms = either(given.interval_ms, config->daemon.interval_ms);
    now->tick = either(given.tick, last->tick + 1);
    now->now_ms = either(given.now_ms, last->now_ms + now->interval_ms);
    if (now->interval_ms == 0)
        return complain(error, error_size, -EINVAL, "interval_ms is 0; want at least 1");
    if (now->tick <= last->tick)
        return complain(error, error_size, -EINVAL, "tick is %llu; want more than %llu",
                        (unsigned long long)now->tick, (unsigned long long)last->tick);
    if (now->now_ms < last->now_ms)
        return complain(error, error_size, -EINVAL, "now_ms is %llu; want at least %llu",
                        (unsigned long long)now->now_ms, (unsigned long long)last->now_ms);
    return 0;
}

int decide_read(json_t *line, const struct config *config, const struct guard_settings *guard,
                struct snapshot *snapshot, char *error, size_t error_size)
{
    json_t *list = json_object_get(line, "domains"), *object;
    struct memcoord_snapshot time = { 0 };
    size_t i;
    int r = read_time(line, config, &snapshot->seen, &time, error, error_size);
    if (r)
        return r;
    if (!json_is_array(list))
        return refuse_value("domains", list, "a list", error, error_size);
    r = snapshot_begin(snapshot, json_array_size(list));
    if (r)
        return complain(error, error_size, r, "out of memory");

    snapshot->seen.tick = time.tick;
    snapshot->seen.now_ms = time.now_ms;
    snapshot->seen.interval_ms = time.interval_ms;
    json_array_foreach(list, i, object)
    {
        r = read_domain(object, config, &snapshot->domains[i], error, error_size);
        if (r)
            return r;
    }
    r = read_host(json_object_get(line, "host"), &snapshot->host, error, error_size);
    if (!r)
        complete_host(snapshot, config, guard);
    return r;
}
