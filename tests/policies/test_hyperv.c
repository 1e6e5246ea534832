/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/policy_fixture.h"

__extension__ typedef unsigned __int128 u128;

#define NOTHING MEMCOORD_UNKNOWN

static uint64_t size_mib(const struct fixture *f, size_t i)
{
    assert_int_equal(fixture_size(f, f->list[i]) % MIB, 0);
    return fixture_size(f, f->list[i]) / MIB;
}

/* A guest that needs `need_mib`, between min and max. */
static struct memcoord_domain *guest(struct fixture *f, uint64_t min_mib, uint64_t max_mib,
                                     uint64_t need_mib)
{
    return fixture_guest(f, min_mib * MIB, max_mib * MIB, max_mib * MIB / 2, need_mib * MIB);
}

static void decide_with(struct fixture *f, uint64_t pool_mib)
{
    f->host.pool_kib = pool_mib * MIB;
    fixture_decide(f);
}

static void what_is_needed_and_a_buffer_when_it_fits(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "hyperv");
    guest(&f, 512, 2048, 1000); /* + 20% */
    guest(&f, 512, 2048, 300);  /* 360: its min */
    guest(&f, 512, 2048, 1900); /* 2280: its max */
    decide_with(&f, 1200 + 512 + 2048);
    assert_int_equal(size_mib(&f, 0), 1200);
    assert_int_equal(size_mib(&f, 1), 512);
    assert_int_equal(size_mib(&f, 2), 2048);
    assert_string_equal(fixture_why(&f, f.list[0]), "used and buffer");
    decide_with(&f, 100000); /* no more, however much there is */
    assert_int_equal(size_mib(&f, 0), 1200);
    fixture_set(&f, "buffer", "5%");
    fixture_decide(&f);
    assert_int_equal(size_mib(&f, 0), 1050);
    fixture_set(&f, "buffer", "0%");
    fixture_decide(&f);
    assert_int_equal(size_mib(&f, 0), 1000);
    fixture_close(&f);
}

/* Of one weight: all come to the same pressure, 100 x need / size. */
static void within_a_weight_pressure_is_the_same(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "hyperv");
    guest(&f, 0, 8192, 1000); /* wants 1200 */
    guest(&f, 0, 8192, 2000); /* wants 2400 */
    decide_with(&f, 3300);    /* 90.9: half of each buffer is left */
    assert_int_equal(size_mib(&f, 0), 1100);
    assert_int_equal(size_mib(&f, 1), 2200);
    assert_string_equal(fixture_why(&f, f.list[0]), "memory is short: by weight, then by pressure");
    decide_with(&f, 3000); /* 100 */
    assert_int_equal(size_mib(&f, 0), 1000);
    assert_int_equal(size_mib(&f, 1), 2000);
    decide_with(&f, 1500); /* 200 */
    assert_int_equal(size_mib(&f, 0), 500);
    assert_int_equal(size_mib(&f, 1), 1000);
    fixture_close(&f);
}

/* Who is under the lowest pressure at his min gets nothing until all others are there; who is full
 * leaves the rest to the others. */
static void bounds_are_kept_on_the_way(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "hyperv");
    guest(&f, 800, 8192, 1000); /* pressure 125 at its min */
    guest(&f, 400, 8192, 2000); /* 500 */
    guest(&f, 400, 600, 1000);  /* 250, and 166.7 at its max */
    decide_with(&f, 1950);      /* the second catches up with the third: 266.7 */
    assert_int_equal(size_mib(&f, 0), 800);
    assert_int_equal(size_mib(&f, 1), 750);
    assert_int_equal(size_mib(&f, 2), 400);
    decide_with(&f, 2300); /* 200: 1500 for 3000 */
    assert_int_equal(size_mib(&f, 0), 800);
    assert_int_equal(size_mib(&f, 1), 1000);
    assert_int_equal(size_mib(&f, 2), 500);
    decide_with(&f, 2800); /* 142.9: the third is full */
    assert_int_equal(size_mib(&f, 0), 800);
    assert_int_equal(size_mib(&f, 1), 1400);
    assert_int_equal(size_mib(&f, 2), 600);
    decide_with(&f, 3300); /* 111.1: 2700 for 3000 */
    assert_int_equal(size_mib(&f, 0), 900);
    assert_int_equal(size_mib(&f, 1), 1800);
    assert_int_equal(size_mib(&f, 2), 600);
    fixture_close(&f);
}

static void add_three_weights(struct fixture *f)
{
    guest(f, 200, 8192, 1000); /* weight 1000 */
    guest(f, 200, 8192, 1000)->weight = 2000;
    guest(f, 200, 8192, 500);
    guest(f, 200, 8192, 400)->weight = 0;
}

/* Targets are 1200, 1200, 600 and 480. */
static void the_heaviest_come_first(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "hyperv");
    add_three_weights(&f);
    decide_with(&f, 800 + 700); /* the heavy one gets it all */
    assert_int_equal(size_mib(&f, 1), 900);
    assert_int_equal(size_mib(&f, 0), 200);
    assert_int_equal(size_mib(&f, 2), 200);
    assert_string_equal(fixture_why(&f, f.list[2]), "min: memory is short");
    decide_with(&f, 2300); /* 1200 for it, 200 for weight 0: 900 for needs of 1500 */
    assert_int_equal(size_mib(&f, 1), 1200);
    assert_int_equal(size_mib(&f, 0), 600);
    assert_int_equal(size_mib(&f, 2), 300);
    assert_int_equal(size_mib(&f, 3), 200);
    decide_with(&f, 3300); /* weight 0 gets what the others leave */
    assert_int_equal(size_mib(&f, 0), 1200);
    assert_int_equal(size_mib(&f, 2), 600);
    assert_int_equal(size_mib(&f, 3), 300);
    fixture_close(&f);
}

static void what_all_need_can_come_first(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "hyperv");
    fixture_set(&f, "first", "need");
    add_three_weights(&f);
    decide_with(&f, 2100); /* 1000 for the heavy one: 900 for needs of 1500 */
    assert_int_equal(size_mib(&f, 1), 1000);
    assert_int_equal(size_mib(&f, 0), 600);
    assert_int_equal(size_mib(&f, 2), 300);
    assert_int_equal(size_mib(&f, 3), 200);
    decide_with(&f, 2900); /* needs, and nothing else */
    assert_int_equal(size_mib(&f, 0), 1000);
    assert_int_equal(size_mib(&f, 1), 1000);
    assert_int_equal(size_mib(&f, 2), 500);
    assert_int_equal(size_mib(&f, 3), 400);
    decide_with(&f, 2900 + 200 + 75); /* the heavy one's buffer, and 5% for those of 1000 */
    assert_int_equal(size_mib(&f, 1), 1200);
    assert_int_equal(size_mib(&f, 0), 1050);
    assert_int_equal(size_mib(&f, 2), 525);
    assert_int_equal(size_mib(&f, 3), 400);
    fixture_close(&f);
}

/* 2^34 KiB for needs of 2^34 and half of that, which is two thirds of each. */
static void the_largest_figures_are_exact(void **state)
{
    const uint64_t most_kib = UINT64_C(1) << 34;
    struct fixture f;

    (void)state;
    fixture_open(&f, "hyperv");
    fixture_guest(&f, 0, most_kib, most_kib, most_kib);
    fixture_guest(&f, 0, most_kib, most_kib, most_kib / 2);
    f.host.pool_kib = most_kib;
    fixture_decide(&f);
    assert_int_equal(fixture_size(&f, f.list[0]), UINT64_C(11453246122));
    assert_int_equal(fixture_size(&f, f.list[1]), UINT64_C(5726623061));
    fixture_close(&f);
}

static void minima_that_do_not_fit_are_given_and_said_once(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "hyperv");
    guest(&f, 200, 8192, 500);
    guest(&f, 300, 8192, 500);
    for (unsigned i = 0; i < 5; i++) {
        decide_with(&f, 499);
        assert_int_equal(size_mib(&f, 0), 200);
        assert_int_equal(size_mib(&f, 1), 300);
        assert_string_equal(fixture_why(&f, f.list[0]), "min: not even the minima fit");
        assert_int_equal(f.warnings, 1);
    }
    decide_with(&f, 500); /* they fit again */
    assert_int_equal(size_mib(&f, 0), 200);
    assert_int_equal(f.warnings, 1);
    decide_with(&f, 0);
    assert_int_equal(f.warnings, 2);
    fixture_close(&f);
}

static void what_is_unknown_keeps_its_size_and_leaves_the_rest(void **state)
{
    struct fixture f;
    struct memcoord_domain *unknown, *fixed, *moving;

    (void)state;
    fixture_open(&f, "hyperv");
    guest(&f, 200, 8192, 300);
    unknown = fixture_add(&f, 200 * MIB, 8192 * MIB, 512 * MIB);
    unknown->target_kib = 600 * MIB;
    fixed = guest(&f, 200, 8192, 500);
    fixed->flags = MEMCOORD_PAUSED;
    decide_with(&f, 930); /* 600 are held */
    assert_int_equal(size_mib(&f, 0), 330);
    assert_true(fixture_asked(&f, unknown) == NOTHING);
    assert_true(fixture_asked(&f, fixed) == NOTHING);
    unknown->min_kib = 700 * MIB; /* but never below its min */
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, unknown), 700 * MIB);
    unknown->min_kib = 200 * MIB;
    moving = f.domains; /* the other flags explain, and decide nothing */
    moving->flags |= MEMCOORD_SETTLING | MEMCOORD_STALE | MEMCOORD_NEW;
    fixture_decide(&f);
    assert_int_equal(size_mib(&f, 0), 330);
    fixture_close(&f);
}

/* ---- of many random hosts */

static uint64_t target_kib(const struct memcoord_domain *d)
{
    return memcoord_clamp(d->used_kib + d->used_kib / 5, d->min_kib, d->max_kib);
}

static uint64_t need_kib(const struct memcoord_domain *d)
{
    return memcoord_clamp(d->used_kib, d->min_kib, d->max_kib);
}

/* Up to 12 domains of a few weights, and a pool between what they have at least and want at most. */
static void random_host(struct fixture *f, uint64_t *seed)
{
    size_t n = 1 + fixture_random(seed, 12);
    uint64_t min_sum_kib = 0, target_sum_kib = 0;

    f->snapshot.n_domains = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t min_kib = fixture_random(seed, 2) * fixture_random(seed, 512 * MIB);
        uint64_t max_kib = min_kib + fixture_random(seed, 4) * fixture_random(seed, 2048 * MIB);
        struct memcoord_domain *d = fixture_guest(f, min_kib, max_kib, max_kib, 0);
        d->used_kib = fixture_random(seed, 5) * fixture_random(seed, 1000 * MIB);
        d->weight = fixture_random(seed, 3) * 1000;
        min_sum_kib += min_kib;
        target_sum_kib += target_kib(d);
    }
    f->host.pool_kib = min_sum_kib + fixture_random(seed, target_sum_kib - min_sum_kib + 2);
}

/* In bounds, never more than the pool, and all of it but for less than a KiB a domain. */
static void sizes_stay_within_bounds_and_use_the_pool(void **state)
{
    struct fixture f;
    uint64_t seed = 5;

    (void)state;
    fixture_open(&f, "hyperv");
    for (unsigned i = 0; i < 5000; i++) {
        uint64_t sum_kib = 0, wanted_kib = 0;
        fixture_set(&f, "first", i % 2 ? "need" : "weight");
        random_host(&f, &seed);
        fixture_decide(&f);
        for (size_t k = 0; k < f.snapshot.n_domains; k++) {
            const struct memcoord_domain *d = f.list[k];
            assert_in_range(fixture_asked(&f, d), d->min_kib, target_kib(d));
            sum_kib += fixture_asked(&f, d);
            wanted_kib += target_kib(d);
        }
        wanted_kib = memcoord_min(wanted_kib, f.host.pool_kib);
        if (sum_kib > wanted_kib || sum_kib + f.snapshot.n_domains <= wanted_kib)
            fail_msg("case %u: pool %llu, given %llu of %llu", i,
                     (unsigned long long)f.host.pool_kib, (unsigned long long)sum_kib,
                     (unsigned long long)wanted_kib);
    }
    fixture_close(&f);
}

/* A KiB more takes nothing from anybody, and gives nobody more but for rounding; through all pools of
 * a small host, and from random ones. */
static void monotone_and_continuous_in_the_pool(void **state)
{
    struct fixture f;
    uint64_t seed = 3, before[FIXTURE_DOMAINS] = { 0 };

    (void)state;
    fixture_open(&f, "hyperv");
    for (unsigned i = 0; i < 600; i++) {
        uint64_t from_kib;
        fixture_set(&f, "first", i % 2 ? "need" : "weight");
        random_host(&f, &seed);
        from_kib = i < 500 ? f.host.pool_kib : 0;
        for (size_t k = 0; i >= 500 && k < f.snapshot.n_domains; k++) {
            f.domains[k].min_kib /= 64 * MIB;
            f.domains[k].max_kib /= 64 * MIB;
            f.domains[k].used_kib /= 64 * MIB;
        }
        for (unsigned step = 0; step < (i < 500 ? 8 : 700); step++) {
            f.host.pool_kib = from_kib + step;
            fixture_decide(&f);
            for (size_t k = 0; k < f.snapshot.n_domains; k++) {
                uint64_t kib = fixture_size(&f, f.list[k]);
                if (step && (kib < before[k] || kib > before[k] + 2))
                    fail_msg("case %u, pool %llu, %s: %llu -> %llu KiB", i,
                             (unsigned long long)f.host.pool_kib, f.list[k]->name,
                             (unsigned long long)before[k], (unsigned long long)kib);
                before[k] = kib;
            }
        }
    }
    fixture_close(&f);
}

/* Has y got something (above its min) that x lacks (below its target)? */
static bool y_is_before_x(const struct fixture *f, const struct memcoord_domain *x,
                          const struct memcoord_domain *y, uint64_t x_wants_kib, uint64_t y_had_kib)
{
    return fixture_size(f, x) < x_wants_kib && fixture_size(f, y) > y_had_kib;
}

static void check_pair(const struct fixture *f, const struct memcoord_domain *x,
                       const struct memcoord_domain *y, bool need_first)
{
    /* the lighter one has nothing that the heavier one still wants */
    if (x->weight > y->weight) {
        if (!need_first)
            assert_false(y_is_before_x(f, x, y, target_kib(x), y->min_kib));
        else {
            assert_false(y_is_before_x(f, x, y, need_kib(x), y->min_kib));
            assert_false(y_is_before_x(f, x, y, target_kib(x), need_kib(y)));
        }
    }
    if (need_first)
        assert_false(y_is_before_x(f, x, y, need_kib(x), need_kib(y)));
    /* of one weight, y's pressure is at least x's, but for a KiB of rounding */
    if (x->weight == y->weight && y_is_before_x(f, x, y, target_kib(x), y->min_kib))
        assert_true((u128)x->used_kib * fixture_size(f, y) <=
                    (u128)y->used_kib * (fixture_size(f, x) + 1));
}

static void weight_comes_first_then_pressure(void **state)
{
    struct fixture f;
    uint64_t seed = 9;

    (void)state;
    fixture_open(&f, "hyperv");
    for (unsigned i = 0; i < 4000; i++) {
        fixture_set(&f, "first", i % 2 ? "need" : "weight");
        random_host(&f, &seed);
        fixture_decide(&f);
        for (size_t a = 0; a < f.snapshot.n_domains; a++)
            for (size_t b = 0; b < f.snapshot.n_domains; b++)
                check_pair(&f, f.list[a], f.list[b], i % 2);
    }
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_needed_and_a_buffer_when_it_fits),
        cmocka_unit_test(within_a_weight_pressure_is_the_same),
        cmocka_unit_test(bounds_are_kept_on_the_way),
        cmocka_unit_test(the_heaviest_come_first),
        cmocka_unit_test(what_all_need_can_come_first),
        cmocka_unit_test(the_largest_figures_are_exact),
        cmocka_unit_test(minima_that_do_not_fit_are_given_and_said_once),
        cmocka_unit_test(what_is_unknown_keeps_its_size_and_leaves_the_rest),
        cmocka_unit_test(sizes_stay_within_bounds_and_use_the_pool),
        cmocka_unit_test(monotone_and_continuous_in_the_pool),
        cmocka_unit_test(weight_comes_first_then_pressure),
    };
    return cmocka_run_group_tests_name("hyperv", tests, NULL, NULL);
}
