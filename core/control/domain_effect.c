/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/domain_effect.h"

#include <inttypes.h>

#include "util/less.h"
#include "util/log.h"

#define UNKNOWN MEMCOORD_UNKNOWN

/* QEMU's own memory comes and goes by so much: 308-346 MiB were seen at the same balloon. */
static const uint64_t own_noise_kib = 40 * 1024;
/* Less than this part of what was taken may be QEMU's own memory, which nobody knows exactly. */
static const uint64_t expected_part = 4;

void effect_asked(struct domain *d)
{
    struct domain_effect *e = &d->effect;

    if (e->before_rss_kib != UNKNOWN || d->rss_kib == UNKNOWN || d->set_aside || e->is_ineffective)
        return;
    *e = (struct domain_effect){
        .before_rss_kib = d->rss_kib,
        .before_balloon_kib = d->balloon_kib,
        .before_overhead_kib = d->overhead_kib,
        .least_rss_kib = d->rss_kib,
    };
}

/* What its process should have given back since then, and still holds. */
static uint64_t owed_kib(const struct domain *d, uint64_t rss_kib, const struct config *config)
{
    const struct domain_effect *e = &d->effect;
    uint64_t overhead_kib = memcoord_max(e->before_overhead_kib, config->host.domain_overhead_kib);
    uint64_t owns_kib = d->balloon_kib + d->extra_kib + overhead_kib;

    return rss_kib > owns_kib ? less(e->before_rss_kib, owns_kib) : 0;
}

/* Whether it gave less than half of so much. */
static bool gave_little(const struct domain_effect *e, uint64_t kib)
{
    return less(e->before_rss_kib, e->least_rss_kib) * 2 < kib;
}

/* Whether its process holds what it should have given back, and hardly gave any of it. */
static bool keeps(const struct domain *d, uint64_t owed_kib)
{
    const struct domain_effect *e = &d->effect;

    return gave_little(e, less(owed_kib, own_noise_kib)) &&
           owed_kib * expected_part >= less(e->before_balloon_kib, d->balloon_kib);
}

static void see_ineffective(struct domain *d, uint64_t rss_kib)
{
    d->effect.is_ineffective = true;
    log_warning("%s: shrank from %" PRIu64 " to %" PRIu64 " MiB, and its QEMU holds %" PRIu64
                " MiB of the host's memory still: ballooning it helps nobody; it gets its memory "
                "back, and is left alone",
                d->name, d->effect.before_balloon_kib / 1024, d->balloon_kib / 1024,
                rss_kib / 1024);
}

static void compare(struct domain *d, uint64_t rss_kib, const struct config *config)
{
    struct domain_effect *e = &d->effect;
    uint64_t owed = owed_kib(d, rss_kib, config);

    e->least_rss_kib = memcoord_min(e->least_rss_kib, rss_kib);
    e->keeps = keeps(d, owed);
    e->kept_ms = e->keeps ? e->kept_ms + d->ran_ms : 0;
    if (!gave_little(e, owed) && !domain_is_away(d))
        e->before_rss_kib = UNKNOWN; /* it arrived, and all is well; many a little makes a lot */
    else if (config->guard.ineffective_after_ms > 0 &&
             e->kept_ms >= config->guard.ineffective_after_ms)
        see_ineffective(d, rss_kib);
}

void effect_see(struct domain *d, uint64_t rss_kib, const struct config *config)
{
    struct domain_effect *e = &d->effect;

    if (!e->is_ineffective && e->before_rss_kib != UNKNOWN && rss_kib != UNKNOWN)
        compare(d, rss_kib, config);
    if (e->is_ineffective && d->balloon_kib + DOMAIN_ARRIVED_KIB >= effect_gets_kib(d))
        e->is_over = true;
}

uint64_t effect_gets_kib(const struct domain *d)
{
    return d->effect.is_ineffective && !d->effect.is_over
               ? memcoord_min(d->had_kib, domain_max_kib(d))
               : 0;
}
