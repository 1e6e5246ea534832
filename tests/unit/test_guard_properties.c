/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What holds at every step of any sequence, whatever is asked (core/control/guard.h). Each case is a
 * random host and its guests (lib/guard_model.h) under hostile and under sensible plans.
 *
 * A failure prints the case with all its figures; GUARD_CASE=NUMBER runs that case alone, and prints
 * each of its ticks. GUARD_CASES=NUMBER runs that many instead of the usual number.
 */
#include "lib/guard_budget.h"

#define CASES 8000
#define TICKS 40
#define FIRST_SEED UINT64_C(20240607)

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

/* ---- the host */

/* Memory that a guest may touch without asking, by what is known of it. */
static uint64_t promised_kib(const struct model_guest *g)
{
    uint64_t holds_kib = memcoord_max(g->seen_kib, g->target_kib);
    if (model_boots(g)) /* it owns all until its driver loads */
        holds_kib = memcoord_max(holds_kib, g->max_kib);
    return g->set_aside ? 0 : less(holds_kib + g->extra_kib + g->overhead_kib, g->rss_kib);
}

/* What the host can give is what is available, less the reserve, all that was promised and what KSM
 * may have to return; and no more than what is below the limit. */
static void check_grantable(const struct model *m)
{
    const uint64_t reserve =
        memcoord_max(m->host.reserve.kib, m->total_kib * m->host.reserve.bp / 10000);
    int64_t want = (int64_t)m->snapshot.host.available_kib - (int64_t)(reserve + m->shared_kib);
    int64_t below_limit = (int64_t)m->host.limit_kib;
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++) {
        const struct model_guest *g = m->by_index[i];
        want -= (int64_t)promised_kib(g);
        below_limit -= (int64_t)(memcoord_max(g->seen_kib, g->target_kib) + g->extra_kib);
    }
    if (m->snapshot.host.available_kib == MEMCOORD_UNKNOWN)
        want = 0;
    if (m->host.limit_kib && below_limit < want)
        want = below_limit;
    holds(m, ALL, m->snapshot.host.grantable_kib == want, "another grantable");
}

/* In truth: when all guests touch all that they were ever promised, with the new targets, and write
 * to all that KSM shares, the host keeps its reserve, or what it would have kept without this tick
 * (where a balloon that shrinks counts as it was seen last: till then it is no one's, and may be given
 * back). */
static void check_host(const struct model *m)
{
    int64_t before = model_available(m) - (int64_t)m->shared_kib, after = before;
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

/* In truth: what guests may come to hold is within the limit, or no more than without this tick. */
static void check_limit(const struct model *m)
{
    uint64_t before = 0, after = 0;
    for (size_t i = 0; i < m->snapshot.seen.n_domains; i++) {
        const struct model_guest *g = m->by_index[i];
        before += model_holds(g, memcoord_max(g->seen_kib, g->target_kib));
        after += model_holds(g, m->verdicts[i].granted_kib);
    }
    if (m->host.limit_kib)
        holds(m, ALL, after <= memcoord_max(before, m->host.limit_kib), "beyond the limit");
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
        check_sharing(&m);
        check_grantable(&m);
        check_host(&m);
        check_limit(&m);
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
