/* SPDX-License-Identifier: BSD-3-Clause */
/* squeezed: its rule, by hand, in MiB; and what it makes of domains that give nothing. Xen's cases are in
 * test_squeezed_cases.c. */
#include "lib/policy_fixture.h"

/* ---- the rule */

/* min, max and size in MiB; no statistics. */
static struct memcoord_domain *add(struct fixture *f, uint64_t min, uint64_t max, uint64_t size)
{
    struct memcoord_domain *d = fixture_add(f, min * MIB, max * MIB, size * MIB);

    d->flags = MEMCOORD_MOVABLE;
    return d;
}

static void open_exact(struct fixture *f)
{
    fixture_open(f, "squeezed");
    fixture_set(f, "inaccuracy", "0");
}

static void follow(struct fixture *f)
{
    for (size_t i = 0; i < f->snapshot.n_domains; i++)
        f->domains[i].target_kib = f->domains[i].balloon_kib = fixture_size(f, &f->domains[i]);
}

/* What is above all minima, 1800 - 1500 = 300, is a tenth of all ranges, 3000: each is a tenth up from min. */
static void all_stand_at_the_same_part_of_their_way(void **state)
{
    struct fixture f;

    (void)state;
    open_exact(&f);
    add(&f, 500, 1500, 900);
    add(&f, 1000, 3000, 1200);
    f.host.pool_kib = 1800 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_size(&f, f.list[0]), 600 * MIB);
    assert_int_equal(fixture_size(&f, f.list[1]), 900 * MIB + 300 * MIB);
    assert_string_equal(fixture_why(&f, f.list[0]), "its part between min and max");
    fixture_close(&f);
}

/* gamma = 100 / 300 is no number of KiB: each gets the whole ones. 100 KiB and 2/3 are 66 and 33. */
static void gamma_is_exact_and_rounds_down(void **state)
{
    struct fixture f;

    (void)state;
    open_exact(&f);
    fixture_add(&f, 1000, 1200, 1200);
    fixture_add(&f, 1000, 1100, 1100);
    f.host.pool_kib = 2100;
    fixture_decide(&f);
    assert_int_equal(fixture_size(&f, f.list[0]), 1066);
    assert_int_equal(fixture_size(&f, f.list[1]), 1033);
    fixture_close(&f);
}

/* 2^34 KiB and three parts of it need more than 64 bits on the way. */
static void the_largest_memory_does_not_overflow(void **state)
{
    const uint64_t most = UINT64_C(1) << 34;
    struct fixture f;

    (void)state;
    open_exact(&f);
    for (unsigned i = 0; i < FIXTURE_DOMAINS; i++)
        fixture_add(&f, 0, most, most);
    f.host.pool_kib = most * FIXTURE_DOMAINS / 4 * 3;
    fixture_decide(&f);
    for (unsigned i = 0; i < FIXTURE_DOMAINS; i++)
        assert_int_equal(fixture_size(&f, f.list[i]), most / 4 * 3);
    fixture_close(&f);
}

/* 2900 - 1000 (host_target) - 1500 (minima) = 400 of 3000. Twice 30 for each is not counted on: 280 of 3000. */
static void host_target_and_inaccuracy_are_not_handed_out(void **state)
{
    struct fixture f;

    (void)state;
    open_exact(&f);
    fixture_set(&f, "host_target", "1000MiB");
    add(&f, 500, 1500, 1000);
    add(&f, 1000, 3000, 1900);
    f.host.pool_kib = 2900 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_size(&f, f.list[0]), 500 * MIB + 1000 * MIB * 4 / 30);
    assert_int_equal(fixture_size(&f, f.list[1]), 1000 * MIB + 2000 * MIB * 4 / 30);
    fixture_set(&f, "inaccuracy", "30MiB");
    fixture_decide(&f);
    assert_int_equal(fixture_size(&f, f.list[0]), 500 * MIB + 1000 * MIB * 28 / 300);
    assert_int_equal(fixture_size(&f, f.list[1]), 1000 * MIB + 2000 * MIB * 28 / 300);
    fixture_close(&f);
}

static void gamma_is_between_none_and_all(void **state)
{
    struct fixture f;

    (void)state;
    open_exact(&f);
    add(&f, 500, 1500, 1000);
    add(&f, 700, 700, 700); /* no range: it has nothing to give and gets nothing */
    f.host.pool_kib = 5000 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_size(&f, f.list[0]), 1500 * MIB);
    assert_int_equal(fixture_size(&f, f.list[1]), 700 * MIB);
    assert_string_equal(fixture_why(&f, f.list[0]), "max: there is enough for all");
    f.host.pool_kib = 900 * MIB; /* not even the minima */
    fixture_decide(&f);
    assert_int_equal(fixture_size(&f, f.list[0]), 500 * MIB);
    assert_int_equal(fixture_size(&f, f.list[1]), 700 * MIB);
    assert_string_equal(fixture_why(&f, f.list[0]), "min: there is no more");
    fixture_close(&f);
}

/* The other one is to give 300 first. Of its 300 the first gets the 100 that are free beyond host_target now, then
 * the rest; below min it is brought at once. */
static void what_is_not_free_yet_is_not_given_yet(void **state)
{
    struct fixture f;
    struct memcoord_domain *poor, *rich;

    (void)state;
    open_exact(&f);
    fixture_set(&f, "host_target", "200MiB");
    poor = add(&f, 500, 1500, 700);
    rich = add(&f, 500, 1500, 1300);
    f.host.pool_kib = (700 + 1300 + 300) * MIB; /* 300 are free: 2100 can be had, 1050 each */
    fixture_decide(&f);
    assert_int_equal(fixture_size(&f, poor), 800 * MIB);
    assert_int_equal(fixture_size(&f, rich), 1050 * MIB);
    follow(&f);
    fixture_decide(&f);
    assert_int_equal(fixture_size(&f, poor), 1050 * MIB);
    assert_int_equal(fixture_size(&f, rich), 1050 * MIB);
    poor->target_kib = poor->balloon_kib = 300 * MIB;
    f.host.pool_kib = (300 + 1050) * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_size(&f, poor), 500 * MIB);
    fixture_close(&f);
}

/* What a balloon has not given yet, and what one that grows was given, is free for nobody. */
static void what_is_on_its_way_is_not_free(void **state)
{
    static const uint64_t ways_mib[][2] = { { 1300, 800 }, { 500, 1300 } };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct fixture f;
        struct memcoord_domain *poor, *moves;

        open_exact(&f);
        poor = add(&f, 500, 1500, 700);
        moves = add(&f, 500, 1500, ways_mib[i][0]);
        moves->target_kib = ways_mib[i][1] * MIB;
        moves->flags |= MEMCOORD_SETTLING;
        f.host.pool_kib = (700 + 1300) * MIB;
        fixture_decide(&f);
        assert_int_equal(fixture_size(&f, poor), 700 * MIB);
        fixture_close(&f);
    }
}

/* ---- who gives nothing */

/* As in Xen's case e, in MiB: 3000 above the minima less 1000 would be a quarter of 8000. The first one's 2000 do
 * not come: the other one alone has 1000 above its min, and 1000 are to be free. Xen declares it inactive. */
static void what_is_not_given_is_not_counted_on(void **state)
{
    static const uint32_t flags[] = { MEMCOORD_NEW, MEMCOORD_STALE };

    (void)state;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        struct fixture f;
        open_exact(&f);
        fixture_set(&f, "host_target", "1000MiB");
        add(&f, 5000, 7000, 7000);
        add(&f, 5000, 11000, 6000);
        f.host.pool_kib = 13000 * MIB;
        fixture_decide(&f);
        assert_int_equal(fixture_size(&f, f.list[0]), 5500 * MIB);
        assert_int_equal(fixture_size(&f, f.list[1]), 6000 * MIB); /* 6500, when it is free */
        f.domains[0].flags |= flags[i];
        fixture_decide(&f);
        assert_int_equal(fixture_size(&f, f.list[1]), 5000 * MIB);
        f.domains[0].flags &= ~flags[i];
        fixture_decide(&f);
        assert_int_equal(fixture_size(&f, f.list[1]), 6000 * MIB);
        fixture_close(&f);
    }
}

/* The guard keeps it for its guest: what was asked for twice, and did not begin, is not counted on; it is asked for
 * all the same, and when it begins to come it counts again. One that is on its way is not refused. */
static void what_the_guard_refuses_is_not_counted_on(void **state)
{
    struct fixture f;
    struct memcoord_domain *keeps;

    (void)state;
    open_exact(&f);
    fixture_set(&f, "host_target", "1000MiB");
    keeps = add(&f, 5000, 7000, 7000);
    add(&f, 5000, 11000, 6000);
    f.host.pool_kib = 13000 * MIB;
    keeps->flags |= MEMCOORD_SETTLING;
    for (unsigned i = 0; i < 5; i++)
        fixture_decide(&f);
    assert_int_equal(fixture_size(&f, f.list[1]), 6000 * MIB);
    keeps->flags &= ~MEMCOORD_SETTLING;
    fixture_decide(&f);
    fixture_decide(&f);
    assert_int_equal(fixture_size(&f, f.list[1]), 6000 * MIB);
    fixture_decide(&f);
    assert_int_equal(fixture_size(&f, f.list[1]), 5000 * MIB);
    assert_int_equal(fixture_asked(&f, keeps), 5000 * MIB);
    keeps->target_kib = 6900 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_size(&f, f.list[1]), 6000 * MIB);
    fixture_close(&f);
}

/* It holds 1250 until all others stand as high on their way: a quarter. 4500 in all: 3250 are left, and the other one
 * gets them; of 5500 both have 1500 / 4500 = a third. */
static void one_that_gives_nothing_gets_its_part_when_there_is_more(void **state)
{
    struct fixture f;
    struct memcoord_domain *keeps;

    (void)state;
    open_exact(&f);
    keeps = add(&f, 1000, 2000, 1250);
    keeps->flags |= MEMCOORD_STALE;
    add(&f, 3000, 6500, 3000);
    f.host.pool_kib = 4500 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_size(&f, f.list[1]), 3250 * MIB);
    f.host.pool_kib = 5500 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_size(&f, keeps), 1000 * MIB + 1000 * MIB / 3);
    assert_int_equal(fixture_size(&f, f.list[1]), 3000 * MIB + 3500 * MIB / 3);
    fixture_close(&f);
}

static void what_is_not_movable_is_no_part_of_it(void **state)
{
    struct fixture f;

    (void)state;
    open_exact(&f);
    add(&f, 500, 1500, 1000);
    add(&f, 500, 1500, 1000)->flags = MEMCOORD_PAUSED;
    f.host.pool_kib = 1200 * MIB;
    fixture_decide(&f);
    assert_int_equal(fixture_size(&f, f.list[0]), 1200 * MIB);
    assert_true(fixture_asked(&f, f.list[1]) == MEMCOORD_UNKNOWN);
    fixture_close(&f);
}

/* Said once when nothing more will come. */
static void a_host_target_that_cannot_be_had_is_said(void **state)
{
    struct fixture f;

    (void)state;
    open_exact(&f);
    fixture_set(&f, "host_target", "1500MiB");
    add(&f, 1000, 2000, 1500);
    add(&f, 2000, 3000, 2500);
    f.host.pool_kib = 4000 * MIB;
    fixture_decide(&f);
    assert_int_equal(f.warnings, 0); /* 1000 are on their way */
    follow(&f);
    for (unsigned i = 0; i < 5; i++)
        fixture_decide(&f);
    assert_int_equal(f.warnings, 1);
    fixture_set(&f, "host_target", "900MiB");
    fixture_decide(&f);
    fixture_set(&f, "host_target", "1500MiB");
    fixture_decide(&f);
    follow(&f);
    fixture_decide(&f);
    assert_int_equal(f.warnings, 2);
    fixture_close(&f);
}

/* ---- properties, over random domains */

static void add_random(struct fixture *f, uint64_t *seed)
{
    size_t n = 1 + fixture_random(seed, 12);

    f->snapshot.n_domains = 0;
    memset(f->states, 0, FIXTURE_DOMAINS * f->policy->table.domain_state_size);
    for (size_t i = 0; i < n; i++) {
        uint64_t min_kib = fixture_random(seed, 512 * MIB);
        uint64_t range_kib = fixture_random(seed, 5) ? fixture_random(seed, 2048 * MIB) : 0;
        struct memcoord_domain *d =
            fixture_add(f, min_kib, min_kib + range_kib,
                        min_kib + fixture_random(seed, range_kib + range_kib / 4 + 1));
        if (fixture_random(seed, 3) == 0)
            d->flags |= MEMCOORD_STALE;
    }
}

static uint64_t will_hold_kib(const struct fixture *f, const struct memcoord_domain *d)
{
    uint64_t kib = fixture_asked(f, d);

    return d->flags & MEMCOORD_STALE ? memcoord_max(kib, d->target_kib) : kib;
}

/* Also where some give nothing: then what all will hold fits as well, if their floors do. */
static void plans_are_within_bounds_and_pool(void **state)
{
    struct fixture f;
    uint64_t seed = 7;
    unsigned fit = 0;

    (void)state;
    open_exact(&f);
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t asked_kib = 0, hold_kib = 0, min_kib = 0, floor_kib = 0;
        add_random(&f, &seed);
        f.host.pool_kib = fixture_random(&seed, 8192 * MIB);
        fixture_decide(&f);
        for (size_t k = 0; k < f.snapshot.n_domains; k++) {
            const struct memcoord_domain *d = f.list[k];
            assert_in_range(fixture_asked(&f, d), d->min_kib, d->max_kib);
            asked_kib += fixture_asked(&f, d);
            hold_kib += will_hold_kib(&f, d);
            min_kib += d->min_kib;
            floor_kib +=
                d->flags & MEMCOORD_STALE ? memcoord_max(d->target_kib, d->min_kib) : d->min_kib;
        }
        if (min_kib <= f.host.pool_kib && asked_kib > f.host.pool_kib)
            fail_msg("case %u: %llu KiB of %llu", i, (unsigned long long)asked_kib,
                     (unsigned long long)f.host.pool_kib);
        fit += floor_kib <= f.host.pool_kib;
        if (floor_kib <= f.host.pool_kib && hold_kib > f.host.pool_kib)
            fail_msg("case %u: they will hold %llu KiB of %llu", i, (unsigned long long)hold_kib,
                     (unsigned long long)f.host.pool_kib);
    }
    assert_true(fit > 5000);
    fixture_close(&f);
}

/* All that can be had is handed out, but for a KiB each: where all can move, after what is to be freed is free. */
static void the_pool_is_used_up_and_then_all_rest(void **state)
{
    struct fixture f;
    uint64_t seed = 11, before_kib[FIXTURE_DOMAINS];

    (void)state;
    open_exact(&f);
    for (unsigned i = 0; i < 3000; i++) {
        uint64_t sum_kib = 0, max_kib = 0, min_kib = 0;
        add_random(&f, &seed);
        for (size_t k = 0; k < f.snapshot.n_domains; k++) {
            f.domains[k].flags = MEMCOORD_MOVABLE;
            max_kib += f.domains[k].max_kib;
            min_kib += f.domains[k].min_kib;
        }
        f.host.pool_kib = min_kib + fixture_random(&seed, max_kib - min_kib + 1);
        for (unsigned tick = 0; tick < 6; tick++) {
            for (size_t k = 0; k < f.snapshot.n_domains; k++)
                before_kib[k] = f.list[k]->target_kib;
            fixture_decide(&f);
            follow(&f);
        }
        for (size_t k = 0; k < f.snapshot.n_domains; k++) {
            assert_int_equal(f.list[k]->target_kib, before_kib[k]);
            sum_kib += f.list[k]->target_kib;
        }
        if (sum_kib > f.host.pool_kib || sum_kib + f.snapshot.n_domains < f.host.pool_kib)
            fail_msg("case %u: %llu KiB of %llu", i, (unsigned long long)sum_kib,
                     (unsigned long long)f.host.pool_kib);
    }
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_stand_at_the_same_part_of_their_way),
        cmocka_unit_test(gamma_is_exact_and_rounds_down),
        cmocka_unit_test(the_largest_memory_does_not_overflow),
        cmocka_unit_test(host_target_and_inaccuracy_are_not_handed_out),
        cmocka_unit_test(gamma_is_between_none_and_all),
        cmocka_unit_test(what_is_not_free_yet_is_not_given_yet),
        cmocka_unit_test(what_is_on_its_way_is_not_free),
        cmocka_unit_test(what_is_not_given_is_not_counted_on),
        cmocka_unit_test(what_the_guard_refuses_is_not_counted_on),
        cmocka_unit_test(one_that_gives_nothing_gets_its_part_when_there_is_more),
        cmocka_unit_test(what_is_not_movable_is_no_part_of_it),
        cmocka_unit_test(a_host_target_that_cannot_be_had_is_said),
        cmocka_unit_test(plans_are_within_bounds_and_pool),
        cmocka_unit_test(the_pool_is_used_up_and_then_all_rest),
    };
    return cmocka_run_group_tests_name("squeezed", tests, NULL, NULL);
}
