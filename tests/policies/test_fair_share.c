/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/policy_fixture.h"

__extension__ typedef unsigned __int128 u128;

/* Bounds that bind nobody; active memory is used memory (the first look at a domain). */
static struct memcoord_domain *add(struct fixture *f, uint64_t weight, uint64_t used_kib)
{
    struct memcoord_domain *d = fixture_guest(f, 0, 16384 * MIB, 1000, used_kib);

    d->used_kib = used_kib;
    d->weight = weight;
    return d;
}

/* Forgets all domains and what the policy keeps of them. */
static void start_anew(struct fixture *f)
{
    f->snapshot.n_domains = 0;
    memset(f->states, 0, FIXTURE_DOMAINS * (f->policy->table.domain_state_size + 8));
}

static void open_shared(struct fixture *f, const char *tax)
{
    fixture_open(f, "fair-share");
    fixture_set(f, "surplus", "share");
    fixture_set(f, "tax", tax);
}

static void example_of_two_guests_under_an_80_percent_tax(void **state)
{
    static const uint64_t units[] = { 1, 1000, MIB };
    struct fixture f;

    (void)state;
    open_shared(&f, "80%");
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        start_anew(&f);
        add(&f, 6000, 1000 * units[i]);
        add(&f, 2000, 1700 * units[i]);
        f.host.pool_kib = 6000 * units[i];
        fixture_decide(&f);
        assert_int_equal(fixture_asked(&f, f.list[0]), 3680 * units[i]);
        assert_int_equal(fixture_asked(&f, f.list[1]), 2320 * units[i]);
    }
    fixture_close(&f);
}

static void equal_weights_and_demands_get_equal_memory(void **state)
{
    static const char *const taxes[] = { "0%", "75%", "99%" };
    struct fixture f;

    (void)state;
    for (size_t t = 0; t < 3; t++) {
        open_shared(&f, taxes[t]);
        for (uint64_t used_kib = 1; used_kib < 4000 * MIB; used_kib *= 3) {
            start_anew(&f);
            for (size_t i = 0; i < 4; i++)
                add(&f, 700, used_kib);
            f.host.pool_kib = 4000 * MIB;
            fixture_decide(&f);
            for (size_t i = 0; i < 4; i++)
                assert_int_equal(fixture_asked(&f, f.list[i]), 1000 * MIB);
        }
        fixture_close(&f);
    }
}

static void twice_the_weight_gets_twice_the_memory_without_tax(void **state)
{
    struct fixture f;

    (void)state;
    open_shared(&f, "0%");
    add(&f, 1000, 10 * MIB);
    add(&f, 2000, 1500 * MIB);
    add(&f, 4000, 300 * MIB);
    f.host.pool_kib = 7000 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, f.list[0]), 1000 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[1]), 2000 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[2]), 4000 * MIB);
    /* where bounds allow: what one can't take goes to the others, by weight again */
    f.domains[2].max_kib = 1000 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, f.list[0]), 2000 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[1]), 4000 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[2]), 1000 * MIB);
    fixture_close(&f);
}

/* With all memory active no tax applies, whatever the rate. */
static void active_memory_is_not_taxed(void **state)
{
    struct fixture f;

    (void)state;
    open_shared(&f, "99%");
    add(&f, 1000, 8000 * MIB);
    add(&f, 3000, 8000 * MIB);
    f.host.pool_kib = 4000 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, f.list[0]), 1000 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[1]), 3000 * MIB);
    assert_string_equal(fixture_why(&f, f.list[0]), "share by weight, all of it active");
    fixture_close(&f);
}

static void a_tax_is_given_as_the_reason_only_where_there_is_one(void **state)
{
    struct fixture f;

    (void)state;
    open_shared(&f, "0%");
    add(&f, 1000, 100 * MIB);
    add(&f, 3000, 100 * MIB);
    f.host.pool_kib = 4000 * MIB;
    fixture_decide(&f);
    assert_string_equal(fixture_why(&f, f.list[0]), "share by weight");
    fixture_set(&f, "tax", "1%");
    fixture_decide(&f);
    assert_string_equal(fixture_why(&f, f.list[0]), "share by weight, idle memory taxed");
    fixture_close(&f);
}

static void domains_with_min_equal_to_max_get_just_that(void **state)
{
    struct fixture f;

    (void)state;
    open_shared(&f, "75%");
    for (size_t i = 0; i < 3; i++) {
        struct memcoord_domain *d = add(&f, 1000 * i, 400 * MIB);
        d->min_kib = d->max_kib = (300 + 100 * i) * MIB;
    }
    add(&f, 1000, 100 * MIB);
    for (f.host.pool_kib = 1200 * MIB; f.host.pool_kib <= 2000 * MIB;
         f.host.pool_kib += 100 * MIB) {
        fixture_decide(&f);
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(fixture_asked(&f, f.list[i]), (300 + 100 * i) * MIB);
        assert_int_equal(fixture_asked(&f, f.list[3]), f.host.pool_kib - 1200 * MIB);
    }
    fixture_close(&f);
}

static void surplus_is_kept_by_default_and_guests_have_headroom(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "fair-share");
    add(&f, 1000, 200 * MIB);  /* 100 MiB above */
    add(&f, 5000, 2000 * MIB); /* 25% above */
    add(&f, 0, 200 * MIB);     /* weight 0 is no reason to starve */
    add(&f, 1000, 50 * MIB)->min_kib = 256 * MIB;
    add(&f, 1000, 900 * MIB)->max_kib = 1000 * MIB;
    f.host.pool_kib = 16384 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, f.list[0]), 300 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[1]), 2500 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[2]), 300 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[3]), 256 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[4]), 1000 * MIB);
    fixture_set(&f, "surplus", "share");
    f.host.pool_kib = 70000 * MIB; /* enough for all maxima */
    fixture_decide(&f);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(fixture_asked(&f, f.list[i]), f.list[i]->max_kib);
    fixture_close(&f);
}

static void weight_zero_comes_after_all_others(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "fair-share");
    add(&f, 1, 900 * MIB);
    add(&f, 0, 900 * MIB)->min_kib = 100 * MIB;
    add(&f, 0, 900 * MIB)->min_kib = 100 * MIB;
    f.host.pool_kib = 1000 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, f.list[0]), 800 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[1]), 100 * MIB);
    f.host.pool_kib = 1125 * MIB + 600 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, f.list[0]), 1125 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[1]), 300 * MIB);
    assert_int_equal(fixture_asked(&f, f.list[2]), 300 * MIB);
    fixture_close(&f);
}

static void minima_that_do_not_fit_are_given_and_said_once(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "fair-share");
    add(&f, 1000, 500 * MIB)->min_kib = 200 * MIB;
    add(&f, 0, 500 * MIB)->min_kib = 300 * MIB;
    f.host.pool_kib = 500 * MIB - 1;
    for (unsigned i = 0; i < 5; i++) {
        fixture_decide(&f);
        assert_int_equal(fixture_asked(&f, f.list[0]), 200 * MIB);
        assert_int_equal(fixture_asked(&f, f.list[1]), 300 * MIB);
        assert_int_equal(f.warnings, 1);
    }
    f.host.pool_kib++;
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
    open_shared(&f, "75%");
    add(&f, 1000, 300 * MIB);
    unknown = fixture_add(&f, 0, 8192 * MIB, 512 * MIB);
    unknown->target_kib = 600 * MIB;
    fixed = add(&f, 1000, 500 * MIB);
    fixed->flags = MEMCOORD_MIGRATING;
    f.host.pool_kib = 950 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, f.list[0]), 350 * MIB);
    assert_true(fixture_asked(&f, unknown) == MEMCOORD_UNKNOWN);
    assert_true(fixture_asked(&f, fixed) == MEMCOORD_UNKNOWN);
    unknown->min_kib = 700 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, f.list[0]), 250 * MIB);
    assert_int_equal(fixture_asked(&f, unknown), 700 * MIB);
    fixture_close(&f);
}

/* Headroom 0 and a big pool: the size is the active memory. */
static void open_active(struct fixture *f)
{
    fixture_open(f, "fair-share");
    fixture_set(f, "headroom", "0%");
    fixture_set(f, "headroom_min", "0");
    fixture_set(f, "fall", "30s");
    f->host.pool_kib = 16384 * MIB;
}

static void active_memory_rises_at_once_and_falls_slowly(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;
    uint64_t before_kib;

    (void)state;
    open_active(&f);
    d = add(&f, 1000, 100 * MIB);
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 100 * MIB);
    d->used_kib = 1100 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 1100 * MIB);
    d->used_kib = 100 * MIB;
    before_kib = 1100 * MIB;
    for (unsigned tick = 1; tick <= 30; tick++) {
        fixture_decide(&f);
        assert_in_range(fixture_asked(&f, d), 101 * MIB, before_kib);
        before_kib = fixture_asked(&f, d);
    }
    assert_in_range(before_kib, (100 + 355) * MIB, (100 + 375) * MIB); /* 1/e of 1000: 368 */
    for (unsigned tick = 31; tick <= 600; tick++)
        fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 100 * MIB); /* it arrives */
    fixture_set(&f, "fall", "0");
    d->used_kib = 50 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 50 * MIB);
    fixture_close(&f);
}

/* The same time in ticks of 100 ms, 1 s, 7 s or at once: the same fall, but for one 64th of `fall`. */
static void the_fall_depends_on_time_and_not_on_ticks(void **state)
{
    static const uint64_t intervals_ms[] = { 100, 1000, 7000, 21000 };
    uint64_t least_kib = UINT64_MAX, most_kib = 0;
    struct fixture f;

    (void)state;
    for (size_t i = 0; i < sizeof(intervals_ms) / sizeof(intervals_ms[0]); i++) {
        struct memcoord_domain *d;
        open_active(&f);
        d = add(&f, 1000, 1100 * MIB);
        fixture_decide(&f);
        d->used_kib = 100 * MIB;
        f.snapshot.interval_ms = intervals_ms[i];
        for (uint64_t ms = 0; ms < 21000; ms += intervals_ms[i])
            fixture_decide(&f);
        least_kib = memcoord_min(least_kib, fixture_asked(&f, d));
        most_kib = memcoord_max(most_kib, fixture_asked(&f, d));
        fixture_close(&f);
    }
    assert_in_range(least_kib, (100 + 480) * MIB, (100 + 515) * MIB); /* e^-0.7 of 1000: 497 */
    assert_int_equal(least_kib, most_kib);
}

/* State that is kept across a restart of the machine: no reason to wait for the old time. */
static void a_clock_that_went_back_does_no_harm(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    open_active(&f);
    d = add(&f, 1000, 1100 * MIB);
    fixture_decide(&f);
    f.snapshot.now_ms = 5;
    d->used_kib = 100 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 100 * MIB);
    fixture_close(&f);
}

/* ---- against the exact solution, found in another way: by bisection */

#define LEVEL_BITS 40
#define TAX_UNITS 10000

/* The formula at the level t = level / 2^LEVEL_BITS, exactly: KiB x 2^LEVEL_BITS x
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
        cmocka_unit_test(example_of_two_guests_under_an_80_percent_tax),
        cmocka_unit_test(equal_weights_and_demands_get_equal_memory),
        cmocka_unit_test(twice_the_weight_gets_twice_the_memory_without_tax),
        cmocka_unit_test(active_memory_is_not_taxed),
        cmocka_unit_test(a_tax_is_given_as_the_reason_only_where_there_is_one),
        cmocka_unit_test(domains_with_min_equal_to_max_get_just_that),
        cmocka_unit_test(surplus_is_kept_by_default_and_guests_have_headroom),
        cmocka_unit_test(weight_zero_comes_after_all_others),
        cmocka_unit_test(minima_that_do_not_fit_are_given_and_said_once),
        cmocka_unit_test(what_is_unknown_keeps_its_size_and_leaves_the_rest),
        cmocka_unit_test(active_memory_rises_at_once_and_falls_slowly),
        cmocka_unit_test(the_fall_depends_on_time_and_not_on_ticks),
        cmocka_unit_test(a_clock_that_went_back_does_no_harm),
        cmocka_unit_test(random_cases_are_within_a_kib_of_the_exact_solution),
        cmocka_unit_test(the_largest_figures_fit),
        cmocka_unit_test(the_worst_order_for_splitting_gives_what_others_give),
    };
    return cmocka_run_group_tests_name("fair-share", tests, NULL, NULL);
}
