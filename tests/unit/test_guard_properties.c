/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What holds at every step of any sequence, whatever is asked (core/control/guard.h). Each case is a
 * random host and its guests (lib/guard_model.h) under hostile and under sensible plans.
 *
 * A failure prints the case with all its figures; GUARD_CASE=NUMBER runs that case alone, and prints
 * each of its ticks. GUARD_CASES=NUMBER runs that many instead of the usual number.
 */
#include <inttypes.h>
#include <stdio.h>

#include "lib/guard_model.h"

#define CASES 8000
#define TICKS 40
#define FIRST_SEED UINT64_C(20240607)

/* ---- printing a case */

static void print_domain(const struct model *m, size_t i)
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

static void print_tick(const struct model *m)
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

static void broken(const struct model *m, size_t i, const char *what, const char *file, int line)
{
    print_tick(m);
    print_error("broken: %s%s%s; again with GUARD_CASE=%" PRIu64 "\n",
                i < m->snapshot.seen.n_domains ? m->snapshot.domains[i].seen.name : "", ": ", what,
                m->seed);
    _fail(file, line);
}
#define holds(m, i, condition, what)                          \
    do {                                                      \
        if (!(condition))                                     \
            broken(m, (size_t)(i), what, __FILE__, __LINE__); \
    } while (0)
#define ALL SIZE_MAX

/* ---- plans */

static uint64_t ask_around(struct model *m, const struct memcoord_domain *d)
{
    const uint64_t by = below(&m->random, 64 * MIB);
    return one_in(&m->random, 2) ? d->target_kib + by : less(d->target_kib, by);
}

static uint64_t ask_at_a_bound(struct model *m, const struct memcoord_domain *d)
{
    const uint64_t asks[] = { d->min_kib, d->min_kib - 1, d->max_kib, d->max_kib + 1,
                              d->target_kib };
    return asks[below(&m->random, sizeof(asks) / sizeof(asks[0]))];
}

/* As a decent policy would: a fixed headroom. */
static uint64_t ask_for_headroom(const struct memcoord_domain *d)
{
    return d->used_kib == MEMCOORD_UNKNOWN ? MEMCOORD_UNKNOWN
                                           : d->used_kib + d->used_kib / 4 + 100 * MIB;
}

static void make_plan(struct model *m)
{
    static const char *const plans[] = { "none",   "none",       "all 0",    "all huge", "random",
                                         "around", "at a bound", "headroom", "mixed" };
    const size_t plan = below(&m->random, sizeof(plans) / sizeof(plans[0]));
    m->plan = plans[plan];
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++) {
        const struct memcoord_domain *d = &m->snapshot.domains[i].seen;
        const size_t kind = plan == 8 ? below(&m->random, 8) : plan;
        m->asked_kib[i] = kind == 2   ? 0
                          : kind == 3 ? UINT64_MAX - 1 - below(&m->random, 3)
                          : kind == 4 ? random_next(&m->random) >> below(&m->random, 64)
                          : kind == 5 ? ask_around(m, d)
                          : kind == 6 ? ask_at_a_bound(m, d)
                          : kind == 7 ? ask_for_headroom(d)
                                      : MEMCOORD_UNKNOWN;
    }
}

/* ---- what holds for each verdict */

static bool is_rescue(enum guard_reason reason)
{
    return reason == GUARD_RESCUE || reason == GUARD_RESCUE_SHORT;
}

/* What a guest eats between its sample and the next tick. */
static uint64_t ahead_kib(const struct model *m, const struct memcoord_domain *s)
{
    return s->growth_kib_per_s == MEMCOORD_UNKNOWN
               ? 0
               : s->growth_kib_per_s * (m->interval_ms + s->stats_age_ms) / 1000;
}

/* In need by fresh statistics, now or before the next tick. */
static bool starves(const struct model *m, const struct memcoord_domain *s)
{
    if (!m->guard.rescue || s->flags & MEMCOORD_STALE || s->usable_kib == MEMCOORD_UNKNOWN)
        return false;
    const uint64_t usable = memcoord_min(s->usable_kib, less(s->target_kib, s->used_kib));
    return less(usable, ahead_kib(m, s)) < m->guard.rescue_below_kib ||
           (s->swap_in_kib_per_s != MEMCOORD_UNKNOWN && s->swap_in_kib_per_s > 0 &&
            s->usable_kib < m->guard.guest_reserve_kib);
}

/* What brings a starving guest back, as rule 5 says it; 0 for others. */
static uint64_t rescue_kib(const struct model *m, const struct snapshot_domain *d)
{
    const struct memcoord_domain *s = &d->seen;
    if (!(s->flags & MEMCOORD_MOVABLE))
        return 0;
    if (m->guard.rescue && s->flags & MEMCOORD_STALE && d->stale_rescue)
        return memcoord_min(s->max_kib, s->target_kib + m->guard.guest_reserve_kib);
    if (!starves(m, s))
        return 0;
    return memcoord_min(s->max_kib, s->used_kib + m->guard.guest_reserve_kib + ahead_kib(m, s));
}

static void check_bounds(const struct model *m, size_t i)
{
    const struct memcoord_domain *d = &m->snapshot.domains[i].seen;
    const uint64_t granted = m->verdicts[i].granted_kib;
    if (granted == d->target_kib)
        return;
    holds(m, i, d->flags & MEMCOORD_MOVABLE, "an unmovable domain was changed");
    if (d->target_kib > d->max_kib) /* it starts outside: towards the bounds only, not past them */
        holds(m, i, granted < d->target_kib && granted >= d->min_kib, "further above max");
    else if (d->target_kib < d->min_kib)
        holds(m, i, granted > d->target_kib && granted <= d->max_kib, "further below min");
    else
        holds(m, i, granted >= d->min_kib && granted <= d->max_kib, "outside min..max");
}

static void check_shrink(const struct model *m, size_t i)
{
    const struct snapshot_domain *d = &m->snapshot.domains[i];
    const struct memcoord_domain *s = &d->seen;
    const uint64_t granted = m->verdicts[i].granted_kib;
    if (granted >= s->target_kib)
        return;
    holds(m, i, !(s->flags & MEMCOORD_NEW), "shrunk while new");
    holds(m, i, !(s->flags & MEMCOORD_SETTLING), "shrunk while settling");
    holds(m, i, !(s->flags & MEMCOORD_STALE), "shrunk by stale statistics");
    holds(m, i, s->used_kib != MEMCOORD_UNKNOWN, "shrunk without statistics");
    holds(m, i, !d->shrink_paused, "shrunk while its guest takes memory back");
    holds(m, i, granted >= s->used_kib + m->guard.guest_reserve_kib, "below guest_reserve");
    holds(m, i,
          d->shrunk_kib + (s->target_kib - granted) <=
              amount_of(m->guard.max_shrink, s->balloon_kib),
          "shrunk by more than max_shrink in an interval");
    holds(m, i, !is_rescue(m->verdicts[i].reason), "a rescue that shrinks");
}

/* A shrink under way is recalled when statistics go stale. */
static void check_recall(const struct model *m, size_t i)
{
    const struct memcoord_domain *d = &m->snapshot.domains[i].seen;
    if (d->flags & MEMCOORD_STALE && d->flags & MEMCOORD_MOVABLE)
        holds(m, i, m->verdicts[i].granted_kib >= memcoord_min(d->balloon_kib, d->max_kib),
              "a shrink goes on by stale statistics");
}

/* Small changes: only to a bound, to rescue, or to recall. */
static void check_deadband(const struct model *m, size_t i)
{
    const struct memcoord_domain *d = &m->snapshot.domains[i].seen;
    const struct guard_verdict *v = &m->verdicts[i];
    const uint64_t by = less(v->granted_kib, d->target_kib) + less(d->target_kib, v->granted_kib);
    if (!by || by >= amount_of(m->guard.deadband, d->balloon_kib))
        return;
    holds(m, i,
          v->granted_kib == d->min_kib || v->granted_kib == d->max_kib || is_rescue(v->reason) ||
              (d->flags & MEMCOORD_STALE && v->granted_kib == d->balloon_kib) ||
              rescue_kib(m, &m->snapshot.domains[i]) > d->target_kib,
          "a change within the deadband");
}

/* The verdict says what happened. */
static void check_reason(const struct model *m, size_t i)
{
    const struct memcoord_domain *d = &m->snapshot.domains[i].seen;
    const struct guard_verdict *v = &m->verdicts[i];
    const uint64_t asked = m->asked_kib[i], granted = v->granted_kib, target = d->target_kib;
    const bool by_guard =
        is_rescue(v->reason) || v->reason == GUARD_RECALLED || v->reason == GUARD_HOST_SHORT;
    holds(m, i, v->asked_kib == asked, "the verdict does not bear what was asked");
    if (asked == MEMCOORD_UNKNOWN)
        holds(m, i, granted == target || by_guard, "changed, and nobody asked");
    else if (asked <= target)
        holds(m, i, granted <= target || by_guard || target < d->min_kib,
              "grown, and a shrink was asked");
    if (asked != MEMCOORD_UNKNOWN && asked >= target)
        holds(m, i, granted >= target || v->reason == GUARD_HOST_SHORT || target > d->max_kib,
              "shrunk, and a grow was asked");
    switch (v->reason) {
    case GUARD_NOT_ASKED:
        holds(m, i, asked == MEMCOORD_UNKNOWN && granted == target, "not-asked, but");
        break;
    case GUARD_AS_ASKED:
        holds(m, i, granted == asked, "as-asked, but");
        break;
    case GUARD_NO_CHANGE:
        holds(m, i, asked == target && granted == target, "no-change, but");
        break;
    case GUARD_AT_MIN:
        holds(m, i, asked < d->min_kib && granted >= memcoord_min(target, d->min_kib),
              "at-min, but");
        break;
    case GUARD_AT_MAX:
        holds(m, i, asked > d->max_kib && granted <= memcoord_max(target, d->max_kib),
              "at-max, but");
        break;
    case GUARD_BUDGET:
        holds(m, i, memcoord_max(asked, d->min_kib) > granted && granted >= target, "budget, but");
        break;
    case GUARD_RESCUE:
        holds(m, i, granted > target, "rescue, but");
        break;
    case GUARD_RECALLED:
        holds(m, i, d->flags & MEMCOORD_STALE && granted > target && granted <= d->balloon_kib,
              "recalled, but");
        break;
    case GUARD_HOST_SHORT:
        holds(m, i, granted < target, "host-short, but");
        break;
    default:
        break;
    }
}

/* ---- what holds for all together */

static uint64_t cost_kib(const struct model *m, size_t i)
{
    const struct memcoord_domain *d = &m->snapshot.domains[i].seen;
    return less(m->verdicts[i].granted_kib, memcoord_max(d->balloon_kib, d->target_kib));
}

static uint64_t all_costs_kib(const struct model *m)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++)
        sum += cost_kib(m, i);
    return sum;
}

/* Grows stay within grantable; what is not rescue leaves what is kept for rescues. */
static void check_budget(const struct model *m)
{
    const int64_t grantable = m->snapshot.host.grantable_kib;
    const uint64_t budget = grantable > 0 ? (uint64_t)grantable : 0;
    const uint64_t keep = m->guard.rescue ? m->guard.rescue_keep_kib : 0;
    uint64_t ordinary = 0;
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++) {
        const struct snapshot_domain *d = &m->snapshot.domains[i];
        const uint64_t holds_kib = memcoord_max(d->seen.balloon_kib, d->seen.target_kib);
        ordinary += less(cost_kib(m, i), less(rescue_kib(m, d), holds_kib));
    }
    holds(m, ALL, all_costs_kib(m) <= budget, "more was granted than there is");
    holds(m, ALL, ordinary <= less(budget, keep), "rescue_keep was given to others");
}

/* A starving guest gets all that brings it back, if there is enough for all such guests. */
static void check_rescue(const struct model *m)
{
    uint64_t needed = 0;
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++) {
        const struct snapshot_domain *d = &m->snapshot.domains[i];
        needed += less(rescue_kib(m, d), memcoord_max(d->seen.balloon_kib, d->seen.target_kib));
    }
    if ((int64_t)needed > m->snapshot.host.grantable_kib)
        return;
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++) {
        const uint64_t target = m->snapshot.domains[i].seen.target_kib;
        const uint64_t want = rescue_kib(m, &m->snapshot.domains[i]);
        holds(m, i, want <= target || m->verdicts[i].granted_kib >= want, "left to starve");
    }
}

/* The guard shrinks by itself only when the reserve or a rescue is short. */
static void check_own_shrinks(const struct model *m)
{
    uint64_t needed = 0;
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++) {
        const struct snapshot_domain *d = &m->snapshot.domains[i];
        needed += less(rescue_kib(m, d), memcoord_max(d->seen.balloon_kib, d->seen.target_kib));
    }
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++)
        if (m->verdicts[i].reason == GUARD_HOST_SHORT)
            holds(m, i, m->snapshot.host.grantable_kib < (int64_t)needed, "shrunk without a need");
}

/* In truth: when all guests touch all that they were ever promised, with the new targets, the host
 * keeps its reserve, or what it would have kept without this tick (where a balloon that shrinks
 * counts as it was seen last: till then it is no one's, and may be given back). */
static void check_host(const struct model *m)
{
    int64_t before = model_available(m), after = before;
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++) {
        const struct model_guest *g = m->by_index[i];
        before -= (int64_t)model_may_touch(g, memcoord_max(g->seen_kib, g->target_kib));
        after -= (int64_t)model_may_touch(g, m->verdicts[i].granted_kib);
    }
    const int64_t reserve = (int64_t)m->snapshot.host.reserve_kib;
    holds(m, ALL, after >= (before < reserve ? before : reserve),
          "the host could lose its reserve");
    if (m->calm)
        holds(m, ALL, model_available(m) >= reserve, "a calm host lost its reserve");
}

/* The same snapshot with its domains in another order has the same verdicts. */
static void check_order(struct model *m)
{
    const size_t n = m->snapshot.seen.n_domains;
    size_t from[MODEL_GUESTS];
    uint64_t asked[MODEL_GUESTS];
    struct guard_verdict verdicts[MODEL_GUESTS];
    struct snapshot other = { 0 };
    assert_int_equal(snapshot_begin(&other, n), 0);
    for (size_t i = 0; i < n; i++) {
        const size_t k = below(&m->random, i + 1);
        from[i] = from[k];
        from[k] = i;
    }
    for (size_t i = 0; i < n; i++) {
        other.domains[i] = m->snapshot.domains[from[i]];
        other.domains[i].seen.index = (uint32_t)i;
        asked[i] = m->asked_kib[from[i]];
    }
    other.seen.tick = m->snapshot.seen.tick;
    other.seen.now_ms = m->snapshot.seen.now_ms;
    other.seen.interval_ms = m->snapshot.seen.interval_ms;
    other.host = m->snapshot.host;
    other.ksm_sharing_kib = m->snapshot.ksm_sharing_kib;
    snapshot_complete(&other, &m->host, &m->guard);
    holds(m, ALL, other.host.grantable_kib == m->snapshot.host.grantable_kib, "another grantable");
    holds(m, ALL, other.host.pool_kib == m->snapshot.host.pool_kib, "another pool");
    assert_int_equal(guard_apply(&m->guard, &other, asked, verdicts), 0);
    for (size_t i = 0; i < n; i++) {
        holds(m, from[i], verdicts[i].granted_kib == m->verdicts[from[i]].granted_kib,
              "granted otherwise in another order");
        holds(m, from[i], verdicts[i].reason == m->verdicts[from[i]].reason,
              "another reason in another order");
    }
    snapshot_free(&other);
}

/* ---- the sequences */

static const char *wanted_case(void)
{
    return getenv("GUARD_CASE");
}

static void run_case(uint64_t seed, bool calm)
{
    struct model m = model_begin(seed, calm);
    uint64_t leftover = 0;
    for (int tick = 0; tick < TICKS; tick++) {
        model_see(&m);
        make_plan(&m);
        assert_int_equal(guard_apply(&m.guard, &m.snapshot, m.asked_kib, m.verdicts), 0);
        if (wanted_case())
            print_tick(&m);
        for (size_t i = 0; i < m.snapshot.seen.n_domains; i++) {
            check_bounds(&m, i);
            check_shrink(&m, i);
            check_recall(&m, i);
            check_deadband(&m, i);
            check_reason(&m, i);
        }
        check_budget(&m);
        check_rescue(&m);
        check_own_shrinks(&m);
        check_host(&m);
        if (tick % 4 == 0)
            check_order(&m);
        const int64_t grantable = m.snapshot.host.grantable_kib;
        leftover = grantable > 0 ? (uint64_t)grantable - all_costs_kib(&m) : 0;
        model_apply(&m);
        model_move(&m, leftover);
    }
    snapshot_free(&m.snapshot);
}

static void run_cases(bool calm)
{
    const char *cases = getenv("GUARD_CASES");
    if (wanted_case()) {
        run_case(strtoull(wanted_case(), NULL, 10), calm);
        return;
    }
    const uint64_t n = cases ? strtoull(cases, NULL, 10) : CASES;
    print_message("# %s: %" PRIu64 " sequences of %d ticks from seed %" PRIu64 "\n",
                  calm ? "calm" : "wild", n, TICKS, FIRST_SEED);
    for (uint64_t i = 0; i < n; i++)
        run_case(FIRST_SEED + i, calm);
}

/* Other processes eat what they like, and guests start and use what they like. */
static void each_rule_holds_at_every_step_of_a_wild_host(void **state)
{
    (void)state;
    run_cases(false);
}

/* Nobody takes more than could be granted: then the host never loses its reserve at all. */
static void a_host_whose_processes_take_what_is_free_keeps_its_reserve(void **state)
{
    (void)state;
    run_cases(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_holds_at_every_step_of_a_wild_host),
        cmocka_unit_test(a_host_whose_processes_take_what_is_free_keeps_its_reserve),
    };
    return cmocka_run_group_tests_name("guard properties", tests, NULL, NULL);
}
