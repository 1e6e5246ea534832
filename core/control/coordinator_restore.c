/* SPDX-License-Identifier: BSD-3-Clause */
/* The last act of a coordinator: giving back what domains had. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "control/coordinator.h"
#include "control/domain_targets.h"
#include "control/look.h"
#include "control/owing.h"
#include "util/log.h"

/* So long the last tick's targets may still take: a domain takes one at a time. */
static const uint64_t last_tick_ms = 2 * 1000;
static const uint64_t patience_ms = 10 * 1000;

/* What domain i is to get back; MEMCOORD_UNKNOWN: nothing. */
static uint64_t owed(const struct coordinator *c, size_t i)
{
    const struct domain *d = c->domains.list[i];

    return d->settings.manage ? owing_kib(c->origins, d) : MEMCOORD_UNKNOWN;
}

/* Everything, at last: the targets of before have ended, and each domain is known. */
static int see(struct coordinator *c, const struct host_view **view)
{
    int r;

    c->host->ops->flush(c->host, last_tick_ms);
    r = coordinator_see(c, look_whole, view);
    if (r < 0)
        log_error("nothing can be given back: the host can't be seen");
    else if ((*view)->n_unread > 0)
        log_warning("%zu domain%s can't be given back anything: what they are could not be read "
                    "within %d s",
                    (*view)->n_unread, (*view)->n_unread == 1 ? "" : "s", LOOK_PATIENCE_MS / 1000);
    return r;
}

/* This is the last step, so that nothing needs to be kept for later, and none is too small; it never takes;
 * and a stuck balloon has its last chance. */
static int judge(struct coordinator *c)
{
    struct guard_settings settings = c->config->guard;
    int r;

    settings.rescue = 0;
    settings.deadband = (struct amount){ 0 };
    for (size_t i = 0; i < c->domains.n; i++) {
        c->asked_kib[i] = owed(c, i);
        c->snapshot.domains[i].stuck = false;
        c->snapshot.domains[i].own_ask_kib = 0;
    }
    r = coordinator_judge(c, &settings);
    for (size_t i = 0; r == 0 && i < c->domains.n; i++)
        c->verdicts[i].granted_kib =
            memcoord_max(c->verdicts[i].granted_kib, c->domains.list[i]->target_kib);
    return r;
}

static void say_what_is_given(const struct coordinator *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->domains.n; i++) {
        const struct memcoord_domain *seen = &c->snapshot.domains[i].seen;
        const struct guard_verdict *v = &c->verdicts[i];
        char text[160];

        if (v->asked_kib == MEMCOORD_UNKNOWN)
            continue;
        n++;
        guard_explain(&c->config->guard, &c->snapshot.domains[i], v, text, sizeof(text));
        log_line(v->granted_kib < v->asked_kib ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
                 "%s: %" PRIu64 " -> %" PRIu64 " of the %" PRIu64 " MiB that it had (%s)",
                 seen->name, seen->target_kib / 1024, v->granted_kib / 1024, v->asked_kib / 1024,
                 text);
    }
    if (n == 0)
        log_info("there is nothing to give back");
}

/* What the host refused after all is none of the domain's size. */
static void hear_refusals(struct coordinator *c, const struct host_view *view)
{
    for (size_t i = 0; i < view->n_domains; i++) {
        const struct host_domain *seen = &view->domains[i];
        struct domain *d;

        if (seen->set_error == 0 || !(d = domains_find(&c->domains, seen->uuid, seen->run_id)))
            continue;
        log_warning("%s: its balloon could not be set: %s", d->name,
                    seen->set_error_text ? seen->set_error_text : strerror(-seen->set_error));
        targets_adopt(d);
    }
}

/* Closes the account of those that have what they had. Returns how many have not. */
static int settle(struct coordinator *c, bool all_ended)
{
    int n = 0;

    for (size_t i = 0; i < c->domains.n; i++) {
        struct domain *d = c->domains.list[i];

        if (owed(c, i) != MEMCOORD_UNKNOWN)
            n++;
        else if (all_ended && owing_kib(c->origins, d) == MEMCOORD_UNKNOWN)
            owing_end(c->origins, d);
    }
    owing_save(c->origins, &c->domains);
    if (n > 0)
        log_warning("%d domain%s could not be given back all that they had", n, n == 1 ? "" : "s");
    return n;
}

/* Waits until the host has done it, and looks what came of it. */
static int conclude(struct coordinator *c)
{
    int ended = c->host->ops->flush(c->host, patience_ms), r, n;
    const struct host_view *view;
    const char *why = NULL;

    if (ended < 0)
        log_error("what domains had could not be set within %" PRIu64 " s", patience_ms / 1000);
    r = c->host->ops->gather(c->host, &view, &why);
    if (r < 0) {
        log_error("%s: whether domains have what they had can't be seen: %s", c->host->name,
                  why ? why : strerror(-r));
        return r;
    }
    hear_refusals(c, view);
    n = settle(c, ended == 0);
    return ended < 0 ? ended : n;
}

int coordinator_restore(struct coordinator *c)
{
    const struct host_view *view;
    int r = see(c, &view);

    if (r == 0)
        r = judge(c);
    if (r < 0)
        return r;
    say_what_is_given(c);
    coordinator_actuate(c, view, true);
    return conclude(c);
}
