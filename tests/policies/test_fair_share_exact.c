/* SPDX-License-Identifier: BSD-3-Clause */
/* fair-share against the exact solution, found in another way: by bisection. */
#include "lib/fair_share_fixture.h"

__extension__ typedef unsigned __int128 u128;

#define LEVEL_BITS 40
#define TAX_UNITS 10000

/* The formula of fair-share.md at the level t = level / 2^LEVEL_BITS, exactly: KiB x 2^LEVEL_BITS x
 * TAX_UNITS. */
static u128 worth(const struct memcoord_domain *d, u128 level, u128 untaxed_bp)
{
    u128 one = (u128)TAX_UNITS << LEVEL_BITS;
    u128 active = d->used_kib * one, plain = level * d->weight * TAX_UNITS;
    u128 size = plain <= active ? plain : active + (plain - active) / TAX_UNITS * untaxed_bp;
    u128 low = d->min_kib * one, high = d->max_kib * one;

    return size < low ? low : size > high ? high : size;
}

static u128 worth_of_all(const struct fixture *f, u128 level, u128 untaxed_bp)
{
    u128 sum = 0;

    for (size_t i = 0; i < f->snapshot.n_domains; i++)
        sum += worth(f->list[i], level, untaxed_bp);
    return sum;
}

/* The exact solution lies between the levels *level and *level + 1. */
static u128 find_level(const struct fixture *f, u128 untaxed_bp)
{
    u128 pool = ((u128)TAX_UNITS << LEVEL_BITS) * f->host.pool_kib;
    u128 low = 0, high = (u128)1 << 82; /* 2^42: above 2^34 KiB / weight 1 / 1% */

    while (high - low > 1) {
        u128 middle = (low + high) / 2;
        if (worth_of_all(f, middle, untaxed_bp) <= pool)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static uint64_t random_weight(uint64_t *seed)
{
    static const uint64_t most[] = { 3, 100, 10000, 1000000 };

    return 1 + fixture_random(seed, most[fixture_random(seed, 4)]);
}

/* Sizes of a few KiB, where rounding shows, up to many GiB. */
static void add_random_domains(struct fixture *f, uint64_t *seed)
{
    size_t n = 1 + fixture_random(seed, 24);
    uint64_t scale_kib = UINT64_C(4) << fixture_random(seed, 22);

    start_anew(f);
    for (size_t i = 0; i < n; i++) {
        struct memcoord_domain *d = add(f, random_weight(seed), fixture_random(seed, scale_kib));
        d->min_kib = fixture_random(seed, 3) ? fixture_random(seed, scale_kib / 2) : 0;
        d->max_kib = d->min_kib;
        if (fixture_random(seed, 8))
            d->max_kib += fixture_random(seed, 2 * scale_kib);
        d->weight = memcoord_min(d->weight, 1000000);
    }
}

static void check_against_exact(const struct fixture *f, unsigned i, uint64_t untaxed_bp)
{
    u128 one = (u128)TAX_UNITS << LEVEL_BITS;
    u128 level = find_level(f, untaxed_bp);
    uint64_t sum_kib = 0;

    for (size_t k = 0; k < f->snapshot.n_domains; k++) {
        const struct memcoord_domain *d = f->list[k];
        u128 got = fixture_asked(f, d) * one;
        sum_kib += fixture_asked(f, d);
        if (got >= worth(d, level + 1, untaxed_bp) + one ||
            got + one <= worth(d, level, untaxed_bp))
            fail_msg("case %u, %s of %zu: weight %llu active %llu min %llu max %llu, untaxed %llu "
                     "bp, pool %llu: got %llu, exact %llu",
                     i, d->name, f->snapshot.n_domains, (unsigned long long)d->weight,
                     (unsigned long long)d->used_kib, (unsigned long long)d->min_kib,
                     (unsigned long long)d->max_kib, (unsigned long long)untaxed_bp,
                     (unsigned long long)f->host.pool_kib, (unsigned long long)fixture_asked(f, d),
                     (unsigned long long)(worth(d, level, untaxed_bp) / one));
    }
    assert_int_equal(sum_kib, f->host.pool_kib);
}

static void random_cases_are_within_a_kib_of_the_exact_solution(void **state)
{
    struct fixture f;
    uint64_t seed = 17;
    unsigned contended = 0;

    (void)state;
    open_shared(&f, "0%");
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t tax_bp = fixture_random(&seed, 100) * 100, low_kib = 0, high_kib = 0;
        char tax[16];
        snprintf(tax, sizeof(tax), "%u%%", (unsigned)(tax_bp / 100));
        fixture_set(&f, "tax", tax);
        add_random_domains(&f, &seed);
        for (size_t k = 0; k < f.snapshot.n_domains; k++) {
            low_kib += f.list[k]->min_kib;
            high_kib += f.list[k]->max_kib;
        }
        f.host.pool_kib = low_kib + fixture_random(&seed, high_kib - low_kib + 1);
        contended += f.host.pool_kib > low_kib && f.host.pool_kib < high_kib;
        fixture_decide(&f);
        check_against_exact(&f, i, TAX_UNITS - tax_bp);
    }
    assert_true(contended > 15000);
    fixture_close(&f);
}

/* The largest figures that the ABI allows: nothing overflows. */
static void the_largest_figures_fit(void **state)
{
    struct fixture f;

    (void)state;
    open_shared(&f, "0%");
    for (size_t i = 0; i < FIXTURE_DOMAINS; i++) {
        struct memcoord_domain *d = add(&f, 1000000 - (i & 1), (UINT64_C(1) << 34) - i);
        d->max_kib = UINT64_C(1) << 34;
    }
    f.host.pool_kib = (UINT64_C(1) << 39) + 12345;
    fixture_decide(&f);
    check_against_exact(&f, 0, TAX_UNITS);
    start_anew(&f);
    fixture_set(&f, "tax", "99%");
    for (size_t i = 0; i < FIXTURE_DOMAINS; i++) {
        struct memcoord_domain *d = add(&f, 1000000 - (i & 1), (UINT64_C(1) << 33) - i);
        d->max_kib = UINT64_C(1) << 34;
    }
    f.host.pool_kib = (UINT64_C(3) << 38) + 12345;
    fixture_decide(&f);
    check_against_exact(&f, 1, 100);
    fixture_close(&f);
}

/* Decides on domains that come in the order k = 0, stride, 2 stride, ... mod n. Minima rise over the even
 * ranks, twice: in the order of k, a quickselect that takes the middle as its pivot splits off only the
 * lowest each time. */
static void decide_by_stride(struct fixture *f, size_t stride, uint64_t got_kib[FIXTURE_DOMAINS])
{
    const size_t n = FIXTURE_DOMAINS;

    start_anew(f);
    for (size_t i = 0; i < n; i++) {
        size_t k = i * stride % n;
        struct memcoord_domain *d = add(f, 1000, UINT64_C(1) << 32);
        snprintf(f->names[i], sizeof(f->names[i]), "guest%zu", k);
        d->min_kib = (1 + 2 * k % n) * MIB;
        d->max_kib = UINT64_C(1) << 32;
    }
    fixture_decide(f);
    for (size_t i = 0; i < n; i++)
        got_kib[i * stride % n] = fixture_asked(f, f->list[i]);
}

static void the_worst_order_for_splitting_gives_what_others_give(void **state)
{
    uint64_t worst_kib[FIXTURE_DOMAINS], other_kib[FIXTURE_DOMAINS];
    struct fixture f;

    (void)state;
    open_shared(&f, "75%");
    /* below all minima but the lowest, between them, above all; with a rest that goes by name */
    for (f.host.pool_kib = 2049 * MIB + 21; f.host.pool_kib < 8192 * MIB;
         f.host.pool_kib += 97 * MIB + 5) {
        decide_by_stride(&f, 1, worst_kib);
        check_against_exact(&f, 0, 2500);
        for (size_t stride = 3; stride < FIXTURE_DOMAINS; stride += 2) {
            decide_by_stride(&f, stride, other_kib);
            assert_memory_equal(worst_kib, other_kib, sizeof(worst_kib));
        }
    }
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_cases_are_within_a_kib_of_the_exact_solution),
        cmocka_unit_test(the_largest_figures_fit),
        cmocka_unit_test(the_worst_order_for_splitting_gives_what_others_give),
    };
    return cmocka_run_group_tests_name("fair-share, exactly", tests, NULL, NULL);
}
