/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/check_host.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands/host_of.h"
#include "control/bounds.h"
#include "control/look.h"

static int check_host_gather(const struct config *config, struct check_host *seen)
{
    const struct host_view *view = NULL;
    const char *why = NULL;
    int r = look_whole(seen->host, &view, &why);

    if (r == 0)
        r = domains_see(&seen->domains, view, config);
    if (r == 0)
        r = domains_snapshot(&seen->domains, view, config, &seen->snapshot);
    if (r < 0)
        snprintf(seen->error, sizeof(seen->error), "%s: %s", config->daemon.uri,
                 why ? why : strerror(-r));
    else
        check_unread(view, &seen->warnings);
    return r;
}

static bool matches_any(const struct domain_rule *rule, const struct domains *domains)
{
    for (size_t i = 0; i < domains->n; i++)
        if (config_rule_matches(rule, domains->list[i]->name, domains->list[i]->uuid_text))
            return true;
    return false;
}

/* A misspelt name, or a domain that does not run now. Where none runs, that is said already. */
static void note_unmatched(const struct config *config, struct check_host *seen)
{
    for (size_t i = 0; seen->domains.n > 0 && i < config->n_domain_rules; i++)
        if (!matches_any(&config->domain_rules[i], &seen->domains))
            problems_add(&seen->notes, config->file, config->domain_rules[i].line,
                         "[domain %s] matches no domain that runs", config->domain_rules[i].glob);
}

int check_host_see(const struct config *config, const char *proc, struct check_host *seen)
{
    int r = host_of(config, proc, true, &seen->host, seen->error, sizeof(seen->error));

    if (r == 0)
        r = check_host_gather(config, seen);
    if (r < 0)
        return r;
    for (size_t i = 0; i < seen->domains.n; i++)
        bounds_check(config, seen->domains.list[i], &seen->warnings);
    check_sums(config, &seen->snapshot, &seen->warnings);
    note_unmatched(config, seen);
    return 0;
}

void check_host_free(struct check_host *seen)
{
    domains_free(&seen->domains);
    snapshot_free(&seen->snapshot);
    problems_free(&seen->warnings);
    problems_free(&seen->notes);
    host_close(seen->host);
    seen->host = NULL;
}

void check_unread(const struct host_view *view, struct problems *warnings)
{
    if (view->n_unread > 0)
        problems_add(warnings, NULL, 0,
                     "%zu of %zu domains could not be examined within %d s: they are shown and "
                     "counted as unmanaged",
                     view->n_unread, view->n_domains, LOOK_PATIENCE_MS / 1000);
}

/* ---- sums */

struct sums {
    size_t n_managed, n_others;
    uint64_t minima_kib;   /* of the managed ones, with their memory beside the balloon */
    uint64_t others_kib;   /* what the others hold */
    uint64_t overhead_kib; /* of all */
};

static struct sums add_up(const struct snapshot *snapshot)
{
    struct sums sums = { 0 };

    for (size_t i = 0; i < snapshot->seen.n_domains; i++) {
        const struct snapshot_domain *d = &snapshot->domains[i];
        if (d->seen.flags & MEMCOORD_UNMANAGED) {
            sums.n_others++;
            sums.others_kib += snapshot_holds_kib(d);
        } else {
            sums.n_managed++;
            sums.minima_kib += d->seen.min_kib + d->extra_kib;
        }
        sums.overhead_kib += d->overhead_kib;
    }
    return sums;
}

#define MIB(kib) ((kib) / 1024)

void check_sums(const struct config *config, const struct snapshot *snapshot,
                struct problems *warnings)
{
    const struct memcoord_host *host = &snapshot->host;
    struct sums sums = add_up(snapshot);
    uint64_t held_kib = sums.minima_kib + sums.others_kib;
    uint64_t needed_kib = held_kib + sums.overhead_kib + host->reserve_kib;

    if (host->total_kib != MEMCOORD_UNKNOWN && needed_kib > host->total_kib)
        problems_add(warnings, NULL, 0,
                     "the host has %" PRIu64 " MiB, less than the %" PRIu64
                     " MiB that can't be taken back: minima of %zu managed domains %" PRIu64
                     " MiB, %zu others %" PRIu64 " MiB, QEMU's own memory %" PRIu64
                     " MiB, reserve %" PRIu64 " MiB",
                     MIB(host->total_kib), MIB(needed_kib), sums.n_managed, MIB(sums.minima_kib),
                     sums.n_others, MIB(sums.others_kib), MIB(sums.overhead_kib),
                     MIB(host->reserve_kib));
    if (config->host.limit_kib > 0 && held_kib > config->host.limit_kib)
        problems_add(warnings, NULL, 0,
                     "[host] limit is %" PRIu64 " MiB, less than the %" PRIu64
                     " MiB that can't be taken back: minima of %zu managed domains %" PRIu64
                     " MiB, %zu others %" PRIu64 " MiB",
                     MIB(config->host.limit_kib), MIB(held_kib), sums.n_managed,
                     MIB(sums.minima_kib), sums.n_others, MIB(sums.others_kib));
}
