/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/sample.h"

#include "util/less.h"

#define UNKNOWN MEMCOORD_UNKNOWN

uint64_t sample_rate(uint64_t before, uint64_t now, uint64_t elapsed_ms)
{
    if (before == UNKNOWN || now == UNKNOWN || now < before || elapsed_ms == 0)
        return UNKNOWN;
    return memcoord_mul_div(now - before, 1000, elapsed_ms);
}

void sample_clear(struct domain_sample *sample)
{
    *sample = (struct domain_sample){
        UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN,
        UNKNOWN, UNKNOWN, 0,       UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN,
    };
}

/* Less is an idle guest's coming and going. */
static const uint64_t grows_kib_per_s = 2048;

/* How fast used rises: what the last two samples agree on, at least half of what it was. */
static uint64_t growth(const struct domain_sample *before, const struct domain_sample *now)
{
    uint64_t rise = now->rise_kib_per_s;

    if (rise == UNKNOWN)
        return UNKNOWN;
    if (before->rise_kib_per_s != UNKNOWN)
        rise = memcoord_min(rise, (rise + before->rise_kib_per_s) / 2);
    if (before->growth_kib_per_s == UNKNOWN)
        return rise;
    return memcoord_max(rise, before->growth_kib_per_s / 2);
}

/* Memory that a balloon gives back waits on the guest's per-CPU lists, up to its low watermark (46 MiB
 * seen): it is neither free nor usable there, so that used seems to rise although nobody used
 * anything, and falls again when the balloon takes it or a program gets it. What is unused and not
 * usable is the guest's watermarks. Returns how much of the rise this explains: nothing where the guest
 * grew before it got memory, for then it is the better guess that it goes on. */
static uint64_t wait_on_lists(const struct domain_sample *before, struct domain_sample *now)
{
    uint64_t size_before_kib = before->used_kib + before->usable_kib;
    uint64_t size_kib = now->used_kib + now->usable_kib;
    uint64_t most_kib = now->unused_kib == UNKNOWN ? 0 : less(now->unused_kib, now->usable_kib);
    uint64_t rise_kib = less(now->used_kib, before->used_kib);
    uint64_t more_kib = memcoord_min(rise_kib, less(size_kib, size_before_kib));
    uint64_t gone_kib =
        memcoord_max(less(before->used_kib, now->used_kib), less(size_before_kib, size_kib));

    if (before->growth_kib_per_s != UNKNOWN && before->growth_kib_per_s >= grows_kib_per_s)
        more_kib = 0;
    more_kib = memcoord_min(more_kib, less(most_kib, before->on_lists_kib));
    now->on_lists_kib = less(before->on_lists_kib, gone_kib) + more_kib;
    return more_kib;
}

static uint64_t rise(const struct domain_sample *before, struct domain_sample *now,
                     uint64_t elapsed_ms)
{
    uint64_t explained_kib;

    if (before->used_kib == UNKNOWN || now->used_kib == UNKNOWN || elapsed_ms == 0)
        return UNKNOWN;
    explained_kib = wait_on_lists(before, now);
    return memcoord_mul_div(less(now->used_kib, before->used_kib + explained_kib), 1000,
                            elapsed_ms);
}

void sample_take(struct domain_sample *sample, const struct host_domain *seen, uint64_t size_kib)
{
    struct domain_sample before = *sample;
    uint64_t elapsed_ms = before.sampled_ms == UNKNOWN ? 0 : seen->sampled_ms - before.sampled_ms;

    *sample = (struct domain_sample){
        .sampled_ms = seen->sampled_ms,
        .used_kib = UNKNOWN,
        .unused_kib = seen->unused_kib,
        .usable_kib = seen->usable_kib,
        .guest_total_kib = seen->guest_total_kib,
        .disk_caches_kib = seen->disk_caches_kib,
        .swap_in_kib = seen->swap_in_kib,
        .swap_out_kib = seen->swap_out_kib,
        .major_faults = seen->major_faults,
        .swap_in_kib_per_s = sample_rate(before.swap_in_kib, seen->swap_in_kib, elapsed_ms),
        .swap_out_kib_per_s = sample_rate(before.swap_out_kib, seen->swap_out_kib, elapsed_ms),
        .major_faults_per_s = sample_rate(before.major_faults, seen->major_faults, elapsed_ms),
    };
    if (seen->usable_kib != UNKNOWN)
        sample->used_kib = size_kib > seen->usable_kib ? size_kib - seen->usable_kib : 0;
    sample->rise_kib_per_s = rise(&before, sample, elapsed_ms);
    sample->growth_kib_per_s = growth(&before, sample);
}
