/* SPDX-License-Identifier: BSD-3-Clause */
#include "experiment/limit_guest.h"

#include "host/sim_guest.h"
#include "util/less.h"
#include "util/random.h"

#define UNKNOWN MEMCOORD_UNKNOWN

/* As control/domain.c has it. Nobody knows the UUIDs of simulated guests: names are compared only. */
static void apply_config(struct limit_guest *g, const struct config *config)
{
    struct domain_settings base = config->domain_defaults;

    if (g->spec->settings.weight != UNKNOWN)
        base.weight = g->spec->settings.weight;
    base = config_domain(config, base, g->spec->name, "");
    g->weight = base.weight;
    if (base.max_kib > 0)
        g->max_kib = memcoord_min(g->max_kib, base.max_kib);
}

/* The same moments and random numbers as in host/sim_guest.c: its demand is the simulated guest's. */
void limit_guest_begin(struct limit_guest *g, const struct scenario *scenario, size_t index,
                       const struct config *config)
{
    const struct guest_settings *s = &scenario->guests[index].settings;
    uint64_t seed = random_start(scenario->seed, index + 1);

    *g = (struct limit_guest){ .spec = &scenario->guests[index], .max_kib = s->max_kib };
    g->start_ms = g->at_ms = SIM_EPOCH_MS + s->start_ms;
    g->stop_ms = s->stop_ms > 0 ? SIM_EPOCH_MS + s->stop_ms : LOAD_FOREVER;
    g->wants_ms = g->start_ms + (s->start_ms > 0 ? s->boot_ms : 0);
    g->frozen_ms = s->temper.kind == TEMPER_DEAD ? SIM_EPOCH_MS + s->temper_at_ms : LOAD_FOREVER;
    apply_config(g, config);
    g->cache_used_kib = amount_of(s->cache_used, s->max_kib);
    g->base_kib = s->kernel_kib + s->system_kib + s->watermark_kib;
    g->base_kib = memcoord_min(g->base_kib, g->max_kib);
    load_begin(&g->load, g->spec->load, random_start(seed, 2), g->wants_ms);
    if (s->start_ms == 0) /* found running: it has all that it wants */
        g->touched_kib = limit_guest_demand(g);
}

bool limit_guest_runs(const struct limit_guest *g, uint64_t at_ms)
{
    return at_ms >= g->start_ms && at_ms < g->stop_ms;
}

uint64_t limit_guest_demand(const struct limit_guest *g)
{
    if (g->at_ms < g->wants_ms)
        return 0;
    return load_kib(&g->load.now, memcoord_min(g->at_ms, g->frozen_ms)) + g->cache_used_kib;
}

uint64_t limit_guest_touched(const struct limit_guest *g)
{
    return memcoord_min(g->touched_kib, limit_guest_demand(g));
}

uint64_t limit_guest_room(const struct limit_guest *g)
{
    return g->max_kib - g->base_kib;
}

/* ---- in time */

/* Where the present piece, in which demand moves in a straight line, ends. */
static uint64_t piece_end_ms(const struct limit_guest *g, uint64_t to_ms)
{
    if (g->at_ms < g->wants_ms)
        return memcoord_min(to_ms, g->wants_ms);
    if (g->at_ms >= g->frozen_ms)
        return to_ms;
    return memcoord_min(to_ms, memcoord_min(g->load.now.end_ms, g->frozen_ms));
}

/* What it wants where the piece ends: the next one may begin elsewhere. */
static uint64_t demand_at_end(const struct limit_guest *g, uint64_t end_ms)
{
    if (g->at_ms < g->wants_ms)
        return 0;
    return load_kib(&g->load.now, memcoord_min(end_ms, g->frozen_ms)) + g->cache_used_kib;
}

static void go_to(struct limit_guest *g, uint64_t end_ms)
{
    g->at_ms = end_ms;
    while (g->at_ms >= g->load.now.end_ms && g->at_ms < g->frozen_ms)
        load_next(&g->load);
}

uint64_t limit_guest_most(const struct limit_guest *g, uint64_t to_ms)
{
    struct limit_guest ahead = *g;
    uint64_t most_kib = limit_guest_demand(&ahead);

    while (ahead.at_ms < to_ms) {
        uint64_t end_ms = piece_end_ms(&ahead, to_ms);

        most_kib = memcoord_max(most_kib, demand_at_end(&ahead, end_ms));
        go_to(&ahead, end_ms);
        most_kib = memcoord_max(most_kib, limit_guest_demand(&ahead));
    }
    return most_kib;
}

void limit_guest_lacked(struct limit_guest *g, uint64_t from_kib, uint64_t to_kib, uint64_t ms)
{
    if (from_kib == 0 && to_kib == 0)
        return;
    g->short_kib_ms += ((limit_sum)from_kib + to_kib) * ms / 2;
    g->short_ms += ms;
}

/* When demand, which goes in a line from `from_kib` to `to_kib` in `ms`, crosses `room_kib`. */
static uint64_t crossing_ms(uint64_t from_kib, uint64_t to_kib, uint64_t ms, uint64_t room_kib)
{
    return memcoord_mul_div(ms, less(from_kib, room_kib) + less(room_kib, from_kib),
                            less(from_kib, to_kib) + less(to_kib, from_kib));
}

/* How long until it has touched all that it may hold. */
static uint64_t touching_ms(const struct limit_guest *g, uint64_t room_kib)
{
    return memcoord_mul_div(less(room_kib, g->touched_kib), 1000,
                            g->spec->settings.touch_kib_per_s);
}

/* What it lacks in a piece in which demand goes from `from_kib` to `to_kib` in `ms`. */
static void count_lack(struct limit_guest *g, uint64_t from_kib, uint64_t to_kib, uint64_t ms,
                       uint64_t room_kib)
{
    uint64_t begin_ms = 0, end_ms = ms, at_begin_kib = less(from_kib, room_kib), touching;

    if (from_kib <= room_kib && to_kib <= room_kib)
        return;
    if (from_kib < room_kib)
        begin_ms = crossing_ms(from_kib, to_kib, ms, room_kib);
    if (to_kib < room_kib)
        end_ms = crossing_ms(from_kib, to_kib, ms, room_kib);
    touching = touching_ms(g, room_kib);
    if (touching >= end_ms)
        return;
    if (touching > begin_ms) {
        uint64_t moved_kib =
            memcoord_mul_div(less(from_kib, to_kib) + less(to_kib, from_kib), touching, ms);

        begin_ms = touching;
        at_begin_kib =
            less(to_kib > from_kib ? from_kib + moved_kib : from_kib - moved_kib, room_kib);
    }
    limit_guest_lacked(g, at_begin_kib, less(to_kib, room_kib), end_ms - begin_ms);
}

/* One piece, to `end_ms`. */
static void pass(struct limit_guest *g, uint64_t end_ms, uint64_t room_kib)
{
    uint64_t from_kib = limit_guest_demand(g), to_kib = demand_at_end(g, end_ms);
    uint64_t ms = end_ms - g->at_ms, rate = g->spec->settings.touch_kib_per_s;

    g->touched_kib = limit_guest_touched(g);
    g->demand_kib_ms += ((limit_sum)from_kib + to_kib) * ms / 2;
    count_lack(g, from_kib, to_kib, ms, room_kib);
    g->touched_kib = memcoord_min(to_kib, g->touched_kib + memcoord_mul_div(rate, ms, 1000));
}

void limit_guest_move(struct limit_guest *g, uint64_t to_ms, uint64_t room_kib)
{
    while (g->at_ms < to_ms) {
        uint64_t end_ms = piece_end_ms(g, to_ms);

        pass(g, end_ms, room_kib);
        go_to(g, end_ms);
    }
}

struct host_truth limit_guest_truth(const struct limit_guest *g)
{
    return (struct host_truth){ .demand_kib = limit_guest_demand(g),
                                .held_kib = g->held_kib,
                                .demand_kib_s = (uint64_t)(g->demand_kib_ms / 1000),
                                .short_kib_s = (uint64_t)(g->short_kib_ms / 1000),
                                .short_ms = g->short_ms };
}
