/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/why.h"

static const uint64_t quiet_ms = 60 * 1000;

/* Reasons that the guard gives of its own, not for what a policy asked. */
static bool is_own(enum guard_reason reason)
{
    return reason == GUARD_RESCUE || reason == GUARD_RESCUE_SHORT || reason == GUARD_RECALLED ||
           reason == GUARD_HOST_SHORT;
}

/* The policy's reason, and the guard's where it had a say. */
static void describe(const struct tick_result *result, size_t i, char *text, size_t size)
{
    const struct snapshot_domain *d = &result->snapshot->domains[i];
    const struct guard_verdict *v = &result->verdicts[i];
    char why[160] = "", guard[120] = "";

    if (v->asked_kib != MEMCOORD_UNKNOWN && !is_own(v->reason))
        why_expand(result->plan->entries[i].why, &d->seen, result->instance, why, sizeof(why));
    if (v->reason != GUARD_AS_ASKED || !why[0])
        guard_explain(&result->config->guard, d, v, guard, sizeof(guard));
    snprintf(text, size, "%s%s%s", why, why[0] && guard[0] ? "; " : "", guard);
}

static void say_change(const struct tick_result *result, size_t i)
{
    const struct memcoord_domain *seen = &result->snapshot->domains[i].seen;
    const struct guard_verdict *v = &result->verdicts[i];
    char text[300];

    describe(result, i, text, sizeof(text));
    log_info("%s: %s%" PRIu64 " -> %" PRIu64 " MiB (%s)", seen->name,
             result->config->daemon.dry_run ? "would go " : "", seen->target_kib / 1024,
             v->granted_kib / 1024, text);
}

/* Asked for and refused: said once a minute for each reason. */
static void say_refusal(const struct tick_result *result, size_t i)
{
    const struct memcoord_domain *seen = &result->snapshot->domains[i].seen;
    const struct guard_verdict *v = &result->verdicts[i];
    uint32_t now_s = (uint32_t)(result->view->now_ms / 1000);
    uint32_t *quiet_until_s = &result->domains->list[i]->quiet_until_s[v->reason];
    char text[300];

    if (now_s < *quiet_until_s)
        return;
    *quiet_until_s = now_s + (uint32_t)(quiet_ms / 1000);
    describe(result, i, text, sizeof(text));
    if (v->asked_kib == MEMCOORD_UNKNOWN)
        log_warning("%s: stays at %" PRIu64 " MiB (%s)", seen->name, seen->target_kib / 1024, text);
    else
        log_info("%s: stays at %" PRIu64 " MiB, %" PRIu64 " refused (%s)", seen->name,
                 seen->target_kib / 1024, memcoord_min(v->asked_kib, UINT64_C(1) << 34) / 1024,
                 text);
}

static void say_unmanaged(struct domain *domain, const char *why)
{
    if (why == domain->said_unmanaged)
        return;
    if (why)
        log_info("%s: is not managed: %s", domain->name, why);
    else
        log_info("%s: is managed again", domain->name);
    domain->said_unmanaged = why;
}

static void print_mib(uint64_t kib, char *text, size_t size)
{
    if (kib == MEMCOORD_UNKNOWN)
        snprintf(text, size, "unknown");
    else
        snprintf(text, size, "%" PRIu64 " MiB", kib / 1024);
}

/* All that the decision was made on, at debug level. */
static void say_domain(const struct memcoord_domain *seen)
{
    char used[32], usable[32];

    print_mib(seen->used_kib, used, sizeof(used));
    print_mib(seen->usable_kib, usable, sizeof(usable));
    log_debug("%s: balloon %" PRIu64 " target %" PRIu64 " used %s usable %s growth %" PRId64
              " KiB/s age %" PRId64 " ms%s%s%s",
              seen->name, seen->balloon_kib / 1024, seen->target_kib / 1024, used, usable,
              (int64_t)seen->growth_kib_per_s, (int64_t)seen->stats_age_ms,
              seen->flags & MEMCOORD_NEW ? " new" : "",
              seen->flags & MEMCOORD_SETTLING ? " settling" : "",
              seen->flags & MEMCOORD_STALE ? " stale" : "");
}

void say_changes(const struct tick_result *result)
{
    for (size_t i = 0; i < result->snapshot->seen.n_domains; i++) {
        const struct snapshot_domain *d = &result->snapshot->domains[i];
        const struct guard_verdict *v = &result->verdicts[i];

        if (log_wants(LOG_LEVEL_DEBUG))
            say_domain(&d->seen);
        say_unmanaged(result->domains->list[i], d->unmanaged_why);
        if (v->granted_kib != d->seen.target_kib)
            say_change(result, i);
        else if (v->reason != GUARD_NOT_ASKED && v->reason != GUARD_NO_CHANGE)
            say_refusal(result, i);
    }
}

void say_summary(const struct tick_result *result)
{
    const struct snapshot *s = result->snapshot;
    uint64_t granted_kib = 0, reclaimed_kib = 0, changes = 0;
    char available[32];

    if (!log_wants(LOG_LEVEL_INFO))
        return;
    for (size_t i = 0; i < s->seen.n_domains; i++) {
        uint64_t from_kib = s->domains[i].seen.target_kib, to_kib = result->verdicts[i].granted_kib;

        changes += from_kib != to_kib;
        granted_kib += to_kib > from_kib ? to_kib - from_kib : 0;
        reclaimed_kib += from_kib > to_kib ? from_kib - to_kib : 0;
    }
    print_mib(s->host.available_kib, available, sizeof(available));
    log_info("%zu domain%s, host: %s available, %" PRId64 " MiB grantable; %s%" PRIu64
             " MiB granted, %" PRIu64 " MiB reclaimed",
             s->seen.n_domains, s->seen.n_domains == 1 ? "" : "s", available,
             s->host.grantable_kib / 1024, result->config->daemon.dry_run ? "would be: " : "",
             granted_kib / 1024, reclaimed_kib / 1024);
    log_debug("tick %" PRIu64 ": %" PRIu64 " calls since the last one; %" PRIu64
              " targets change now",
              s->seen.tick, result->view->calls, changes);
}

void say_host_memory(struct say_host *state, const struct tick_result *result)
{
    uint64_t available_kib = result->snapshot->host.available_kib;
    uint64_t warn_kib = result->config->host.warn_free_kib;
    bool is_short = warn_kib > 0 && available_kib <= warn_kib;

    if (is_short && log_allows(&state->limit, result->view->now_ms, quiet_ms, NULL))
        log_warning("host: only %" PRIu64 " MiB are available (warn_free is %" PRIu64 " MiB)",
                    available_kib / 1024, warn_kib / 1024);
    if (state->short_now && !is_short) {
        log_info("host: %" PRIu64 " MiB are available again", available_kib / 1024);
        memset(&state->limit, 0, sizeof(state->limit));
    }
    state->short_now = is_short;
}
