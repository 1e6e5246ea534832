/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/plan.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_EVERY_MS 60000
#define SCRATCH_MAX_BYTES ((size_t)1 << 30) /* 100 KiB for each of 10,000 domains */

/* Copies `text` into `to`, cut to `size`, in printable ASCII: it goes into logs and JSON. */
static void copy_plain(char *to, size_t size, const char *text)
{
    size_t i = 0;

    for (; text && text[i] && i + 1 < size; i++) {
        unsigned char c = (unsigned char)text[i];
        to[i] = c >= 0x80 ? '?' : c < ' ' || c == 0x7f ? ' ' : (char)c;
    }
    to[i] = '\0';
}

/* Where the search for a domain begins. Addresses differ in their middle bits; the multiplication
 * (by 2^64 / the golden ratio) brings these to the top. */
static size_t first_place(const struct plan *plan, const struct memcoord_domain *domain)
{
    return (size_t)(((uint64_t)(uintptr_t)domain * UINT64_C(0x9e3779b97f4a7c15)) >> 32) &
           (plan->n_places - 1);
}

/* Finds the index of `domain` by its address alone, for nothing may be read through a pointer that a
 * policy made up. */
static bool find_domain(const struct plan *plan, const struct memcoord_domain *domain,
                        size_t *index)
{
    if (plan->n_places == 0)
        return false;
    for (size_t at = first_place(plan, domain); plan->places[at];
         at = (at + 1) & (plan->n_places - 1)) {
        if (plan->snapshot->domains[plan->places[at] - 1] == domain) {
            *index = plan->places[at] - 1;
            return true;
        }
    }
    return false;
}

static void plan_set_target(struct memcoord_plan *calls, const struct memcoord_domain *domain,
                            uint64_t kib, const char *why)
{
    struct plan *plan = calls->core;
    struct plan_entry *entry;
    size_t index;

    if (!find_domain(plan, domain, &index)) {
        plan->strangers++;
        return;
    }
    entry = &plan->entries[index];
    /* UNKNOWN says that nothing was asked; asked for that much, the guard's maximum is meant */
    entry->asked_kib = kib == MEMCOORD_UNKNOWN ? MEMCOORD_UNKNOWN - 1 : kib;
    copy_plain(entry->why, sizeof(entry->why), why);
}

static enum log_level level_of(int syslog_level)
{
    return syslog_level <= 3   ? LOG_LEVEL_ERROR
           : syslog_level == 4 ? LOG_LEVEL_WARNING
           : syslog_level <= 6 ? LOG_LEVEL_INFO
                               : LOG_LEVEL_DEBUG;
}

/* The limit of the messages with this format; the last one is shared by all that find no room. */
static struct log_limit *limit_of(struct plan *plan, const char *format)
{
    size_t i = 0;

    while (i + 1 < PLAN_LOG_LIMITS && plan->limits[i].format && plan->limits[i].format != format)
        i++;
    plan->limits[i].format = format;
    return &plan->limits[i].limit;
}

LOG_PRINTF(3, 0)
static void plan_vlog(struct memcoord_plan *calls, int syslog_level, const char *fmt, va_list args)
{
    struct plan *plan = calls->core;
    enum log_level level = level_of(syslog_level);
    char text[256], plain[256], more[48] = "";
    uint64_t suppressed;

    if (!log_wants(level) ||
        !log_allows(limit_of(plan, fmt), plan->snapshot->now_ms, LOG_EVERY_MS, &suppressed))
        return;
    vsnprintf(text, sizeof(text), fmt, args);
    copy_plain(plain, sizeof(plain), text);
    if (suppressed)
        snprintf(more, sizeof(more), " (%llu more like this since)",
                 (unsigned long long)suppressed);
    log_line(level, "policy %s: %s%s", plan->policy_name, plain, more);
}

LOG_PRINTF(3, 0)
static int plan_vfail(struct memcoord_plan *calls, int err, const char *fmt, va_list args)
{
    struct plan *plan = calls->core;
    int r = err > 0 && err < 4096 ? -err : -EINVAL;
    char text[sizeof(plan->error)];

    if (plan->failed)
        return r; /* the first failure is the cause */
    plan->failed = r;
    vsnprintf(text, sizeof(text), fmt, args);
    copy_plain(plan->error, sizeof(plan->error), text);
    return r;
}

/* memcoord_scratch() promises that the plan has failed where there is no memory. */
static void *no_scratch(struct plan *plan, size_t n, size_t size)
{
    if (!plan->failed) {
        plan->failed = -ENOMEM;
        snprintf(plan->error, sizeof(plan->error), "no scratch memory for %zu x %zu bytes", n,
                 size);
    }
    return NULL;
}

static void *plan_scratch(struct memcoord_plan *calls, size_t n, size_t size)
{
    struct plan *plan = calls->core;
    void **list, *memory;

    if (size && n > SCRATCH_MAX_BYTES / size)
        return no_scratch(plan, n, size);
    list = realloc(plan->scratch, (plan->n_scratch + 1) * sizeof(*list));
    if (!list)
        return no_scratch(plan, n, size);
    plan->scratch = list;
    memory = calloc(n ? n : 1, size ? size : 1);
    if (!memory)
        return no_scratch(plan, n, size);
    plan->scratch[plan->n_scratch++] = memory;
    return memory;
}

/* Makes room for `n` domains, in powers of two. */
static int plan_reserve(struct plan *plan, size_t n)
{
    size_t n_places = 16;

    if (n > UINT32_MAX / 4)
        return -ENOMEM;
    while (n_places < 2 * n)
        n_places *= 2;
    if (n_places <= plan->n_places)
        return 0;

    struct plan_entry *entries = malloc(n_places / 2 * sizeof(*entries));
    uint32_t *places = malloc(n_places * sizeof(*places));
    if (!entries || !places) {
        free(entries);
        free(places);
        return -ENOMEM;
    }
    free(plan->entries);
    free(plan->places);
    plan->entries = entries;
    plan->capacity = n_places / 2;
    plan->places = places;
    plan->n_places = n_places;
    return 0;
}

static void forget_targets(struct plan *plan)
{
    for (size_t i = 0; i < plan->snapshot->n_domains; i++) {
        plan->entries[i].asked_kib = MEMCOORD_UNKNOWN;
        plan->entries[i].why[0] = '\0';
    }
}

int plan_begin(struct plan *plan, const struct memcoord_snapshot *snapshot, const char *policy_name)
{
    int r = plan_reserve(plan, snapshot->n_domains);
    if (r)
        return r;

    plan_end(plan);
    plan->calls = (struct memcoord_plan){ .core = plan,
                                          .set_target = plan_set_target,
                                          .vlog = plan_vlog,
                                          .vfail = plan_vfail,
                                          .scratch = plan_scratch };
    plan->snapshot = snapshot;
    plan->policy_name = policy_name;
    plan->failed = 0;
    plan->error[0] = '\0';
    plan->strangers = 0;
    forget_targets(plan);
    memset(plan->places, 0, plan->n_places * sizeof(*plan->places));
    for (size_t i = 0; i < snapshot->n_domains; i++) {
        size_t at = first_place(plan, snapshot->domains[i]);
        while (plan->places[at])
            at = (at + 1) & (plan->n_places - 1);
        plan->places[at] = (uint32_t)i + 1;
    }
    return 0;
}

int plan_finish(struct plan *plan, int returned)
{
    if (!plan->failed && returned) {
        plan->failed = returned < 0 && returned > -4096 ? returned : -EINVAL;
        if (plan->failed == returned)
            snprintf(plan->error, sizeof(plan->error), "%s", strerror(-returned));
        else
            snprintf(plan->error, sizeof(plan->error),
                     "decide() returned %d; want 0 or what memcoord_fail() returned", returned);
    }
    if (plan->failed)
        forget_targets(plan);
    return plan->failed;
}

void plan_end(struct plan *plan)
{
    for (size_t i = 0; i < plan->n_scratch; i++)
        free(plan->scratch[i]);
    free(plan->scratch);
    plan->scratch = NULL;
    plan->n_scratch = 0;
}

void plan_free(struct plan *plan)
{
    plan_end(plan);
    free(plan->entries);
    free(plan->places);
    memset(plan, 0, sizeof(*plan));
}
