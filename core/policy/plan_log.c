/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/plan_log.h"

#include <stdbool.h>
#include <stdio.h>

#include "util/plain.h"

#define LOG_EVERY_MS 60000

static enum log_level level_of(int syslog_level)
{
    return syslog_level <= 3   ? LOG_LEVEL_ERROR
           : syslog_level == 4 ? LOG_LEVEL_WARNING
           : syslog_level <= 6 ? LOG_LEVEL_INFO
                               : LOG_LEVEL_DEBUG;
}

/* The place of the messages with this format; the last one is shared by all that find no room. */
static size_t place_of(struct plan *plan, const void *format)
{
    size_t i = 0;

    while (i + 1 < PLAN_LOG_LIMITS && plan->limits[i].format && plan->limits[i].format != format)
        i++;
    plan->limits[i].format = format;
    return i;
}

static bool allows(struct plan *plan, const void *format, struct log_limit **limit,
                   uint64_t *suppressed)
{
    *limit = &plan->limits[place_of(plan, format)].limit;
    return log_allows(*limit, plan->snapshot->now_ms, LOG_EVERY_MS, suppressed);
}

static void say(const struct plan *plan, enum log_level level, const char *text,
                uint64_t suppressed)
{
    char plain[PLAN_LINE_BYTES], more[48] = "";

    plain_copy(plain, sizeof(plain), text);
    if (suppressed)
        snprintf(more, sizeof(more), " (%llu more like this since)",
                 (unsigned long long)suppressed);
    log_line(level, "policy %s: %s%s", plan->policy_name, plain, more);
}

/* The same for the same format in each process (FNV-1a). */
static uint64_t message_of(const char *format)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *format; format++)
        hash = (hash ^ (unsigned char)*format) * UINT64_C(0x100000001b3);
    return hash;
}

/* Keeps the first message of each format for plan_say(), and counts the others. */
LOG_PRINTF(3, 0)
static void keep(struct plan *plan, int syslog_level, const char *fmt, va_list args)
{
    size_t place = place_of(plan, fmt);
    struct plan_line *line = &plan->lines[place];

    for (; plan->n_lines <= place; plan->n_lines++)
        plan->lines[plan->n_lines].count = 0;
    if (line->count == 0) {
        line->message = message_of(fmt);
        line->level = syslog_level < 0 ? 0 : (uint32_t)syslog_level;
        vsnprintf(line->text, sizeof(line->text), fmt, args);
    }
    line->count += line->count < UINT32_MAX;
}

void plan_vlog(struct memcoord_plan *calls, int syslog_level, const char *fmt, va_list args)
{
    struct plan *plan = calls->core;
    enum log_level level = level_of(syslog_level);
    char text[PLAN_LINE_BYTES];
    struct log_limit *limit;
    uint64_t suppressed;

    if (!log_wants(level))
        return;
    if (plan->lines) {
        keep(plan, syslog_level, fmt, args);
    } else if (allows(plan, fmt, &limit, &suppressed)) {
        vsnprintf(text, sizeof(text), fmt, args);
        say(plan, level, text, suppressed);
    }
}

void plan_say(struct plan *plan, const struct plan_line *line)
{
    enum log_level level =
        level_of(line->level > LOG_LEVEL_DEBUG ? LOG_LEVEL_DEBUG : (int)line->level);
    struct log_limit *limit;
    uint64_t suppressed;
    bool allowed;

    if (line->count == 0 || !log_wants(level))
        return;
    allowed = allows(plan, (const void *)(uintptr_t)line->message, &limit, &suppressed);
    if (allowed)
        say(plan, level, line->text, suppressed);
    limit->suppressed += line->count - 1; /* log_allows() counted the first */
}
