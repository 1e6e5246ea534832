/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/policy_fixture.h"

__extension__ typedef unsigned __int128 u128;

static uint64_t size_mib(const struct fixture *f, size_t i)
{
    return fixture_size(f, &f->domains[i]) / MIB;
}

/* Up to 12 domains with random bounds, use and weight (0 among them). */
static void add_random_domains(struct fixture *f, uint64_t *seed)
{
    size_t n = 1 + fixture_random(seed, 12);

    f->snapshot.n_domains = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t min_kib = fixture_random(seed, 512 * MIB);
        uint64_t max_kib = min_kib + fixture_random(seed, 2) * fixture_random(seed, 4096 * MIB);
        struct memcoord_domain *d = fixture_guest(f, min_kib, max_kib, (min_kib + max_kib) / 2, 0);
        d->used_kib = fixture_random(seed, 3000 * MIB);
        d->weight = fixture_random(seed, 4) ? fixture_random(seed, 5000) : 0;
    }
}

static uint64_t clamp_used(const struct memcoord_domain *d, uint64_t kib)
{
    return memcoord_clamp(kib, d->min_kib, d->max_kib);
}

static uint64_t demand(const struct memcoord_domain *d)
{
    return clamp_used(d, d->used_kib + memcoord_max(100 * MIB, d->used_kib / 4));
}

/* The pools at which the rule changes: the sums of minima, of used and of demands. */
static void boundaries(const struct fixture *f, uint64_t kib[3])
{
    kib[0] = kib[1] = kib[2] = 0;
    for (size_t i = 0; i < f->snapshot.n_domains; i++) {
        const struct memcoord_domain *d = f->list[i];
        kib[0] += d->min_kib;
        kib[1] += clamp_used(d, d->used_kib);
        kib[2] += demand(d);
    }
}

static void all_demands_are_met_when_they_fit(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "proportional");
    fixture_guest(&f, 200 * MIB, 2048 * MIB, 512 * MIB, 50 * MIB);    /* its min */
    fixture_guest(&f, 200 * MIB, 2048 * MIB, 512 * MIB, 300 * MIB);   /* + headroom_min */
    fixture_guest(&f, 200 * MIB, 2048 * MIB, 1200 * MIB, 800 * MIB);  /* + 25% */
    fixture_guest(&f, 200 * MIB, 2048 * MIB, 2048 * MIB, 1800 * MIB); /* its max */
    f.host.pool_kib = 10000 * MIB;
    fixture_decide(&f);
    assert_int_equal(size_mib(&f, 0), 200);
    assert_int_equal(size_mib(&f, 1), 400);
    assert_int_equal(size_mib(&f, 2), 1000);
    assert_int_equal(size_mib(&f, 3), 2048);
    assert_string_equal(fixture_why(&f, f.list[1]), "used and headroom_min");
    assert_int_equal(f.warnings, 0);
    fixture_close(&f);
}

static void surplus_is_shared_by_demand_up_to_max(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "proportional");
    fixture_set(&f, "surplus", "share");
    fixture_guest(&f, 200 * MIB, 8192 * MIB, 512 * MIB, 300 * MIB); /* wants 400 */
    fixture_guest(&f, 200 * MIB, 8192 * MIB, 512 * MIB, 640 * MIB); /* wants 800 */
    fixture_guest(&f, 200 * MIB, 500 * MIB, 500 * MIB, 300 * MIB);  /* wants 400, max 500 */
    f.host.pool_kib = 3500 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_size(&f, f.list[0]), 1000 * MIB);
    assert_int_equal(fixture_size(&f, f.list[1]), 2000 * MIB);
    assert_int_equal(fixture_size(&f, f.list[2]), 500 * MIB);
    f.host.pool_kib = 100000 * MIB;
    fixture_decide(&f);
    assert_int_equal(size_mib(&f, 0), 8192);
    assert_int_equal(size_mib(&f, 1), 8192);
    assert_int_equal(size_mib(&f, 2), 500);
    fixture_close(&f);
}

static void headroom_is_scaled_by_one_factor(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "proportional");
    fixture_guest(&f, 100 * MIB, 8192 * MIB, 512 * MIB, 300 * MIB);   /* headroom 100 */
    fixture_guest(&f, 100 * MIB, 8192 * MIB, 512 * MIB, 1600 * MIB);  /* headroom 400 */
    fixture_guest(&f, 100 * MIB, 2080 * MIB, 2000 * MIB, 2000 * MIB); /* headroom 80, to max */
    f.host.pool_kib = (3900 + 145) * MIB;                             /* a quarter of it fits */
    fixture_decide(&f);
    assert_int_equal(fixture_size(&f, f.list[0]), 325 * MIB);
    assert_int_equal(fixture_size(&f, f.list[1]), 1700 * MIB);
    assert_int_equal(fixture_size(&f, f.list[2]), 2020 * MIB);
    fixture_close(&f);
}

/* min 200 each; the rest, 700, goes by weight x (used - min): 300 x 1000, 300 x 2000, 500 x 500 */
static void weight_decides_when_used_does_not_fit(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    fixture_open(&f, "proportional");
    d = fixture_guest(&f, 200 * MIB, 8192 * MIB, 512 * MIB, 500 * MIB);
    d = fixture_guest(&f, 200 * MIB, 8192 * MIB, 512 * MIB, 500 * MIB);
    d->weight = 2000;
    d = fixture_guest(&f, 200 * MIB, 8192 * MIB, 512 * MIB, 700 * MIB);
    d->weight = 500;
    f.host.pool_kib = (600 + 460) * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_size(&f, f.list[0]), 320 * MIB);
    assert_int_equal(fixture_size(&f, f.list[1]), 440 * MIB);
    assert_int_equal(fixture_size(&f, f.list[2]), 300 * MIB);
    /* with 950 the heavy one is full at 500, and the others divide what it leaves */
    f.host.pool_kib = (600 + 300 + 275) * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_size(&f, f.list[0]), 350 * MIB);
    assert_int_equal(fixture_size(&f, f.list[1]), 500 * MIB);
    assert_int_equal(fixture_size(&f, f.list[2]), 325 * MIB);
    fixture_close(&f);
}

static void weight_zero_comes_after_all_others(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "proportional");
    fixture_guest(&f, 200 * MIB, 8192 * MIB, 512 * MIB, 500 * MIB);
    fixture_guest(&f, 200 * MIB, 8192 * MIB, 512 * MIB, 500 * MIB)->weight = 0;
    fixture_guest(&f, 200 * MIB, 8192 * MIB, 512 * MIB, 800 * MIB)->weight = 0;
    f.host.pool_kib = (600 + 299) * MIB;
    fixture_decide(&f);
    assert_int_equal(size_mib(&f, 0), 499);
    assert_int_equal(size_mib(&f, 1), 200);
    assert_int_equal(size_mib(&f, 2), 200);
    f.host.pool_kib = (600 + 300 + 450) * MIB;
    fixture_decide(&f);
    assert_int_equal(size_mib(&f, 0), 500);
    assert_int_equal(size_mib(&f, 1), 350);
    assert_int_equal(size_mib(&f, 2), 500);
    fixture_close(&f);
}

static void minima_that_do_not_fit_are_given_and_said_once(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "proportional");
    fixture_guest(&f, 200 * MIB, 8192 * MIB, 512 * MIB, 500 * MIB);
    fixture_guest(&f, 300 * MIB, 8192 * MIB, 512 * MIB, 500 * MIB);
    f.host.pool_kib = 500 * MIB - 1;
    for (unsigned i = 0; i < 5; i++) {
        fixture_decide(&f);
        assert_int_equal(size_mib(&f, 0), 200);
        assert_int_equal(size_mib(&f, 1), 300);
        assert_int_equal(f.warnings, 1);
    }
    f.host.pool_kib++; /* they fit again */
    fixture_decide(&f);
    assert_int_equal(f.warnings, 1);
    f.host.pool_kib = 0;
    fixture_decide(&f);
    fixture_decide(&f);
    assert_int_equal(f.warnings, 2);
    fixture_close(&f);
}

static void what_is_unknown_keeps_its_size_and_leaves_the_rest(void **state)
{
    struct fixture f;
    struct memcoord_domain *unknown, *fixed;

    (void)state;
    fixture_open(&f, "proportional");
    fixture_guest(&f, 200 * MIB, 8192 * MIB, 512 * MIB, 300 * MIB);
    unknown = fixture_add(&f, 200 * MIB, 8192 * MIB, 512 * MIB);
    unknown->target_kib = 600 * MIB;
    fixed = fixture_guest(&f, 200 * MIB, 8192 * MIB, 512 * MIB, 500 * MIB);
    fixed->flags = MEMCOORD_PAUSED;
    f.host.pool_kib = 950 * MIB; /* 600 are held: 350 remain, 50 of them headroom */
    fixture_decide(&f);
    assert_int_equal(size_mib(&f, 0), 350);
    assert_true(fixture_asked(&f, unknown) == MEMCOORD_UNKNOWN);
    assert_true(fixture_asked(&f, fixed) == MEMCOORD_UNKNOWN);
    unknown->min_kib = 700 * MIB; /* but never below its min */
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, unknown), 700 * MIB);
    fixture_close(&f);
}

/* One KiB more or less moves no domain by more, but for rounding; across every boundary too. */
static void continuous_over_all_boundaries(void **state)
{
    struct fixture f;
    uint64_t seed = 3, edges[3], before[FIXTURE_DOMAINS];

    (void)state;
    fixture_open(&f, "proportional");
    for (unsigned i = 0; i < 3000; i++) {
        fixture_set(&f, "surplus", i % 2 ? "share" : "keep");
        add_random_domains(&f, &seed);
        boundaries(&f, edges);
        for (unsigned e = 0; e < 3; e++) {
            f.host.pool_kib = edges[e] > 2 ? edges[e] - 2 : 0;
            for (unsigned step = 0; step < 5; step++, f.host.pool_kib++) {
                fixture_decide(&f);
                for (size_t k = 0; k < f.snapshot.n_domains; k++) {
                    uint64_t kib = fixture_size(&f, f.list[k]);
                    if (step && (kib > before[k] + 2 || kib + 1 < before[k]))
                        fail_msg("case %u, boundary %u, pool %llu, %s: %llu -> %llu KiB", i, e,
                                 (unsigned long long)f.host.pool_kib, f.list[k]->name,
                                 (unsigned long long)before[k], (unsigned long long)kib);
                    before[k] = kib;
                }
            }
        }
    }
    fixture_close(&f);
}

/* Within the bounds, and the whole pool but for rounding as long as somebody wants it. */
static void sizes_stay_within_bounds_and_use_the_pool(void **state)
{
    struct fixture f;
    uint64_t seed = 5, edges[3];

    (void)state;
    fixture_open(&f, "proportional");
    for (unsigned i = 0; i < 5000; i++) {
        uint64_t sum_kib = 0, max_kib = 0, most_kib;
        bool share = i % 2;
        fixture_set(&f, "surplus", share ? "share" : "keep");
        add_random_domains(&f, &seed);
        boundaries(&f, edges);
        f.host.pool_kib = fixture_random(&seed, edges[2] + edges[2] / 2 + 1);
        fixture_decide(&f);
        for (size_t k = 0; k < f.snapshot.n_domains; k++) {
            const struct memcoord_domain *d = f.list[k];
            assert_in_range(fixture_asked(&f, d), d->min_kib, d->max_kib);
            sum_kib += fixture_asked(&f, d);
            max_kib += demand(d) ? d->max_kib : 0;
        }
        most_kib = memcoord_min(f.host.pool_kib, share ? max_kib : edges[2]);
        if (f.host.pool_kib < edges[0])
            assert_int_equal(sum_kib, edges[0]);
        else if (sum_kib > f.host.pool_kib || sum_kib + f.snapshot.n_domains <= most_kib)
            fail_msg("case %u: pool %llu, given %llu of %llu", i,
                     (unsigned long long)f.host.pool_kib, (unsigned long long)sum_kib,
                     (unsigned long long)most_kib);
    }
    fixture_close(&f);
}

/* (size - min) / (weight x (used - min)), the level of a domain, is the same for all that are not
 * full, and no less than 1 / weight of those that are: a water level. In cross products. */
static void used_memory_is_filled_to_one_level(void **state)
{
    struct fixture f;
    uint64_t seed = 9, edges[3];
    unsigned pairs = 0;

    (void)state;
    fixture_open(&f, "proportional");
    for (unsigned i = 0; i < 3000; i++) {
        add_random_domains(&f, &seed);
        boundaries(&f, edges);
        f.host.pool_kib = edges[0] + fixture_random(&seed, edges[1] - edges[0] + 1);
        fixture_decide(&f);
        for (size_t a = 0; a < f.snapshot.n_domains; a++)
            for (size_t b = 0; b < f.snapshot.n_domains; b++) {
                const struct memcoord_domain *x = f.list[a], *y = f.list[b];
                uint64_t got_x = fixture_size(&f, x) - x->min_kib;
                uint64_t got_y = fixture_size(&f, y) - y->min_kib;
                uint64_t want_x = clamp_used(x, x->used_kib) - x->min_kib;
                uint64_t want_y = clamp_used(y, y->used_kib) - y->min_kib;
                if (got_y == want_y || x->weight == 0 || y->weight == 0)
                    continue;
                pairs++; /* y is not full: x's level is at most y's, a KiB of rounding apart */
                if ((u128)got_x * y->weight * want_y > (u128)(got_y + 1) * x->weight * want_x)
                    fail_msg("case %u: %s stands higher than %s", i, x->name, y->name);
            }
    }
    assert_true(pairs > 10000);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_demands_are_met_when_they_fit),
        cmocka_unit_test(surplus_is_shared_by_demand_up_to_max),
        cmocka_unit_test(headroom_is_scaled_by_one_factor),
        cmocka_unit_test(weight_decides_when_used_does_not_fit),
        cmocka_unit_test(weight_zero_comes_after_all_others),
        cmocka_unit_test(minima_that_do_not_fit_are_given_and_said_once),
        cmocka_unit_test(what_is_unknown_keeps_its_size_and_leaves_the_rest),
        cmocka_unit_test(continuous_over_all_boundaries),
        cmocka_unit_test(sizes_stay_within_bounds_and_use_the_pool),
        cmocka_unit_test(used_memory_is_filled_to_one_level),
    };
    return cmocka_run_group_tests_name("proportional", tests, NULL, NULL);
}
