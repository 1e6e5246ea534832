/* SPDX-License-Identifier: BSD-3-Clause */
/* What the host can give: promised memory, grantable, capacity, pool, and who is movable. */
#include "lib/guard_fixture.h"

/* The fixture, with the reserve of a small host. */
static struct fixture small_reserve(void)
{
    struct fixture f = fixture_begin();
    f.host.reserve = (struct amount){ 200 * MIB, 0 };
    return f;
}

static int64_t grantable_mib(const struct fixture *f)
{
    return f->snapshot.host.grantable_kib / (int64_t)MIB;
}

static void a_settled_domain_holds_its_balloon_and_its_extra_memory(void **state)
{
    (void)state;
    struct fixture f = small_reserve();
    struct snapshot_domain *d = fixture_add(&f, "a", 1000, 500);
    assert_int_equal(snapshot_holds_kib(d), 1000 * MIB);
    d->extra_kib = 24 * MIB;
    assert_int_equal(snapshot_holds_kib(d), 1024 * MIB);
    d->seen.target_kib = 1200 * MIB; /* a growth under way is held already */
    assert_int_equal(snapshot_holds_kib(d), 1224 * MIB);
    d->seen.target_kib = 600 * MIB; /* a shrink only once it is seen */
    assert_int_equal(snapshot_holds_kib(d), 1024 * MIB);
}

static void untouched_memory_is_promised(void **state)
{
    (void)state;
    struct fixture f = small_reserve();
    struct snapshot_domain *d = fixture_add(&f, "a", 1000, 500);
    assert_int_equal(snapshot_promised_kib(d), 0);
    d->seen.rss_kib = 300 * MIB;
    assert_int_equal(snapshot_promised_kib(d), 764 * MIB);
    d->seen.target_kib = 1100 * MIB;
    assert_int_equal(snapshot_promised_kib(d), 864 * MIB);
    d->extra_kib = 36 * MIB;
    assert_int_equal(snapshot_promised_kib(d), 900 * MIB);
    d->seen.rss_kib = 0;
    assert_int_equal(snapshot_promised_kib(d), 1200 * MIB);
}

static void more_rss_than_all_that_was_given_promises_nothing(void **state)
{
    (void)state;
    struct fixture f = small_reserve();
    struct snapshot_domain *d = fixture_add(&f, "a", 1000, 500);
    d->seen.rss_kib = 1500 * MIB;
    assert_int_equal(snapshot_promised_kib(d), 0);
    d->seen.rss_kib = 1064 * MIB + 1;
    assert_int_equal(snapshot_promised_kib(d), 0);
    d->seen.rss_kib = 1064 * MIB - 1;
    assert_int_equal(snapshot_promised_kib(d), 1);
}

static void unknown_rss_promises_only_what_is_on_its_way(void **state)
{
    (void)state;
    struct fixture f = small_reserve();
    struct snapshot_domain *d = fixture_add(&f, "a", 1000, 500);
    d->seen.rss_kib = MEMCOORD_UNKNOWN;
    assert_int_equal(snapshot_promised_kib(d), 0);
    d->seen.target_kib = d->seen.balloon_kib + 7;
    assert_int_equal(snapshot_promised_kib(d), 7);
    d->seen.target_kib = d->seen.balloon_kib - 7;
    assert_int_equal(snapshot_promised_kib(d), 0);
}

static void memory_set_aside_is_not_promised(void **state)
{
    (void)state;
    struct fixture f = small_reserve();
    struct snapshot_domain *d = fixture_add(&f, "huge", 1000, 500);
    d->seen.rss_kib = 100 * MIB;
    d->seen.flags = MEMCOORD_UNMANAGED;
    d->set_aside = true;
    assert_int_equal(snapshot_promised_kib(d), 0);
    fixture_complete(&f, 10000 * MIB);
    assert_int_equal(grantable_mib(&f), 9800);
    f.host.limit_kib = 3000 * MIB; /* but it is held */
    fixture_complete(&f, 10000 * MIB);
    assert_int_equal(grantable_mib(&f), 2000);
    fixture_end(&f);
}

static void grantable_is_available_less_reserve_and_promises(void **state)
{
    (void)state;
    struct fixture f = small_reserve();
    fixture_add(&f, "a", 1000, 500)->seen.rss_kib = 564 * MIB; /* 500 promised */
    fixture_add(&f, "b", 1000, 500);                           /* 0 */
    struct snapshot_domain *c = fixture_add(&f, "c", 800, 300);
    c->seen.flags = MEMCOORD_UNMANAGED; /* counts as well: 100 */
    c->seen.rss_kib = 764 * MIB;
    fixture_complete(&f, 2000 * MIB);
    assert_int_equal(f.snapshot.host.reserve_kib, 200 * MIB);
    assert_int_equal(grantable_mib(&f), 2000 - 200 - 600);
    fixture_complete(&f, 700 * MIB); /* more is promised than there is */
    assert_int_equal(grantable_mib(&f), -100);
    fixture_complete(&f, 0);
    assert_int_equal(grantable_mib(&f), -800);
    fixture_end(&f);
}

static void paused_and_migrating_domains_promise_too(void **state)
{
    (void)state;
    const uint32_t flags[] = { MEMCOORD_PAUSED, MEMCOORD_MIGRATING, MEMCOORD_NEW, MEMCOORD_STALE };
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        struct fixture f = small_reserve();
        struct snapshot_domain *d = fixture_add(&f, "a", 1000, 500);
        d->seen.flags = flags[i];
        d->seen.rss_kib = 364 * MIB;
        fixture_complete(&f, 2000 * MIB);
        assert_int_equal(grantable_mib(&f), 2000 - 200 - 700);
        fixture_end(&f);
    }
}

static void ksm_may_come_back(void **state)
{
    (void)state;
    struct fixture f = small_reserve();
    fixture_add(&f, "a", 1000, 500);
    fixture_complete(&f, 2000 * MIB);
    f.snapshot.ksm_sharing_kib = 300 * MIB;
    snapshot_complete(&f.snapshot, &f.host, &f.guard);
    assert_int_equal(grantable_mib(&f), 2000 - 200 - 300);
    fixture_end(&f);
}

static void the_reserve_is_the_larger_of_size_and_percentage(void **state)
{
    (void)state;
    struct fixture f = small_reserve();
    f.host.reserve = (struct amount){ 200 * MIB, 500 };
    fixture_complete(&f, 10000 * MIB);
    assert_int_equal(f.snapshot.host.reserve_kib, 65536 * MIB / 20);
    assert_int_equal(f.snapshot.host.capacity_kib, 65536 * MIB - 65536 * MIB / 20);
    f.host.reserve = (struct amount){ 5000 * MIB, 500 };
    fixture_complete(&f, 10000 * MIB);
    assert_int_equal(f.snapshot.host.reserve_kib, 5000 * MIB);
    assert_int_equal(grantable_mib(&f), 5000);
    fixture_end(&f);
}

static void a_limit_caps_what_domains_hold_in_all(void **state)
{
    (void)state;
    struct fixture f = small_reserve();
    f.host.limit_kib = 3072 * MIB;
    fixture_add(&f, "a", 1000, 500)->seen.target_kib = 1100 * MIB;
    fixture_add(&f, "b", 1500, 500);
    fixture_complete(&f, 20000 * MIB);
    assert_int_equal(f.snapshot.host.capacity_kib, 3072 * MIB);
    assert_int_equal(grantable_mib(&f), 3072 - 2600);
    f.domains[1].seen.balloon_kib = 2500 * MIB;
    fixture_complete(&f, 20000 * MIB); /* it is held in excess */
    assert_int_equal(grantable_mib(&f), 3072 - 3600);
    fixture_end(&f);
}

static void a_limit_above_the_host_changes_nothing(void **state)
{
    (void)state;
    struct fixture f = small_reserve();
    f.host.limit_kib = 100000 * MIB;
    fixture_add(&f, "a", 1000, 500);
    fixture_complete(&f, 1000 * MIB);
    assert_int_equal(f.snapshot.host.capacity_kib, 65536 * MIB - 200 * MIB);
    assert_int_equal(grantable_mib(&f), 800);
    fixture_end(&f);
}

static void an_unknown_host_grants_nothing(void **state)
{
    (void)state;
    for (int limited = 0; limited < 2; limited++) {
        for (int which = 0; which < 3; which++) {
            struct fixture f = small_reserve();
            f.host.limit_kib = limited ? 8000 * MIB : 0;
            f.host.reserve = (struct amount){ 200 * MIB, 500 };
            fixture_add(&f, "a", 1000, 500);
            fixture_complete(&f, 20000 * MIB);
            assert_true(grantable_mib(&f) > 0);
            if (which != 1)
                f.snapshot.host.total_kib = MEMCOORD_UNKNOWN;
            if (which != 0)
                f.snapshot.host.available_kib = MEMCOORD_UNKNOWN;
            snapshot_complete(&f.snapshot, &f.host, &f.guard);
            assert_int_equal(f.snapshot.host.grantable_kib, 0);
            assert_true(f.snapshot.host.reserve_kib != MEMCOORD_UNKNOWN);
            assert_true(f.snapshot.host.capacity_kib != MEMCOORD_UNKNOWN);
            assert_true(f.snapshot.host.pool_kib <= 1000 * MIB);
            fixture_end(&f);
        }
    }
}

static void a_limit_already_exceeded_shows_on_an_unknown_host(void **state)
{
    (void)state;
    struct fixture f = small_reserve();
    f.host.limit_kib = 800 * MIB;
    fixture_add(&f, "a", 1000, 500);
    fixture_complete(&f, 20000 * MIB);
    f.snapshot.host.available_kib = MEMCOORD_UNKNOWN;
    snapshot_complete(&f.snapshot, &f.host, &f.guard);
    assert_true(f.snapshot.host.grantable_kib <= 0);
    fixture_end(&f);
}

static void movable_follows_from_the_other_flags(void **state)
{
    (void)state;
    static const struct {
        uint32_t flags;
        bool movable;
    } cases[] = {
        { 0, true },
        { MEMCOORD_NEW, true },
        { MEMCOORD_SETTLING, true },
        { MEMCOORD_STALE, true },
        { MEMCOORD_NEW | MEMCOORD_SETTLING | MEMCOORD_STALE, true },
        { MEMCOORD_UNMANAGED, false },
        { MEMCOORD_PAUSED, false },
        { MEMCOORD_MIGRATING, false },
        { MEMCOORD_MIGRATING | MEMCOORD_SETTLING, false },
        { MEMCOORD_UNMANAGED | MEMCOORD_MOVABLE, false }, /* whatever stood there before */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture f = small_reserve();
        fixture_add(&f, "a", 1000, 500)->seen.flags = cases[i].flags;
        fixture_complete(&f, 2000 * MIB);
        const uint32_t got = f.snapshot.domains[0].seen.flags;
        const uint32_t others = cases[i].flags & ~MEMCOORD_MOVABLE;
        assert_int_equal(got, others | (cases[i].movable ? MEMCOORD_MOVABLE : 0));
        fixture_end(&f);
    }
}

static void the_pool_is_what_movable_domains_hold_and_what_is_grantable(void **state)
{
    (void)state;
    struct fixture f = small_reserve();
    fixture_add(&f, "a", 1000, 500);
    fixture_add(&f, "growing", 1000, 500)->seen.target_kib = 1200 * MIB;
    fixture_add(&f, "shrinking", 1000, 500)->seen.target_kib = 900 * MIB;
    fixture_add(&f, "extra", 500, 300)->extra_kib = 300 * MIB; /* not to be divided */
    fixture_add(&f, "paused", 700, 300)->seen.flags = MEMCOORD_PAUSED;
    fixture_add(&f, "unmanaged", 700, 300)->seen.flags = MEMCOORD_UNMANAGED;
    f.domains[3].seen.rss_kib = 864 * MIB;
    fixture_complete(&f, (200 + 200 + 600) * MIB);
    assert_int_equal(f.snapshot.host.pool_kib, (1000 + 1200 + 1000 + 500 + 600 - 256) * MIB);
    f.guard.rescue = 0; /* nothing is kept for rescues then */
    fixture_complete(&f, (200 + 200 + 600) * MIB);
    assert_int_equal(f.snapshot.host.pool_kib, (1000 + 1200 + 1000 + 500 + 600) * MIB);
    f.host.reserve.kib = 700 * MIB;
    fixture_complete(&f, 200 * MIB); /* 200 promised: grantable is -700 */
    assert_int_equal(grantable_mib(&f), -700);
    assert_int_equal(f.snapshot.host.pool_kib, (1000 + 1200 + 1000 + 500 - 700) * MIB);
    fixture_end(&f);
}

static void the_pool_is_never_negative(void **state)
{
    (void)state;
    struct fixture f = small_reserve();
    fixture_add(&f, "a", 300, 200);
    f.host.reserve.kib = 5000 * MIB;
    fixture_complete(&f, 100 * MIB);
    assert_int_equal(grantable_mib(&f), -4900);
    assert_int_equal(f.snapshot.host.pool_kib, 0);
    f.host.reserve.kib = 250 * MIB; /* 300 - 150, less what is kept: below 0 by the keep alone */
    fixture_complete(&f, 100 * MIB);
    assert_int_equal(f.snapshot.host.pool_kib, 0);
    fixture_end(&f);
}

static void a_host_without_domains_is_a_snapshot_too(void **state)
{
    (void)state;
    struct fixture f = small_reserve();
    fixture_complete(&f, 2000 * MIB);
    assert_int_equal(f.snapshot.seen.n_domains, 0);
    assert_int_equal(grantable_mib(&f), 1800);
    assert_int_equal(f.snapshot.host.pool_kib, (1800 - 256) * MIB);
    fixture_end(&f);
}

static void begin_wires_zeroed_domains_and_is_used_again(void **state)
{
    (void)state;
    static const size_t sizes[] = { 3, 100, 1, 0, 100, 1000 };
    struct snapshot s = { 0 };
    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        static const struct snapshot_domain zero;
        assert_int_equal(snapshot_begin(&s, sizes[k]), 0);
        assert_int_equal(s.seen.n_domains, sizes[k]);
        assert_ptr_equal(s.seen.host, &s.host);
        for (size_t i = 0; i < sizes[k]; i++) {
            assert_ptr_equal(s.seen.domains[i], &s.domains[i].seen);
            s.domains[i].seen.index = 0; /* it may be filled in already */
            assert_memory_equal(&s.domains[i], &zero, sizeof(zero));
            memset(&s.domains[i], 0x5a, sizeof(zero)); /* leave dirt for the next round */
        }
    }
    snapshot_free(&s);
}

static void a_zeroed_snapshot_can_be_freed(void **state)
{
    (void)state;
    struct snapshot s = { 0 };
    snapshot_free(&s);
}

static void completing_twice_changes_nothing(void **state)
{
    (void)state;
    struct fixture f = small_reserve();
    fixture_add(&f, "a", 1000, 500)->seen.rss_kib = 500 * MIB;
    fixture_complete(&f, 3000 * MIB);
    const struct memcoord_host before = f.snapshot.host;
    snapshot_complete(&f.snapshot, &f.host, &f.guard);
    assert_memory_equal(&before, &f.snapshot.host, sizeof(before));
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_settled_domain_holds_its_balloon_and_its_extra_memory),
        cmocka_unit_test(untouched_memory_is_promised),
        cmocka_unit_test(more_rss_than_all_that_was_given_promises_nothing),
        cmocka_unit_test(unknown_rss_promises_only_what_is_on_its_way),
        cmocka_unit_test(memory_set_aside_is_not_promised),
        cmocka_unit_test(grantable_is_available_less_reserve_and_promises),
        cmocka_unit_test(paused_and_migrating_domains_promise_too),
        cmocka_unit_test(ksm_may_come_back),
        cmocka_unit_test(the_reserve_is_the_larger_of_size_and_percentage),
        cmocka_unit_test(a_limit_caps_what_domains_hold_in_all),
        cmocka_unit_test(a_limit_above_the_host_changes_nothing),
        cmocka_unit_test(an_unknown_host_grants_nothing),
        cmocka_unit_test(a_limit_already_exceeded_shows_on_an_unknown_host),
        cmocka_unit_test(movable_follows_from_the_other_flags),
        cmocka_unit_test(the_pool_is_what_movable_domains_hold_and_what_is_grantable),
        cmocka_unit_test(the_pool_is_never_negative),
        cmocka_unit_test(a_host_without_domains_is_a_snapshot_too),
        cmocka_unit_test(begin_wires_zeroed_domains_and_is_used_again),
        cmocka_unit_test(a_zeroed_snapshot_can_be_freed),
        cmocka_unit_test(completing_twice_changes_nothing),
    };
    return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
