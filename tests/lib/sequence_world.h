/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A host with guests behind the seam, for tests of whole ticks over random sequences: the truth (what
 * guests own, use and touch) moves between the ticks, and reaches the core as it does in life: the
 * host's figure of a balloon up to a tick late, a guest's sample up to two, and at times not at all.
 * Everything random comes from one seed.
 */
#ifndef TESTS_LIB_SEQUENCE_WORLD_H
#define TESTS_LIB_SEQUENCE_WORLD_H

#include <stdio.h>
#include <string.h>

#include "host/host.h"
#include "lib/cmocka.h"
#include "lib/random.h"

#define WORLD_GUESTS 4
#define WORLD_SAMPLES 3 /* this tick's and those of the two before */
#define WORLD_LOSSES 16
#define WORLD_TOLD 16                  /* ticks for which it is kept what was told */
#define WORLD_OVERHEAD_KIB (100 * MIB) /* of QEMU's own memory, at most */
#define WORLD_STEPS 4                  /* of the truth from tick to tick */
#define WORLD_SIZES 32
#define WORLD_BEGIN_MS 1000000
#define WORLD_LATE_MS 1000 /* so late the host may know of a balloon */

/* The truth of one moment. */
struct world_sample {
    uint64_t at_ms, size_kib, usable_kib;
};

struct world_guest {
    /* what it is */
    char name[8];
    uint64_t most_kib;        /* what it was defined with */
    uint64_t kernel_kib;      /* of its size, what its kernel never tells of */
    uint64_t marks_kib;       /* unused, but not usable: its kernel's watermarks */
    uint64_t own_kib;         /* QEMU's own memory */
    uint64_t speed_kib_per_s; /* of its balloon */
    /* what is configured */
    bool managed;
    bool mute; /* it never gives statistics, and need not */
    uint64_t min_kib, max_kib;
    /* the truth */
    uint64_t size_kib, device_kib; /* what it has; what its balloon was told last, by whomever */
    uint64_t used_kib, touched_kib;
    int64_t load_kib_per_s;
    bool stuck, others_came_last;
    uint64_t others_ms; /* when somebody else set it; 0: never */
    enum host_domain_state state;
    const char *unmanageable;
    struct world_sample samples[WORLD_SAMPLES]; /* the newest first */
    size_t n_samples;
    uint64_t was_ms[WORLD_SIZES], was_kib[WORLD_SIZES]; /* what it had, step by step */
    size_t n_was;
    uint64_t silent_until_ms;
    uint32_t missed; /* ticks in a row without a sample */
    /* what the core was told last */
    uint64_t told_kib, told_ms; /* by the host; the moment of it */
    struct world_sample told;
    size_t n_told; /* so many samples */
    uint64_t moved_ms,
        then_kib;           /* when it moved, as of the ticks: the core is told then, or later */
    uint64_t told_moved_ms; /* when what the host tells moved */
    uint64_t was_told_kib[2 * WORLD_TOLD];
    int set_error;
    /* what it lost by the core's hand */
    uint64_t lost_at_ms[WORLD_LOSSES], lost_kib[WORLD_LOSSES];
    size_t n_lost;
    uint64_t last_set_ms, n_sets; /* 0: never */
    uint64_t at_rest_ms;          /* when a tick last found it where it was sent */
    uint64_t probed_ms;           /* when it was last tried, being stuck */
    uint64_t ours_kib;            /* what was set then */
    uint64_t refused_ms;          /* when one was not set */
};

struct world {
    struct host host; /* first: what the core gets */
    struct host_view view;
    struct host_domain seen[WORLD_GUESTS];
    struct random random;
    uint64_t seed, now_ms, tick;
    uint64_t total_kib;
    size_t n;
    struct world_guest guests[WORLD_GUESTS];
    bool constant; /* nothing changes but by the core's hand, and nothing fails */
    bool opponent; /* somebody else sets balloons */
    /* called before a target is set, and after each step of the truth */
    void (*on_set)(struct world *w, struct world_guest *g, uint64_t kib);
    void (*on_step)(struct world *w);
};

static inline uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static inline uint64_t world_usable(const struct world_guest *g)
{
    return less(g->size_kib, g->kernel_kib + g->used_kib);
}

static inline uint64_t world_rss(const struct world_guest *g)
{
    return g->touched_kib + g->own_kib;
}

/* What it may come to have. */
static inline uint64_t world_holds(const struct world_guest *g)
{
    return memcoord_max(g->size_kib, g->device_kib);
}

static inline uint64_t world_all_hold(const struct world *w)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < w->n; i++)
        sum += world_holds(&w->guests[i]);
    return sum;
}

static inline int64_t world_available(const struct world *w)
{
    int64_t left = (int64_t)w->total_kib;
    for (size_t i = 0; i < w->n; i++)
        left -= (int64_t)world_rss(&w->guests[i]);
    return left;
}

/* ---- the truth moves */

static inline void world_take(struct world *w, struct world_guest *g)
{
    memmove(&g->samples[1], &g->samples[0], sizeof(g->samples[0]) * (WORLD_SAMPLES - 1));
    g->n_samples += g->n_samples < WORLD_SAMPLES;
    g->samples[0] = (struct world_sample){ w->now_ms, g->size_kib, world_usable(g) };
}

/* A guest gives what it does not use, pages that it touched or others. */
static inline void world_follow(struct world *w, struct world_guest *g, uint64_t ms)
{
    uint64_t step = g->speed_kib_per_s * ms / 1000;
    if (g->stuck)
        return;
    if (g->device_kib > g->size_kib) {
        g->size_kib += memcoord_min(step, g->device_kib - g->size_kib);
        return;
    }
    step = memcoord_min(memcoord_min(step, g->size_kib - g->device_kib), world_usable(g));
    g->size_kib -= step;
    const uint64_t least =
        memcoord_max(less(g->touched_kib, step), memcoord_min(g->used_kib, g->size_kib));
    g->touched_kib =
        between(&w->random, least, memcoord_max(least, memcoord_min(g->touched_kib, g->size_kib)));
}

static inline void world_use(struct world *w, struct world_guest *g, uint64_t ms)
{
    struct random *r = &w->random;
    const uint64_t most = less(g->size_kib, g->kernel_kib);
    const int64_t used = (int64_t)g->used_kib + g->load_kib_per_s * (int64_t)ms / 1000;
    g->used_kib = used < 0 ? 0 : memcoord_min((uint64_t)used, most);
    if (g->used_kib == most && !w->constant && one_in(r, 8))
        g->used_kib /= 4; /* its OOM killer */
    const uint64_t needs = memcoord_max(g->touched_kib, g->used_kib);
    g->touched_kib = memcoord_min(
        g->size_kib, one_in(r, 4) ? between(r, needs, memcoord_max(needs, g->size_kib)) : needs);
}

/* What happens to a guest at times. */
static inline void world_change(struct world *w, struct world_guest *g)
{
    struct random *r = &w->random;
    if (one_in(r, 10))
        g->load_kib_per_s = ((int64_t)below(r, 100) - 50) * (int64_t)MIB;
    if (one_in(r, 40))
        g->stuck = !g->stuck;
    if (one_in(r, 60))
        g->silent_until_ms = w->now_ms + between(r, 1000, 15000);
    if (one_in(r, 50))
        g->state = g->state != HOST_DOMAIN_RUNNING ? HOST_DOMAIN_RUNNING
                   : one_in(r, 2)                  ? HOST_DOMAIN_PAUSED
                                                   : HOST_DOMAIN_MIGRATING;
    if (one_in(r, 80))
        g->unmanageable = g->unmanageable ? NULL : "it has a passthrough device";
    if (w->opponent && one_in(r, 15)) {
        g->device_kib = between(r, g->most_kib / 8, g->most_kib);
        g->others_came_last = true;
        g->others_ms = w->now_ms;
    }
}

static inline void world_move_guest(struct world *w, struct world_guest *g, uint64_t ms)
{
    if (g->others_came_last && (g->stuck || g->state == HOST_DOMAIN_PAUSED))
        g->others_ms = w->now_ms; /* it goes there when it can */
    if (g->state == HOST_DOMAIN_PAUSED)
        return;
    world_follow(w, g, ms);
    world_use(w, g, ms);
    if (!g->n_samples || w->now_ms - g->samples[0].at_ms >= between(&w->random, 700, 1200))
        world_take(w, g);
}

static inline void world_note_size(const struct world *w, struct world_guest *g)
{
    g->was_ms[g->n_was % WORLD_SIZES] = w->now_ms;
    g->was_kib[g->n_was++ % WORLD_SIZES] = g->size_kib;
}

static inline void world_move(struct world *w, uint64_t ms)
{
    for (size_t i = 0; i < w->n && !w->constant; i++)
        world_change(w, &w->guests[i]);
    for (int step = 0; step < WORLD_STEPS; step++) {
        w->now_ms += ms / WORLD_STEPS;
        for (size_t i = 0; i < w->n; i++) {
            world_move_guest(w, &w->guests[i], ms / WORLD_STEPS);
            world_note_size(w, &w->guests[i]);
        }
        w->on_step(w);
    }
}

/* ---- how it begins */

static inline void world_add(struct world *w, struct world_guest *g)
{
    struct random *r = &w->random;
    static const uint64_t speeds_mib_per_s[] = { 20, 150, 1000 };
    *g = (struct world_guest){ .managed = !one_in(r, 8), .mute = one_in(r, 6) };
    snprintf(g->name, sizeof(g->name), "g%zu", (size_t)(g - w->guests));
    g->most_kib = between(r, 512, 2048) * MIB;
    g->max_kib = one_in(r, 4) ? between(r, 256, g->most_kib / MIB) * MIB : g->most_kib;
    g->min_kib = one_in(r, 10) ? g->max_kib : between(r, 128, g->max_kib / MIB) * MIB;
    g->kernel_kib = between(r, 20, 40) * MIB + below(r, MIB);
    g->marks_kib = g->most_kib / 32;
    g->own_kib = between(r, 20 * MIB, WORLD_OVERHEAD_KIB);
    g->speed_kib_per_s = speeds_mib_per_s[below(r, 3)] * MIB;
    g->size_kib = one_in(r, 10) ? between(r, 128, g->most_kib / MIB) * MIB
                                : between(r, g->min_kib / MIB, g->max_kib / MIB) * MIB;
    g->device_kib = g->ours_kib = g->size_kib;
    g->used_kib = below(r, g->size_kib - g->kernel_kib);
    g->touched_kib = between(r, g->used_kib, g->size_kib);
    g->stuck = !w->constant && one_in(r, 8);
}

#endif
