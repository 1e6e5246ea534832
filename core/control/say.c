/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/why.h"

static const uint64_t quiet_ms = 60 * 1000;
/* On a short host with 10,000 domains all may be refused at once. */
static const size_t refusals_a_tick = 20;

/* Reasons that the guard gives of its own, not for what a policy asked. */
static bool is_own(enum guard_reason reason)
{
    return reason == GUARD_RESCUE || reason == GUARD_RESCUE_SHORT || reason == GUARD_RECALLED ||
           reason == GUARD_HOST_SHORT || reason == GUARD_PROBE || reason == GUARD_GIVEN_BACK;
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

void say_sizes(uint64_t from_kib, const char *between, uint64_t to_kib, char *text, size_t size)
{
    bool fine = from_kib / 1024 == to_kib / 1024;
    uint64_t unit_kib = fine ? 1 : 1024;

    snprintf(text, size, "%" PRIu64 "%s%" PRIu64 " %s", from_kib / unit_kib, between,
             to_kib / unit_kib, fine ? "KiB" : "MiB");
}

/* That one which has been reported is still tried is no news. */
static enum log_level change_level(const struct tick_result *result, size_t i)
{
    return result->verdicts[i].reason == GUARD_PROBE && result->snapshot->domains[i].uncooperative
               ? LOG_LEVEL_DEBUG
               : LOG_LEVEL_INFO;
}

static void say_change(const struct tick_result *result, size_t i)
{
    enum log_level level = change_level(result, i);
    const struct memcoord_domain *seen = &result->snapshot->domains[i].seen;
    const struct guard_verdict *v = &result->verdicts[i];
    struct domain *domain = result->domains->list[i];
    bool dry_run = result->config->daemon.dry_run;
    char text[300], sizes[64];

    if (dry_run && domain->said_target_kib == v->granted_kib)
        return; /* it is not done, and would be said at every tick */
    domain->said_target_kib = v->granted_kib;
    if (!log_wants(level))
        return;
    describe(result, i, text, sizeof(text));
    say_sizes(seen->target_kib, " -> ", v->granted_kib, sizes, sizeof(sizes));
    log_line(level, "%s: %s%s (%s)", seen->name, dry_run ? "would go " : "", sizes, text);
}

/* Asked for and refused: said once a minute for each reason. False: it would be said, but there is
 * no room for more lines. */
static bool say_refusal(const struct tick_result *result, size_t i, bool room)
{
    const struct memcoord_domain *seen = &result->snapshot->domains[i].seen;
    const struct guard_verdict *v = &result->verdicts[i];
    uint32_t now_s = (uint32_t)(result->view->now_ms / 1000);
    uint32_t *quiet_until_s = &result->domains->list[i]->quiet_until_s[v->reason];
    char text[300], sizes[64];

    if (now_s < *quiet_until_s)
        return true;
    if (!log_wants(v->asked_kib == MEMCOORD_UNKNOWN ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO))
        return true;
    if (!room)
        return false;
    *quiet_until_s = now_s + (uint32_t)(quiet_ms / 1000);
    describe(result, i, text, sizeof(text));
    say_sizes(seen->target_kib, " -> ", memcoord_min(v->asked_kib, UINT64_C(1) << 34), sizes,
              sizeof(sizes));
    if (v->asked_kib == MEMCOORD_UNKNOWN)
        log_warning("%s: stays at %" PRIu64 " MiB (%s)", seen->name, seen->target_kib / 1024, text);
    else
        log_info("%s: stays: %s is refused (%s)", seen->name, sizes, text);
    return true;
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

void say_uncooperative(const struct domains *domains)
{
    for (size_t i = 0; i < domains->n; i++) {
        const struct domain *d = domains->list[i];

        if (d->effect.is_ineffective)
            log_info("%s: its QEMU keeps what the guest gave", d->name);
        else if (d->stuck.is_uncooperative)
            log_info("%s: is uncooperative: stays at %" PRIu64 " MiB, %" PRIu64 " MiB are wanted",
                     d->name, d->balloon_kib / 1024, d->stuck.wanted_kib / 1024);
    }
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
    char used[32], usable[32], growth[32], age[32] = "unknown";

    print_mib(seen->used_kib, used, sizeof(used));
    print_mib(seen->usable_kib, usable, sizeof(usable));
    print_mib(seen->growth_kib_per_s, growth, sizeof(growth));
    if (seen->stats_age_ms != MEMCOORD_UNKNOWN)
        snprintf(age, sizeof(age), "%" PRIu64 " ms", seen->stats_age_ms);
    log_debug("%s: balloon %" PRIu64 " MiB, target %" PRIu64
              " MiB, used %s, usable %s, growth a second %s, age %s%s%s%s",
              seen->name, seen->balloon_kib / 1024, seen->target_kib / 1024, used, usable, growth,
              age, seen->flags & MEMCOORD_NEW ? ", new" : "",
              seen->flags & MEMCOORD_SETTLING ? ", settling" : "",
              seen->flags & MEMCOORD_STALE ? ", stale" : "");
}

void say_changes(const struct tick_result *result)
{
    size_t refused = 0, untold = 0;

    for (size_t i = 0; i < result->snapshot->seen.n_domains; i++) {
        const struct snapshot_domain *d = &result->snapshot->domains[i];
        const struct guard_verdict *v = &result->verdicts[i];

        if (log_wants(LOG_LEVEL_DEBUG))
            say_domain(&d->seen);
        say_unmanaged(result->domains->list[i], d->unmanaged_why);
        if (v->granted_kib != d->seen.target_kib)
            say_change(result, i);
        else if (v->reason != GUARD_NOT_ASKED && v->reason != GUARD_NO_CHANGE)
            untold += !say_refusal(result, i, refused++ < refusals_a_tick);
    }
    if (untold > 0)
        log_info("%zu more domains were refused what was asked for them", untold);
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
