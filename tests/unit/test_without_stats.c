/* SPDX-License-Identifier: BSD-3-Clause */
/* Domains whose guests never give statistics, and need not ([domain GLOB] statistics = optional). */
#include "lib/cmocka.h"

#include "lib/domain_fixture.h"
#include "lib/guard_fixture.h"

/* ---- the guard */

static struct snapshot_domain *add_mute(struct fixture *f, const char *name, uint64_t balloon)
{
    struct snapshot_domain *d = fixture_add(f, name, balloon, 0);

    fixture_no_stats(d);
    d->without_stats = true;
    return d;
}

static void judged(struct fixture *f, uint64_t asked_kib, int64_t grantable, uint64_t want_mib,
                   enum guard_reason reason)
{
    f->asked_kib[0] = asked_kib;
    fixture_judge(f, grantable);
    fixture_expect(f, 0, want_mib * MIB, reason);
}

/* min is 256 MiB; max_shrink 50 MiB, 10%. */
static void bounds_and_pace_are_all_that_is_kept(void **state)
{
    struct fixture f = fixture_begin();
    struct snapshot_domain *d = add_mute(&f, "a", 1000);

    (void)state;
    judged(&f, 950 * MIB, 1000, 950, GUARD_AS_ASKED);
    judged(&f, 0, 1000, 900, GUARD_GRADUAL);
    d->shrunk_kib = 60 * MIB;
    judged(&f, 0, 1000, 960, GUARD_GRADUAL);
    d->shrunk_kib = 0;
    d->seen.balloon_kib = d->seen.target_kib = 280 * MIB;
    d->seen.rss_kib = 344 * MIB;
    judged(&f, 0, 1000, 256, GUARD_AT_MIN);
    judged(&f, 276 * MIB, 1000, 280, GUARD_DEADBAND);
    judged(&f, 500 * MIB, 300 + 256, 500, GUARD_AS_ASKED);
    judged(&f, 5000 * MIB, 50 + 256, 330, GUARD_BUDGET);
    fixture_end(&f);
}

static void what_says_more_than_statistics_holds_for_it_too(void **state)
{
    static const struct {
        uint32_t flag;
        enum guard_reason reason;
    } flags[] = { { MEMCOORD_UNMANAGED, GUARD_UNMANAGED },
                  { MEMCOORD_PAUSED, GUARD_PAUSED },
                  { MEMCOORD_MIGRATING, GUARD_MIGRATING },
                  { MEMCOORD_NEW, GUARD_NEW },
                  { MEMCOORD_SETTLING, GUARD_SETTLING } };
    struct fixture f = fixture_begin();
    struct snapshot_domain *d = add_mute(&f, "a", 1000);

    (void)state;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        d->seen.flags = flags[i].flag;
        judged(&f, 900 * MIB, 1000, 1000, flags[i].reason);
        judged(&f, MEMCOORD_UNKNOWN, -500, 1000, GUARD_NOT_ASKED);
    }
    d->seen.flags = 0;
    d->shrink_paused = true;
    judged(&f, 900 * MIB, 1000, 1000, GUARD_SHRINK_PAUSED);
    d->shrink_paused = false;
    d->stuck = true;
    judged(&f, 900 * MIB, 1000, 1000, GUARD_STUCK);
    d->own_ask_kib = 975 * MIB;
    judged(&f, 900 * MIB, 1000, 975, GUARD_PROBE);
    fixture_end(&f);
}

/* Who is known to have plenty gives first; then who has most above min. */
static void a_short_host_takes_from_it_last(void **state)
{
    struct fixture f = fixture_begin();

    (void)state;
    add_mute(&f, "a", 1000);
    add_mute(&f, "b", 2000);
    fixture_add(&f, "c", 1000, 160); /* has 60 MiB above guest_reserve */
    fixture_judge(&f, -60);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_NOT_ASKED);
    fixture_expect(&f, 1, 2000 * MIB, GUARD_NOT_ASKED);
    fixture_expect(&f, 2, 940 * MIB, GUARD_HOST_SHORT);
    fixture_judge(&f, -200);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_NOT_ASKED);
    fixture_expect(&f, 1, 1860 * MIB, GUARD_HOST_SHORT);
    fixture_expect(&f, 2, 940 * MIB, GUARD_HOST_SHORT);
    fixture_end(&f);
}

/* ---- what is remembered of it */

struct mute {
    struct host_domain seen;
    struct domain *domain;
    uint64_t now_ms;
};

static struct mute begin(uint64_t statistics)
{
    struct mute m = { .seen = guest(1000 * MIB, 0, UNKNOWN), .now_ms = 1000 };

    m.seen.unused_kib = m.seen.usable_kib = m.seen.guest_total_kib = m.seen.disk_caches_kib =
        UNKNOWN;
    m.seen.swap_in_kib = m.seen.swap_out_kib = m.seen.major_faults = UNKNOWN;
    config.domain_defaults.statistics = statistics;
    m.domain = domain_new(&m.seen, m.now_ms, &config);
    assert_non_null(m.domain);
    domain_see(m.domain, &m.seen, m.now_ms, &config);
    return m;
}

static void look_for(struct mute *m, uint64_t ms)
{
    for (uint64_t end_ms = m->now_ms + ms; m->now_ms < end_ms;) {
        m->now_ms += 1000;
        domain_see(m->domain, &m->seen, m->now_ms, &config);
    }
}

static uint32_t flags(struct mute *m)
{
    return filled(m->domain, m->now_ms).seen.flags;
}

static void it_is_left_alone_unless_it_is_allowed(void **state)
{
    struct mute m = begin(STATISTICS_REQUIRED);

    (void)state;
    look_for(&m, 60000);
    assert_int_equal(flags(&m),
                     MEMCOORD_UNMANAGED | MEMCOORD_NEW | MEMCOORD_SETTLING | MEMCOORD_STALE);
    assert_non_null(strstr(filled(m.domain, m.now_ms).unmanaged_why, "gives no statistics"));
    assert_false(filled(m.domain, m.now_ms).without_stats);
    domain_free(m.domain);
}

static void for_30_s_it_may_be_booting(void **state)
{
    struct mute m = begin(STATISTICS_OPTIONAL);

    (void)state;
    look_for(&m, 29000);
    assert_true(flags(&m) & MEMCOORD_NEW);
    assert_int_equal(filled(m.domain, m.now_ms).booting_kib, 2048 * MIB);
    look_for(&m, 1000);
    assert_int_equal(flags(&m), 0);
    assert_true(filled(m.domain, m.now_ms).without_stats);
    assert_int_equal(filled(m.domain, m.now_ms).booting_kib, 0);
    assert_true(filled(m.domain, m.now_ms).seen.stats_age_ms == UNKNOWN);
    domain_free(m.domain);
}

/* A guest that is paused does not boot on; after a gap nobody knows whether it did. */
static void time_that_it_did_not_run_does_not_count(void **state)
{
    struct mute m = begin(STATISTICS_OPTIONAL);

    (void)state;
    look_for(&m, 20000);
    m.seen.state = HOST_DOMAIN_PAUSED;
    look_for(&m, 60000);
    m.seen.state = HOST_DOMAIN_RUNNING;
    m.now_ms += 3600 * 1000;
    look_for(&m, 5000);
    assert_true(flags(&m) & MEMCOORD_NEW);
    look_for(&m, 10000);
    assert_false(flags(&m) & MEMCOORD_NEW);
    domain_free(m.domain);
}

static void one_whose_balloon_moves_is_not_taken_for_booted(void **state)
{
    struct mute m = begin(STATISTICS_OPTIONAL);

    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        m.seen.balloon_kib -= 10 * MIB; /* its driver takes what it was not to have */
        look_for(&m, 1000);
    }
    assert_true(flags(&m) & MEMCOORD_NEW);
    look_for(&m, 3000);
    assert_int_equal(flags(&m), 0);
    assert_int_equal(m.domain->target_kib, 600 * MIB);
    domain_free(m.domain);
}

/* It settles by what the host tells, and not while what its process holds is not known. */
static void it_settles_by_the_hosts_word(void **state)
{
    struct mute m = begin(STATISTICS_OPTIONAL);

    (void)state;
    look_for(&m, 30000);
    domain_asked(m.domain, 900 * MIB, m.now_ms, config.daemon.interval_ms);
    assert_int_equal(flags(&m), MEMCOORD_SETTLING);
    m.seen.balloon_kib = 900 * MIB;
    look_for(&m, 1000);
    assert_int_equal(flags(&m), 0);
    m.seen.rss_kib = UNKNOWN;
    look_for(&m, 1000);
    assert_int_equal(flags(&m), MEMCOORD_SETTLING);
    m.seen.rss_kib = 980 * MIB;
    look_for(&m, 1000);
    assert_int_equal(flags(&m), 0);
    assert_int_equal(m.domain->path_high_kib, 1000 * MIB);
    look_for(&m, 3000); /* no older target moves it any more */
    assert_int_equal(m.domain->path_high_kib, 900 * MIB);
    domain_free(m.domain);
}

/* What its QEMU holds for itself is learned, as of others. */
static void its_overhead_is_learned_while_it_stands_still(void **state)
{
    struct mute m = begin(STATISTICS_OPTIONAL);

    (void)state;
    m.seen.rss_kib = 1200 * MIB;
    look_for(&m, 30000);
    assert_int_equal(filled(m.domain, m.now_ms).overhead_kib, 200 * MIB);
    domain_free(m.domain);
}

/* Its driver may have been loaded just now. Then it is as the others: new until its balloon held still for three
 * samples, and left to itself when they go stale. */
static void one_that_begins_to_tell_is_as_the_others(void **state)
{
    struct mute m = begin(STATISTICS_OPTIONAL);

    (void)state;
    look_for(&m, 40000);
    assert_int_equal(flags(&m), 0);
    for (unsigned i = 0; i < 3; i++) {
        m.seen = guest(1000 * MIB, 200 * MIB, m.now_ms + 500);
        look_for(&m, 1000);
        assert_int_equal(!(flags(&m) & MEMCOORD_NEW), i == 2);
        assert_false(filled(m.domain, m.now_ms).without_stats);
    }
    assert_int_equal(flags(&m), 0);
    look_for(&m, 10000);
    assert_int_equal(flags(&m), MEMCOORD_STALE);
    assert_false(filled(m.domain, m.now_ms).without_stats);
    domain_free(m.domain);
}

static int run(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_and_pace_are_all_that_is_kept),
        cmocka_unit_test(what_says_more_than_statistics_holds_for_it_too),
        cmocka_unit_test(a_short_host_takes_from_it_last),
        cmocka_unit_test(it_is_left_alone_unless_it_is_allowed),
        cmocka_unit_test(for_30_s_it_may_be_booting),
        cmocka_unit_test(time_that_it_did_not_run_does_not_count),
        cmocka_unit_test(one_whose_balloon_moves_is_not_taken_for_booted),
        cmocka_unit_test(it_settles_by_the_hosts_word),
        cmocka_unit_test(its_overhead_is_learned_while_it_stands_still),
        cmocka_unit_test(one_that_begins_to_tell_is_as_the_others),
    };

    return cmocka_run_group_tests_name("without statistics", tests, NULL, NULL);
}

int main(void)
{
    return run_with_defaults(run);
}
