/* SPDX-License-Identifier: BSD-3-Clause */
/* The rules of the guard (core/control/guard.h), one example after the other: 1 to 4, who may be
 * changed and how far a shrink may go; and what a verdict says. test_guard_starving.c has 5,
 * test_guard_budget.c 6 and 7. */
#include "lib/guard_fixture.h"

#define KEEP_MIB 256 /* rescue_keep */

/* ---- 1: who is left alone, who is not shrunk */

static void an_untouchable_domain_is_never_changed(void **state)
{
    (void)state;
    static const struct {
        uint32_t flags;
        enum guard_reason reason;
    } cases[] = { { MEMCOORD_UNMANAGED, GUARD_UNMANAGED },
                  { MEMCOORD_PAUSED, GUARD_PAUSED },
                  { MEMCOORD_MIGRATING, GUARD_MIGRATING },
                  { MEMCOORD_MIGRATING | MEMCOORD_SETTLING | MEMCOORD_STALE, GUARD_MIGRATING } };
    static const uint64_t asks[] = { 0, 900 * MIB, 1100 * MIB, UINT64_MAX - 1 };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t k = 0; k < sizeof(asks) / sizeof(asks[0]); k++) {
            struct fixture f = fixture_begin();
            struct snapshot_domain *d = fixture_add(&f, "a", 1000, 10); /* it even starves */
            d->seen.flags = cases[i].flags;
            d->seen.balloon_kib += 40 * MIB; /* and a shrink is under way */
            d->stale_rescue = true;
            f.asked_kib[0] = asks[k];
            fixture_judge(&f, 2000);
            fixture_expect(&f, 0, 1000 * MIB, cases[i].reason);
            fixture_judge(&f, -500);
            fixture_expect(&f, 0, 1000 * MIB, cases[i].reason);
            fixture_end(&f);
        }
    }
}

static void a_domain_of_uncertain_size_grows_but_does_not_shrink(void **state)
{
    (void)state;
    static const struct {
        uint32_t flags;
        enum guard_reason reason;
    } cases[] = { { MEMCOORD_NEW, GUARD_NEW },
                  { MEMCOORD_SETTLING, GUARD_SETTLING },
                  { MEMCOORD_STALE, GUARD_STALE } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture f = fixture_begin();
        fixture_add(&f, "a", 1000, 800)->seen.flags = cases[i].flags;
        f.asked_kib[0] = 950 * MIB;
        fixture_judge(&f, 2000);
        fixture_expect(&f, 0, 1000 * MIB, cases[i].reason);
        f.asked_kib[0] = 1300 * MIB;
        fixture_judge(&f, 2000);
        fixture_expect(&f, 0, 1300 * MIB, GUARD_AS_ASKED);
        f.asked_kib[0] = MEMCOORD_UNKNOWN; /* nor is it shrunk when the host is short */
        fixture_judge(&f, -300);
        fixture_expect(&f, 0, 1000 * MIB, GUARD_NOT_ASKED);
        fixture_end(&f);
    }
}

static void growth_while_settling_counts_from_the_target(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    struct snapshot_domain *d = fixture_add(&f, "a", 500, 200);
    d->seen.flags = MEMCOORD_SETTLING;
    d->seen.target_kib = 600 * MIB; /* on its way from 500; 100 are promised already */
    f.asked_kib[0] = 800 * MIB;
    fixture_judge(&f, 100 + KEEP_MIB);
    fixture_expect(&f, 0, 700 * MIB, GUARD_BUDGET);
    f.asked_kib[0] = 550 * MIB; /* below the target: a shrink, above the balloon or not */
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 600 * MIB, GUARD_SETTLING);
    fixture_end(&f);
}

static void a_target_below_the_balloon_rises_to_it_for_nothing(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    struct snapshot_domain *d = fixture_add(&f, "a", 1000, 500);
    d->seen.flags = MEMCOORD_SETTLING;
    d->seen.target_kib = 900 * MIB;
    f.asked_kib[0] = 1200 * MIB;
    fixture_judge(&f, 0); /* nothing to give, but the guest holds 1000 still */
    fixture_expect(&f, 0, 1000 * MIB, GUARD_BUDGET);
    fixture_judge(&f, 50 + KEEP_MIB);
    fixture_expect(&f, 0, 1050 * MIB, GUARD_BUDGET);
    fixture_end(&f);
}

static void no_shrink_without_statistics(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_no_stats(fixture_add(&f, "a", 1000, 500));
    f.asked_kib[0] = 900 * MIB;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_NO_STATS);
    f.asked_kib[0] = 1100 * MIB;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1100 * MIB, GUARD_AS_ASKED);
    f.asked_kib[0] = MEMCOORD_UNKNOWN;
    fixture_judge(&f, -1000);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_NOT_ASKED);
    fixture_end(&f);
}

static void no_shrink_where_only_the_need_is_unknown(void **state)
{
    (void)state;
    struct fixture f = fixture_begin(); /* a guest whose driver tells unused, but not usable */
    struct snapshot_domain *d = fixture_add(&f, "a", 1000, 500);
    d->seen.usable_kib = d->seen.used_kib = MEMCOORD_UNKNOWN;
    f.asked_kib[0] = 900 * MIB;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_NO_STATS);
    d->seen.usable_kib = 500 * MIB; /* or a snapshot that names only this */
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_NO_STATS);
    fixture_end(&f);
}

static void no_shrink_while_the_guest_takes_memory_back(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "a", 1000, 500)->shrink_paused = true;
    f.asked_kib[0] = 900 * MIB;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_SHRINK_PAUSED);
    f.asked_kib[0] = 1100 * MIB;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1100 * MIB, GUARD_AS_ASKED);
    f.asked_kib[0] = MEMCOORD_UNKNOWN;
    fixture_judge(&f, -1000);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_NOT_ASKED);
    fixture_end(&f);
}

static void a_shrink_under_way_is_recalled_when_statistics_go_stale(void **state)
{
    (void)state;
    static const uint64_t asks[] = { MEMCOORD_UNKNOWN, 0, 800 * MIB, 900 * MIB, 950 * MIB };
    for (size_t k = 0; k < sizeof(asks) / sizeof(asks[0]); k++) {
        struct fixture f = fixture_begin();
        struct snapshot_domain *d = fixture_add(&f, "a", 1000, 500);
        d->seen.flags = MEMCOORD_STALE | MEMCOORD_SETTLING;
        d->seen.target_kib = 900 * MIB;
        f.asked_kib[0] = asks[k];
        for (int64_t grantable = -500; grantable <= 500; grantable += 500) {
            fixture_judge(&f, grantable); /* it costs nothing: the guest holds it still */
            fixture_expect(&f, 0, 1000 * MIB, GUARD_RECALLED);
        }
        fixture_end(&f);
    }
}

static void a_recall_stays_within_max(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    struct snapshot_domain *d = fixture_add(&f, "a", 1000, 500);
    d->seen.flags = MEMCOORD_STALE | MEMCOORD_SETTLING;
    d->seen.target_kib = 900 * MIB;
    d->seen.max_kib = 960 * MIB;
    fixture_judge(&f, 500);
    fixture_expect(&f, 0, 960 * MIB, GUARD_RECALLED);
    fixture_end(&f);
}

/* ---- 2: bounds */

static void hostile_asks_end_at_the_bounds(void **state)
{
    (void)state;
    static const struct {
        uint64_t asked_kib, granted_kib;
        enum guard_reason reason;
    } cases[] = {
        { 0, 500 * MIB, GUARD_AT_MIN },
        { 1, 500 * MIB, GUARD_AT_MIN },
        { 500 * MIB - 1, 500 * MIB, GUARD_AT_MIN },
        { 500 * MIB, 500 * MIB, GUARD_AS_ASKED },
        { 2000 * MIB, 2000 * MIB, GUARD_AS_ASKED },
        { 2000 * MIB + 1, 2000 * MIB, GUARD_AT_MAX },
        { UINT64_C(1) << 34, 2000 * MIB, GUARD_AT_MAX },
        { INT64_MAX, 2000 * MIB, GUARD_AT_MAX },
        { (uint64_t)INT64_MAX + 1, 2000 * MIB, GUARD_AT_MAX },
        { UINT64_MAX - 1, 2000 * MIB, GUARD_AT_MAX },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture f = fixture_begin();
        struct snapshot_domain *d = fixture_add(&f, "a", 1000, 900);
        d->seen.min_kib = 500 * MIB;
        d->seen.max_kib = 2000 * MIB;
        f.guard.max_shrink = (struct amount){ 4000 * MIB, 0 };
        f.asked_kib[0] = cases[i].asked_kib;
        fixture_judge(&f, 5000);
        fixture_expect(&f, 0, cases[i].granted_kib, cases[i].reason);
        fixture_end(&f);
    }
}

static void huge_asks_do_not_add_up_past_the_budget(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    const char *names[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
    for (size_t i = 0; i < FIXTURE_DOMAINS; i++) {
        fixture_add(&f, names[i], 1000, 500)->seen.max_kib = UINT64_C(1) << 34;
        f.asked_kib[i] = UINT64_MAX - 1 - i;
    }
    fixture_judge(&f, 1000 + KEEP_MIB);
    uint64_t grown_kib = 0;
    for (size_t i = 0; i < FIXTURE_DOMAINS; i++)
        grown_kib += f.verdicts[i].granted_kib - 1000 * MIB;
    assert_in_range(grown_kib, 1000 * MIB - FIXTURE_DOMAINS * 10 * MIB, 1000 * MIB);
    fixture_end(&f);
}

static void at_its_bound_a_domain_stays(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "at min", 256, 200);
    fixture_add(&f, "at max", 4096, 2000);
    struct snapshot_domain *fixed = fixture_add(&f, "fixed", 600, 400);
    fixed->seen.min_kib = fixed->seen.max_kib = 600 * MIB;
    f.asked_kib[0] = 256 * MIB - 1;
    f.asked_kib[1] = 4096 * MIB + 1;
    f.asked_kib[2] = 0;
    fixture_judge(&f, 3000);
    fixture_expect(&f, 0, 256 * MIB, GUARD_AT_MIN);
    fixture_expect(&f, 1, 4096 * MIB, GUARD_AT_MAX);
    fixture_expect(&f, 2, 600 * MIB, GUARD_AT_MIN);
    f.asked_kib[2] = UINT64_MAX - 1;
    fixture_judge(&f, 3000);
    fixture_expect(&f, 2, 600 * MIB, GUARD_AT_MAX);
    fixture_end(&f);
}

/* A target that lies outside (the bounds were changed) moves towards them, never further away. */
static void a_target_outside_its_bounds_moves_towards_them(void **state)
{
    (void)state;
    static const uint64_t asks[] = { 0, 300 * MIB, 1000 * MIB, 3000 * MIB, UINT64_MAX - 1 };
    for (size_t k = 0; k < sizeof(asks) / sizeof(asks[0]); k++) {
        struct fixture f = fixture_begin();
        fixture_add(&f, "above", 2000, 1500)->seen.max_kib = 1000 * MIB;
        fixture_add(&f, "below", 200, 150)->seen.min_kib = 500 * MIB;
        f.asked_kib[0] = f.asked_kib[1] = asks[k];
        fixture_judge(&f, 1000);
        assert_in_range(f.verdicts[0].granted_kib, 1800 * MIB, 2000 * MIB);
        assert_in_range(f.verdicts[1].granted_kib, 500 * MIB, 4096 * MIB);
        fixture_judge(&f, 100 + KEEP_MIB); /* not enough to bring it to min */
        assert_in_range(f.verdicts[1].granted_kib, 200 * MIB, 300 * MIB);
        fixture_end(&f);
    }
}

/* ---- 3: guest_reserve */

static void a_shrink_leaves_the_guest_its_reserve(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "a", 1000, 150);
    f.asked_kib[0] = 900 * MIB;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 950 * MIB, GUARD_GUEST_RESERVE);
    f.asked_kib[0] = 960 * MIB;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 960 * MIB, GUARD_AS_ASKED);
    fixture_end(&f);
}

static void no_shrink_below_the_guest_reserve(void **state)
{
    (void)state;
    static const uint64_t usables[] = { 100, 99, 64 };
    for (size_t i = 0; i < sizeof(usables) / sizeof(usables[0]); i++) {
        struct fixture f = fixture_begin();
        fixture_add(&f, "a", 1000, usables[i]);
        f.asked_kib[0] = 900 * MIB;
        fixture_judge(&f, 1000);
        fixture_expect(&f, 0, 1000 * MIB, GUARD_GUEST_RESERVE);
        fixture_end(&f);
    }
}

static void the_guest_reserve_counts_from_what_the_sample_used(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    struct snapshot_domain *d = fixture_add(&f, "a", 1000, 300);
    d->seen.used_kib = 870 * MIB; /* the sample was taken at a balloon of 1170 */
    f.asked_kib[0] = 950 * MIB;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 970 * MIB, GUARD_GUEST_RESERVE);
    fixture_end(&f);
}

static void memory_filled_by_page_cache_can_be_taken(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    struct snapshot_domain *d = fixture_add(&f, "a", 1000, 700);
    d->seen.unused_kib = 5 * MIB;
    d->seen.disk_caches_kib = 690 * MIB;
    f.asked_kib[0] = 950 * MIB;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 950 * MIB, GUARD_AS_ASKED);
    fixture_end(&f);
}

/* ---- 4: gradual */

static void a_shrink_is_gradual(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "large", 2000, 1900); /* 10% */
    fixture_add(&f, "small", 400, 350);   /* 50 MiB */
    f.asked_kib[0] = f.asked_kib[1] = 256 * MIB;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1800 * MIB, GUARD_GRADUAL);
    fixture_expect(&f, 1, 350 * MIB, GUARD_GRADUAL);
    fixture_end(&f);
}

/* A balloon that rests a little beside its target. */
static void the_pace_is_of_what_the_guest_has(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "a", 2000, 1900)->seen.target_kib = 1997 * MIB;
    f.asked_kib[0] = 256 * MIB;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1797 * MIB, GUARD_GRADUAL);
    fixture_end(&f);
}

static void extra_ticks_of_an_interval_do_not_shrink_more(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    struct snapshot_domain *d = fixture_add(&f, "a", 1000, 900);
    uint64_t size_mib = 1000;
    for (int tick = 0; tick < 5; tick++) { /* five ticks within one interval */
        f.asked_kib[0] = (size_mib - 40) * MIB;
        fixture_judge(&f, 1000);
        const uint64_t granted_kib = f.verdicts[0].granted_kib;
        if (tick >= 3)
            fixture_expect(&f, 0, size_mib * MIB, GUARD_GRADUAL);
        d->shrunk_kib += size_mib * MIB - granted_kib;
        d->seen.target_kib = d->seen.balloon_kib = granted_kib; /* it arrives at once */
        d->seen.used_kib = 100 * MIB;
        d->seen.usable_kib = granted_kib - 100 * MIB;
        size_mib = granted_kib / MIB;
    }
    assert_in_range(d->shrunk_kib, 80 * MIB, 100 * MIB); /* 10% of 1000 */
    d->shrunk_kib = 0;                                   /* the next interval */
    f.asked_kib[0] = (size_mib - 40) * MIB;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, (size_mib - 40) * MIB, GUARD_AS_ASKED);
    fixture_end(&f);
}

static void shrunk_by_more_than_allowed_already(void **state)
{
    (void)state;
    struct fixture f = fixture_begin(); /* max_shrink was lowered meanwhile: no underflow */
    fixture_add(&f, "a", 1000, 900)->shrunk_kib = 5000 * MIB;
    f.asked_kib[0] = 500 * MIB;
    fixture_judge(&f, 1000);
    fixture_expect(&f, 0, 1000 * MIB, GUARD_GRADUAL);
    fixture_judge(&f, -1000);
    assert_int_equal(f.verdicts[0].granted_kib, 1000 * MIB);
    fixture_end(&f);
}

/* ---- words */

static void each_reason_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = GUARD_NOT_ASKED; i <= GUARD_OFF; i++) {
        const char *name = guard_reason_name((enum guard_reason)i);
        assert_true(strlen(name) > 1);
        assert_true(strspn(name, "abcdefghijklmnopqrstuvwxyz-") == strlen(name));
        for (int k = GUARD_NOT_ASKED; k < i; k++)
            assert_string_not_equal(name, guard_reason_name((enum guard_reason)k));
    }
    assert_string_equal(guard_reason_name(GUARD_AS_ASKED), "as-asked");
    assert_string_equal(guard_reason_name(GUARD_BUDGET), "budget");
    assert_string_equal(guard_reason_name(GUARD_RESCUE), "rescue");
}

static void each_reason_is_explained_however_short_the_buffer(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    struct snapshot_domain *d = fixture_add(&f, "a", 1000, 500);
    for (int i = GUARD_NOT_ASKED; i <= GUARD_OFF; i++) {
        for (int known = 0; known < 2; known++) {
            if (!known)
                fixture_no_stats(d);
            const struct guard_verdict v = { known ? 2000 * MIB : MEMCOORD_UNKNOWN, 1100 * MIB,
                                             (enum guard_reason)i };
            char text[256];
            for (size_t size = 1; size <= sizeof(text); size *= 2) {
                memset(text, 'x', sizeof(text));
                guard_explain(&f.guard, d, &v, text, size);
                assert_non_null(memchr(text, '\0', size));
            }
            assert_true(i == GUARD_NOT_ASKED || i == GUARD_AS_ASKED || text[0]);
            assert_null(strchr(text, '\n'));
            assert_null(strstr(text, "18446744073709551615")); /* unknown is no figure */
            assert_null(strstr(text, "18014398509481983"));    /* nor in MiB */
        }
    }
}

static void an_explanation_has_its_figures(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_add(&f, "a", 1000, 150);
    f.asked_kib[0] = 900 * MIB;
    fixture_judge(&f, 1000);
    char text[256];
    guard_explain(&f.guard, &f.snapshot.domains[0], &f.verdicts[0], text, sizeof(text));
    assert_non_null(strstr(text, "100 MiB"));
    fixture_end(&f);
}

static void no_domains_no_verdicts(void **state)
{
    (void)state;
    struct fixture f = fixture_begin();
    fixture_judge(&f, 1000);
    fixture_judge(&f, -100);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_untouchable_domain_is_never_changed),
        cmocka_unit_test(a_domain_of_uncertain_size_grows_but_does_not_shrink),
        cmocka_unit_test(growth_while_settling_counts_from_the_target),
        cmocka_unit_test(a_target_below_the_balloon_rises_to_it_for_nothing),
        cmocka_unit_test(no_shrink_without_statistics),
        cmocka_unit_test(no_shrink_where_only_the_need_is_unknown),
        cmocka_unit_test(no_shrink_while_the_guest_takes_memory_back),
        cmocka_unit_test(a_shrink_under_way_is_recalled_when_statistics_go_stale),
        cmocka_unit_test(a_recall_stays_within_max),
        cmocka_unit_test(hostile_asks_end_at_the_bounds),
        cmocka_unit_test(huge_asks_do_not_add_up_past_the_budget),
        cmocka_unit_test(at_its_bound_a_domain_stays),
        cmocka_unit_test(a_target_outside_its_bounds_moves_towards_them),
        cmocka_unit_test(a_shrink_leaves_the_guest_its_reserve),
        cmocka_unit_test(no_shrink_below_the_guest_reserve),
        cmocka_unit_test(the_guest_reserve_counts_from_what_the_sample_used),
        cmocka_unit_test(memory_filled_by_page_cache_can_be_taken),
        cmocka_unit_test(a_shrink_is_gradual),
        cmocka_unit_test(the_pace_is_of_what_the_guest_has),
        cmocka_unit_test(extra_ticks_of_an_interval_do_not_shrink_more),
        cmocka_unit_test(shrunk_by_more_than_allowed_already),
        cmocka_unit_test(each_reason_has_a_name_of_its_own),
        cmocka_unit_test(each_reason_is_explained_however_short_the_buffer),
        cmocka_unit_test(an_explanation_has_its_figures),
        cmocka_unit_test(no_domains_no_verdicts),
    };
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
