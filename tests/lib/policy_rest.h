/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A host on which nobody ever wants more or less: guests hold as much of what they want as they have, their page
 * cache fills what it likes of the rest and is read again where it does not fit, balloons follow their targets, statistics are of the present (balloon =
 * used + usable). Between the policy and the guests is the real guard, without its deadband and its rescues: what
 * moves, the policy moves.
 */
#ifndef TESTS_LIB_POLICY_REST_H
#define TESTS_LIB_POLICY_REST_H

#include "lib/guard_fixture.h"
#include "lib/policy_trial.h"
#include "util/less.h"

#define REST_GUESTS 6
#define REST_QUIET 1000 /* ticks without a change: it is at rest */
#define REST_TICKS 8000 /* till then it should be */
#define REST_LAST 2000  /* who goes up and down in the last so many of them never will be */

struct rest_guest {
    char name[24];
    uint64_t min_kib, max_kib, weight;
    uint64_t wants_kib;   /* of memory of its own, always */
    uint64_t cache_kib;   /* of page cache, where there is room */
    uint64_t hot_kib;     /* what of that is in use: it is read again if it was dropped */
    uint64_t touched_kib; /* it touched so much of what it had */
    uint64_t speed_kib;   /* of its balloon, in a tick */
    uint64_t balloon_kib, target_kib, age_ms;
    bool grew, shrank; /* in the last ticks */
};

struct rest {
    uint64_t number;
    struct random random;
    struct trial trial;
    struct host_settings host;
    struct guard_settings guard;
    uint64_t total_kib, others_kib, cached_kib, interval_ms;
    struct rest_guest guests[REST_GUESTS];
    size_t n;
    struct snapshot snapshot;
    uint64_t asked_kib[REST_GUESTS];
    struct guard_verdict verdicts[REST_GUESTS];
    uint64_t quiet; /* ticks without a change */
};

enum rest_end {
    REST_AT_REST,
    REST_UNDER_WAY, /* everybody goes one way, slowly */
    REST_RESTLESS,
};

/* ---- a case */

static inline void rest_add_guest(struct rest *c, size_t i)
{
    static const uint64_t weights[] = { 0, 500, 1000, 1000, 2000 };
    struct random *r = &c->random;
    struct rest_guest *g = &c->guests[i];

    *g = (struct rest_guest){ .weight = weights[below(r, 5)] };
    snprintf(g->name, sizeof(g->name), "g%zu", i);
    g->max_kib = between(r, 256, 4096) * MIB;
    g->min_kib = one_in(r, 8) ? g->max_kib : between(r, 64, g->max_kib / MIB) * MIB / 2;
    g->balloon_kib = g->target_kib = between(r, g->min_kib, g->max_kib);
    g->wants_kib = one_in(r, 6) ? between(r, 0, 2 * g->max_kib) : between(r, 0, g->max_kib);
    g->cache_kib = one_in(r, 2) ? 0 : between(r, 0, 2048 * MIB);
    g->hot_kib = one_in(r, 2) ? 0 : below(r, g->cache_kib + 1);
    g->touched_kib = between(r, 0, g->max_kib);
    g->speed_kib = one_in(r, 2) ? UINT64_MAX : between(r, 20, 400) * MIB;
    g->age_ms = below(r, c->interval_ms);
}

static inline void rest_begin(struct rest *c, uint64_t number)
{
    struct random *r = &c->random;
    uint64_t wanted_kib = 0, all_kib = 0;

    c->number = number;
    c->random = (struct random){ number };
    c->guard = fixture_guard;
    c->guard.rescue = 0;
    c->guard.deadband = (struct amount){ 0, 0 };
    if (one_in(r, 2))
        c->guard.max_shrink = (struct amount){ 1024 * MIB, 10000 };
    if (one_in(r, 2))
        c->guard.guest_reserve_kib = 0;
    c->host =
        (struct host_settings){ .reserve = { 256 * MIB, 0 }, .domain_overhead_kib = 64 * MIB };
    c->interval_ms = one_in(r, 2) ? 1000 : between(r, 500, 10000);
    c->n = 1 + below(r, REST_GUESTS);
    for (size_t i = 0; i < c->n; i++) {
        rest_add_guest(c, i);
        wanted_kib += c->guests[i].balloon_kib;
        all_kib += c->guests[i].max_kib;
    }
    c->others_kib = between(r, 0, 4096) * MIB;
    c->cached_kib = between(r, 0, 2048) * MIB;
    c->total_kib = c->others_kib + c->n * 64 * MIB + 256 * MIB +
                   (one_in(r, 3) ? all_kib + 2048 * MIB : wanted_kib / 2 + below(r, all_kib));
    trial_set_defaults(&c->trial);
    if (number % 2)
        trial_set_any(&c->trial, r);
    trial_begin(&c->trial);
    c->quiet = 0;
}

/* ---- a tick */

static inline void rest_see_guest(const struct rest *c, size_t i, struct snapshot_domain *d)
{
    const struct rest_guest *g = &c->guests[i];
    const uint64_t used_kib = memcoord_min(g->wants_kib, g->balloon_kib);
    const uint64_t usable_kib = g->balloon_kib - used_kib;
    const uint64_t caches_kib = memcoord_min(g->cache_kib, usable_kib);
    const uint64_t missing_kib = less(g->wants_kib, g->balloon_kib);

    *d = (struct snapshot_domain){
        .seen = { .name = g->name,
                  .state = trial_state(&c->trial, i),
                  .index = (uint32_t)i,
                  .flags = g->balloon_kib == g->target_kib ? 0 : MEMCOORD_SETTLING,
                  .weight = g->weight,
                  .min_kib = g->min_kib,
                  .max_kib = g->max_kib,
                  .balloon_kib = g->balloon_kib,
                  .target_kib = g->target_kib,
                  .used_kib = used_kib,
                  .unused_kib = usable_kib - caches_kib,
                  .usable_kib = usable_kib,
                  .guest_total_kib = less(g->balloon_kib, 40 * MIB),
                  .disk_caches_kib = caches_kib,
                  .rss_kib = 64 * MIB +
                             memcoord_min(g->balloon_kib, memcoord_max(g->touched_kib, used_kib)),
                  .swap_in_kib_per_s = missing_kib / 64,
                  .swap_out_kib_per_s = missing_kib / 64,
                  .major_faults_per_s = (missing_kib + less(g->hot_kib, caches_kib)) / 256,
                  .stats_age_ms = g->age_ms },
        .overhead_kib = 64 * MIB,
    };
}

static inline void rest_see(struct rest *c, uint64_t tick)
{
    struct snapshot *s = &c->snapshot;
    uint64_t held_kib = c->others_kib;
    bool lacking = false;

    assert_int_equal(snapshot_begin(s, c->n), 0);
    for (size_t i = 0; i < c->n; i++) {
        rest_see_guest(c, i, &s->domains[i]);
        held_kib += s->domains[i].seen.rss_kib;
        lacking |= c->guests[i].wants_kib > c->guests[i].balloon_kib;
    }
    s->seen.tick = tick;
    s->seen.now_ms = tick * c->interval_ms;
    s->seen.interval_ms = c->interval_ms;
    s->host.total_kib = c->total_kib;
    s->host.available_kib = less(c->total_kib, held_kib);
    s->host.cached_kib = memcoord_min(c->cached_kib, s->host.available_kib);
    s->host.free_kib = s->host.available_kib - s->host.cached_kib;
    s->host.swap_total_kib = s->host.swap_free_kib = 1024 * MIB;
    s->host.psi_some_bp = s->host.psi_full_bp = lacking && !s->host.available_kib ? 1000 : 0;
    snapshot_complete(s, &c->host, &c->guard);
}

/* What was granted happens; whether anything was. */
static inline bool rest_move(struct rest *c, bool last)
{
    bool moved = false;

    for (size_t i = 0; i < c->n; i++) {
        struct rest_guest *g = &c->guests[i];
        const uint64_t granted_kib = c->verdicts[i].granted_kib;

        moved |= granted_kib != g->target_kib;
        g->grew = last && (g->grew || granted_kib > g->target_kib);
        g->shrank = last && (g->shrank || granted_kib < g->target_kib);
        g->target_kib = granted_kib;
        if (g->target_kib > g->balloon_kib)
            g->balloon_kib += memcoord_min(g->speed_kib, g->target_kib - g->balloon_kib);
        else
            g->balloon_kib -= memcoord_min(g->speed_kib, g->balloon_kib - g->target_kib);
    }
    return moved;
}

/* Lets it go on until it is at rest, or for REST_TICKS. */
static inline enum rest_end rest_run(struct rest *c)
{
    for (uint64_t tick = 1; tick <= REST_TICKS; tick++) {
        rest_see(c, tick);
        trial_decide(&c->trial, &c->snapshot.seen, c->asked_kib);
        assert_int_equal(guard_apply(&c->guard, &c->snapshot, c->asked_kib, c->verdicts), 0);
        c->quiet = rest_move(c, tick > REST_TICKS - REST_LAST) ? 0 : c->quiet + 1;
        if (c->quiet == REST_QUIET)
            return REST_AT_REST;
    }
    for (size_t i = 0; i < c->n; i++)
        if (c->guests[i].grew && c->guests[i].shrank)
            return REST_RESTLESS;
    return REST_UNDER_WAY;
}

static inline void rest_end(struct rest *c)
{
    snapshot_free(&c->snapshot);
}

static inline void rest_print(const struct rest *c)
{
    const struct memcoord_host *h = &c->snapshot.host;

    print_error("case %" PRIu64 ", after %d ticks of %" PRIu64 " ms; KiB throughout\n", c->number,
                REST_TICKS, c->interval_ms);
    print_error("  guard: reserve %" PRIu64 " shrink %" PRIu64 "/%" PRIu64 "bp\n",
                c->guard.guest_reserve_kib, c->guard.max_shrink.kib, c->guard.max_shrink.bp);
    print_error("  host: total %" PRIu64 " available %" PRIu64 " cached %" PRIu64
                " grantable %" PRId64 " pool %" PRIu64 "\n",
                h->total_kib, h->available_kib, h->cached_kib, h->grantable_kib, h->pool_kib);
    for (size_t i = 0; i < c->n; i++) {
        const struct rest_guest *g = &c->guests[i];

        print_error("  %s: weight %" PRIu64 " bounds %" PRIu64 "..%" PRIu64 " wants %" PRIu64
                    " cache %" PRIu64 " (hot %" PRIu64 ") touched %" PRIu64 " balloon %" PRIu64
                    " target %" PRIu64 " asked %" PRId64 " %s%s %s\n",
                    g->name, g->weight, g->min_kib, g->max_kib, g->wants_kib, g->cache_kib,
                    g->hot_kib, g->touched_kib, g->balloon_kib, g->target_kib,
                    (int64_t)c->asked_kib[i], g->grew ? "grew " : "", g->shrank ? "shrank" : "",
                    c->trial.plan.entries[i].why);
    }
    trial_print_parameters(&c->trial);
}

#endif
