/* SPDX-License-Identifier: BSD-3-Clause */
/* The seam before a random world (lib/sequence_world.h): how the core is told of it, what it sets, and
 * what can be known by what was told. */
#ifndef TESTS_LIB_SEQUENCE_HOST_H
#define TESTS_LIB_SEQUENCE_HOST_H

#include <errno.h>

#include "control/domain.h"
#include "lib/sequence_world.h"

/* ---- how it is told */

/* Whether the sample may be as new as what the host tells, also where the host is later than it should
 * be. */
static inline bool world_sample_counts(const struct world *w, const struct world_guest *g)
{
    return g->n_told && g->told.at_ms + 2 * WORLD_LATE_MS >= w->now_ms;
}

/* The most that the core was told last of what it has, by the host or by the guest. */
static inline uint64_t world_told_most(const struct world *w, const struct world_guest *g)
{
    return world_sample_counts(w, g) ? memcoord_max(g->told_kib, g->told.size_kib) : g->told_kib;
}

/* And the least. */
static inline uint64_t world_told_least(const struct world *w, const struct world_guest *g)
{
    return world_sample_counts(w, g) ? memcoord_min(g->told_kib, g->told.size_kib) : g->told_kib;
}

static inline bool world_is_silent(struct world *w, struct world_guest *g)
{
    if (!g->n_samples || g->mute)
        return true;
    if (w->now_ms < g->silent_until_ms || (one_in(&w->random, 8) && g->missed < 2)) {
        g->missed++;
        return true;
    }
    g->missed = 0;
    return false;
}

static inline void world_tell_sample(struct world *w, struct world_guest *g, struct host_domain *d)
{
    const struct world_sample *s = &g->samples[below(&w->random, g->n_samples)];
    if (!g->n_told || s->at_ms > g->told.at_ms) {
        g->told = *s;
        g->n_told++;
    }
    if (!g->n_told)
        return;
    d->sampled_ms = g->told.at_ms;
    d->usable_kib = g->told.usable_kib;
    d->unused_kib = g->told.usable_kib + g->marks_kib;
    d->guest_total_kib = g->told.size_kib - g->kernel_kib;
    d->disk_caches_kib = d->swap_in_kib = d->swap_out_kib = d->major_faults = 0;
}

/* The host learns of a balloon's moves late, but in their order. */
static inline void world_tell_size(struct world *w, struct world_guest *g)
{
    const uint64_t since_ms = memcoord_max(g->told_ms, less(w->now_ms, WORLD_LATE_MS));
    size_t i = g->n_was - 1;
    if (g->told_kib)
        while (i > 0 && g->was_ms[(i - 1) % WORLD_SIZES] >= since_ms && !one_in(&w->random, 3))
            i--;
    g->told_ms = g->was_ms[i % WORLD_SIZES];
    g->told_kib = g->was_kib[i % WORLD_SIZES];
}

/* What moves by less from tick to tick stands still for the core; some of it may be told late. */
static inline void world_note_moves(const struct world *w, struct world_guest *g, uint64_t told_kib)
{
    if (domain_distance(g->size_kib, g->then_kib) > 2 * DOMAIN_NOISE_KIB)
        g->moved_ms = w->now_ms;
    g->then_kib = g->size_kib;
    if (domain_distance(g->told_kib, told_kib) > DOMAIN_NOISE_KIB)
        g->told_moved_ms = w->now_ms;
}

static inline void world_tell(struct world *w, struct world_guest *g, struct host_domain *d)
{
    const bool first = !g->told_kib;
    const bool silent = world_is_silent(w, g);
    const bool hides_rss = g->mute ? !w->constant && one_in(&w->random, 8) : silent;
    const uint64_t told_kib = g->told_kib;
    if (domain_distance(g->device_kib, g->told_kib) <= DOMAIN_ARRIVED_KIB)
        g->at_rest_ms = w->now_ms;
    world_tell_size(w, g);
    *d = (struct host_domain){
        .uuid = { (uint8_t)(1 + (size_t)(g - w->guests)) },
        .name = g->name,
        .run_id = 1,
        .state = g->state,
        .unmanageable = g->unmanageable,
        .max_kib = g->most_kib,
        .balloon_kib = g->told_kib,
        .rss_kib = hides_rss && !first ? MEMCOORD_UNKNOWN : world_rss(g),
        .sampled_ms = MEMCOORD_UNKNOWN,
        .unused_kib = MEMCOORD_UNKNOWN,
        .usable_kib = MEMCOORD_UNKNOWN,
        .guest_total_kib = MEMCOORD_UNKNOWN,
        .disk_caches_kib = MEMCOORD_UNKNOWN,
        .swap_in_kib = MEMCOORD_UNKNOWN,
        .swap_out_kib = MEMCOORD_UNKNOWN,
        .major_faults = MEMCOORD_UNKNOWN,
        .set_error = g->set_error,
    };
    g->set_error = 0;
    if (!silent)
        world_tell_sample(w, g, d);
    world_note_moves(w, g, told_kib);
    g->was_told_kib[2 * (w->tick % WORLD_TOLD)] = g->told_kib;
    g->was_told_kib[2 * (w->tick % WORLD_TOLD) + 1] = g->told.size_kib;
}

static inline int world_gather(struct host *host, const struct host_view **view, const char **why)
{
    struct world *w = (struct world *)host;
    (void)why;
    for (size_t i = 0; i < w->n; i++)
        world_tell(w, &w->guests[i], &w->seen[i]);
    const int64_t available = world_available(w);
    w->tick++;
    w->view = (struct host_view){ .now_ms = w->now_ms, .domains = w->seen, .n_domains = w->n };
    w->view.memory = (struct host_memory){ .total_kib = w->total_kib,
                                           .available_kib = available > 0 ? (uint64_t)available : 0,
                                           .ksm_sharing_kib = MEMCOORD_UNKNOWN,
                                           .psi_some_bp = MEMCOORD_UNKNOWN,
                                           .psi_full_bp = MEMCOORD_UNKNOWN };
    w->view.memory.free_kib = w->view.memory.available_kib;
    *view = &w->view;
    return 0;
}

/* ---- what is set */

/* What it has to lose, as far as the core can know (of two figures, either may be the newer): what it
 * is about to get is not in it, nor what somebody else gave it since it was told. */
static inline uint64_t world_known_kib(const struct world *w, const struct world_guest *g)
{
    return memcoord_min(g->device_kib, world_told_least(w, g));
}

/* Whether somebody else set it `within_ms` of a target of ours: whose move is seen then, nobody can
 * tell. */
static inline bool world_is_contested(const struct world *w, const struct world_guest *g,
                                      uint64_t within_ms)
{
    return g->others_ms && g->last_set_ms &&
           domain_distance(g->others_ms, g->last_set_ms) < within_ms &&
           w->now_ms - memcoord_max(g->others_ms, g->last_set_ms) < within_ms;
}

/* Whether the core was told lately that it has so much. */
static inline bool world_was_told(const struct world_guest *g, uint64_t kib)
{
    for (size_t i = 0; i < sizeof(g->was_told_kib) / sizeof(g->was_told_kib[0]); i++)
        if (g->was_told_kib[i] == kib)
            return true;
    return false;
}

/* Whether it has been sent elsewhere for so long, and has not moved, or is not said to have. */
static inline bool world_stands(const struct world *w, const struct world_guest *g, uint64_t for_ms)
{
    const uint64_t moved_ms = memcoord_min(g->moved_ms, g->told_moved_ms);
    return w->now_ms - memcoord_max(moved_ms, g->at_rest_ms) >= for_ms;
}

static inline void world_note_loss(struct world *w, struct world_guest *g, uint64_t kib)
{
    const uint64_t loss = less(world_known_kib(w, g), kib);
    if (!loss)
        return;
    g->lost_at_ms[g->n_lost % WORLD_LOSSES] = w->now_ms;
    g->lost_kib[g->n_lost++ % WORLD_LOSSES] = loss;
}

static inline uint64_t world_lost_since(const struct world_guest *g, uint64_t since_ms)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < memcoord_min(g->n_lost, WORLD_LOSSES); i++)
        if (g->lost_at_ms[i] > since_ms)
            sum += g->lost_kib[i];
    return sum;
}

static inline int world_set_target(struct host *host, const uint8_t uuid[HOST_UUID_BYTES],
                                   uint64_t kib)
{
    struct world *w = (struct world *)host;
    struct world_guest *g = &w->guests[uuid[0] - 1];
    assert_in_range(uuid[0], 1, w->n);
    if (!w->constant && one_in(&w->random, 40)) {
        g->refused_ms = w->now_ms;
        return -EBUSY;
    }
    w->on_set(w, g, kib);
    if (g->unmanageable)
        return -EOPNOTSUPP;
    g->last_set_ms = w->now_ms;
    if (!w->constant && one_in(&w->random, 60)) {
        g->refused_ms = w->now_ms;
        g->set_error = -EIO; /* as the next gather tells */
        return 0;
    }
    world_note_loss(w, g, kib);
    g->device_kib = g->ours_kib = kib;
    g->others_came_last = false;
    g->n_sets++;
    return 0;
}

static inline int world_flush(struct host *host, uint64_t timeout_ms)
{
    (void)host;
    (void)timeout_ms;
    return 0;
}
static inline enum host_wake world_wait(struct host *host, uint64_t until_ms)
{
    (void)host;
    (void)until_ms;
    return HOST_WAKE_TIMER;
}
static inline void world_wake(struct host *host)
{
    (void)host;
}
static inline uint64_t world_now_ms(struct host *host)
{
    return ((struct world *)host)->now_ms;
}
static inline void world_close(struct host *host)
{
    (void)host;
}

/* What is there is enough for what the guests have, and `spare_kib` more. */
static inline void world_begin(struct world *w, uint64_t seed, uint64_t spare_kib)
{
    static const struct host_ops ops = {
        .gather = world_gather,
        .set_target = world_set_target,
        .flush = world_flush,
        .wait = world_wait,
        .wake = world_wake,
        .now_ms = world_now_ms,
        .close = world_close,
    };
    w->host = (struct host){ .ops = &ops, .shared = true, .name = "world" };
    w->seed = seed;
    w->now_ms = WORLD_BEGIN_MS;
    w->n = 1 + below(&w->random, WORLD_GUESTS);
    w->total_kib = spare_kib;
    for (size_t i = 0; i < w->n; i++) {
        world_add(w, &w->guests[i]);
        world_note_size(w, &w->guests[i]);
        w->total_kib += w->guests[i].size_kib + WORLD_OVERHEAD_KIB;
    }
}

#endif
