/* SPDX-License-Identifier: BSD-3-Clause */
/* The guard's verdicts in words. */
#include <inttypes.h>
#include <stdio.h>

#include "control/guard.h"

static const struct {
    const char *name;
    const char *text; /* what needs no figure */
} reasons[] = {
    [GUARD_NOT_ASKED] = { "not-asked", "nothing was asked" },
    [GUARD_AS_ASKED] = { "as-asked", "granted as asked" },
    [GUARD_NO_CHANGE] = { "no-change", "has it already" },
    [GUARD_AT_MIN] = { "at-min", NULL },
    [GUARD_AT_MAX] = { "at-max", NULL },
    [GUARD_GUEST_RESERVE] = { "guest-reserve", NULL },
    [GUARD_GRADUAL] = { "gradual", NULL },
    [GUARD_DEADBAND] = { "deadband", NULL },
    [GUARD_BUDGET] = { "budget", "the host can't give more now" },
    [GUARD_RESCUE] = { "rescue", NULL },
    [GUARD_RESCUE_SHORT] = { "rescue-short", NULL },
    [GUARD_RECALLED] = { "recalled", "statistics went stale, the shrink under way is taken back" },
    [GUARD_HOST_SHORT] = { "host-short", "the host is short of memory" },
    [GUARD_UNMANAGED] = { "unmanaged", NULL },
    [GUARD_PAUSED] = { "paused", "the domain is paused" },
    [GUARD_MIGRATING] = { "migrating", "the domain is migrating" },
    [GUARD_NEW] = { "new", "no shrink before its balloon has held still for 3 samples" },
    [GUARD_SETTLING] = { "settling", "no shrink before the last change has arrived" },
    [GUARD_STALE] = { "stale", NULL },
    [GUARD_NO_STATS] = { "no-stats", "no shrink: the guest gives no statistics" },
    [GUARD_SHRINK_PAUSED] = { "shrink-paused",
                              "no shrink for a while: the guest took memory back" },
    [GUARD_STUCK] = { "stuck", NULL },
    [GUARD_PROBE] = { "probe", "a try: its balloon does not move" },
    [GUARD_INEFFECTIVE] = { "ineffective", "no shrink: its QEMU keeps what the guest gives" },
    [GUARD_GIVEN_BACK] = { "given-back",
                           "its QEMU keeps what the guest gave: the guest gets it back" },
    [GUARD_OFF] = { "off", "granted as asked, without a guard" },
};

const char *guard_reason_name(enum guard_reason reason)
{
    return reasons[reason].name;
}

static void print_age(const struct memcoord_domain *seen, char *text, size_t size)
{
    if (seen->stats_age_ms == MEMCOORD_UNKNOWN)
        snprintf(text, size, "no shrink: there are no statistics yet");
    else
        snprintf(text, size, "no shrink: the statistics are %" PRIu64 " s old",
                 seen->stats_age_ms / 1000);
}

static void print_rescue(const struct snapshot_domain *domain, int is_short, char *text,
                         size_t size)
{
    const struct memcoord_domain *seen = &domain->seen;
    uint64_t usable_mib = seen->usable_kib == MEMCOORD_UNKNOWN ? 0 : seen->usable_kib / 1024;
    uint64_t growth_mib =
        seen->growth_kib_per_s == MEMCOORD_UNKNOWN ? 0 : seen->growth_kib_per_s / 1024;
    char growing[48] = "";

    if (growth_mib > 0)
        snprintf(growing, sizeof(growing), ", growing %" PRIu64 " MiB/s", growth_mib);
    snprintf(text, size, "rescue: usable %" PRIu64 " MiB%s%s%s", usable_mib, growing,
             domain->stale_rescue ? ", statistics stopped" : "",
             is_short ? ", but the host can't give enough now" : "");
}

void guard_explain(const struct guard_settings *settings, const struct snapshot_domain *domain,
                   const struct guard_verdict *verdict, char *text, size_t size)
{
    const struct memcoord_domain *seen = &domain->seen;
    uint64_t reserve_mib = settings->guest_reserve_kib / 1024;

    switch (verdict->reason) {
    case GUARD_AT_MIN:
        snprintf(text, size, "cut to min %" PRIu64 " MiB", seen->min_kib / 1024);
        break;
    case GUARD_AT_MAX:
        snprintf(text, size, "cut to max %" PRIu64 " MiB", seen->max_kib / 1024);
        break;
    case GUARD_GUEST_RESERVE:
        snprintf(text, size, "%" PRIu64 " MiB stay usable in the guest", reserve_mib);
        break;
    case GUARD_GRADUAL:
        snprintf(text, size, "at most %" PRIu64 " MiB an interval",
                 amount_of(settings->max_shrink, seen->balloon_kib) / 1024);
        break;
    case GUARD_DEADBAND:
        snprintf(text, size, "changes below %" PRIu64 " MiB are not worth a call",
                 amount_of(settings->deadband, seen->balloon_kib) / 1024);
        break;
    case GUARD_RESCUE:
    case GUARD_RESCUE_SHORT:
        print_rescue(domain, verdict->reason == GUARD_RESCUE_SHORT, text, size);
        break;
    case GUARD_UNMANAGED:
        snprintf(text, size, "%s", domain->unmanaged_why ? domain->unmanaged_why : "unmanaged");
        break;
    case GUARD_STUCK:
        snprintf(text, size, "%s: it is only tried now and then",
                 domain->uncooperative ? "it is uncooperative" : "its balloon does not move");
        break;
    case GUARD_STALE:
        print_age(seen, text, size);
        break;
    default:
        snprintf(text, size, "%s", reasons[verdict->reason].text);
    }
}
