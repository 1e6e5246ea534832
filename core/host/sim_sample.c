/* SPDX-License-Identifier: BSD-3-Clause */
/* The statistics of a simulated guest: a sample each period, which can be seen a while later. Only those
 * are worked out that somebody may look at. */
#include <string.h>

#include "host/sim_guest.h"

#define UNKNOWN MEMCOORD_UNKNOWN

uint64_t sim_sample_ms(const struct sim_guest *g, uint64_t index)
{
    return g->phase_ms + index * g->period_ms;
}

void sim_samples_begin(struct sim_guest *g, uint64_t from_ms)
{
    g->first_sample =
        from_ms > g->phase_ms ? (from_ms - g->phase_ms + g->period_ms - 1) / g->period_ms : 0;
    g->sampled = 0;
    g->shown.sampled_ms = UNKNOWN;
}

static bool talks(const struct sim_guest *g)
{
    return g->life == SIM_RUNS && g->spec->settings.statistics &&
           g->spec->settings.temper.kind != TEMPER_NO_DRIVER;
}

static bool is_silent(const struct sim_guest *g, uint64_t at_ms)
{
    return at_ms >= g->silent_from_ms && at_ms < g->silent_until_ms;
}

bool sim_sample_is_due(const struct sim_guest *g, uint64_t index)
{
    return talks(g) && !is_silent(g, sim_sample_ms(g, index)) && index >= g->first_sample;
}

uint64_t sim_samples_taken(const struct sim_guest *g, uint64_t at_ms)
{
    uint64_t n;

    if (!talks(g))
        return 0;
    if (is_silent(g, at_ms))
        at_ms = g->silent_from_ms - 1;
    if (at_ms < g->phase_ms)
        return 0;
    n = (at_ms - g->phase_ms) / g->period_ms + 1;
    /* none between the silence and now: the last is the one before it */
    if (g->silent_until_ms <= at_ms && is_silent(g, sim_sample_ms(g, n - 1)))
        return sim_samples_taken(g, g->silent_from_ms - 1);
    return n > g->first_sample ? n : 0;
}

uint64_t sim_samples_seen(const struct sim_guest *g, uint64_t at_ms)
{
    return at_ms >= g->lag_ms ? sim_samples_taken(g, at_ms - g->lag_ms) : 0;
}

void sim_sample_take(struct sim_guest *g, uint64_t index)
{
    g->samples[index % SIM_SAMPLES] = (struct sim_sample){
        .index = index,
        .sampled_ms = sim_sample_ms(g, index),
        .unused_kib = g->touched_kib + g->untouched_kib,
        .usable_kib = sim_usable_kib(g),
        .total_kib = g->balloon_kib - g->kernel_kib,
        .caches_kib = g->cache_kib,
        .swap_in_kib = g->swap_in_kib,
        .swap_out_kib = g->swap_out_kib,
        .major_faults = g->major_faults,
    };
    g->sampled = index + 1;
}

void sim_samples_catch_up(struct sim_guest *g)
{
    uint64_t taken = sim_samples_taken(g, g->now_ms), seen = sim_samples_seen(g, g->now_ms);
    uint64_t from = memcoord_max(g->sampled, seen > 0 ? seen - 1 : g->first_sample);

    for (uint64_t i = from; i < taken; i++)
        sim_sample_take(g, i);
}

static void fill(const struct sim_sample *sample, struct host_domain *out)
{
    out->sampled_ms = sample->sampled_ms;
    out->unused_kib = sample->unused_kib;
    out->usable_kib = sample->usable_kib;
    out->guest_total_kib = sample->total_kib;
    out->disk_caches_kib = sample->caches_kib;
    out->swap_in_kib = sample->swap_in_kib;
    out->swap_out_kib = sample->swap_out_kib;
    out->major_faults = sample->major_faults;
}

static void fill_nothing(struct host_domain *out)
{
    out->sampled_ms = out->unused_kib = out->usable_kib = out->guest_total_kib = UNKNOWN;
    out->disk_caches_kib = out->swap_in_kib = out->swap_out_kib = out->major_faults = UNKNOWN;
}

void sim_sample_show(struct sim_guest *g, uint64_t now_ms, struct host_domain *out)
{
    uint64_t seen = sim_samples_seen(g, now_ms);
    const struct sim_sample *sample = &g->samples[(seen - 1) % SIM_SAMPLES];

    if (seen > 0 && seen > g->sampled && g->rest_until_ms >= now_ms)
        sim_sample_take(g, seen - 1); /* at rest since before it was taken */
    if (seen > 0 && sample->index == seen - 1)
        g->shown = *sample;
    if (g->shown.sampled_ms == UNKNOWN)
        fill_nothing(out);
    else
        fill(&g->shown, out);
}
