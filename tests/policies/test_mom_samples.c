/* SPDX-License-Identifier: BSD-3-Clause */
/* mom: what it makes of samples of guests and of the host, one after the other. */
#include "lib/mom_fixture.h"

/* Of a guest of 1000000 that has 10% of the host, what is used in average: target - 100000. */
static uint64_t average_use_kib(const struct fixture *f, const struct memcoord_domain *d)
{
    return fixture_size(f, d) - 100000;
}

static void use_is_an_average_of_the_last_samples(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    fixture_open(&f, "mom");
    set_free_percent(&f, 10);
    d = guest(&f, 0, 2000000, 1000000, 140000);
    fixture_decide(&f); /* one is enough */
    assert_int_equal(average_use_kib(&f, d), 860000);
    tell(d, 130000);
    fixture_decide(&f);
    assert_int_equal(average_use_kib(&f, d), 865000);
    for (unsigned i = 2; i < 10; i++) {
        tell(d, 130000);
        fixture_decide(&f);
    }
    assert_int_equal(average_use_kib(&f, d), 869000); /* 860000 and nine times 870000 */
    tell(d, 130000);
    fixture_decide(&f); /* the eleventh takes the place of the first */
    assert_int_equal(average_use_kib(&f, d), 870000);
    fixture_close(&f);
}

/* Unused may be more than the balloon, as it is told: that is -60000 of use, then 850000. */
static void use_may_be_negative(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    fixture_open(&f, "mom");
    fixture_set(&f, "shrink", "60%");
    set_free_percent(&f, 10);
    d = guest(&f, 0, 2000000, 1000000, 1060000);
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 400000); /* a step */
    tell(d, 150000);
    fixture_decide(&f);
    assert_int_equal(average_use_kib(&f, d), 395000);
    fixture_close(&f);
}

/* Ten samples of the host with 30% free, then some with 10%: at the sixth h is 18%. */
static void free_memory_of_the_host_is_an_average_too(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    fixture_open(&f, "mom");
    set_free_percent(&f, 30);
    d = guest(&f, 0, 2000000, 1000000, 300000);
    for (unsigned i = 0; i < 10; i++)
        fixture_decide(&f);
    set_free_percent(&f, 10);
    for (unsigned i = 0; i < 5; i++) {
        fixture_decide(&f); /* 28%, 26%, 24%, 22%, 20% */
        assert_int_equal(fixture_asked(&f, d), 1050000);
    }
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 950000);
    fixture_close(&f);
}

static void page_cache_of_the_host_counts_as_free(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    fixture_open(&f, "mom");
    set_free_percent(&f, 10);
    f.host.cached_kib = 10 * GIB;
    d = guest(&f, 0, 2000000, 1000000, 300000);
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 1050000);
    fixture_close(&f);
}

/* 860000 used, then 880000, which is looked at five times: the average is of two. */
static void a_sample_that_is_seen_again_counts_once(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    fixture_open(&f, "mom");
    set_free_percent(&f, 10);
    d = guest(&f, 0, 2000000, 1000000, 140000);
    fixture_decide(&f);
    tell(d, 120000);
    for (unsigned i = 0; i < 5; i++) {
        fixture_decide(&f);
        assert_int_equal(average_use_kib(&f, d), 870000);
        d->stats_age_ms += f.snapshot.interval_ms;
    }
    tell(d, 120000); /* the same figures, but another sample */
    fixture_decide(&f);
    assert_int_equal(average_use_kib(&f, d), 860000 + 40000 / 3);
    fixture_close(&f);
}

/* A tick in which something is unknown asks for nothing, and leaves no trace in the averages. */
static void what_is_unknown_changes_nothing(void **state)
{
    uint64_t *of_host[3];
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    fixture_open(&f, "mom");
    set_free_percent(&f, 10);
    d = guest(&f, 0, 2000000, 1000000, 140000);
    fixture_decide(&f);
    d->unused_kib = NOTHING;
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) == NOTHING);
    tell(d, 120000);
    fixture_decide(&f);
    assert_int_equal(average_use_kib(&f, d), 870000);

    of_host[0] = &f.host.free_kib;
    of_host[1] = &f.host.cached_kib;
    of_host[2] = &f.host.total_kib;
    for (size_t i = 0; i < 3; i++) {
        uint64_t known_kib = *of_host[i];
        d->stats_age_ms += f.snapshot.interval_ms;
        *of_host[i] = NOTHING;
        fixture_decide(&f);
        assert_true(fixture_asked(&f, d) == NOTHING);
        *of_host[i] = known_kib;
    }
    d->stats_age_ms += f.snapshot.interval_ms;
    fixture_decide(&f);
    assert_int_equal(average_use_kib(&f, d), 870000);
    fixture_close(&f);
}

/* The balloon went down by 40000 since the guest said that 140000 of 1000000 were unused. */
static void use_is_of_the_size_when_the_sample_was_taken(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    fixture_open(&f, "mom");
    set_free_percent(&f, 10);
    d = guest(&f, 0, 2000000, 1000000, 140000);
    d->usable_kib = 300000; /* page cache is not unused */
    d->used_kib = 700000;
    d->balloon_kib = d->target_kib = 970000;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 957000); /* 860000 + 97000; not 830000 + 97000 */
    fixture_close(&f);
}

/* What a guest tells while it can't be moved is known when it can. */
static void samples_are_taken_while_a_domain_can_not_be_moved(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    fixture_open(&f, "mom");
    set_free_percent(&f, 10);
    d = guest(&f, 0, 2000000, 1000000, 140000);
    d->flags = MEMCOORD_PAUSED;
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) == NOTHING);
    tell(d, 120000);
    d->flags = MEMCOORD_MOVABLE;
    fixture_decide(&f);
    assert_int_equal(average_use_kib(&f, d), 870000);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(use_is_an_average_of_the_last_samples),
        cmocka_unit_test(use_may_be_negative),
        cmocka_unit_test(free_memory_of_the_host_is_an_average_too),
        cmocka_unit_test(page_cache_of_the_host_counts_as_free),
        cmocka_unit_test(a_sample_that_is_seen_again_counts_once),
        cmocka_unit_test(what_is_unknown_changes_nothing),
        cmocka_unit_test(use_is_of_the_size_when_the_sample_was_taken),
        cmocka_unit_test(samples_are_taken_while_a_domain_can_not_be_moved),
    };

    return cmocka_run_group_tests_name("mom, samples", tests, NULL, NULL);
}
