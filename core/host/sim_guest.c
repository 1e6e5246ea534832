/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of a simulated guest. */
#include "host/sim_guest.h"

#include "util/random.h"

#define UNKNOWN MEMCOORD_UNKNOWN
/* Guests' clocks differ: each takes its samples up to so much later than its period says, so that their
 * ages, seen at regular intervals, wander. */
#define DRIFT_PARTS 64

/* Its statistics: when, and how late. */
static void begin_samples(struct sim_guest *g, const struct guest_settings *s, uint64_t random)
{
    g->period_ms = s->period_ms + random_between(&random, 0, s->period_ms / DRIFT_PARTS);
    g->phase_ms = random_between(&random, 0, g->period_ms - 1);
    g->lag_ms = s->lag_ms + random_between(&random, 0, s->jitter_ms);
    g->silent_from_ms = g->silent_until_ms = SIM_NEVER;
    if (s->silent_at_ms > 0) {
        g->silent_from_ms = SIM_EPOCH_MS + s->silent_at_ms;
        g->silent_until_ms =
            s->silent_for_ms > 0 ? g->silent_from_ms + s->silent_for_ms : SIM_NEVER;
    }
    if (g->frozen_at_ms <= g->silent_from_ms && g->frozen_at_ms != SIM_NEVER) {
        g->silent_from_ms = g->frozen_at_ms;
        g->silent_until_ms = SIM_NEVER;
    }
}

void sim_guest_begin(struct sim_guest *g, const struct guest *spec, uint64_t seed)
{
    const struct guest_settings *s = &spec->settings;

    *g = (struct sim_guest){ .spec = spec, .life = SIM_WAITS };
    g->frozen_at_ms = s->temper.kind == TEMPER_DEAD ? SIM_EPOCH_MS + s->temper_at_ms : SIM_NEVER;
    g->cache_max_kib = amount_of(s->cache, s->max_kib);
    g->cache_used_kib = amount_of(s->cache_used, s->max_kib);
    g->shown.sampled_ms = UNKNOWN;
    begin_samples(g, s, random_start(seed, 1));
}

/* It has long been running: what it wants it has, and its cache is as full as it gets. */
static void found_running(struct sim_guest *g)
{
    uint64_t kib;

    g->life = SIM_RUNS;
    sim_reckon_wants(g);
    kib = memcoord_min(sim_guest_demand_kib(g), sim_room_kib(g));
    sim_take(g, kib);
    g->anon_kib = kib;
    kib = memcoord_min(g->cache_max_kib, sim_free_kib(g));
    sim_take(g, kib);
    g->cache_kib = kib;
    sim_reckon_wants(g);
    sim_samples_begin(g, 0);
    sim_samples_catch_up(g);
}

/* A balloon goes straight to its target, and all of it may be touched; with what its QEMU keeps it comes to no more
 * than all that it ever had. */
static void limit_rss(struct sim_guest *g)
{
    const struct guest_settings *s = &g->spec->settings;

    g->most_kib =
        s->overhead_kib + (s->returns ? memcoord_max(g->balloon_kib, g->target_kib) : s->max_kib);
}

void sim_guest_start(struct sim_guest *g, uint64_t at_ms, uint64_t seed)
{
    const struct guest_settings *s = &g->spec->settings;
    bool boots = at_ms > SIM_EPOCH_MS && s->boot_ms > 0;

    g->now_ms = at_ms;
    g->kernel_kib = s->kernel_kib;
    g->system_kib = s->system_kib;
    g->balloon_kib = boots ? s->max_kib : s->balloon_kib;
    g->target_kib = s->balloon_kib;
    g->untouched_kib = g->balloon_kib - g->kernel_kib - g->system_kib;
    g->told_kib = g->balloon_kib;
    g->told_ms = at_ms - 1000;
    load_begin(&g->load, g->spec->load, random_start(seed, 2), at_ms + (boots ? s->boot_ms : 0));
    if (boots) {
        g->life = SIM_BOOTS;
        g->boots_until_ms = at_ms + s->boot_ms;
    } else {
        found_running(g);
    }
    sim_count_rss(g);
    limit_rss(g);
}

void sim_guest_stop(struct sim_guest *g)
{
    g->life = SIM_GONE;
    g->kernel_kib = g->system_kib = g->anon_kib = g->cache_kib = 0;
    g->lists_kib = g->touched_kib = g->untouched_kib = g->balloon_kib = 0;
    g->swapped_kib = g->host_swapped_kib = g->rss_kib = g->kept_kib = g->most_kib = 0;
    g->rest_until_ms = SIM_NEVER;
}

/* Whatever happens next, it is no longer at rest; the samples of the time when it was are taken. */
static void wake(struct sim_guest *g, uint64_t at_ms)
{
    if (g->rest_until_ms == 0)
        return;
    sim_rest(g, memcoord_min(at_ms, g->rest_until_ms));
    sim_samples_catch_up(g);
    g->rest_until_ms = 0;
}

static void run(struct sim_guest *g, uint64_t to_ms)
{
    while (g->now_ms < to_ms) {
        uint64_t end_ms;

        if (!sim_rests(g, &end_ms)) {
            end_ms = sim_step_end_ms(g, to_ms);
        } else if (end_ms > to_ms) {
            sim_rest(g, to_ms);
            return;
        }
        sim_step(g, end_ms);
    }
}

/* Whether it is at rest now, and until when. */
static void settle(struct sim_guest *g)
{
    uint64_t end_ms;

    if (sim_rests(g, &end_ms) && end_ms > g->now_ms)
        g->rest_until_ms = end_ms - 1; /* at end_ms itself it is not what it was */
}

void sim_guest_advance(struct sim_guest *g, uint64_t to_ms)
{
    uint64_t taken, seen;

    if (g->rest_until_ms >= to_ms)
        return;
    g->peak_kib = g->rss_kib;
    wake(g, to_ms);
    seen = sim_samples_seen(g, to_ms);
    taken = sim_samples_taken(g, to_ms);
    for (uint64_t i = memcoord_max(g->sampled, seen > 0 ? seen - 1 : g->first_sample); i < taken;
         i++) {
        if (sim_sample_ms(g, i) < g->now_ms)
            continue;
        run(g, sim_sample_ms(g, i));
        if (sim_sample_is_due(g, i))
            sim_sample_take(g, i);
    }
    run(g, to_ms);
    settle(g);
}

void sim_guest_ask(struct sim_guest *g, uint64_t kib, uint64_t at_ms)
{
    wake(g, at_ms);
    /* QEMU tells of the first move at once, when it has hardly begun, and then once a second */
    if (kib != g->balloon_kib && g->told_kib == g->balloon_kib && at_ms >= g->told_ms + 1000)
        g->told_ms = at_ms;
    g->target_kib = kib;
    limit_rss(g);
}

uint64_t sim_guest_swap_out(struct sim_guest *g, uint64_t kib)
{
    uint64_t can_kib = g->rss_kib - g->spec->settings.overhead_kib;

    kib = memcoord_min(kib, can_kib);
    g->host_swapped_kib += kib;
    g->rss_kib -= kib;
    return kib;
}

uint64_t sim_guest_swap_in(struct sim_guest *g, uint64_t kib)
{
    kib = memcoord_min(kib, g->host_swapped_kib);
    g->host_swapped_kib -= kib;
    g->rss_kib += kib;
    return kib;
}
