/* SPDX-License-Identifier: BSD-3-Clause */
/* How a simulated guest changes in time. Between events at most one thing moves, mostly, and one step
 * goes all the way; where several do, or memory is short, steps are SIM_STEP_MS long. */
#include "host/sim_guest.h"

/* Longer steps would not fit 64 bits with the fastest rates. */
#define LONGEST_MS UINT64_C(1000000000)
/* The host is told of a balloon that moves once in so long. */
#define TELL_EVERY_MS 1000
#define PAGE_KIB 4

static uint64_t held_kib(const struct sim_guest *g)
{
    return g->anon_kib + g->swapped_kib;
}

static uint64_t swap_left_kib(const struct sim_guest *g)
{
    return less(g->spec->settings.swap_kib, g->swapped_kib);
}

/* Also while the load is away. */
static uint64_t wanted_at(const struct sim_guest *g, uint64_t at_ms)
{
    return g->life == SIM_RUNS ? load_kib(&g->load.now, memcoord_min(at_ms, g->frozen_at_ms)) : 0;
}

uint64_t sim_guest_demand_kib(const struct sim_guest *g)
{
    return g->away_until_ms > 0 ? 0 : g->wanted_kib;
}

/* ---- the balloon */

static bool has_temper(const struct sim_guest *g, enum temper_kind kind)
{
    return g->spec->settings.temper.kind == kind &&
           g->now_ms >= SIM_EPOCH_MS + g->spec->settings.temper_at_ms;
}

/* Where it is going; where it is if it goes nowhere. */
static uint64_t goal_kib(const struct sim_guest *g)
{
    if (g->life != SIM_RUNS || has_temper(g, TEMPER_STUCK) || has_temper(g, TEMPER_DEAD) ||
        g->spec->settings.temper.kind == TEMPER_NO_DRIVER)
        return g->balloon_kib;
    if (g->target_kib < g->balloon_kib && has_temper(g, TEMPER_LIMIT))
        return memcoord_min(memcoord_max(g->target_kib, g->spec->settings.temper.limit_kib),
                            g->balloon_kib);
    return g->target_kib;
}

/* Without room it waits, unless reclaim can swap something out for it. */
static bool balloon_moves(const struct sim_guest *g)
{
    uint64_t goal = g->target_kib == g->balloon_kib ? g->balloon_kib : goal_kib(g);

    if (goal >= g->balloon_kib)
        return goal > g->balloon_kib;
    return sim_room_kib(g) > 0 || (swap_left_kib(g) > 0 && g->anon_kib > 0);
}

static bool sticks(const struct sim_guest *g)
{
    const struct temper *t = &g->spec->settings.temper;

    return has_temper(g, TEMPER_STICKS) && g->now_ms % t->every_ms < t->sticks_ms;
}

/* ---- what it lacks */

/* What of wanted_kib is not there because memory lacks; not what it is just about to touch. */
static uint64_t load_lacks(const struct sim_guest *g)
{
    if (g->away_until_ms == 0 && g->swapped_kib == 0 && sim_room_kib(g) > 0)
        return 0;
    return less(g->wanted_kib, g->anon_kib);
}

/* The same of the cache in use; not what is just about to be read. */
static uint64_t cache_lacks(const struct sim_guest *g)
{
    return sim_free_kib(g) > 0 ? 0 : sim_missing_kib(g);
}

static uint64_t lacking(const struct sim_guest *g)
{
    return load_lacks(g) + cache_lacks(g);
}

/* Of its memory, what load and cache in use want. */
static uint64_t all_wanted(const struct sim_guest *g, uint64_t load_kib)
{
    return load_kib + (g->life == SIM_RUNS ? g->cache_used_kib : 0);
}

void sim_reckon_wants(struct sim_guest *g)
{
    g->wanted_kib = wanted_at(g, g->now_ms);
    g->lacking_kib = lacking(g);
}

/* `kib` for `ms`, in KiB x s. */
static void add_over_time(uint64_t *sum_kib_s, uint64_t *rest, uint64_t kib, uint64_t ms)
{
    *sum_kib_s += kib / 1000 * ms;
    *rest += kib % 1000 * ms;
    *sum_kib_s += *rest / 1000;
    *rest %= 1000;
}

/* Counts `ms` in which both moved evenly from these to what they are. */
static void count(struct sim_guest *g, uint64_t wanted_kib, uint64_t lacking_kib, uint64_t ms)
{
    add_over_time(&g->demand_kib_s, &g->rests.demand,
                  all_wanted(g, (wanted_kib + g->wanted_kib) / 2), ms);
    if (lacking_kib == 0 && g->lacking_kib == 0)
        return;
    add_over_time(&g->short_kib_s, &g->rests.shortage, (lacking_kib + g->lacking_kib) / 2, ms);
    g->short_ms += ms;
}

/* ---- how long a step may be */

static uint64_t earlier(uint64_t event_ms, uint64_t now_ms, uint64_t until_ms)
{
    return event_ms > now_ms ? memcoord_min(event_ms, until_ms) : until_ms;
}

static uint64_t next_event_ms(const struct sim_guest *g)
{
    uint64_t until_ms = SIM_NEVER;

    until_ms = earlier(g->load.now.end_ms, g->now_ms, until_ms);
    until_ms = earlier(SIM_EPOCH_MS + g->spec->settings.temper_at_ms, g->now_ms, until_ms);
    until_ms = earlier(g->away_until_ms, g->now_ms, until_ms);
    until_ms = earlier(g->boots_until_ms, g->now_ms, until_ms);
    if (g->told_kib != g->balloon_kib)
        until_ms = earlier(g->told_ms + TELL_EVERY_MS, g->now_ms, until_ms);
    return until_ms;
}

static uint64_t ms_for(uint64_t kib, uint64_t kib_per_s)
{
    return kib * 1000 / kib_per_s + 1;
}

static bool demand_rises(const struct sim_guest *g)
{
    return g->away_until_ms == 0 && g->load.now.to_kib > g->load.now.from_kib;
}

/* How fast demand rises, where it does. */
static uint64_t rise_kib_per_s(const struct sim_guest *g)
{
    const struct load_segment *now = &g->load.now;

    return memcoord_mul_div(now->to_kib - now->from_kib, 1000, now->end_ms - now->from_ms) + 1;
}

/* A load that rises with demand, or behind it: until room runs out at the latest. */
static uint64_t rising_ms(const struct sim_guest *g, uint64_t behind_kib)
{
    const struct guest_settings *s = &g->spec->settings;
    uint64_t room_kib = sim_room_kib(g), rise;

    if (behind_kib > 0 && demand_rises(g))
        return SIM_STEP_MS;
    if (behind_kib > 0 && room_kib >= behind_kib)
        return ms_for(behind_kib, s->touch_kib_per_s);
    if (behind_kib > 0)
        return memcoord_max(room_kib * 1000 / s->touch_kib_per_s, SIM_STEP_MS);
    rise = rise_kib_per_s(g);
    if (rise > s->touch_kib_per_s)
        return SIM_STEP_MS;
    return memcoord_max(room_kib / 2 * 1000 / rise, SIM_STEP_MS);
}

static uint64_t balloon_ms(const struct sim_guest *g)
{
    const struct guest_settings *s = &g->spec->settings;
    uint64_t goal = goal_kib(g);

    if (s->temper.kind == TEMPER_STICKS)
        return SIM_STEP_MS;
    if (goal > g->balloon_kib)
        return ms_for(goal - g->balloon_kib, s->takes_kib_per_s);
    return sim_room_kib(g) >= g->balloon_kib - goal
               ? ms_for(g->balloon_kib - goal, s->gives_kib_per_s)
               : SIM_STEP_MS;
}

static bool cache_fills(const struct sim_guest *g)
{
    return g->cache_kib < g->cache_max_kib && sim_free_kib(g) > 0;
}

bool sim_rests(const struct sim_guest *g, uint64_t *until_ms)
{
    const struct load_segment *now = &g->load.now;

    if (g->life != SIM_BOOTS && g->now_ms >= g->frozen_at_ms) {
        *until_ms = SIM_NEVER;
        return true;
    }
    if (g->life != SIM_BOOTS &&
        (now->from_kib != now->to_kib || g->swapped_kib > 0 || balloon_moves(g) ||
         held_kib(g) != sim_guest_demand_kib(g) || cache_fills(g) || sim_missing_kib(g) > 0))
        return false;
    *until_ms = next_event_ms(g);
    return true;
}

/* Whether what is missing of the cache in use may change. */
static bool missing_moves(const struct sim_guest *g)
{
    const struct load_segment *now = &g->load.now;

    if (g->cache_used_kib == 0)
        return false;
    return balloon_moves(g) || now->from_kib != now->to_kib ||
           held_kib(g) != sim_guest_demand_kib(g) || (sim_missing_kib(g) > 0 && cache_fills(g));
}

uint64_t sim_step_end_ms(const struct sim_guest *g, uint64_t to_ms)
{
    uint64_t end_ms = memcoord_min(next_event_ms(g), to_ms), step_ms = LONGEST_MS;
    uint64_t behind_kib = less(sim_guest_demand_kib(g), held_kib(g));
    bool moves = balloon_moves(g), rises = demand_rises(g) || behind_kib > 0;

    if ((moves && rises) || (g->swapped_kib > 0 && (moves || rises || sim_room_kib(g) > 0)) ||
        missing_moves(g))
        step_ms = SIM_STEP_MS;
    else if (moves)
        step_ms = balloon_ms(g);
    else if (rises)
        step_ms = rising_ms(g, behind_kib);
    return memcoord_min(end_ms, g->now_ms + memcoord_min(step_ms, LONGEST_MS));
}

/* ---- what moves */

/* What flows in `ms`; less than a KiB is kept for the next time. */
static uint64_t flow(uint64_t *rest, uint64_t kib_per_s, uint64_t ms)
{
    uint64_t total = kib_per_s * memcoord_min(ms, LONGEST_MS) + *rest;

    *rest = total % 1000;
    return total / 1000;
}

/* Up to `kib` of the load go to the guest's swap, as fast as that is. */
static uint64_t swap_out(struct sim_guest *g, uint64_t kib, uint64_t ms)
{
    kib = memcoord_min(kib, memcoord_min(swap_left_kib(g), g->anon_kib));
    if (kib == 0)
        return 0;
    kib = memcoord_min(kib, flow(&g->rests.swap_out, g->spec->settings.swap_kib_per_s, ms));
    g->anon_kib -= kib;
    g->swapped_kib += kib;
    g->swap_out_kib += kib;
    return kib;
}

static void move_balloon(struct sim_guest *g, uint64_t ms)
{
    const struct guest_settings *s = &g->spec->settings;
    uint64_t goal = goal_kib(g), kib, fits_kib, swapped_kib;

    if (!balloon_moves(g) || sticks(g))
        return;
    if (goal > g->balloon_kib) {
        kib = flow(&g->rests.balloon, s->takes_kib_per_s, ms);
        sim_give_back(g, memcoord_min(kib, goal - g->balloon_kib));
        return;
    }
    kib = flow(&g->rests.balloon, s->gives_kib_per_s, ms);
    kib = memcoord_min(kib, g->balloon_kib - goal);
    fits_kib = memcoord_min(kib, sim_room_kib(g));
    sim_inflate(g, fits_kib);
    swapped_kib = swap_out(g, kib - fits_kib, ms);
    g->balloon_kib -= swapped_kib;
    g->kept_kib += s->returns ? 0 : swapped_kib;
}

static void kill_load(struct sim_guest *g)
{
    sim_free_anon(g, g->anon_kib);
    g->swapped_kib = 0;
    g->kills++;
    g->away_until_ms =
        g->spec->settings.restart_ms > 0 ? g->now_ms + g->spec->settings.restart_ms : SIM_NEVER;
}

/* More than it holds: from what is free, else by swapping out the rest of it, else it is killed. */
static void grow_load(struct sim_guest *g, uint64_t by_kib, uint64_t ms)
{
    uint64_t want_kib = flow(&g->rests.touch, g->spec->settings.touch_kib_per_s, ms);
    uint64_t fits_kib, out_kib;

    want_kib = memcoord_min(want_kib, by_kib);
    fits_kib = memcoord_min(want_kib, sim_room_kib(g));
    sim_take(g, fits_kib);
    g->anon_kib += fits_kib;
    want_kib -= fits_kib;
    if (want_kib == 0)
        return;
    out_kib = swap_out(g, want_kib, ms);
    g->anon_kib += out_kib;
    if (out_kib < want_kib && (swap_left_kib(g) == 0 || g->anon_kib == 0))
        kill_load(g);
}

static void move_load(struct sim_guest *g, uint64_t demand_kib, uint64_t ms)
{
    uint64_t held = held_kib(g), goes_kib;

    if (demand_kib > held) {
        grow_load(g, demand_kib - held, ms);
    } else if (demand_kib < held) {
        goes_kib = memcoord_min(held - demand_kib, g->anon_kib);
        sim_free_anon(g, goes_kib);
        g->swapped_kib -= held - demand_kib - goes_kib;
    }
}

/* Up to `kib` of free memory become cache. */
static void grow_cache(struct sim_guest *g, uint64_t kib)
{
    uint64_t lists_kib = g->lists_kib;

    kib = memcoord_min(kib, sim_free_kib(g));
    g->lists_kib = 0; /* out of sim_take()'s reach: cache is filled from free memory */
    sim_take(g, kib);
    g->lists_kib = lists_kib;
    g->cache_kib += kib;
}

static void fill_cache(struct sim_guest *g, uint64_t ms)
{
    uint64_t kib;

    if (!cache_fills(g))
        return;
    kib = memcoord_min(g->cache_max_kib - g->cache_kib, sim_free_kib(g));
    grow_cache(g, memcoord_min(kib, flow(&g->rests.cache, g->spec->settings.cache_kib_per_s, ms)));
}

/* What is in use and not there is read: into free memory, or in the place of what goes for it. */
static void read_cache(struct sim_guest *g, uint64_t ms)
{
    uint64_t missing_kib = sim_missing_kib(g), pages_per_s, pages;

    if (missing_kib == 0)
        return;
    pages_per_s = memcoord_mul_div(g->spec->settings.cache_reads_kib_per_s, missing_kib,
                                   PAGE_KIB * g->cache_used_kib);
    pages = flow(&g->rests.reads, pages_per_s, ms);
    g->major_faults += pages;
    grow_cache(g, memcoord_min(pages * PAGE_KIB, missing_kib));
}

/* What is swapped comes back where there is room. Where there is none, the load touches it all the same,
 * in its part of the load, and something else must go. */
static void swap_in(struct sim_guest *g, uint64_t ms)
{
    uint64_t room_kib = sim_room_kib(g), kib_per_s = g->spec->settings.swap_kib_per_s, kib;

    if (g->swapped_kib == 0)
        return;
    if (room_kib == 0)
        kib_per_s = memcoord_mul_div(kib_per_s, g->swapped_kib, held_kib(g));
    kib = flow(&g->rests.swap_in, kib_per_s, ms);
    if (room_kib > 0) {
        kib = memcoord_min(kib, memcoord_min(g->swapped_kib, room_kib));
        sim_take(g, kib);
        g->anon_kib += kib;
        g->swapped_kib -= kib;
    } else {
        g->swap_out_kib += kib;
    }
    g->swap_in_kib += kib;
    g->major_faults += kib / PAGE_KIB;
}

/* ---- what happens at a moment */

/* The driver is there: until now it owned its maximum, and now its balloon takes what it shall not have. */
static void end_boot(struct sim_guest *g)
{
    g->life = SIM_RUNS;
    g->boots_until_ms = 0;
    sim_samples_begin(g, g->now_ms);
}

static void tell_host(struct sim_guest *g)
{
    if (g->told_kib == g->balloon_kib || g->now_ms < g->told_ms + TELL_EVERY_MS)
        return;
    g->told_kib = g->balloon_kib;
    g->told_ms = g->now_ms;
}

/* True where its wants may have changed. */
static bool happen(struct sim_guest *g)
{
    bool any = false;

    for (; g->now_ms >= g->load.now.end_ms; any = true) {
        load_next(&g->load);
        if (g->load.now.drops_cache)
            sim_drop_cache(g);
    }
    if (g->away_until_ms > 0 && g->now_ms >= g->away_until_ms) {
        g->away_until_ms = 0;
        any = true;
    }
    if (g->life == SIM_BOOTS && g->now_ms >= g->boots_until_ms) {
        end_boot(g);
        any = true;
    }
    tell_host(g);
    return any;
}

void sim_step(struct sim_guest *g, uint64_t to_ms)
{
    uint64_t ms = to_ms - g->now_ms, wanted_kib = g->wanted_kib, lacking_kib = g->lacking_kib;

    g->wanted_kib = wanted_at(g, to_ms);
    if (g->life == SIM_RUNS && g->now_ms < g->frozen_at_ms) {
        move_balloon(g, ms);
        move_load(g, sim_guest_demand_kib(g), ms);
        fill_cache(g, ms);
        read_cache(g, ms);
        swap_in(g, ms);
        sim_count_rss(g);
    }
    g->lacking_kib = lacking(g);
    count(g, wanted_kib, lacking_kib, ms);
    g->now_ms = to_ms;
    if (happen(g))
        sim_reckon_wants(g);
}

void sim_rest(struct sim_guest *g, uint64_t to_ms)
{
    count(g, g->wanted_kib, g->lacking_kib, to_ms - g->now_ms);
    g->now_ms = to_ms;
}

struct host_truth sim_guest_truth(const struct sim_guest *g, uint64_t at_ms)
{
    uint64_t rested_ms = less(at_ms, g->now_ms);
    struct host_truth truth = {
        .demand_kib = all_wanted(g, g->wanted_kib),
        .held_kib = g->anon_kib + memcoord_min(g->cache_kib, all_wanted(g, 0)),
        .demand_kib_s = g->demand_kib_s,
        .short_kib_s = g->short_kib_s,
        .short_ms = g->short_ms,
        .kills = g->kills,
        .swap_in_kib = g->swap_in_kib,
        .swap_out_kib = g->swap_out_kib,
    };
    struct sim_rests rests = g->rests;

    add_over_time(&truth.demand_kib_s, &rests.demand, truth.demand_kib, rested_ms);
    if (g->lacking_kib > 0) {
        add_over_time(&truth.short_kib_s, &rests.shortage, g->lacking_kib, rested_ms);
        truth.short_ms += rested_ms;
    }
    return truth;
}
