/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The property "unknown changes nothing": a domain of which nothing is known is not asked anything (but to come within
 * its bounds), and the others get what they would get if it were not there and the pool less by its size. A rule that
 * asks it nevertheless asks the same whatever its figures are: it needs none. Where a single figure is not known, of
 * the domain or of the host, the same holds, or all is as if it were 0, what follows from the others, or what it was:
 * then the rule does not need that figure, or not alone.
 */
#ifndef TESTS_LIB_POLICY_UNKNOWN_H
#define TESTS_LIB_POLICY_UNKNOWN_H

#include "lib/policy_world.h"

enum { FIGURES = 11, HOST_FIGURES = 8 };

static inline uint64_t *figure(struct memcoord_domain *d, size_t k)
{
    uint64_t *const figures[FIGURES] = { &d->used_kib,
                                         &d->usable_kib,
                                         &d->unused_kib,
                                         &d->guest_total_kib,
                                         &d->disk_caches_kib,
                                         &d->swap_in_kib_per_s,
                                         &d->swap_out_kib_per_s,
                                         &d->major_faults_per_s,
                                         &d->stats_age_ms,
                                         &d->growth_kib_per_s,
                                         &d->rss_kib };

    return figures[k];
}

static inline uint64_t *host_figure(struct memcoord_host *h, size_t k)
{
    uint64_t *const figures[HOST_FIGURES] = { &h->total_kib,      &h->available_kib,
                                              &h->free_kib,       &h->cached_kib,
                                              &h->swap_total_kib, &h->swap_free_kib,
                                              &h->psi_some_bp,    &h->psi_full_bp };

    return figures[k];
}

/* What follows for figure `k` from the others. */
static inline uint64_t follows(const struct memcoord_domain *d, size_t k)
{
    switch (k) {
    case 0:
        return d->usable_kib == MEMCOORD_UNKNOWN ? d->balloon_kib
                                                 : less(d->balloon_kib, d->usable_kib);
    case 1:
        return d->used_kib == MEMCOORD_UNKNOWN ? 0 : less(d->balloon_kib, d->used_kib);
    case 2:
        return d->usable_kib;
    case 3:
        return d->balloon_kib;
    default:
        return 0;
    }
}

static inline bool same_plan(const struct variant *a, const struct variant *b)
{
    return memcmp(a->asked_kib, b->asked_kib, a->seen.n_domains * sizeof(*a->asked_kib)) == 0;
}

static inline bool is_left(const struct memcoord_domain *d, uint64_t asked_kib)
{
    return asked_kib == MEMCOORD_UNKNOWN ||
           asked_kib == memcoord_clamp(d->target_kib, d->min_kib, d->max_kib);
}

static inline bool all_are_left(const struct variant *v)
{
    for (size_t i = 0; i < v->seen.n_domains; i++)
        if (!is_left(&v->domains[i], v->asked_kib[i]))
            return false;
    return true;
}

/* Whether the others get in `v` what they get without domain `i`, with `held_kib` less in the pool. */
static inline bool same_without(struct world *w, const struct variant *v, size_t i,
                                uint64_t held_kib)
{
    static struct variant without;
    size_t last = v->seen.n_domains - 1;

    without = *v;
    without.seen.host = &without.host;
    without.seen.domains = without.list;
    without.domains[i] = without.domains[last];
    without.seen.n_domains = last;
    without.host.pool_kib = less(without.host.pool_kib, held_kib);
    variant_decide(&without, w);
    for (size_t k = 0; k < last; k++)
        if (without.asked_kib[k] != v->asked_kib[k == i ? last : k])
            return false;
    return true;
}

/* Whether domain `i` is left as it is in `v`, and the others get what they get without it. What it holds is what
 * it shall have; or, where its balloon is on its way down, what that still has. */
static inline bool stays_out(struct world *w, const struct variant *v, size_t i)
{
    const struct memcoord_domain *d = &v->domains[i];
    const uint64_t size_kib = memcoord_clamp(d->target_kib, d->min_kib, d->max_kib);

    return is_left(d, v->asked_kib[i]) &&
           (same_without(w, v, i, size_kib) ||
            same_without(w, v, i, memcoord_max(size_kib, d->balloon_kib)));
}

/* Whether domain `i` of `v` is asked the same whatever is known of it. */
static inline bool needs_nothing(struct world *w, const struct variant *v, size_t i)
{
    static struct variant known;

    for (unsigned try = 0; try < 3; try++) {
        known = *v;
        known.seen.host = &known.host;
        known.seen.domains = known.list;
        world_junk_statistics(w, &known.domains[i]);
        for (size_t k = 0; k < FIGURES; k++)
            if (*figure(&known.domains[i], k) == MEMCOORD_UNKNOWN)
                *figure(&known.domains[i], k) = below(&w->m.random, 512 * MIB);
        variant_decide(&known, w);
        if (!same_plan(v, &known))
            return false;
    }
    return true;
}

/* Whether all is as if `*place` of `v` (a copy of `from`) were `value`. */
static inline bool as_if(struct world *w, struct variant *v, uint64_t *place, uint64_t value,
                         const struct variant *from)
{
    if (value == MEMCOORD_UNKNOWN)
        return false;
    *place = value;
    variant_decide(v, w);
    return same_plan(v, from);
}

static inline bool without_all_figures(struct world *w, size_t i)
{
    static struct variant v;

    variant_begin(&v, w);
    for (size_t k = 0; k < FIGURES; k++)
        *figure(&v.domains[i], k) = MEMCOORD_UNKNOWN;
    variant_decide(&v, w);
    if (stays_out(w, &v, i) || needs_nothing(w, &v, i))
        return true;
    return broken_by(w,
                     "%s, if nothing is known of it, is asked for %" PRId64 ", or others for less",
                     v.domains[i].name, (int64_t)v.asked_kib[i]);
}

static inline bool without_a_figure(struct world *w, size_t i)
{
    static struct variant v, other;
    const size_t k = below(&w->m.random, FIGURES);
    uint64_t *place, was;

    variant_begin(&v, w);
    was = *figure(&v.domains[i], k);
    *figure(&v.domains[i], k) = MEMCOORD_UNKNOWN;
    variant_decide(&v, w);
    variant_begin(&other, w);
    place = figure(&other.domains[i], k);
    if (stays_out(w, &v, i) || as_if(w, &other, place, was, &v) || as_if(w, &other, place, 0, &v) ||
        as_if(w, &other, place, follows(&v.domains[i], k), &v))
        return true;
    return broken_by(w, "%s, without its figure %zu, is asked for %" PRId64, v.domains[i].name, k,
                     (int64_t)v.asked_kib[i]);
}

static inline bool without_a_host_figure(struct world *w)
{
    static struct variant v, other;
    const size_t k = below(&w->m.random, HOST_FIGURES);
    uint64_t *place, was;

    variant_begin(&v, w);
    was = *host_figure(&v.host, k);
    *host_figure(&v.host, k) = MEMCOORD_UNKNOWN;
    variant_decide(&v, w);
    variant_begin(&other, w);
    place = host_figure(&other.host, k);
    if (all_are_left(&v) || as_if(w, &other, place, was, &v) || as_if(w, &other, place, 0, &v))
        return true;
    return broken_by(w, "without the host's figure %zu, some are asked for something else", k);
}

static inline bool is_nothing_of_unknown(struct world *w)
{
    const size_t n = w->m.snapshot.seen.n_domains, i = n ? below(&w->m.random, n) : 0;

    if (n == 0)
        return true;
    return without_all_figures(w, i) && (w->junk || without_a_figure(w, i)) &&
           without_a_host_figure(w);
}

#endif
