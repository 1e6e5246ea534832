/* SPDX-License-Identifier: BSD-3-Clause */
/* pressure: what guests get together, of the host and within their bounds. */
#include "lib/pressure_fixture.h"

/* Twice as soon, twice as much; and who feels something gets half of 100 MiB. */
static void under_host_pressure_it_gives_less_and_probes_harder(void **state)
{
    struct fixture f;
    struct memcoord_domain *calm, *felt;

    (void)state;
    begin(&f);
    calm = calm_guest(&f);
    felt = calm_guest(&f);
    rates(felt, 2560, 0, 0);
    f.host.psi_some_bp = 1000;
    assert_int_equal(ticks_until_asked(&f, felt, 10), 3);
    assert_int_equal(fixture_asked(&f, felt), 1050 * MIB);
    assert_int_equal(ticks_until_asked(&f, calm, 10), 2);
    assert_int_equal(fixture_asked(&f, calm), 960 * MIB);
    fixture_close(&f);

    begin(&f);
    calm = calm_guest(&f);
    f.host.psi_some_bp = 999;
    assert_int_equal(ticks_until_asked(&f, calm, 10), PROBE_TICKS);
    assert_int_equal(fixture_asked(&f, calm), 980 * MIB);
    fixture_close(&f);
}

/* 60% of what is felt: a step of at least grow_min, and half of it. */
static void under_host_pressure_half_as_much_is_felt(void **state)
{
    (void)state;
    for (uint64_t psi_bp = 999; psi_bp <= 1000; psi_bp++) {
        struct fixture f;
        struct memcoord_domain *d;

        begin(&f);
        d = calm_guest(&f);
        rates(d, 0, 12, 0);
        f.host.psi_some_bp = psi_bp;
        assert_int_equal(ticks_until_asked(&f, d, 20), psi_bp < 1000 ? 21 : 3);
        if (psi_bp == 1000)
            assert_int_equal(fixture_asked(&f, d), 1016 * MIB);
        fixture_close(&f);
    }
}

/* Each of `weights` (up to 4) shall get 100 MiB, of a room of `room_mib`. */
static void shares(const uint64_t *weights, size_t n, uint64_t room_mib, const uint64_t *want_mib)
{
    struct fixture f;

    begin(&f);
    for (size_t i = 0; i < n; i++) {
        struct memcoord_domain *d = calm_guest(&f);

        rates(d, 2560, 0, 0);
        d->weight = weights[i];
    }
    f.host.pool_kib = (n * 1000 + room_mib) * MIB;
    for (unsigned i = 0; i < 3; i++)
        fixture_decide(&f);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(fixture_size(&f, f.list[i]), (1000 + want_mib[i]) * MIB);
    fixture_close(&f);
}

#define SHARES(room, w0, w1, w2, w3, g0, g1, g2, g3) \
    shares((const uint64_t[]){ w0, w1, w2, w3 }, 4, room, (const uint64_t[]){ g0, g1, g2, g3 })

static void grows_share_what_there_is_by_weight(void **state)
{
    (void)state;
    SHARES(0, 1000, 1000, 1000, 0, 0, 0, 0, 0);
    SHARES(60, 1000, 2000, 3000, 0, 10, 20, 30, 0);
    SHARES(160, 1000, 1000, 5000, 0, 30, 30, 100, 0);
    SHARES(330, 1000, 1000, 5000, 0, 100, 100, 100, 30);
    SHARES(130, 1000, 0, 0, 0, 100, 10, 10, 10);
    SHARES(400, 7, 1, 1000000, 0, 100, 100, 100, 100);
}

/* Whatever is known, and however little there is. */
static void plans_keep_bounds_and_grows_what_there_is(void **state)
{
    struct fixture f;
    uint64_t seed = 17;
    unsigned grown = 0, taken = 0;

    (void)state;
    begin(&f);
    for (unsigned i = 0; i < 30; i++)
        calm_guest(&f)->weight = fixture_random(&seed, 4) * 500;
    for (unsigned tick = 0; tick < 3000; tick++) {
        uint64_t held_kib = 0, more_kib = 0;

        for (size_t i = 0; i < 30; i++) {
            struct memcoord_domain *d = &f.domains[i];

            rates(d, fixture_random(&seed, 3) ? 0 : fixture_random(&seed, 9000),
                  fixture_random(&seed, 9) ? 0 : NOTHING, 0);
            if (!fixture_random(&seed, 50))
                d->max_kib = d->min_kib + fixture_random(&seed, 2048 * MIB);
            d->balloon_kib = d->target_kib + fixture_random(&seed, 2) * 10 * MIB;
            held_kib += memcoord_max(memcoord_max(d->target_kib, d->balloon_kib), d->min_kib);
        }
        f.host.pool_kib = held_kib + fixture_random(&seed, 3) * 40 * MIB;
        fixture_decide(&f);
        for (size_t i = 0; i < 30; i++) {
            struct memcoord_domain *d = &f.domains[i];
            uint64_t kib = fixture_size(&f, d);

            assert_in_range(kib, d->min_kib, d->max_kib);
            more_kib += kib > d->target_kib ? kib - d->target_kib : 0;
            grown += kib > d->target_kib;
            taken += kib < d->target_kib;
            d->target_kib = kib;
        }
        assert_true(more_kib <= f.host.pool_kib - held_kib);
    }
    assert_true(grown > 500 && taken > 500);
    fixture_close(&f);
}

static void a_domain_outside_its_bounds_is_brought_back(void **state)
{
    struct fixture f;
    struct memcoord_domain *small, *big;

    (void)state;
    begin(&f);
    small = fixture_add(&f, 200 * MIB, 2048 * MIB, 150 * MIB);
    big = fixture_add(&f, 200 * MIB, 500 * MIB, 512 * MIB);
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, small), 200 * MIB);
    assert_int_equal(fixture_asked(&f, big), 500 * MIB);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(under_host_pressure_it_gives_less_and_probes_harder),
        cmocka_unit_test(under_host_pressure_half_as_much_is_felt),
        cmocka_unit_test(grows_share_what_there_is_by_weight),
        cmocka_unit_test(plans_keep_bounds_and_grows_what_there_is),
        cmocka_unit_test(a_domain_outside_its_bounds_is_brought_back),
    };

    return cmocka_run_group_tests_name("pressure, host", tests, NULL, NULL);
}
