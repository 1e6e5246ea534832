/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A host and its guests for the guard's property tests: the truth (what guests own, use and touch,
 * what the host's other processes hold), how it reaches the core (late, or not at all), and the
 * little of the core's memory that the guard depends on. Everything random comes from one seed.
 *
 * The truth between two ticks: balloons follow their targets, at once, slowly or not at all; guests
 * use more or less, and touch any part of what they own; QEMU's own memory grows; other processes
 * eat and return memory; domains come, go, pause and migrate.
 */
#ifndef TESTS_LIB_GUARD_MODEL_H
#define TESTS_LIB_GUARD_MODEL_H

#include "lib/guard_fixture.h"
#include "lib/random.h"
#include "util/less.h"

#ifndef MODEL_GUESTS /* how many there are at most */
#define MODEL_GUESTS 10
#endif
#define MODEL_LAGS 4
#define MODEL_SHRINKS 16
#define MODEL_OVERHEAD_KIB (64 * MIB)

enum temper { OBEYS, SLOW, STUCK, TEMPERS };

struct model_sample {
    uint64_t at_ms, balloon_kib, usable_kib, swap_in;
};

struct model_guest {
    bool alive, paused, migrating, managed, set_aside, shrink_paused, moved_by_others;
    bool mute; /* it never gives statistics, and need not */
    bool missed;
    char name[8];
    uint64_t min_kib, max_kib, weight, extra_kib;
    /* the truth */
    uint64_t balloon_kib, used_kib, touched_kib, own_kib, own_max_kib;
    int64_t load_kib_per_s;
    bool greedy; /* touches at once all that it owns */
    enum temper temper;
    uint64_t silent_until_ms; /* statistics and rss are not obtained */
    struct model_sample history[MODEL_LAGS];
    size_t n_history;
    /* what the core remembers */
    uint64_t target_kib, seen_kib, rss_kib, rss_balloon_kib, overhead_kib, growth_kib_per_s;
    struct model_sample sample;
    bool sampled;
    uint64_t arrived_ms; /* 0: the balloon is under way */
    uint32_t still;      /* fresh samples since the balloon moved; of a mute one: polls in all */
    uint32_t waiting;    /* ticks since a balloon under way moved */
    uint64_t stale_step_ms;
    uint64_t shrunk_at_ms[MODEL_SHRINKS], shrunk_kib[MODEL_SHRINKS];
    size_t n_shrunk;
};

struct model {
    uint64_t seed;
    struct random random;
    bool calm; /* nothing outside the guard's power eats more than can be granted */
    struct host_settings host;
    struct guard_settings guard;
    uint64_t interval_ms, now_ms, tick;
    uint64_t total_kib, others_kib; /* without the pages that are set aside for some guests */
    uint64_t shared_kib;            /* what KSM saves: it may come back at any time */
    uint32_t born;
    struct model_guest guests[MODEL_GUESTS];
    /* this tick, by place in the snapshot */
    struct snapshot snapshot;
    struct model_guest *by_index[MODEL_GUESTS];
    uint64_t asked_kib[MODEL_GUESTS];
    struct guard_verdict verdicts[MODEL_GUESTS];
    const char *plan;
};

/* Huge pages are no part of it. */
static inline uint64_t model_rss(const struct model_guest *g)
{
    return g->set_aside ? g->own_kib : g->touched_kib + g->own_kib + g->extra_kib;
}

static inline uint64_t model_usable(const struct model_guest *g)
{
    return less(g->balloon_kib, g->used_kib);
}

/* What it counts for [host] limit, with a target of `target_kib`. */
static inline uint64_t model_holds(const struct model_guest *g, uint64_t target_kib)
{
    return memcoord_max(g->balloon_kib, target_kib) + g->extra_kib;
}

/* What may yet be touched, with a target of `target_kib`: the truth that promised stands for. QEMU's
 * own memory beyond what was ever seen of it is not in it: that is eaten, like other processes' */
static inline uint64_t model_may_touch(const struct model_guest *g, uint64_t target_kib)
{
    if (g->set_aside)
        return 0;
    return less(model_holds(g, target_kib) + g->overhead_kib, model_rss(g));
}

/* Memory that is truly available; negative: the host is beyond its end. */
static inline int64_t model_available(const struct model *m)
{
    uint64_t held = m->others_kib;
    for (size_t i = 0; i < MODEL_GUESTS; i++)
        if (m->guests[i].alive)
            held += model_rss(&m->guests[i]);
    return (int64_t)(m->total_kib + m->shared_kib) - (int64_t)held;
}

static inline void model_add_guest(struct model *m, struct model_guest *g)
{
    struct random *r = &m->random;
    static const uint64_t weights[] = { 0, 100, 1000, 1000, 1000, 2000, 1000000 };
    *g = (struct model_guest){ .alive = true, .managed = !one_in(r, 8) };
    snprintf(g->name, sizeof(g->name), "g%u", m->born++ % 100000);
    g->max_kib = between(r, 256, 4096) * MIB;
    g->min_kib = one_in(r, 10) ? g->max_kib : between(r, 64, g->max_kib / MIB) * MIB;
    g->weight = weights[below(r, sizeof(weights) / sizeof(weights[0]))];
    g->balloon_kib = one_in(r, 4) ? g->max_kib : between(r, g->min_kib, g->max_kib);
    g->set_aside = !g->managed && one_in(r, 2);
    g->mute = one_in(r, 6);
    g->extra_kib = one_in(r, 6) ? between(r, 1, 512) * MIB : 0;
    g->own_max_kib = m->calm ? MODEL_OVERHEAD_KIB : between(r, 20, 160) * MIB;
    g->own_kib = between(r, 0, memcoord_min(g->own_max_kib, MODEL_OVERHEAD_KIB));
    g->used_kib = between(r, 0, g->balloon_kib);
    g->touched_kib = g->set_aside ? g->balloon_kib : between(r, g->used_kib, g->balloon_kib);
    g->greedy = one_in(r, 3);
    g->temper = (enum temper)(one_in(r, 3) ? below(r, TEMPERS) : OBEYS);
    g->target_kib = g->seen_kib = g->balloon_kib;
    g->overhead_kib = MODEL_OVERHEAD_KIB;
    g->rss_kib = MEMCOORD_UNKNOWN;
    g->growth_kib_per_s = MEMCOORD_UNKNOWN;
    g->arrived_ms = m->now_ms;
}

/* All that a guest may come to hold without asking. */
static inline uint64_t model_claim(const struct model_guest *g)
{
    return g->balloon_kib + g->extra_kib + memcoord_max(g->own_max_kib, MODEL_OVERHEAD_KIB);
}

static inline struct model model_begin(uint64_t seed, bool calm)
{
    struct model m = { .seed = seed, .calm = calm, .random = { seed }, .guard = fixture_guard };
    struct random *r = &m.random;
    if (one_in(r, 2)) {
        m.guard.guest_reserve_kib = between(r, 0, 300) * MIB;
        m.guard.max_shrink = (struct amount){ between(r, 0, 300) * MIB, between(r, 0, 10000) };
        m.guard.deadband = (struct amount){ between(r, 0, 40) * MIB, between(r, 0, 500) };
        m.guard.stale_after_ms = between(r, 2000, 10000);
        m.guard.rescue = !one_in(r, 4);
        m.guard.rescue_below_kib = between(r, 0, m.guard.guest_reserve_kib);
        m.guard.rescue_keep_kib = between(r, 0, 1024) * MIB;
    }
    m.interval_ms = one_in(r, 2) ? 1000 : between(r, 250, 10000);
    m.now_ms = between(r, 1, 1000000);
    m.host.reserve.kib = between(r, 0, 1024) * MIB;
    m.host.reserve.bp = one_in(r, 2) ? between(r, 0, 1000) : 0;
    m.host.domain_overhead_kib = MODEL_OVERHEAD_KIB;
    const size_t n = 1 + below(r, MODEL_GUESTS);
    uint64_t claims = 0, held = 0;
    for (size_t i = 0; i < n; i++) {
        model_add_guest(&m, &m.guests[i]);
        claims += model_claim(&m.guests[i]);
        held += model_rss(&m.guests[i]);
    }
    /* Calm: what is there suffices for all that is promised; else perhaps hardly for what is held. */
    m.total_kib = (calm ? claims : held) + m.host.reserve.kib + between(r, 0, 6144) * MIB;
    m.total_kib += m.total_kib / 8; /* the reserve's percentage */
    if (one_in(r, 4))
        m.host.limit_kib = between(r, claims / 2, claims * 2);
    return m;
}

/* ---- the truth moves */

static inline void model_move_balloon(struct model *m, struct model_guest *g, uint64_t dt_ms)
{
    struct random *r = &m->random;
    if (g->temper == STUCK || one_in(r, 5))
        return;
    const uint64_t speed = g->temper == SLOW ? 20 * MIB : 200 * MIB;
    if (g->target_kib > g->balloon_kib) {
        const uint64_t step = g->temper == SLOW ? speed * dt_ms / 1000 : UINT64_MAX / 2;
        g->balloon_kib += memcoord_min(step, g->target_kib - g->balloon_kib);
        return;
    }
    uint64_t step = memcoord_min(speed * dt_ms / 1000, g->balloon_kib - g->target_kib);
    step = memcoord_min(step, model_usable(g)); /* a guest gives what it does not use */
    g->balloon_kib -= step;
    /* which may be pages that it once touched, or not */
    const uint64_t least = memcoord_max(less(g->touched_kib, step), g->used_kib);
    g->touched_kib =
        between(r, least, memcoord_max(least, memcoord_min(g->touched_kib, g->balloon_kib)));
}

static inline void model_use(struct model *m, struct model_guest *g, uint64_t dt_ms)
{
    struct random *r = &m->random;
    if (one_in(r, 8))
        g->load_kib_per_s = ((int64_t)below(r, 120) - 60) * (int64_t)MIB;
    const int64_t used = (int64_t)g->used_kib + g->load_kib_per_s * (int64_t)dt_ms / 1000;
    g->used_kib = used < 0 ? 0 : memcoord_min((uint64_t)used, g->balloon_kib);
    if (g->used_kib == g->balloon_kib && one_in(r, 3))
        g->used_kib /= 4; /* its OOM killer */
    if (!g->set_aside)
        g->touched_kib = g->greedy
                             ? g->balloon_kib
                             : between(r, memcoord_max(g->touched_kib, g->used_kib),
                                       one_in(r, 4) ? g->balloon_kib
                                                    : memcoord_max(g->touched_kib, g->used_kib));
}

static inline void model_move_guest(struct model *m, struct model_guest *g, uint64_t dt_ms)
{
    struct random *r = &m->random;
    if (one_in(r, 30))
        g->paused = !g->paused;
    if (one_in(r, 50))
        g->migrating = !g->migrating;
    if (one_in(r, 30))
        g->shrink_paused = !g->shrink_paused;
    if (one_in(r, 30))
        g->moved_by_others = !g->moved_by_others;
    if (one_in(r, 30))
        g->temper = (enum temper)below(r, TEMPERS);
    if (one_in(r, 40))
        g->silent_until_ms = m->now_ms + between(r, 1, 15000);
    if (one_in(r, 100)) { /* other bounds were configured */
        g->max_kib = between(r, 256, 4096) * MIB;
        g->min_kib = between(r, 64, g->max_kib / MIB) * MIB;
    }
    if (g->paused)
        return;
    if (!g->set_aside)
        model_move_balloon(m, g, dt_ms);
    model_use(m, g, dt_ms);
    if (one_in(r, 10) && !g->set_aside)
        g->own_kib = between(r, g->own_kib, g->own_max_kib);
}

/* KSM finds equal pages, and guests write to them. */
static inline void model_move_shared(struct model *m)
{
    struct random *r = &m->random;
    uint64_t most = 0;
    for (size_t i = 0; i < MODEL_GUESTS; i++)
        if (m->guests[i].alive && !m->guests[i].set_aside)
            most += m->guests[i].touched_kib / 4;
    if (m->shared_kib > most || one_in(r, 10))
        m->shared_kib = below(r, most + 1);
    else if (one_in(r, 10))
        m->shared_kib = 0;
}

/* Other processes eat and return memory, domains come and go. A calm world takes at most
 * `leftover_kib`, what the tick before could have granted and did not. */
static inline void model_move_host(struct model *m, uint64_t leftover_kib)
{
    struct random *r = &m->random;
    for (size_t i = 0; i < MODEL_GUESTS; i++) {
        struct model_guest *g = &m->guests[i], new;
        if (g->alive && one_in(r, 100))
            g->alive = false;
        if (g->alive || !one_in(r, 60))
            continue;
        const uint32_t born = m->born;
        model_add_guest(m, &new);
        const uint64_t claim = model_claim(&new);
        if (m->calm ? claim <= leftover_kib : (int64_t)model_rss(&new) < model_available(m)) {
            *g = new;
            leftover_kib = less(leftover_kib, claim);
        } else
            m->born = born;
    }
    const int64_t available = model_available(m);
    uint64_t most = m->calm ? leftover_kib : available > 0 ? (uint64_t)available : 0;
    if (one_in(r, 3))
        m->others_kib += between(r, 0, one_in(r, 4) ? most : memcoord_min(most, 300 * MIB));
    else if (one_in(r, 3))
        m->others_kib -= between(r, 0, m->others_kib);
}

static inline void model_move(struct model *m, uint64_t leftover_kib)
{
    struct random *r = &m->random;
    const uint64_t dt_ms =
        one_in(r, 5) ? between(r, m->interval_ms / 10, m->interval_ms) : m->interval_ms;
    m->now_ms += dt_ms;
    for (size_t i = 0; i < MODEL_GUESTS; i++)
        if (m->guests[i].alive)
            model_move_guest(m, &m->guests[i], dt_ms);
    model_move_shared(m);
    model_move_host(m, leftover_kib);
}

/* ---- how it is seen */

static inline void model_take_sample(struct model_guest *g, const struct model_sample *s)
{
    if (g->sampled && s->at_ms <= g->sample.at_ms)
        return;
    if (g->sampled) {
        const uint64_t used = less(s->balloon_kib, s->usable_kib);
        const uint64_t before = less(g->sample.balloon_kib, g->sample.usable_kib);
        const uint64_t rate = less(used, before) * 1000 / (s->at_ms - g->sample.at_ms);
        const uint64_t old = g->growth_kib_per_s == MEMCOORD_UNKNOWN ? 0 : g->growth_kib_per_s;
        g->growth_kib_per_s = rate > old ? rate : old - (old - rate) / 4;
        g->still = s->balloon_kib == g->sample.balloon_kib ? g->still + 1 : 0;
    }
    g->sample = *s;
    g->sampled = true;
}

/* The host's figure of the guest's process. Where it is missed the last one counts, less what the
 * balloon may have taken since: that can be touched memory, which is free now and promised again. */
static inline void model_see_rss(struct model_guest *g, bool missed)
{
    const uint64_t lowest = memcoord_min(g->seen_kib, g->target_kib);
    if (missed) {
        g->rss_kib = less(g->rss_kib, less(g->rss_balloon_kib, lowest));
        g->rss_balloon_kib = memcoord_min(g->rss_balloon_kib, lowest);
        return;
    }
    g->rss_kib = model_rss(g);
    g->rss_balloon_kib = g->seen_kib;
    g->overhead_kib = memcoord_max(g->overhead_kib, less(g->rss_kib, g->seen_kib + g->extra_kib));
}

/* One poll of one guest. */
static inline void model_see_guest(struct model *m, struct model_guest *g)
{
    struct random *r = &m->random;
    const uint64_t before = g->seen_kib;
    if (!one_in(r, 4)) /* the balloon's size is known a tick late at times */
        g->seen_kib = g->balloon_kib;
    g->waiting = g->seen_kib == g->target_kib || g->seen_kib != before ? 0 : g->waiting + 1;
    if (g->seen_kib != g->target_kib)
        g->arrived_ms = 0;
    else if (!g->arrived_ms)
        g->arrived_ms = m->now_ms;
    if (!g->paused) {
        memmove(&g->history[1], &g->history[0], sizeof(g->history[0]) * (MODEL_LAGS - 1));
        g->n_history += g->n_history < MODEL_LAGS;
        g->history[0] = (struct model_sample){ m->now_ms, g->balloon_kib, model_usable(g),
                                               one_in(r, 6) ? below(r, 1000) : 0 };
    }
    const bool silent = m->now_ms < g->silent_until_ms || one_in(r, 20);
    g->missed = silent && g->rss_kib != MEMCOORD_UNKNOWN;
    model_see_rss(g, g->missed);
    if (g->mute)
        g->still++;
    else if (!silent && g->n_history)
        model_take_sample(g, &g->history[below(r, g->n_history)]);
}

static inline uint64_t model_shrunk(const struct model *m, const struct model_guest *g)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < MODEL_SHRINKS; i++)
        if (g->shrunk_kib[i] && g->shrunk_at_ms[i] + m->interval_ms > m->now_ms)
            sum += g->shrunk_kib[i];
    return sum;
}

/* Until its driver loads, or it was silent for too long to be booting, it owns its maximum. */
static inline bool model_boots(const struct model_guest *g)
{
    return !g->sampled && !(g->mute && g->still >= 3);
}

/* What the core makes of a guest for the guard. */
static inline void model_fill(const struct model *m, const struct model_guest *g,
                              struct snapshot_domain *d)
{
    const uint64_t unknown = MEMCOORD_UNKNOWN;
    const uint64_t age = g->sampled ? m->now_ms - g->sample.at_ms : unknown;
    const bool stale = g->sampled && age > m->guard.stale_after_ms;
    uint32_t flags = !g->managed ? MEMCOORD_UNMANAGED : 0;
    flags |= g->paused ? MEMCOORD_PAUSED : 0;
    flags |= g->migrating ? MEMCOORD_MIGRATING : 0;
    flags |= g->still < 3 ? MEMCOORD_NEW : 0;
    flags |= stale ? MEMCOORD_STALE : 0;
    flags |=
        !g->arrived_ms || (g->sampled && g->sample.at_ms < g->arrived_ms) ? MEMCOORD_SETTLING : 0;
    flags |= g->mute && g->missed ? MEMCOORD_SETTLING : 0;
    *d = (struct snapshot_domain){
        .seen = { .name = g->name,
                  .flags = flags,
                  .weight = g->weight,
                  .min_kib = g->min_kib,
                  .max_kib = g->max_kib,
                  .balloon_kib = g->seen_kib,
                  .target_kib = g->target_kib,
                  .used_kib =
                      g->sampled ? less(g->sample.balloon_kib, g->sample.usable_kib) : unknown,
                  .unused_kib = g->sampled ? g->sample.usable_kib / 2 : unknown,
                  .usable_kib = g->sampled ? g->sample.usable_kib : unknown,
                  .guest_total_kib = g->sampled ? g->sample.balloon_kib : unknown,
                  .disk_caches_kib = unknown,
                  .rss_kib = g->rss_kib,
                  .swap_in_kib_per_s = g->sampled ? g->sample.swap_in : unknown,
                  .swap_out_kib_per_s = unknown,
                  .major_faults_per_s = unknown,
                  .stats_age_ms = age,
                  .growth_kib_per_s = g->growth_kib_per_s },
        .extra_kib = g->extra_kib,
        .booting_kib = model_boots(g) ? g->max_kib : 0,
        .without_stats = g->mute && !model_boots(g),
        .overhead_kib = g->overhead_kib,
        .shrunk_kib = model_shrunk(m, g),
        .set_aside = g->set_aside,
        .shrink_paused = g->shrink_paused,
        .moved_by_others = g->moved_by_others,
        .not_coming = g->waiting > 3,
        .stale_rescue = stale && g->sample.usable_kib < m->guard.rescue_below_kib &&
                        m->now_ms - g->stale_step_ms >= m->guard.stale_after_ms,
    };
}

/* Polls all, and completes the snapshot. */
static inline void model_see(struct model *m)
{
    struct snapshot *s = &m->snapshot;
    size_t n = 0;
    for (size_t i = 0; i < MODEL_GUESTS; i++) {
        if (!m->guests[i].alive)
            continue;
        model_see_guest(m, &m->guests[i]);
        m->by_index[n++] = &m->guests[i];
    }
    assert_int_equal(snapshot_begin(s, n), 0);
    for (size_t i = 0; i < n; i++) {
        model_fill(m, m->by_index[i], &s->domains[i]);
        s->domains[i].seen.index = (uint32_t)i;
    }
    const int64_t available = model_available(m);
    s->seen.tick = ++m->tick;
    s->seen.now_ms = m->now_ms;
    s->seen.interval_ms = m->interval_ms;
    s->host.total_kib = m->total_kib;
    s->host.available_kib = s->host.free_kib = available > 0 ? (uint64_t)available : 0;
    if (one_in(&m->random, 100))
        s->host.available_kib = MEMCOORD_UNKNOWN;
    s->ksm_sharing_kib = m->shared_kib;
    snapshot_complete(s, &m->host, &m->guard);
}

/* Sets the targets that were granted. */
static inline void model_apply(struct model *m)
{
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++) {
        struct model_guest *g = m->by_index[i];
        const uint64_t granted = m->verdicts[i].granted_kib;
        if (granted == g->target_kib)
            continue;
        if (granted < g->target_kib) {
            g->shrunk_at_ms[g->n_shrunk % MODEL_SHRINKS] = m->now_ms;
            g->shrunk_kib[g->n_shrunk++ % MODEL_SHRINKS] = g->target_kib - granted;
        }
        if (m->snapshot.domains[i].stale_rescue)
            g->stale_step_ms = m->now_ms;
        g->target_kib = granted;
        g->arrived_ms = g->seen_kib == granted ? m->now_ms : 0;
        g->waiting = 0;
    }
}

#endif
