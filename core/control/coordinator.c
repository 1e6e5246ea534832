/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/coordinator.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/actuate.h"
#include "control/bounds.h"
#include "control/owing.h"
#include "util/log.h"

static const uint64_t policy_quiet_ms = 60 * 1000;

static int reserve(struct coordinator *c, size_t n)
{
    uint64_t *asked_kib;
    struct guard_verdict *verdicts;

    if (n <= c->capacity)
        return 0;
    asked_kib = calloc(n, sizeof(*asked_kib));
    verdicts = calloc(n, sizeof(*verdicts));
    if (!asked_kib || !verdicts) {
        free(asked_kib);
        free(verdicts);
        return -ENOMEM;
    }
    free(c->asked_kib);
    free(c->verdicts);
    c->asked_kib = asked_kib;
    c->verdicts = verdicts;
    c->capacity = n;
    return 0;
}

/* A host that can't be reached is a state: said when it begins and when it ends. */
static int gather(struct coordinator *c, coordinator_look *look, const struct host_view **view)
{
    const char *why = NULL;
    int r = look(c->host, view, &why);

    if (r < 0) {
        c->failed++;
        if (r == -EDEADLK)
            log_error(
                "%s: %s; balloons stay as they are, and this process ends, for another one to "
                "go on",
                c->host->name, why);
        else if (!c->lost)
            log_error("%s: nothing can be seen: %s; trying again", c->host->name,
                      why ? why : strerror(-r));
        c->lost = true;
        return r;
    }
    if (c->lost)
        log_info("%s: can be seen again", c->host->name);
    c->lost = false;
    return 0;
}

int coordinator_see(struct coordinator *c, coordinator_look *look, const struct host_view **view)
{
    int r = gather(c, look, view);

    if (r < 0)
        return r;
    c->seen = (struct host_view){ .now_ms = (*view)->now_ms, .memory = (*view)->memory };
    r = domains_see(&c->domains, *view, c->config);
    if (r < 0)
        log_error("out of memory: some domains are left out of this tick");
    owing_see(c->origins, &c->domains);
    r = domains_snapshot(&c->domains, *view, c->config, &c->snapshot);
    if (r == 0)
        r = reserve(c, c->snapshot.seen.n_domains);
    if (r < 0)
        log_error("out of memory: this tick is left out");
    return r;
}

/* Bounds of domains that are new to us: once is enough. */
static void warn_of_bounds(const struct coordinator *c, uint64_t now_ms)
{
    for (size_t i = 0; i < c->domains.n; i++)
        if (c->domains.list[i]->first_seen_ms == now_ms)
            bounds_warn(c->config, c->domains.list[i]);
}

static void ask_nothing(struct coordinator *c)
{
    for (size_t i = 0; i < c->snapshot.seen.n_domains; i++)
        c->asked_kib[i] = MEMCOORD_UNKNOWN;
}

/* Whether it is said now that the policy failed. */
static bool is_said(struct coordinator *c, uint64_t now_ms)
{
    if (c->plan.saying != PLAN_SAY_LIMITED)
        return c->plan.saying == PLAN_SAY_ALWAYS;
    return log_allows(&c->policy_failed, now_ms, policy_quiet_ms, NULL);
}

/* What the policy asks for, in c->asked_kib. A policy that fails asks for nothing. */
static void decide(struct coordinator *c, uint64_t now_ms)
{
    const char *name = c->instance ? c->instance->policy->table.name : "none";
    int r = plan_begin(&c->plan, &c->snapshot.seen, name);

    ask_nothing(c);
    if (r < 0) {
        log_error("out of memory: this tick has no plan");
        return;
    }
    if (!c->instance)
        return;
    r = policy_instance_decide(c->instance, &c->snapshot.seen, &c->plan);
    if (r < 0 && is_said(c, now_ms))
        log_error("policy %s: %s; it changes nothing this time", name,
                  c->plan.error[0] ? c->plan.error : strerror(-r));
    for (size_t i = 0; r == 0 && i < c->snapshot.seen.n_domains; i++)
        c->asked_kib[i] = c->plan.entries[i].asked_kib;
    plan_end(&c->plan);
}

int coordinator_judge(struct coordinator *c, const struct guard_settings *settings)
{
    int r = guard_apply(settings, &c->snapshot, c->asked_kib, c->verdicts);

    if (r < 0)
        log_error("out of memory: nothing is changed this time");
    return r;
}

void coordinator_actuate(struct coordinator *c, const struct host_view *view, bool last)
{
    struct actuation a = {
        .host = c->host,
        .domains = &c->domains,
        .snapshot = &c->snapshot,
        .verdicts = c->verdicts,
        .origins = c->origins,
        .config = c->config,
        .now_ms = view->now_ms,
        .last = last,
    };

    actuate(&a);
}

/* A tick that can't be recorded is coordinated nonetheless. */
static void record(struct coordinator *c, const struct tick_result *result)
{
    if (c->sink && tick_record_give(&c->record, result, c->sink) < 0)
        log_error("out of memory: this tick is not recorded");
}

static void tell(struct coordinator *c, const struct host_view *view)
{
    struct tick_result result = {
        .config = c->config,
        .snapshot = &c->snapshot,
        .instance = c->instance,
        .plan = &c->plan,
        .verdicts = c->verdicts,
        .domains = &c->domains,
        .view = view,
    };

    say_host_memory(&c->say_host, &result);
    say_changes(&result);
    say_summary(&result);
    record(c, &result);
}

int coordinator_tick(struct coordinator *c)
{
    const struct host_view *view;
    int r = coordinator_see(c, c->host->ops->gather, &view);

    if (r < 0)
        return r;
    warn_of_bounds(c, view->now_ms);
    decide(c, view->now_ms);
    r = coordinator_judge(c, &c->config->guard);
    if (r < 0)
        return r;
    tell(c, view);
    if (!c->config->daemon.dry_run)
        coordinator_actuate(c, view, false);
    return 0;
}

/* Lets others exchange what the coordinator works with; in how many ms again, or 0. A tick that a new interval
 * would have had already is due now. */
static uint64_t pause_between(struct coordinator *c, uint64_t *due_ms)
{
    uint64_t before_ms = c->config->daemon.interval_ms, interval_ms, now_ms, again_ms;

    if (!c->between)
        return 0;
    again_ms = c->between(c->context);
    interval_ms = c->config->daemon.interval_ms;
    now_ms = c->host->ops->now_ms(c->host);
    if (interval_ms != before_ms && *due_ms + interval_ms < now_ms)
        *due_ms = now_ms - interval_ms;
    return again_ms;
}

/* Sleeps until a tick is due: the next regular one an interval after *due_ms, when the one before was; a wake
 * before gives one extra tick at the most. False: the host is over. */
static bool rest(struct coordinator *c, uint64_t *due_ms, bool *extra_done,
                 const volatile sig_atomic_t *stop)
{
    while (!*stop) {
        enum host_wake wake;
        uint64_t again_ms = pause_between(c, due_ms);
        uint64_t next_ms = *due_ms + c->config->daemon.interval_ms;
        uint64_t now_ms = c->host->ops->now_ms(c->host), until_ms = memcoord_max(next_ms, now_ms);
        bool naps = again_ms > 0 && now_ms + again_ms < until_ms;

        wake = c->host->ops->wait(c->host, naps ? now_ms + again_ms : until_ms);
        if (wake == HOST_WAKE_END)
            return false;
        if ((wake == HOST_WAKE_TIMER && !naps) || c->host->ops->now_ms(c->host) >= next_ms) {
            *extra_done = false;
            *due_ms = next_ms;
            return true;
        }
        if (wake == HOST_WAKE_TIMER || wake == HOST_WAKE_REQUEST || *extra_done)
            continue;
        *extra_done = true;
        return true;
    }
    return false;
}

int coordinator_run(struct coordinator *c, uint64_t max_ticks, const volatile sig_atomic_t *stop)
{
    uint64_t due_ms = c->host->ops->now_ms(c->host); /* an extra tick does not move it */
    bool extra_done = false;

    for (uint64_t done = 1; !*stop; done++) {
        uint64_t now_ms;

        if (coordinator_tick(c) == -EDEADLK)
            return -EDEADLK;
        if (done == max_ticks)
            return 0;
        now_ms = c->host->ops->now_ms(c->host);
        if (due_ms + c->config->daemon.interval_ms <=
            now_ms) /* what was missed is not made up for */
            due_ms = now_ms;
        if (!rest(c, &due_ms, &extra_done, stop))
            return 0;
    }
    return 0;
}

void coordinator_free(struct coordinator *c)
{
    domains_free(&c->domains);
    snapshot_free(&c->snapshot);
    plan_free(&c->plan);
    free(c->asked_kib);
    free(c->verdicts);
    tick_record_free(&c->record);
    memset(c, 0, sizeof(*c));
}
