/* SPDX-License-Identifier: BSD-3-Clause */
/* Qubes OS's memory balance: what guests prefer, the surplus, the shortage, and small changes. */
#include "lib/policy_fixture.h"

#define NOTHING MEMCOORD_UNKNOWN

/* Every change is made, however small, and nothing is held back of the surplus. */
static void open_exact(struct fixture *f)
{
    fixture_open(f, "qubes");
    fixture_set(f, "transfer_min", "0");
    fixture_set(f, "give", "100%");
}

static struct memcoord_domain *add(struct fixture *f, uint64_t min_mib, uint64_t max_mib,
                                   uint64_t balloon_mib, uint64_t used_mib)
{
    return fixture_guest(f, min_mib * MIB, max_mib * MIB, balloon_mib * MIB, used_mib * MIB);
}

static void check_mib(const struct fixture *f, const struct memcoord_domain *d, uint64_t want_mib)
{
    if (fixture_size(f, d) != want_mib * MIB)
        fail_msg("%s: %llu KiB, not %llu MiB", d->name, (unsigned long long)fixture_size(f, d),
                 (unsigned long long)want_mib);
}

/* Goes where it was told; returns whether anything moved. */
static bool apply(struct fixture *f)
{
    bool moved = false;

    for (size_t i = 0; i < f->snapshot.n_domains; i++) {
        struct memcoord_domain *d = &f->domains[i];
        moved |= fixture_size(f, d) != d->target_kib;
        d->balloon_kib = d->target_kib = fixture_size(f, d);
    }
    return moved;
}

/* Memory is short because of `wants`, so that the others give what they have above what they prefer. */
static void a_domain_prefers_130_percent_of_what_it_uses(void **state)
{
    struct fixture f;
    struct memcoord_domain *usual, *idle, *full, *tiny, *floored;

    (void)state;
    open_exact(&f);
    add(&f, 100, 16384, 1000, 8000); /* `wants` 10400 */
    usual = add(&f, 100, 2048, 2000, 500);
    idle = add(&f, 100, 2048, 2000, 150);    /* 195: preferred_min is more */
    full = add(&f, 100, 2048, 2500, 2000);   /* 2600: its max is less, and it has more than that */
    tiny = add(&f, 50, 120, 120, 20);        /* not even preferred_min: its max */
    floored = add(&f, 800, 2048, 2000, 100); /* its min is more */
    f.host.pool_kib = (1000 + 2000 + 2000 + 2500 + 120 + 2000) * MIB;
    fixture_decide(&f);
    check_mib(&f, usual, 650);
    check_mib(&f, idle, 200);
    check_mib(&f, full, 2048);
    check_mib(&f, tiny, 120);
    check_mib(&f, floored, 800);
    assert_string_equal(fixture_why(&f, usual), "gives what it has above what it prefers");
    fixture_set(&f, "factor", "200%");
    fixture_set(&f, "preferred_min", "400MiB");
    fixture_decide(&f);
    check_mib(&f, usual, 1000);
    check_mib(&f, idle, 400);
    fixture_close(&f);
}

/* They prefer 520 and 1040 and share 3120, which is twice as much: 1040 and 2080. Of 99.9%: 3191685.12
 * KiB, a third and two thirds of it. */
static void a_surplus_is_shared_in_proportion_to_preferred(void **state)
{
    struct fixture f;
    struct memcoord_domain *a, *b;

    (void)state;
    open_exact(&f);
    a = add(&f, 100, 16384, 500, 400);
    b = add(&f, 100, 16384, 2600, 800);
    b->weight = 0; /* Qubes knows no weights */
    f.host.pool_kib = 3120 * MIB;
    fixture_decide(&f);
    check_mib(&f, a, 1040);
    check_mib(&f, b, 2080);
    fixture_set(&f, "give", "99.9%");
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, a), 1063895);
    assert_int_equal(fixture_asked(&f, b), 2127790);
    assert_string_equal(fixture_why(&f, a), "what it prefers and its part of the surplus");
    fixture_close(&f);
}

/* They prefer 520, 520 and 1040 of 4160, which is twice as much. The first may have 600 only: the
 * others share 3560 as 1 : 2, which is 1215146 2/3 and 2430293 1/3 KiB. */
static void what_does_not_fit_below_max_goes_to_the_others(void **state)
{
    struct fixture f;
    struct memcoord_domain *small, *a, *b;

    (void)state;
    open_exact(&f);
    b = add(&f, 100, 16384, 500, 800);
    small = add(&f, 100, 600, 500, 400);
    a = add(&f, 100, 16384, 500, 400);
    f.host.pool_kib = 4160 * MIB;
    fixture_decide(&f);
    check_mib(&f, small, 600);
    assert_int_equal(fixture_asked(&f, a), 1215146);
    assert_int_equal(fixture_asked(&f, b), 2430293);
    f.host.pool_kib = 100000 * MIB;
    fixture_decide(&f);
    check_mib(&f, small, 600);
    check_mib(&f, a, 16384);
    check_mib(&f, b, 16384);
    fixture_close(&f);
}

/* 99.9% of just what is preferred is less than that, but never less than min. */
static void the_part_that_is_held_back_takes_nobody_below_min(void **state)
{
    struct fixture f;
    struct memcoord_domain *at_min, *other;

    (void)state;
    open_exact(&f);
    fixture_set(&f, "give", "99.9%");
    at_min = add(&f, 1000, 2048, 1500, 100);
    other = add(&f, 100, 2048, 1500, 1000); /* 1300 */
    f.host.pool_kib = 2300 * MIB + 1;
    fixture_decide(&f);
    check_mib(&f, at_min, 1000);
    assert_int_equal(fixture_asked(&f, other), 1300 * MIB - 1331); /* 0.1% of it are 1331.2 KiB */
    fixture_close(&f);
}

/* 3200 for 4100 that are preferred: `idle` keeps its 200; of the 900 that are left then 1/3 and 2/3 go
 * to those that prefer 1300 and 2600. */
static void donors_go_to_preferred_and_the_rest_goes_to_the_others(void **state)
{
    struct fixture f;
    struct memcoord_domain *idle, *a, *b;

    (void)state;
    open_exact(&f);
    a = add(&f, 100, 16384, 700, 1000);
    idle = add(&f, 100, 2048, 1000, 100);
    b = add(&f, 100, 16384, 1400, 2000);
    f.host.pool_kib = (700 + 1000 + 1400 + 100) * MIB;
    fixture_decide(&f);
    check_mib(&f, idle, 200);
    check_mib(&f, a, 1000);
    check_mib(&f, b, 2000);
    assert_string_equal(fixture_why(&f, a), "its part of what others spare");
    a->max_kib =
        900 * MIB; /* so it prefers 900: 900/3500 and 2600/3500 of 900; the first ends at max */
    fixture_decide(&f);
    check_mib(&f, a, 900);
    fixture_close(&f);
}

/* The one at its max prefers no more than that and takes no part of what is left. */
static void who_has_its_max_does_not_count_among_the_others(void **state)
{
    struct fixture f;
    struct memcoord_domain *full, *a;

    (void)state;
    open_exact(&f);
    full = add(&f, 100, 1000, 1000, 900);
    a = add(&f, 100, 16384, 1000, 2000);
    f.host.pool_kib = 2500 * MIB;
    fixture_decide(&f);
    check_mib(&f, full, 1000);
    check_mib(&f, a, 1500);
    fixture_close(&f);
}

/* It prefers 1300 and lacks 10 of that: 1/3 of 300 would be more, and the next tick would take it back. */
static void nobody_gets_more_than_it_prefers_while_others_lack(void **state)
{
    struct fixture f;
    struct memcoord_domain *near, *a;

    (void)state;
    open_exact(&f);
    near = add(&f, 100, 16384, 1290, 1000);
    a = add(&f, 100, 16384, 1000, 2000);
    f.host.pool_kib = 2590 * MIB;
    fixture_decide(&f);
    check_mib(&f, near, 1300);
    check_mib(&f, a, 1290);
    apply(&f);
    fixture_decide(&f);
    assert_false(apply(&f));
    fixture_close(&f);
}

/* It prefers 520. With 529 it keeps what it has, and is no acceptor either; with 530 it gives 10. Where
 * not even what both have fits (529 + 1000), it gives 9, too: 5 are left of them. */
static void a_donor_gives_ten_mib_or_nothing(void **state)
{
    struct fixture f;
    struct memcoord_domain *donor, *a;

    (void)state;
    open_exact(&f);
    donor = add(&f, 100, 2048, 529, 400);
    a = add(&f, 100, 16384, 1000, 2000);
    f.host.pool_kib = 1629 * MIB;
    fixture_decide(&f);
    check_mib(&f, donor, 529);
    check_mib(&f, a, 1100);
    donor->balloon_kib = donor->target_kib = 530 * MIB;
    fixture_decide(&f);
    check_mib(&f, donor, 520);
    check_mib(&f, a, 1109);
    donor->balloon_kib = donor->target_kib = 529 * MIB;
    f.host.pool_kib = 1525 * MIB;
    fixture_decide(&f);
    check_mib(&f, donor, 520);
    check_mib(&f, a, 1005);
    fixture_close(&f);
}

/* `idle` gives all that it has above its min, and 300 are missing still: 1/3 and 2/3 of them are taken
 * from those that prefer 1300 and 2600. One KiB more that is missing is rounded up: nothing is promised
 * that is not there. */
static void what_is_missing_is_taken_in_proportion_to_preferred(void **state)
{
    struct fixture f;
    struct memcoord_domain *idle, *a, *b;

    (void)state;
    open_exact(&f);
    a = add(&f, 100, 16384, 700, 1000);
    idle = add(&f, 200, 2048, 1000, 100);
    b = add(&f, 100, 16384, 1400, 2000);
    f.host.pool_kib = 2000 * MIB;
    fixture_decide(&f);
    check_mib(&f, idle, 200);
    check_mib(&f, a, 600);
    check_mib(&f, b, 1200);
    f.host.pool_kib--;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, a), 600 * MIB - 1);
    assert_int_equal(fixture_asked(&f, b), 1200 * MIB - 1);
    a->min_kib = 650 * MIB; /* gives 50: `b` gives the other 250 */
    f.host.pool_kib++;
    fixture_decide(&f);
    check_mib(&f, a, 650);
    check_mib(&f, b, 1150);
    f.host.pool_kib = 0; /* not even the minima fit */
    fixture_decide(&f);
    check_mib(&f, idle, 200);
    check_mib(&f, a, 650);
    check_mib(&f, b, 100);
    assert_string_equal(fixture_why(&f, b), "min: memory is short");
    fixture_close(&f);
}

/* Two that prefer the same share 2080: 1040 each. */
static void small_changes_are_left_alone(void **state)
{
    struct fixture f;
    struct memcoord_domain *a, *b;

    (void)state;
    open_exact(&f);
    fixture_set(&f, "transfer_min", "150MiB");
    a = add(&f, 100, 4096, 1115, 400);
    b = add(&f, 100, 4096, 965, 400);
    f.host.pool_kib = 2080 * MIB;
    fixture_decide(&f); /* 75 and 75 */
    assert_true(fixture_asked(&f, a) == NOTHING);
    assert_true(fixture_asked(&f, b) == NOTHING);
    a->balloon_kib = ++a->target_kib;
    b->balloon_kib = --b->target_kib;
    fixture_decide(&f);
    check_mib(&f, a, 1040);
    check_mib(&f, b, 1040);
    /* what nobody has yet counts as well: 37.5 each, and 75 in all */
    a->balloon_kib = a->target_kib = b->balloon_kib = b->target_kib = 2005 * MIB / 2;
    fixture_decide(&f);
    assert_true(fixture_asked(&f, a) == NOTHING);
    a->balloon_kib = --a->target_kib;
    fixture_decide(&f);
    check_mib(&f, a, 1040);
    fixture_close(&f);
}

/* All of these move less than transfer_min. */
static void what_is_urgent_is_not_left_alone(void **state)
{
    struct fixture f;
    struct memcoord_domain *a, *b;

    (void)state;
    open_exact(&f);
    fixture_set(&f, "transfer_min", "1GiB");
    a = add(&f, 100, 16384, 1000, 2000); /* short: it gets what the host has left */
    b = add(&f, 100, 4096, 520, 400);
    b->max_kib = 520 * MIB;
    f.host.pool_kib = 1535 * MIB;
    fixture_decide(&f);
    assert_true(fixture_asked(&f, a) == NOTHING);
    f.host.pool_kib++;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, a), 1015 * MIB + 1);
    assert_int_equal(fixture_asked(&f, b), 520 * MIB);
    f.host.pool_kib = 1520 * MIB - 1; /* more is held than there is */
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, a), 1000 * MIB - 1);
    f.host.pool_kib = 1520 * MIB; /* nothing moves */
    fixture_decide(&f);
    assert_true(fixture_asked(&f, a) == NOTHING);
    b->max_kib = 519 * MIB; /* it is out of its bounds */
    fixture_decide(&f);
    check_mib(&f, b, 519);
    fixture_close(&f);
}

/* A balloon on its way down holds its memory until it has arrived: 1000 of 999 are held. */
static void what_is_on_its_way_back_is_held(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    open_exact(&f);
    fixture_set(&f, "transfer_min", "1GiB");
    fixture_set(&f, "urgent_min", "1GiB");
    d = add(&f, 100, 16384, 1000, 2000);
    d->target_kib = 900 * MIB;
    f.host.pool_kib = 1000 * MIB;
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) == NOTHING);
    f.host.pool_kib = 999 * MIB;
    fixture_decide(&f);
    check_mib(&f, d, 999);
    fixture_close(&f);
}

/* Not movable: none of it. Use unknown: keeps 700 of the pool; the other two share the rest. */
static void who_is_unknown_keeps_its_size(void **state)
{
    struct fixture f;
    struct memcoord_domain *fixed, *unknown, *outside, *a, *b;

    (void)state;
    open_exact(&f);
    fixed = add(&f, 100, 4096, 500, 400);
    fixed->flags = MEMCOORD_PAUSED;
    unknown = fixture_add(&f, 100 * MIB, 4096 * MIB, 700 * MIB);
    outside = fixture_add(&f, 100 * MIB, 300 * MIB, 400 * MIB); /* holds 400 until it has given */
    a = add(&f, 100, 4096, 500, 400);
    b = add(&f, 100, 4096, 500, 400);
    f.host.pool_kib = (700 + 400 + 3000) * MIB;
    fixture_decide(&f);
    assert_true(fixture_asked(&f, fixed) == NOTHING);
    assert_true(fixture_asked(&f, unknown) == NOTHING);
    check_mib(&f, outside, 300);
    check_mib(&f, a, 1500);
    check_mib(&f, b, 1500);
    fixture_close(&f);
}

/* Up to 12 domains with random bounds, use, and sizes within their bounds. */
static void add_random_domains(struct fixture *f, uint64_t *seed)
{
    size_t n = 1 + fixture_random(seed, 12);

    f->snapshot.n_domains = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t min_kib = fixture_random(seed, 512 * MIB);
        uint64_t max_kib = min_kib + fixture_random(seed, 3) * fixture_random(seed, 4096 * MIB);
        fixture_guest(f, min_kib, max_kib, min_kib + fixture_random(seed, max_kib - min_kib + 1),
                      fixture_random(seed, 3000 * MIB));
    }
}

/* Within the bounds, and together no more than there is wherever the minima fit. */
static void check_sizes(const struct fixture *f, unsigned i)
{
    uint64_t sum_kib = 0, min_kib = 0;

    for (size_t k = 0; k < f->snapshot.n_domains; k++) {
        const struct memcoord_domain *d = f->list[k];
        uint64_t kib = fixture_size(f, d);
        sum_kib += kib;
        min_kib += d->min_kib;
        if (kib < d->min_kib || kib > d->max_kib)
            fail_msg("case %u: %s is out of its bounds", i, d->name);
    }
    if (sum_kib > memcoord_max(f->host.pool_kib, min_kib))
        fail_msg("case %u: %llu KiB of %llu", i, (unsigned long long)sum_kib,
                 (unsigned long long)f->host.pool_kib);
}

static void sizes_fit_and_come_to_rest(void **state)
{
    struct fixture f;
    uint64_t seed = 31;
    unsigned moved = 0;

    (void)state;
    fixture_open(&f, "qubes");
    for (unsigned i = 0; i < 600; i++) {
        unsigned tick;
        add_random_domains(&f, &seed);
        f.host.pool_kib = fixture_random(&seed, f.snapshot.n_domains * 3000 * MIB);
        fixture_set(&f, "transfer_min", i % 2 ? "0" : "150MiB");
        for (tick = 0; tick < 40; tick++) {
            fixture_decide(&f);
            check_sizes(&f, i);
            if (!apply(&f))
                break;
            moved++;
        }
        if (tick == 40)
            fail_msg("case %u: does not come to rest", i);
    }
    assert_true(moved > 400);
    fixture_close(&f);
}

/* The largest figures that there are, with a memory that is short and one that is not. */
static void the_largest_figures_fit(void **state)
{
    const uint64_t most_kib = UINT64_C(1) << 34;
    struct fixture f;

    (void)state;
    open_exact(&f);
    fixture_set(&f, "factor", "100%");
    for (size_t i = 0; i < FIXTURE_DOMAINS; i++)
        fixture_guest(&f, 0, most_kib, most_kib / 2, most_kib / 4);
    f.host.pool_kib = most_kib * FIXTURE_DOMAINS / 8 * 3;
    fixture_decide(&f);
    for (size_t i = 0; i < FIXTURE_DOMAINS; i++)
        assert_int_equal(fixture_asked(&f, f.list[i]), most_kib / 8 * 3);
    f.host.pool_kib = most_kib * FIXTURE_DOMAINS / 8;
    fixture_decide(&f);
    for (size_t i = 0; i < FIXTURE_DOMAINS; i++)
        assert_int_equal(fixture_asked(&f, f.list[i]), most_kib / 8);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_domain_prefers_130_percent_of_what_it_uses),
        cmocka_unit_test(a_surplus_is_shared_in_proportion_to_preferred),
        cmocka_unit_test(what_does_not_fit_below_max_goes_to_the_others),
        cmocka_unit_test(the_part_that_is_held_back_takes_nobody_below_min),
        cmocka_unit_test(donors_go_to_preferred_and_the_rest_goes_to_the_others),
        cmocka_unit_test(who_has_its_max_does_not_count_among_the_others),
        cmocka_unit_test(nobody_gets_more_than_it_prefers_while_others_lack),
        cmocka_unit_test(a_donor_gives_ten_mib_or_nothing),
        cmocka_unit_test(what_is_missing_is_taken_in_proportion_to_preferred),
        cmocka_unit_test(small_changes_are_left_alone),
        cmocka_unit_test(what_is_urgent_is_not_left_alone),
        cmocka_unit_test(what_is_on_its_way_back_is_held),
        cmocka_unit_test(who_is_unknown_keeps_its_size),
        cmocka_unit_test(sizes_fit_and_come_to_rest),
        cmocka_unit_test(the_largest_figures_fit),
    };
    return cmocka_run_group_tests_name("qubes", tests, NULL, NULL);
}
