/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What each policy of this tree declares under **Properties** in its .md, on random hosts with default and with
 * random parameters. What it declares "yes" holds in each case; where it declares "no", a case shows it. And
 * whatever a policy asks for, the guard keeps the budget.
 *
 * A failure prints the case with all its figures; PROPERTY_CASE=NUMBER runs that case alone. PROPERTY_CASES=NUMBER
 * runs that many instead of the usual number.
 */
#include "lib/policy_world.h"

#include "lib/policy_rest.h"
#include "lib/policy_text.h"
#include "lib/policy_unknown.h"

#define CASES 600
#define REST_CASES 200
#define TICKS 8
#define FIRST_CASE 1
#define ROUNDING_KIB 1 /* by which guests that are alike may differ */

static uint64_t size_of(const struct memcoord_domain *d, uint64_t asked_kib)
{
    return asked_kib == MEMCOORD_UNKNOWN ? d->target_kib : asked_kib;
}

/* ---- plans within bounds: what is asked lies within min..max. A domain that is outside (other bounds were
 * configured) may be brought there in steps: what is asked lies between its target and its bounds then. */

static bool is_in_bounds(struct world *w)
{
    for (size_t i = 0; i < w->m.snapshot.seen.n_domains; i++) {
        const struct memcoord_domain *d = &w->m.snapshot.domains[i].seen;
        const uint64_t asked = w->m.asked_kib[i];

        if (asked != MEMCOORD_UNKNOWN && (asked < memcoord_min(d->min_kib, d->target_kib) ||
                                          asked > memcoord_max(d->max_kib, d->target_kib)))
            return broken_by(w, "%s: asked for %" PRIu64, d->name, asked);
    }
    return true;
}

/*
 * ---- sums within the pool: what the plan leaves the MOVABLE domains with is no more than the pool. A domain that
 * is not named keeps its target, one that is only brought within its bounds has what that gives, and none of the
 * others can have less than its min: where the pool does not even suffice for that, it is what they get.
 */

static bool is_only_bounded(const struct memcoord_domain *d, uint64_t asked_kib)
{
    return asked_kib != d->target_kib &&
           asked_kib == memcoord_clamp(d->target_kib, d->min_kib, d->max_kib);
}

static bool is_in_pool(struct world *w)
{
    const struct snapshot *s = &w->m.snapshot;
    uint64_t sum = 0, least = 0;

    for (size_t i = 0; i < s->seen.n_domains; i++) {
        const struct memcoord_domain *d = &s->domains[i].seen;
        const uint64_t asked = w->m.asked_kib[i], size = size_of(d, asked);

        if (!(d->flags & MEMCOORD_MOVABLE))
            continue;
        sum += size;
        least += asked == MEMCOORD_UNKNOWN || is_only_bounded(d, asked)
                     ? size
                     : memcoord_min(d->min_kib, asked);
    }
    if (sum > memcoord_max(s->host.pool_kib, least))
        return broken_by(w, "%" PRIu64 " in all, of %" PRIu64 " (it could be %" PRIu64 ")", sum,
                         s->host.pool_kib, least);
    return true;
}

/* ---- symmetric guests alike: a domain has a twin, with the same figures and the same memory of it */

static bool is_alike(struct world *w)
{
    static struct variant v;
    const size_t n = w->m.snapshot.seen.n_domains, state_size = w->trial.policy->table.state_size;
    struct memcoord_domain *d, *twin;
    uint64_t one, other;

    if (n == 0)
        return true;
    variant_begin(&v, w);
    d = &v.domains[below(&w->m.random, n)];
    twin = &v.domains[n];
    *twin = *d;
    twin->name = "twin";
    v.seen.n_domains++;
    if (d->state) {
        memcpy(w->before + state_size + MODEL_GUESTS * w->trial.stride,
               w->before + state_size + ((const char *)d->state - w->trial.states),
               w->trial.stride);
        twin->state = trial_state(&w->trial, MODEL_GUESTS);
    }
    if (d->flags & MEMCOORD_MOVABLE)
        v.host.pool_kib += memcoord_max(d->balloon_kib, d->target_kib);
    variant_decide(&v, w);
    one = size_of(d, v.asked_kib[d->index]);
    other = size_of(d, v.asked_kib[n]);
    if (less(one, other) + less(other, one) > ROUNDING_KIB)
        return broken_by(w, "%s gets %" PRIu64 ", and its twin %" PRIu64, d->name, one, other);
    return true;
}

/* ---- order of domains does not matter: they are asked the same, for the same reasons, and as much is remembered */

static void shuffle(struct variant *v, struct world *w, size_t *from)
{
    variant_begin(v, w);
    for (size_t i = 0; i < v->seen.n_domains; i++) {
        const size_t k = below(&w->m.random, i + 1);
        from[i] = from[k];
        from[k] = i;
    }
    for (size_t i = 0; i < v->seen.n_domains; i++)
        v->domains[i] = w->m.snapshot.domains[from[i]].seen;
}

static bool is_in_any_order(struct world *w)
{
    static struct variant v;
    const struct trial *t = &w->trial;
    size_t from[MODEL_GUESTS];

    shuffle(&v, w, from);
    variant_decide(&v, w);
    for (size_t i = 0; i < v.seen.n_domains; i++) {
        const char *why = t->plan.entries[i].why;

        if (v.asked_kib[i] != w->m.asked_kib[from[i]])
            return broken_by(w, "%s: asked for %" PRId64 ", and in another order for %" PRId64,
                             v.domains[i].name, (int64_t)w->m.asked_kib[from[i]],
                             (int64_t)v.asked_kib[i]);
        if (strcmp(why, w->why[from[i]]) != 0)
            return broken_by(w, "%s: %s; in another order: %s", v.domains[i].name, w->why[from[i]],
                             why);
    }
    if (v.warnings != w->warnings)
        return broken_by(w, "%zu warnings, and %zu in another order", w->warnings, v.warnings);
    if (memcmp(t->instance->state, w->after, t->policy->table.state_size) != 0 ||
        memcmp(t->states, w->after + t->policy->table.state_size, MODEL_GUESTS * t->stride) != 0)
        return broken_by(w, "something else is remembered in another order");
    return true;
}

/* ---- for all policies, whatever they declare */

static bool names_only_movable_domains(struct world *w)
{
    for (size_t i = 0; i < w->m.snapshot.seen.n_domains; i++) {
        const struct memcoord_domain *d = &w->m.snapshot.domains[i].seen;

        if (!(d->flags & MEMCOORD_MOVABLE) && w->m.asked_kib[i] != MEMCOORD_UNKNOWN)
            return broken_by(w, "%s is named, and not MOVABLE", d->name);
    }
    return true;
}

/* Fails by itself. What depends on figures that fit each other is not for junk. */
static bool is_safe_after_the_guard(struct world *w)
{
    for (size_t i = 0; i < w->m.snapshot.seen.n_domains; i++) {
        check_bounds(&w->m, i);
        check_shrink(&w->m, i);
        if (w->junk)
            continue;
        check_recall(&w->m, i);
        check_deadband(&w->m, i);
        check_reason(&w->m, i);
    }
    if (w->junk)
        check_budget(&w->m);
    else
        check_sharing(&w->m);
    return names_only_movable_domains(w);
}

/* ---- cases */

static uint64_t first_case(void)
{
    const char *one = getenv("PROPERTY_CASE");

    return one ? strtoull(one, NULL, 10) : FIRST_CASE;
}

static uint64_t cases(uint64_t usual)
{
    const char *many = getenv("PROPERTY_CASES");

    return getenv("PROPERTY_CASE") ? 1 : many ? strtoull(many, NULL, 10) : usual;
}

/* Runs the policy through a case; false at the first tick in which something does not hold. */
static bool run_case(struct world *w, uint64_t number, bool (*is_so)(struct world *))
{
    world_begin(w, number);
    for (unsigned tick = 0; tick < TICKS; tick++) {
        world_decide(w);
        if (!is_so(w))
            return false;
        world_move(w);
    }
    return true;
}

/* Where it does not hold: prints the first such case if it shall hold. Returns in how many it does not. */
static size_t run_cases(const char *policy, bool shall_hold, bool (*is_so)(struct world *))
{
    static struct world w;
    size_t without = 0;

    world_open(&w, policy);
    for (uint64_t i = 0; i < cases(CASES); i++) {
        if (!run_case(&w, first_case() + i, is_so)) {
            without++;
            if (shall_hold) {
                world_print(&w);
                fail_msg("%s; again with PROPERTY_CASE=%" PRIu64, w.broken, first_case() + i);
            }
        }
        world_end(&w);
    }
    world_close(&w);
    return without;
}

/* ---- at rest on constant demand */

static size_t run_rest_cases(const char *policy, bool shall_hold)
{
    static struct rest c;
    size_t at[REST_RESTLESS + 1] = { 0 };

    memset(&c, 0, sizeof(c));
    trial_open(&c.trial, policy, REST_GUESTS);
    for (uint64_t i = 0; i < cases(REST_CASES); i++) {
        enum rest_end end;

        rest_begin(&c, first_case() + i);
        at[end = rest_run(&c)]++;
        if (shall_hold && end == REST_RESTLESS) {
            rest_print(&c);
            fail_msg("it never comes to rest; again with PROPERTY_CASE=%" PRIu64, first_case() + i);
        }
        rest_end(&c);
    }
    trial_close(&c.trial);
    print_message("# %s: %zu cases at rest, %zu on their way, %zu restless\n", policy,
                  at[REST_AT_REST], at[REST_UNDER_WAY], at[REST_RESTLESS]);
    if (shall_hold)
        assert_true(getenv("PROPERTY_CASE") || at[REST_AT_REST] > cases(REST_CASES) * 3 / 4);
    return at[REST_RESTLESS];
}

/* ---- tests: each policy with each property, and one for what holds for all */

struct declared {
    const struct policy_text *text;
    enum property property;
};

static void a_property_is_as_declared(void **state)
{
    static bool (*const checks[PROPERTIES])(struct world *) = {
        [IN_BOUNDS] = is_in_bounds,
        [IN_POOL] = is_in_pool,
        [ALIKE] = is_alike,
        [ANY_ORDER] = is_in_any_order,
        [UNKNOWN_IS_NOTHING] = is_nothing_of_unknown,
    };
    const struct declared *d = *state;
    const char *name = d->text->name;
    const bool yes = policy_text_says_yes(d->text, d->property);
    size_t without;

    if (!yes && !policy_text_says_no(d->text, d->property))
        fail_msg("policies/%s.md: \"%s\" must be \"yes\", or \"no: \" and why, in a table under "
                 "**Properties**; it is \"%s\"",
                 name, property_words[d->property], d->text->holds[d->property]);
    without = d->property == AT_REST ? run_rest_cases(name, yes)
                                     : run_cases(name, yes, checks[d->property]);
    if (!yes && without == 0 && !getenv("PROPERTY_CASE"))
        fail_msg("policies/%s.md: \"%s\" is said not to hold, and holds in all cases", name,
                 property_words[d->property]);
}

static void the_guard_makes_it_safe(void **state)
{
    const struct declared *d = *state;

    run_cases(d->text->name, true, is_safe_after_the_guard);
}

static void add_tests(const struct policy_text *text, struct declared *declared,
                      struct CMUnitTest *tests)
{
    static char names[POLICIES_MAX * (PROPERTIES + 1)][128];
    static size_t n;

    for (size_t p = 0; p <= PROPERTIES; p++) {
        declared[p] = (struct declared){ text, (enum property)p };
        snprintf(names[n], sizeof(names[n]), "%.32s: %s%.80s", text->name,
                 p == PROPERTIES ? "after the guard, the budget is kept"
                 : policy_text_says_yes(text, (enum property)p) ? ""
                                                                : "not: ",
                 p == PROPERTIES ? "" : property_words[p]);
        tests[p] = (struct CMUnitTest){ names[n++],
                                        p == PROPERTIES ? the_guard_makes_it_safe
                                                        : a_property_is_as_declared,
                                        NULL, NULL, &declared[p] };
    }
}

int main(void)
{
    static struct policy_text texts[POLICIES_MAX];
    static struct declared declared[POLICIES_MAX][PROPERTIES + 1];
    static struct CMUnitTest tests[POLICIES_MAX * (PROPERTIES + 1)];
    const size_t n = policy_texts(texts);

    if (n == 0)
        return 1;
    for (size_t i = 0; i < n; i++)
        add_tests(&texts[i], declared[i], &tests[i * (PROPERTIES + 1)]);
    return _cmocka_run_group_tests("properties", tests, n * (PROPERTIES + 1), NULL, NULL);
}
