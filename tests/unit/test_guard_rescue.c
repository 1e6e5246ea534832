/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guard alone, without a policy, keeps a growing guest alive. Time moves in steps of 50 ms: the
 * guest's statistics are sampled once a second and reach the core 0.5 to 1.8 s old; a target arrives
 * after 0.1 to 0.2 s; the core ticks once a second and sees the balloon up to a tick late. These are
 * the figures that were measured on real guests.
 */
#include <inttypes.h>
#include <stdio.h>

#include "lib/guard_fixture.h"
#include "lib/random.h"

#define STEP_MS 50
#define INTERVAL_MS 1000
#define CASES 4000
#define FIRST_SEED UINT64_C(77001)

struct reading {
    uint64_t at_ms, usable_kib, used_kib;
};

struct growing_guest {
    uint64_t balloon_kib, target_kib, seen_kib, max_kib;
    uint64_t used_kib, rate_kib_per_s, begins_ms, final_kib;
    uint64_t arrives_ms; /* when the guest follows its target */
    struct reading taken, visible;
    uint64_t visible_ms; /* when `taken` reaches the core */
    uint64_t growth_kib_per_s, settled_ms;
};

static uint64_t less(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

static void use_and_follow(struct growing_guest *g, uint64_t now_ms)
{
    if (now_ms >= g->begins_ms && g->used_kib < g->final_kib)
        g->used_kib += g->rate_kib_per_s * STEP_MS / 1000;
    if (now_ms >= g->arrives_ms)
        g->balloon_kib = g->target_kib;
}

static void sample(struct growing_guest *g, uint64_t now_ms, uint64_t delay_ms)
{
    g->taken = (struct reading){ now_ms, less(g->balloon_kib, g->used_kib), g->used_kib };
    g->visible_ms = now_ms + delay_ms;
}

/* The core takes the sample that became visible. */
static void see(struct growing_guest *g, uint64_t now_ms)
{
    if (g->taken.at_ms == g->visible.at_ms || now_ms < g->visible_ms)
        return;
    if (g->visible.at_ms) {
        const uint64_t rate = less(g->taken.used_kib, g->visible.used_kib) * 1000 /
                              (g->taken.at_ms - g->visible.at_ms);
        g->growth_kib_per_s = memcoord_max(rate, g->growth_kib_per_s / 2);
    }
    g->visible = g->taken;
}

static void tick(struct fixture *f, struct growing_guest *g, struct random *r, uint64_t now_ms,
                 int64_t grantable_mib)
{
    if (!one_in(r, 4))
        g->seen_kib = g->balloon_kib;
    if (g->seen_kib != g->target_kib)
        g->settled_ms = now_ms;
    f->n = 0;
    struct snapshot_domain *d = fixture_add(f, "growing", 1000, 500);
    struct memcoord_domain *s = &d->seen;
    s->max_kib = g->max_kib;
    s->balloon_kib = g->seen_kib;
    s->target_kib = g->target_kib;
    s->rss_kib = memcoord_max(g->seen_kib, g->target_kib) + 64 * MIB;
    s->usable_kib = s->unused_kib = g->visible.usable_kib;
    s->used_kib = g->visible.used_kib;
    s->stats_age_ms = now_ms - g->visible.at_ms;
    s->growth_kib_per_s = g->growth_kib_per_s;
    s->flags =
        g->seen_kib != g->target_kib || g->visible.at_ms < g->settled_ms ? MEMCOORD_SETTLING : 0;
    fixture_judge(f, grantable_mib);
    if (f->verdicts[0].granted_kib == g->target_kib)
        return;
    g->target_kib = f->verdicts[0].granted_kib;
    g->arrives_ms = now_ms + between(r, 100, 200);
    g->settled_ms = now_ms;
}

struct course {
    uint64_t seed, rate_mib_per_s, usable_mib; /* at first */
    uint64_t rescue;                           /* as in the settings */
    bool print;
};

struct outcome {
    uint64_t least_usable_kib, last_usable_kib;
};

/* A guest of 512 MiB stands still for some seconds, and then grows by 600 MiB. */
static struct outcome run(const struct course *c)
{
    struct random r = { c->seed };
    struct fixture f = fixture_begin();
    struct growing_guest g = { .max_kib = 4096 * MIB, .rate_kib_per_s = c->rate_mib_per_s * MIB };
    struct outcome o = { UINT64_MAX, 0 };
    f.guard.rescue = c->rescue;
    g.balloon_kib = g.target_kib = g.seen_kib = 512 * MIB;
    g.used_kib = g.balloon_kib - c->usable_mib * MIB;
    g.final_kib = g.used_kib + 600 * MIB;
    g.begins_ms = between(&r, 5000, 6000);
    const uint64_t phase_ms = below(&r, INTERVAL_MS / STEP_MS) * STEP_MS;
    for (uint64_t now_ms = STEP_MS; g.used_kib < g.final_kib; now_ms += STEP_MS) {
        use_and_follow(&g, now_ms);
        o.last_usable_kib = less(g.balloon_kib, g.used_kib);
        o.least_usable_kib = memcoord_min(o.least_usable_kib, o.last_usable_kib);
        see(&g, now_ms);
        if (now_ms % INTERVAL_MS == phase_ms)
            sample(&g, now_ms, between(&r, 500, 800));
        if (now_ms % INTERVAL_MS != 0 || !g.visible.at_ms)
            continue;
        tick(&f, &g, &r, now_ms, 4096);
        if (c->print)
            print_error("%5" PRIu64 " ms: used %" PRIu64 " balloon %" PRIu64 " target %" PRIu64
                        "; seen: usable %" PRIu64 " growth %" PRIu64 " age %" PRIu64 " ms\n",
                        now_ms, g.used_kib, g.balloon_kib, g.target_kib, g.visible.usable_kib,
                        g.growth_kib_per_s, now_ms - g.visible.at_ms);
    }
    fixture_end(&f);
    return o;
}

/* A guest can be saved if what it has lasts for 3 s: it is sampled up to 1 s after it began, that
 * sample counts up to 1.8 s later, and what it is given then takes 0.2 s to arrive. */
static struct course savable(uint64_t seed)
{
    struct random r = { seed };
    struct course c = { .seed = seed, .rate_mib_per_s = between(&r, 15, 40), .rescue = 1 };
    c.usable_mib = between(&r, memcoord_max(100, c.rate_mib_per_s * 16 / 5), 400);
    return c;
}

static void complain(struct course c, const char *what)
{
    c.print = true;
    run(&c);
    print_error("case %" PRIu64 ": %" PRIu64 " MiB/s, at first %" PRIu64 " MiB usable: %s\n",
                c.seed, c.rate_mib_per_s, c.usable_mib, what);
}

static void a_guest_that_can_be_saved_never_starves(void **state)
{
    (void)state;
    const char *wanted = getenv("GUARD_CASE");
    print_message("# %d guests from seed %" PRIu64 "; GUARD_CASE=NUMBER shows one\n", CASES,
                  FIRST_SEED);
    for (uint64_t i = 0; i < (wanted ? 1 : CASES); i++) {
        const struct course c = savable(wanted ? strtoull(wanted, NULL, 10) : FIRST_SEED + i);
        const struct outcome o = run(&c);
        /* nor is it given much more than what it may eat before it is seen again */
        const uint64_t plenty = c.rate_mib_per_s * 4 + 100 + 64;
        if (wanted || !o.least_usable_kib)
            complain(c, o.least_usable_kib ? "lived" : "starved");
        assert_true(o.least_usable_kib > 0);
        if (o.last_usable_kib > plenty * MIB)
            complain(c, "was given too much");
        assert_true(o.last_usable_kib <= plenty * MIB);
    }
}

static void without_rescue_it_does(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 100; i++) {
        struct course c = savable(FIRST_SEED + i);
        c.rescue = 0;
        assert_int_equal(run(&c).least_usable_kib, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_that_can_be_saved_never_starves),
        cmocka_unit_test(without_rescue_it_does),
    };
    return cmocka_run_group_tests_name("guard rescue", tests, NULL, NULL);
}
