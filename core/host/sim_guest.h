/* SPDX-License-Identifier: BSD-3-Clause */
/* One simulated guest: where each KiB of it is, and how that changes. Pure: no I/O, no clock but the
 * time that it is given, integers only, so that every machine comes to the same. The formulas are in
 * conf/scenarios/README.md. */
#ifndef CORE_HOST_SIM_GUEST_H
#define CORE_HOST_SIM_GUEST_H

#include "host/host.h"
#include "scenario/scenario.h"
#include "util/less.h"

/* When a scenario begins, on the simulated host's clock: what happened before can be told, too. */
#define SIM_EPOCH_MS UINT64_C(1000000)
#define SIM_NEVER UINT64_MAX
/* While more than one thing moves, time goes in steps. */
#define SIM_STEP_MS 10
#define SIM_SAMPLES 8

enum sim_life { SIM_WAITS, SIM_BOOTS, SIM_RUNS, SIM_GONE };

/* A sample of the guest's statistics. KiB but for the counters. */
struct sim_sample {
    uint64_t index; /* of all its samples */
    uint64_t sampled_ms, unused_kib, usable_kib, total_kib, caches_kib;
    uint64_t swap_in_kib, swap_out_kib, major_faults;
};

/* Parts of a second's flow that were less than a KiB, in KiB/1000; of sums over time, in KiB x ms. */
struct sim_rests {
    uint64_t balloon, touch, cache, reads, swap_in, swap_out, demand, shortage;
};

/* Plain data: a copy is the guest as it was. */
struct sim_guest {
    uint64_t now_ms;        /* so far it has been moved; at rest it is the same later */
    uint64_t rest_until_ms; /* until then nothing changes; 0: it is not at rest */
    uint64_t rss_kib;       /* what its QEMU holds of the host */
    uint64_t peak_kib;      /* the most of that since sim_guest_advance() was called */
    uint64_t most_kib;      /* it can't come to more until it is asked again */
    const struct guest *spec;
    enum sim_life life;
    bool logged_away; /* for the host: it has been said that it is gone */
    uint64_t boots_until_ms;

    /* Its memory: these seven are its balloon, always. */
    uint64_t kernel_kib, system_kib, anon_kib, cache_kib;
    uint64_t lists_kib;     /* per-CPU lists: neither free nor usable */
    uint64_t touched_kib;   /* free, and the host's memory behind it is there */
    uint64_t untouched_kib; /* free, and costs the host nothing yet */
    uint64_t balloon_kib, target_kib;
    uint64_t kept_kib;         /* in the balloon, and its QEMU keeps it of the host */
    uint64_t swapped_kib;      /* of the load, in its own swap */
    uint64_t host_swapped_kib; /* of its touched memory, in the host's swap */
    uint64_t cache_max_kib, cache_used_kib;

    struct load_cursor load;
    uint64_t wanted_kib;    /* by the load at now_ms, also while it is away */
    uint64_t lacking_kib;   /* of that, for there is no memory */
    uint64_t away_until_ms; /* its load was killed; 0: it is there */
    uint64_t kills, said_kills;
    uint64_t swap_in_kib, swap_out_kib, major_faults;
    uint64_t demand_kib_s, short_kib_s, short_ms; /* as in struct host_truth, until now_ms */
    struct sim_rests rests;

    uint64_t told_kib, told_ms; /* what the host knows of the balloon, and since when */
    uint64_t frozen_at_ms;      /* temper dead: SIM_NEVER if not */

    uint64_t period_ms, phase_ms, lag_ms;     /* of its statistics */
    uint64_t silent_from_ms, silent_until_ms; /* no sample is taken */
    uint64_t first_sample;                    /* index of the first since it booted */
    uint64_t sampled;                         /* index of the last in `samples`, plus 1 */
    struct sim_sample samples[SIM_SAMPLES];   /* index modulo SIM_SAMPLES */
    struct sim_sample shown; /* the last that was seen; sampled_ms may be UNKNOWN */
};

/* ---- sim_guest.c: its life */

/* The guest as the scenario has it before it starts; its random numbers come from `seed`. */
void sim_guest_begin(struct sim_guest *g, const struct guest *spec, uint64_t seed);

/* Starts it at `at_ms`. One that is started when the scenario begins has long been running. */
void sim_guest_start(struct sim_guest *g, uint64_t at_ms, uint64_t seed);

/* It stops, or is killed: holds nothing any more. */
void sim_guest_stop(struct sim_guest *g);

/* Moves a guest that runs to `to_ms`, which is not before its present. */
void sim_guest_advance(struct sim_guest *g, uint64_t to_ms);

/* Somebody asks for a balloon of `kib`, at `at_ms`, to which it was advanced. */
void sim_guest_ask(struct sim_guest *g, uint64_t kib, uint64_t at_ms);

/* Up to `kib` of its touched memory go to the host's swap, or come back. Returns how much did. */
uint64_t sim_guest_swap_out(struct sim_guest *g, uint64_t kib);
uint64_t sim_guest_swap_in(struct sim_guest *g, uint64_t kib);

/* What its load wants now; 0 while a killed load is away. KiB. */
uint64_t sim_guest_demand_kib(const struct sim_guest *g);

/* What really is at `at_ms`, to which it was advanced, or at rest. */
struct host_truth sim_guest_truth(const struct sim_guest *g, uint64_t at_ms);

/* ---- sim_memory.c: where its memory is */

/* Free memory above the watermark. KiB. */
static inline uint64_t sim_free_kib(const struct sim_guest *g)
{
    return less(g->touched_kib + g->untouched_kib, g->spec->settings.watermark_kib);
}

/* What the guest would call usable. KiB. */
static inline uint64_t sim_usable_kib(const struct sim_guest *g)
{
    return less(g->touched_kib + g->untouched_kib + g->cache_kib, g->spec->settings.watermark_kib);
}

/* What a load or the balloon could get at once, cache and lists included. KiB. */
static inline uint64_t sim_room_kib(const struct sim_guest *g)
{
    return g->lists_kib + sim_usable_kib(g);
}

/* What of the cache in use is not there: each time that it is read it is a major fault. KiB. */
static inline uint64_t sim_missing_kib(const struct sim_guest *g)
{
    return g->life == SIM_RUNS ? less(g->cache_used_kib, g->cache_kib) : 0;
}

/* Takes `kib`, at most sim_room_kib(), from lists, free memory and cache, in this order: the caller
 * puts it where it goes. */
void sim_take(struct sim_guest *g, uint64_t kib);

/* Memory of the load, or of the cache, becomes free. */
void sim_free_anon(struct sim_guest *g, uint64_t kib);
void sim_drop_cache(struct sim_guest *g);

/* The balloon takes `kib`, at most sim_room_kib(); gives back `kib`. */
void sim_inflate(struct sim_guest *g, uint64_t kib);
void sim_give_back(struct sim_guest *g, uint64_t kib);

/* Brings rss_kib up to date, and peak_kib. */
void sim_count_rss(struct sim_guest *g);

/* The sum of its parts: its balloon, if all is right. */
uint64_t sim_parts_kib(const struct sim_guest *g);

/* ---- sim_step.c: how it changes */

/* Whether nothing changes before *until_ms. */
bool sim_rests(const struct sim_guest *g, uint64_t *until_ms);

/* Where the next step of one that does not rest may end, at most at `to_ms`, so that its end comes out as in
 * many small ones. */
uint64_t sim_step_end_ms(const struct sim_guest *g, uint64_t to_ms);

/* Brings wanted_kib and lacking_kib up to date where they change at a moment. */
void sim_reckon_wants(struct sim_guest *g);

/* Moves it from now_ms to `to_ms`, as sim_step_end_ms() allows. */
void sim_step(struct sim_guest *g, uint64_t to_ms);

/* Time goes by, to `to_ms`, in which nothing changes. */
void sim_rest(struct sim_guest *g, uint64_t to_ms);

/* ---- sim_sample.c: its statistics */

void sim_samples_begin(struct sim_guest *g, uint64_t from_ms);

/* When the sample number `index` is taken. */
uint64_t sim_sample_ms(const struct sim_guest *g, uint64_t index);

/* Whether the sample number `index` is taken now, at its time. */
bool sim_sample_is_due(const struct sim_guest *g, uint64_t index);

/* One more than the index of the last sample that was taken at `at_ms`, or could be seen then; 0: none. */
uint64_t sim_samples_taken(const struct sim_guest *g, uint64_t at_ms);
uint64_t sim_samples_seen(const struct sim_guest *g, uint64_t at_ms);

/* The guest's present figures are its sample number `index`. */
void sim_sample_take(struct sim_guest *g, uint64_t index);

/* Takes the samples that may be seen at now_ms or later and are not taken yet: of a guest that was at
 * rest. */
void sim_samples_catch_up(struct sim_guest *g);

/* Fills in what is seen of it at `now_ms`. */
void sim_sample_show(struct sim_guest *g, uint64_t now_ms, struct host_domain *out);

#endif
