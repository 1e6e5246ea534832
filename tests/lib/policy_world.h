/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random hosts for the property tests of policies, and what a policy makes of them: as they are, and as they
 * might be (variants). The hosts are those of the guard's own property tests (lib/guard_model.h), on which the
 * policy's plan is judged by the real guard and applied; or junk: figures of which none fits another.
 *
 * Everything random comes from the number of the case.
 */
#ifndef TESTS_LIB_POLICY_WORLD_H
#define TESTS_LIB_POLICY_WORLD_H

#define MODEL_GUESTS 24
#define CASE_VARIABLE "PROPERTY_CASE"
#include "lib/guard_budget.h"
#include "lib/policy_trial.h"

#define WORLD_DOMAINS \
    (MODEL_GUESTS + 2) /* with a twin in a variant, and a place that is nobody's */

struct world {
    struct model m;
    struct trial trial;
    bool junk;
    char owners[MODEL_GUESTS][8]; /* whom each slot of the policy's memory belongs to */
    char *before, *after;         /* the policy's memory at this tick's decision, and after it */
    size_t warnings;              /* of this tick's decision; what it asked is in m.asked_kib */
    char why[MODEL_GUESTS][PLAN_WHY_BYTES];
    char broken[512]; /* what does not hold, if anything */
};

/* ---- figures */

static inline uint64_t maybe(struct random *r, uint64_t value)
{
    return one_in(r, 10) ? MEMCOORD_UNKNOWN : value;
}

/* A rate that is often 0. */
static inline uint64_t rate(struct random *r, uint64_t most)
{
    return one_in(r, 2) ? 0 : maybe(r, below(r, most) >> below(r, 12));
}

/* What the guard's model leaves out, for the guard does not look at it. */
static inline void world_dress(struct world *w)
{
    struct random *r = &w->m.random;
    struct memcoord_host *h = &w->m.snapshot.host;

    if (h->available_kib != MEMCOORD_UNKNOWN) {
        h->cached_kib = maybe(r, below(r, h->available_kib + 1));
        h->free_kib = maybe(r, below(r, h->available_kib + 1));
    }
    h->swap_total_kib = maybe(r, below(r, 8192) * MIB);
    h->swap_free_kib = h->swap_total_kib == MEMCOORD_UNKNOWN
                           ? MEMCOORD_UNKNOWN
                           : maybe(r, below(r, h->swap_total_kib + 1));
    h->psi_some_bp = rate(r, 10001);
    h->psi_full_bp =
        h->psi_some_bp == MEMCOORD_UNKNOWN ? MEMCOORD_UNKNOWN : below(r, h->psi_some_bp + 1);
    for (size_t i = 0; i < w->m.snapshot.seen.n_domains; i++) {
        struct memcoord_domain *d = &w->m.snapshot.domains[i].seen;

        if (d->usable_kib == MEMCOORD_UNKNOWN)
            continue;
        d->unused_kib = maybe(r, below(r, d->usable_kib + 1));
        d->disk_caches_kib = maybe(r, below(r, d->usable_kib + 1));
        d->swap_out_kib_per_s = rate(r, 100 * MIB);
        d->major_faults_per_s = rate(r, 20000);
    }
}

static inline void world_junk_statistics(struct world *w, struct memcoord_domain *d)
{
    struct random *r = &w->m.random;
    const bool known = !one_in(r, 10);

    d->used_kib = known ? trial_any(r, 0, 4096 * MIB) : MEMCOORD_UNKNOWN;
    d->usable_kib = known ? trial_any(r, 0, 2048 * MIB) : MEMCOORD_UNKNOWN;
    d->unused_kib = maybe(r, trial_any(r, 0, 2048 * MIB));
    d->guest_total_kib = maybe(r, trial_any(r, 0, 4096 * MIB));
    d->disk_caches_kib = maybe(r, trial_any(r, 0, 2048 * MIB));
    d->swap_in_kib_per_s = rate(r, 100 * MIB);
    d->swap_out_kib_per_s = rate(r, 100 * MIB);
    d->major_faults_per_s = rate(r, 100000);
    d->stats_age_ms = known ? trial_any(r, 0, 20000) : MEMCOORD_UNKNOWN;
    d->growth_kib_per_s = maybe(r, trial_any(r, 0, 500 * MIB));
}

/* Many of a kind, so that there are ties. */
static inline void world_junk_domain(struct world *w, size_t i)
{
    static const uint32_t flags[] = { 0,
                                      0,
                                      0,
                                      0,
                                      MEMCOORD_SETTLING,
                                      MEMCOORD_STALE,
                                      MEMCOORD_NEW,
                                      MEMCOORD_PAUSED,
                                      MEMCOORD_MIGRATING,
                                      MEMCOORD_UNMANAGED };
    struct random *r = &w->m.random;
    struct memcoord_domain *d = &w->m.snapshot.domains[i].seen;

    d->name = w->m.guests[i].name;
    d->flags = flags[below(r, sizeof(flags) / sizeof(flags[0]))];
    d->weight = one_in(r, 10) ? trial_any(r, 0, 1000000) : below(r, 4) * 500;
    d->min_kib = one_in(r, 3) ? trial_any(r, 0, 4096 * MIB) : below(r, 3) * 100 * MIB;
    d->max_kib =
        d->min_kib + (one_in(r, 3) ? trial_any(r, 0, 8192 * MIB) : below(r, 4) * 700 * MIB);
    d->balloon_kib = 1 + trial_any(r, 0, 4096 * MIB);
    d->target_kib = one_in(r, 2) ? d->balloon_kib : 1 + trial_any(r, 0, 4096 * MIB);
    d->rss_kib = maybe(r, trial_any(r, 0, 4096 * MIB));
    world_junk_statistics(w, d);
    if (i > 0 && one_in(r, 3)) {
        const char *name = d->name;

        w->m.snapshot.domains[i] = w->m.snapshot.domains[i - 1];
        d->name = name;
        d->index = (uint32_t)i;
    }
}

static inline void world_junk(struct world *w)
{
    struct random *r = &w->m.random;
    struct snapshot *s = &w->m.snapshot;
    const size_t n = below(r, MODEL_GUESTS + 1);

    assert_int_equal(snapshot_begin(s, n), 0);
    for (size_t i = 0; i < n; i++) {
        w->m.by_index[i] = &w->m.guests[i];
        if (!w->m.guests[i].name[0])
            snprintf(w->m.guests[i].name, sizeof(w->m.guests[i].name), "g%zu", i);
        world_junk_domain(w, i);
    }
    s->seen.tick = ++w->m.tick;
    s->seen.now_ms = w->m.now_ms += below(r, 3 * w->m.interval_ms);
    s->seen.interval_ms = w->m.interval_ms;
    s->host.total_kib = maybe(r, trial_any(r, 0, 65536 * MIB));
    s->host.available_kib = s->host.free_kib = maybe(
        r, trial_any(r, 0, s->host.total_kib == MEMCOORD_UNKNOWN ? 4096 * MIB : s->host.total_kib));
    snapshot_complete(s, &w->m.host, &w->m.guard);
    if (one_in(r, 2)) /* any at all, as replays and `decide` may give */
        s->host.pool_kib = trial_any(r, 0, n * 1500 * MIB);
}

/* ---- cases */

static inline void world_open(struct world *w, const char *policy)
{
    memset(w, 0, sizeof(*w));
    trial_open(&w->trial, policy, MODEL_GUESTS + 1);
    w->before = calloc(1, trial_bytes(&w->trial) + 1);
    w->after = calloc(1, trial_bytes(&w->trial) + 1);
    assert_true(w->before && w->after);
}

static inline void world_close(struct world *w)
{
    trial_close(&w->trial);
    free(w->before);
    free(w->after);
}

static inline void world_begin(struct world *w, uint64_t number)
{
    const bool calm = number % 4 == 1;

    w->junk = number % 4 >= 2;
    w->m = model_begin(number, calm);
    trial_set_defaults(&w->trial);
    if (number / 4 % 2)
        trial_set_any(&w->trial, &w->m.random);
    trial_begin(&w->trial);
    memset(w->owners, 0, sizeof(w->owners));
    w->broken[0] = '\0';
}

static inline void world_end(struct world *w)
{
    snapshot_free(&w->m.snapshot);
}

static inline size_t world_slot(const struct world *w, size_t i)
{
    return (size_t)(w->m.by_index[i] - w->m.guests);
}

/* What the core does: memory is a domain's as long as it runs. */
static inline void world_attach(struct world *w)
{
    for (size_t i = 0; i < w->m.snapshot.seen.n_domains; i++) {
        const size_t slot = world_slot(w, i);

        if (strcmp(w->owners[slot], w->m.by_index[i]->name) != 0)
            trial_forget(&w->trial, slot);
        snprintf(w->owners[slot], sizeof(w->owners[slot]), "%s", w->m.by_index[i]->name);
        w->m.snapshot.domains[i].seen.state = trial_state(&w->trial, slot);
    }
}

/* The next snapshot, and what the policy asks for. */
static inline void world_decide(struct world *w)
{
    if (w->junk) {
        world_junk(w);
    } else {
        model_see(&w->m);
        world_dress(w);
    }
    world_attach(w);
    w->m.plan = w->trial.policy->table.name;
    trial_save(&w->trial, w->before);
    w->warnings = trial_decide(&w->trial, &w->m.snapshot.seen, w->m.asked_kib);
    for (size_t i = 0; i < w->m.snapshot.seen.n_domains; i++)
        memcpy(w->why[i], w->trial.plan.entries[i].why, PLAN_WHY_BYTES);
    trial_save(&w->trial, w->after);
    assert_int_equal(guard_apply(&w->m.guard, &w->m.snapshot, w->m.asked_kib, w->m.verdicts), 0);
}

/* What the guard makes of it happens. */
static inline void world_move(struct world *w)
{
    const int64_t grantable = w->m.snapshot.host.grantable_kib;

    trial_load(&w->trial, w->after);
    if (w->junk)
        return;
    model_apply(&w->m);
    model_move(&w->m, less(grantable > 0 ? (uint64_t)grantable : 0, all_costs_kib(&w->m)));
}

/* ---- variants of this tick's snapshot */

struct variant {
    struct memcoord_host host;
    struct memcoord_domain domains[WORLD_DOMAINS];
    const struct memcoord_domain *list[WORLD_DOMAINS];
    struct memcoord_snapshot seen;
    uint64_t asked_kib[WORLD_DOMAINS];
    size_t warnings;
};

/* The snapshot as it is. */
static inline void variant_begin(struct variant *v, const struct world *w)
{
    v->host = w->m.snapshot.host;
    v->seen = w->m.snapshot.seen;
    v->seen.host = &v->host;
    v->seen.domains = v->list;
    for (size_t i = 0; i < v->seen.n_domains; i++)
        v->domains[i] = w->m.snapshot.domains[i].seen;
}

/* What the policy asks for then, with the memory that it had at this tick. */
static inline void variant_decide(struct variant *v, struct world *w)
{
    for (size_t i = 0; i < v->seen.n_domains; i++) {
        v->domains[i].index = (uint32_t)i;
        v->list[i] = &v->domains[i];
    }
    trial_load(&w->trial, w->before);
    v->warnings = trial_decide(&w->trial, &v->seen, v->asked_kib);
}

/* ---- what is noted and printed of a case that fails */

/* Notes what does not hold; false. */
__attribute__((format(printf, 2, 3))) static inline bool broken_by(struct world *w, const char *fmt,
                                                                   ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(w->broken, sizeof(w->broken), fmt, args);
    va_end(args);
    return false;
}

static inline void world_print_host(const struct memcoord_host *h)
{
    print_error("  host: cached %" PRId64 " free %" PRId64 " swap %" PRId64 "/%" PRId64
                " psi %" PRId64 "/%" PRId64 " bp capacity %" PRIu64 "\n",
                (int64_t)h->cached_kib, (int64_t)h->free_kib, (int64_t)h->swap_free_kib,
                (int64_t)h->swap_total_kib, (int64_t)h->psi_some_bp, (int64_t)h->psi_full_bp,
                h->capacity_kib);
}

static inline void world_print_more(const struct memcoord_domain *d)
{
    print_error("  %-5s unused %" PRId64 " total %" PRId64 " caches %" PRId64 " swap_out %" PRId64
                " faults %" PRId64 "\n",
                d->name, (int64_t)d->unused_kib, (int64_t)d->guest_total_kib,
                (int64_t)d->disk_caches_kib, (int64_t)d->swap_out_kib_per_s,
                (int64_t)d->major_faults_per_s);
}

/* Unknown is -1. */
static inline void world_print(struct world *w)
{
    const struct snapshot *s = &w->m.snapshot;

    print_tick(&w->m);
    world_print_host(&s->host);
    for (size_t i = 0; i < s->seen.n_domains; i++)
        world_print_more(&s->domains[i].seen);
    trial_print_parameters(&w->trial);
}

#endif
