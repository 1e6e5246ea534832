/* SPDX-License-Identifier: BSD-3-Clause */
/* A case of the guard's property tests in words and figures, and what fails it. */
#ifndef TESTS_LIB_GUARD_SHOW_H
#define TESTS_LIB_GUARD_SHOW_H

#include <inttypes.h>
#include <stdio.h>

#include "lib/guard_model.h"

/* What runs a case alone, for who reads of its failure. */
#ifndef CASE_VARIABLE
#define CASE_VARIABLE "GUARD_CASE"
#endif

static inline void print_domain(const struct model *m, size_t i)
{
    const struct snapshot_domain *d = &m->snapshot.domains[i];
    const struct memcoord_domain *s = &d->seen;
    const struct guard_verdict *v = &m->verdicts[i];
    static const char letters[] = "mSsPMUN";
    char flags[8] = "-------", why[160];
    for (size_t k = 0; k < 7; k++)
        if (s->flags >> k & 1)
            flags[k] = letters[k];
    guard_explain(&m->guard, d, v, why, sizeof(why));
    print_error("  %-5s %s weight %" PRIu64 " bounds %" PRIu64 "..%" PRIu64 " balloon %" PRIu64
                " target %" PRIu64 " used %" PRId64 " usable %" PRId64 " rss %" PRId64
                " overhead %" PRIu64 " extra %" PRIu64 " shrunk %" PRIu64 " age %" PRId64
                " growth %" PRId64 " swap_in %" PRId64 "%s%s%s%s\n        truth: balloon %" PRIu64
                " used %" PRIu64 " rss %" PRIu64 "; asked %" PRId64 " granted %" PRIu64 " %s: %s\n",
                s->name, flags, s->weight, s->min_kib, s->max_kib, s->balloon_kib, s->target_kib,
                (int64_t)s->used_kib, (int64_t)s->usable_kib, (int64_t)s->rss_kib, d->overhead_kib,
                d->extra_kib, d->shrunk_kib, (int64_t)s->stats_age_ms, (int64_t)s->growth_kib_per_s,
                (int64_t)s->swap_in_kib_per_s, d->set_aside ? " set-aside" : "",
                d->shrink_paused ? " shrink-paused" : "", d->stale_rescue ? " stale-rescue" : "",
                d->not_coming ? " not-coming" : "", m->by_index[i]->balloon_kib,
                m->by_index[i]->used_kib, model_rss(m->by_index[i]), (int64_t)v->asked_kib,
                v->granted_kib, guard_reason_name(v->reason), why);
}

static inline void print_tick(const struct model *m)
{
    const struct memcoord_host *h = &m->snapshot.host;
    print_error("case %" PRIu64 " (%s), tick %" PRIu64 " at %" PRIu64
                " ms, plan: %s; KiB throughout\n",
                m->seed, m->calm ? "calm" : "wild", m->tick, m->now_ms, m->plan);
    print_error("  guard: reserve %" PRIu64 " shrink %" PRIu64 "/%" PRIu64 "bp deadband %" PRIu64
                "/%" PRIu64 "bp stale %" PRIu64 "ms rescue %" PRIu64 " below %" PRIu64
                " keep %" PRIu64 " interval %" PRIu64 "ms\n",
                m->guard.guest_reserve_kib, m->guard.max_shrink.kib, m->guard.max_shrink.bp,
                m->guard.deadband.kib, m->guard.deadband.bp, m->guard.stale_after_ms,
                m->guard.rescue, m->guard.rescue_below_kib, m->guard.rescue_keep_kib,
                m->interval_ms);
    print_error("  host: total %" PRIu64 " available %" PRId64 " (truth %" PRId64
                ") reserve %" PRIu64 " limit %" PRIu64 " ksm %" PRIu64 " grantable %" PRId64
                " pool %" PRIu64 "\n",
                h->total_kib, (int64_t)h->available_kib, model_available(m), h->reserve_kib,
                m->host.limit_kib, m->snapshot.ksm_sharing_kib, h->grantable_kib, h->pool_kib);
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++)
        print_domain(m, i);
}

static inline void broken(const struct model *m, size_t i, const char *what, const char *file,
                          int line)
{
    print_tick(m);
    print_error("broken: %s%s%s; again with %s=%" PRIu64 "\n",
                i < m->snapshot.seen.n_domains ? m->snapshot.domains[i].seen.name : "", ": ", what,
                CASE_VARIABLE, m->seed);
    _fail(file, line);
}
#define holds(m, i, condition, what)                          \
    do {                                                      \
        if (!(condition))                                     \
            broken(m, (size_t)(i), what, __FILE__, __LINE__); \
    } while (0)
#define ALL SIZE_MAX

#endif
