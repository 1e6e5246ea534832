/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/credible.h"

#define UNKNOWN MEMCOORD_UNKNOWN

/* What a machine can have: with it sums of sizes fit 64 bits. */
static const uint64_t most_kib = UINT64_C(1) << 34;
/* A balloon moves while its guest counts. */
static const uint64_t tolerance_kib = 4096;

static bool exceeds(uint64_t kib, uint64_t limit_kib)
{
    return kib != UNKNOWN && kib > limit_kib + tolerance_kib;
}

/* Which figure of the guest's cannot be; NULL: none. */
static const char *contradiction(const struct host_domain *seen)
{
    uint64_t size_kib = seen->max_kib + seen->extra_kib;

    if (seen->guest_total_kib == 0)
        return "it says that it has no memory";
    if (exceeds(seen->guest_total_kib, size_kib))
        return "it says that it has more memory than its maximum";
    if (seen->guest_total_kib != UNKNOWN)
        size_kib = seen->guest_total_kib;
    if (exceeds(seen->usable_kib, size_kib))
        return "it says that more is usable than it has";
    return NULL;
}

struct host_domain credible(const struct host_domain *seen, const char **why)
{
    struct host_domain d = *seen;

    d.max_kib = memcoord_min(d.max_kib, most_kib);
    d.balloon_kib = memcoord_min(d.balloon_kib, d.max_kib);
    d.extra_kib = memcoord_min(d.extra_kib, most_kib);
    if (d.rss_kib != UNKNOWN && d.rss_kib > most_kib)
        d.rss_kib = UNKNOWN;
    if (exceeds(d.unused_kib, d.max_kib + d.extra_kib)) /* nothing is decided on it alone */
        d.unused_kib = UNKNOWN;
    *why = d.sampled_ms == UNKNOWN ? NULL : contradiction(&d);
    if (*why)
        d.sampled_ms = d.unused_kib = d.usable_kib = d.guest_total_kib = d.disk_caches_kib =
            d.swap_in_kib = d.swap_out_kib = d.major_faults = UNKNOWN;
    return d;
}
