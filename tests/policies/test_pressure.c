/* SPDX-License-Identifier: BSD-3-Clause */
/* The rule on figures made by hand, and the policy in the whole on simulated guests. Ticks are 1 s apart, and each has
 * statistics that are half a second old: the first whose rates are all of the time since a move come at the third tick
 * that sees it, and a guest that is calm from then on is probed 5 ticks later (probe_every = 6s). */
#include "lib/policy_fixture.h"

#include "lib/sim_fixture.h"
#include "util/log.h"

#define NOTHING MEMCOORD_UNKNOWN
#define PROBE_TICKS 8

/* A host with plenty of room. */
static void begin(struct fixture *f)
{
    fixture_open(f, "pressure");
    f->host.pool_kib = 1024 * 1024 * MIB;
}

static void rates(struct memcoord_domain *d, uint64_t in, uint64_t faults, uint64_t out)
{
    d->swap_in_kib_per_s = in;
    d->major_faults_per_s = faults;
    d->swap_out_kib_per_s = out;
    d->stats_age_ms = 500;
}

/* A calm guest of 1000 MiB, between 200 and 2048, that says nothing of its memory. */
static struct memcoord_domain *calm_guest(struct fixture *f)
{
    struct memcoord_domain *d = fixture_add(f, 200 * MIB, 2048 * MIB, 1000 * MIB);

    rates(d, 0, 0, 0);
    return d;
}

/* What was asked for is there at the next tick. */
static void obey(struct fixture *f)
{
    for (size_t i = 0; i < f->snapshot.n_domains; i++) {
        struct memcoord_domain *d = &f->domains[i];

        d->balloon_kib = d->target_kib = fixture_size(f, d);
    }
}

/* Ticks until something is asked of `d`, which is not obeyed yet; at most `most`. */
static unsigned ticks_until_asked(struct fixture *f, struct memcoord_domain *d, unsigned most)
{
    for (unsigned n = 1; n <= most; n++) {
        fixture_decide(f);
        if (fixture_asked(f, d) != NOTHING)
            return n;
    }
    return most + 1;
}

/* The sizes that `d` is asked for in `n` ticks; it obeys, and feels `faults` below `edge_kib`. */
static void run(struct fixture *f, struct memcoord_domain *d, unsigned n, uint64_t edge_kib,
                uint64_t faults)
{
    for (unsigned i = 0; i < n; i++) {
        d->major_faults_per_s = d->target_kib < edge_kib ? faults : 0;
        fixture_decide(f);
        obey(f);
    }
}

/* ---- probes */

/* 2% of 1000 MiB are 20; each next one is twice as large, up to 5%: 40 of 980 (49), then 47 of 940, 44.65 of 893, ... */
static void a_calm_guest_is_probed_again_and_again(void **state)
{
    static const uint64_t takes_kib[] = { 20 * MIB, 40 * MIB, 47 * MIB };
    struct fixture f;
    struct memcoord_domain *d;
    uint64_t size_kib;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    for (unsigned i = 0; i < 3; i++) {
        size_kib = d->target_kib;
        assert_int_equal(ticks_until_asked(&f, d, 100), PROBE_TICKS);
        assert_int_equal(fixture_asked(&f, d), size_kib - takes_kib[i]);
        assert_string_equal(fixture_why(&f, d), "calm, is probed");
        obey(&f);
    }
    while (d->target_kib > d->min_kib) {
        size_kib = d->target_kib;
        assert_int_equal(ticks_until_asked(&f, d, 100), PROBE_TICKS);
        obey(&f);
        assert_in_range(d->target_kib, d->min_kib, size_kib);
        assert_true(size_kib - d->target_kib <= memcoord_max(size_kib / 20, 16 * MIB));
    }
    assert_int_equal(ticks_until_asked(&f, d, 100), 101); /* at min */
    fixture_close(&f);
}

/* It feels less than 970 MiB: 1000, 980, 940; from there on 980 and a probe of 2%, 19.6 MiB, each time. */
static void what_is_missed_goes_back_and_each_wait_is_twice_as_long(void **state)
{
    static const unsigned waits_s[] = { 30, 60, 120, 240, 480, 600, 600 };
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    run(&f, d, 2 * PROBE_TICKS, 970 * MIB, 100);
    assert_int_equal(d->target_kib, 940 * MIB);
    for (unsigned i = 0; i < 7; i++) {
        unsigned ticks = 0;

        d->major_faults_per_s = 100;
        assert_int_equal(ticks_until_asked(&f, d, 10), 3); /* it has had time to feel it */
        assert_int_equal(fixture_asked(&f, d), 980 * MIB);
        assert_string_equal(fixture_why(&f, d), "what was taken is missed");
        obey(&f);
        for (; d->target_kib == 980 * MIB; ticks++)
            run(&f, d, 1, 970 * MIB, 100);
        assert_in_range(ticks, waits_s[i], waits_s[i] + 2);
        assert_int_equal(d->target_kib, 980 * MIB - 980 * MIB / 50);
    }
    fixture_close(&f);
}

/* A guest that no longer needs what it needed is followed down, and the wait is short again when it feels that. */
static void what_is_not_felt_any_more_is_forgotten(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;
    unsigned ticks = 0;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    run(&f, d, 400, 970 * MIB, 100); /* felt at 940, waits of 30, 60, 120 and 240 s */
    assert_in_range(d->target_kib, 940 * MIB, 980 * MIB);
    while (d->target_kib >= 300 * MIB)
        run(&f, d, 1, 300 * MIB, 100);
    while (d->target_kib < 300 * MIB)
        run(&f, d, 1, 300 * MIB, 100);
    for (uint64_t kib = d->target_kib; d->target_kib == kib; ticks++)
        run(&f, d, 1, 300 * MIB, 100);
    assert_in_range(ticks, 30, 32);
    fixture_close(&f);
}

/* The guard leaves its target where it is: asked again after probe_every, and no more than before. */
static void a_probe_that_is_refused_is_asked_for_again_unchanged(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    assert_int_equal(ticks_until_asked(&f, d, 100), PROBE_TICKS);
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(ticks_until_asked(&f, d, 100), 6);
        assert_int_equal(fixture_asked(&f, d), 980 * MIB);
    }
    fixture_close(&f);
}

/* Less than is felt, but more than half of it: neither. */
static void between_calm_and_felt_nothing_moves(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    rates(d, 0, 19, 0);
    assert_int_equal(ticks_until_asked(&f, d, 200), 201);
    rates(d, 128, 0, 0);
    assert_int_equal(ticks_until_asked(&f, d, 200), 201);
    rates(d, 127, 9, 0);
    assert_true(ticks_until_asked(&f, d, 10) < 10);
    fixture_close(&f);
}

/* ---- growth */

/* What a guest of 1000 MiB gets that feels this, in MiB. */
static uint64_t grows_mib(uint64_t in, uint64_t faults, uint64_t out, const char *why)
{
    struct fixture f;
    struct memcoord_domain *d;
    uint64_t kib;

    begin(&f);
    d = calm_guest(&f);
    rates(d, in, faults, out);
    assert_int_equal(ticks_until_asked(&f, d, 10), 3);
    kib = fixture_asked(&f, d) - d->target_kib;
    assert_string_equal(fixture_why(&f, d), why);
    assert_int_equal(kib % MIB, 0);
    fixture_close(&f);
    return kib / MIB;
}

/* 10% of 1000 MiB at ten times what is felt, the same part of it at less, and 32 MiB at least. */
static void it_grows_as_it_feels_and_never_more_than_grow(void **state)
{
    (void)state;
    assert_int_equal(grows_mib(256, 0, 0, "swap-in is felt"), 32);
    assert_int_equal(grows_mib(5 * 256, 0, 0, "swap-in is felt"), 50);
    assert_int_equal(grows_mib(10 * 256, 30, 0, "swap-in is felt"), 100);
    assert_int_equal(grows_mib(10000 * 256, 0, 0, "swap-in is felt"), 100);
    assert_int_equal(grows_mib(UINT64_MAX - 1, 0, 0, "swap-in is felt"), 100);
    assert_int_equal(grows_mib(0, 20, 0, "major faults are felt"), 32);
    assert_int_equal(grows_mib(0, 160, 0, "major faults are felt"), 80);
    assert_int_equal(grows_mib(0, 0, 6 * 1024, "swap-out is felt"), 60);
    assert_int_equal(grows_mib(NOTHING, 160, NOTHING, "major faults are felt"), 80);
    assert_int_equal(grows_mib(5 * 256, NOTHING, NOTHING, "swap-in is felt"), 50);
}

/* 100 MiB at 2560 KiB/s are read back in 40 s: until then that is the cure, and then a new step is due. */
static void what_is_read_back_after_help_asks_for_no_more(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    rates(d, 2560, 640, 0);
    ticks_until_asked(&f, d, 10);
    obey(&f);
    assert_int_equal(d->target_kib, 1100 * MIB);
    d->major_faults_per_s = 0; /* 64 KiB each would be more than what is swapped in */
    assert_int_equal(ticks_until_asked(&f, d, 100), 2 + 40);
    obey(&f);
    assert_int_equal(d->target_kib, 1210 * MIB);
    rates(d, 2560, 0, 1024); /* it writes out again: it is full already */
    assert_int_equal(ticks_until_asked(&f, d, 100), 3);
    obey(&f);
    rates(d, 0, 100, 0); /* the 121 MiB that it got, at 100 x 64 KiB a second */
    assert_int_equal(ticks_until_asked(&f, d, 100), 2 + 20);
    fixture_close(&f);
}

/* It was given 100 MiB, read back 5 of them and was content: what it feels later is something else. */
static void what_it_did_not_need_to_read_back_is_forgotten(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    rates(d, 2560, 0, 0);
    ticks_until_asked(&f, d, 10);
    obey(&f);
    for (unsigned i = 0; i < 4; i++)
        fixture_decide(&f);
    rates(d, 0, 0, 0);
    for (unsigned i = 0; i < 6; i++)
        fixture_decide(&f);
    rates(d, 2560, 0, 0);
    assert_int_equal(ticks_until_asked(&f, d, 10), 1);
    assert_int_equal(fixture_asked(&f, d), 1210 * MIB);
    fixture_close(&f);
}

/* However long it reads, it gets no more than it has read, and a step. */
static void growth_is_bounded_by_what_is_read(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;
    uint64_t read_kib = 0, seed = 3;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    d->max_kib = 100 * 1024 * MIB;
    for (unsigned i = 0; i < 5000; i++) {
        uint64_t in = fixture_random(&seed, 5000);

        rates(d, in, 0, 0);
        read_kib += in;
        fixture_decide(&f);
        obey(&f);
        assert_true(d->target_kib <= 1000 * MIB + read_kib + d->target_kib / 10);
    }
    assert_true(d->target_kib > 2000 * MIB);
    fixture_close(&f);
}

static void growth_ends_at_max(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    rates(d, 1024 * MIB, 0, 1024 * MIB);
    for (unsigned i = 0; i < 100; i++) {
        fixture_decide(&f);
        obey(&f);
    }
    assert_int_equal(d->target_kib, d->max_kib);
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) == NOTHING);
    fixture_close(&f);
}

/* What a probe makes it write is what it does not need; when that has shown, writing means that it grows. */
static void swap_out_after_a_probe_is_not_felt(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    assert_int_equal(ticks_until_asked(&f, d, 100), PROBE_TICKS);
    obey(&f);
    rates(d, 0, 0, 100 * MIB);
    for (unsigned i = 1; i < PROBE_TICKS; i++) {
        fixture_decide(&f);
        assert_true(fixture_asked(&f, d) == NOTHING);
    }
    fixture_decide(&f); /* calm for probe_every: that was not missed */
    d->target_kib = d->balloon_kib;
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) > d->target_kib);
    assert_string_equal(fixture_why(&f, d), "swap-out is felt");
    fixture_close(&f);
}

/* ---- what the guest says of its memory, where it says something */

/* 500 MiB. 60 usable lack 40: a step of 10% is more; of 495 used it is less than what lacks, 95. */
static void little_usable_memory_is_felt(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = fixture_guest(&f, 200 * MIB, 2048 * MIB, 500 * MIB, 440 * MIB);
    fixture_decide(&f); /* it needs no rates */
    assert_int_equal(fixture_asked(&f, d), 550 * MIB);
    assert_string_equal(fixture_why(&f, d), "usable is below usable_low");
    fixture_use(d, 495 * MIB);
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 595 * MIB);
    d->target_kib = 595 * MIB; /* on its way: not asked for twice */
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) == NOTHING);
    d->growth_kib_per_s = 30 * MIB; /* half a second of it lack */
    d->stats_age_ms = 500;
    fixture_decide(&f);
    assert_int_equal(fixture_asked(&f, d), 595 * MIB + 595 * MIB / 10);
    fixture_close(&f);
}

/* 2% above usable_low, 500 x 2% = 10 < 16 MiB: at 384 used 500 is the end. */
static void no_probe_goes_where_it_is_felt_for_sure(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = fixture_guest(&f, 200 * MIB, 2048 * MIB, 516 * MIB, 384 * MIB);
    rates(d, 0, 0, 0);
    d->unused_kib = 50 * MIB;
    assert_int_equal(ticks_until_asked(&f, d, 100), PROBE_TICKS);
    assert_int_equal(fixture_asked(&f, d), 500 * MIB);
    obey(&f);
    fixture_use(d, 384 * MIB);
    rates(d, 0, 0, 0);
    d->unused_kib = 50 * MIB;
    assert_int_equal(ticks_until_asked(&f, d, 100), 101);
    fixture_close(&f);
}

/* 480 of 1000 MiB used, 500 wholly free: 300 of them go at once; but not while pressure is felt above. */
static void what_is_wholly_free_needs_no_probe(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = fixture_guest(&f, 200 * MIB, 2048 * MIB, 1000 * MIB, 480 * MIB);
    rates(d, 0, 0, 0);
    d->unused_kib = 500 * MIB;
    assert_int_equal(ticks_until_asked(&f, d, 10), 2);
    assert_int_equal(fixture_asked(&f, d), 700 * MIB);
    assert_string_equal(fixture_why(&f, d), "unused is above unused_high");
    d->target_kib = 700 * MIB; /* on its way: not taken twice */
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) == NOTHING);
    d->target_kib = d->balloon_kib;
    rates(d, 0, 1000, 0);
    for (unsigned i = 0; i < 10; i++) {
        fixture_decide(&f);
        assert_true(fixture_asked(&f, d) == NOTHING || fixture_asked(&f, d) > d->target_kib);
    }
    fixture_close(&f);
}

/* 400 MiB went before the guest could say what it feels: it gets a step of 10% back at a time, not all at once. */
static void of_much_that_was_taken_a_step_goes_back(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    run(&f, d, 3, 0, 0);
    for (unsigned i = 0; i < 8; i++) {
        d->target_kib = d->balloon_kib = d->target_kib - 50 * MIB;
        fixture_decide(&f);
    }
    rates(d, 0, 1000, 0);
    assert_int_equal(ticks_until_asked(&f, d, 10), 2);
    assert_int_equal(fixture_asked(&f, d), 660 * MIB);
    fixture_close(&f);
}

/* 980 MiB, felt at 940, with a wait of 30 s. A rise of unused memory by 64 MiB ends it. */
static void memory_that_is_freed_ends_the_wait(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    d->unused_kib = 10 * MIB;
    run(&f, d, 2 * PROBE_TICKS + 3, 970 * MIB, 100);
    assert_int_equal(d->target_kib, 980 * MIB);
    run(&f, d, 10, 970 * MIB, 100);
    assert_int_equal(d->target_kib, 980 * MIB);
    d->unused_kib = 73 * MIB;
    run(&f, d, 2, 970 * MIB, 100);
    assert_int_equal(d->target_kib, 980 * MIB);
    d->unused_kib = 74 * MIB;
    run(&f, d, 1, 970 * MIB, 100);
    assert_true(d->target_kib < 980 * MIB);
    fixture_close(&f);
}

/* ---- what is not known, and when */

static void rates_that_are_unknown_change_nothing(void **state)
{
    struct fixture f;
    struct memcoord_domain *none, *no_in, *no_faults, *no_age, *fixed;

    (void)state;
    begin(&f);
    none = calm_guest(&f);
    rates(none, NOTHING, NOTHING, NOTHING);
    no_in = calm_guest(&f);
    no_in->swap_in_kib_per_s =
        NOTHING; /* calm as far as is known: that is not enough to be probed */
    no_faults = calm_guest(&f);
    no_faults->major_faults_per_s = NOTHING;
    no_age = calm_guest(&f);
    rates(no_age, 1000 * MIB, 1000, 0);
    no_age->stats_age_ms = NOTHING;
    fixed = calm_guest(&f);
    rates(fixed, 1000 * MIB, 1000, 0);
    fixed->flags = MEMCOORD_MIGRATING;
    for (unsigned i = 0; i < 200; i++) {
        fixture_decide(&f);
        for (size_t j = 0; j < f.snapshot.n_domains; j++)
            assert_true(fixture_asked(&f, f.list[j]) == NOTHING);
    }
    fixture_close(&f);
}

/* The same statistics, ever older, are judged once; and those from before a move say nothing of after it. */
static void statistics_are_judged_once_and_only_after_the_move(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    run(&f, d, 2, 0, 0);
    rates(d, 0, 1000, 0);
    fixture_decide(&f);
    assert_true(fixture_asked(&f, d) > d->target_kib);
    for (unsigned i = 0; i < 100; i++) { /* it was not granted */
        d->stats_age_ms += 1000;
        fixture_decide(&f);
        assert_true(fixture_asked(&f, d) == NOTHING);
    }
    d->stats_age_ms = 500;
    fixture_decide(&f);
    obey(&f);
    for (unsigned i = 0; i < 2; i++) {
        fixture_decide(&f);
        assert_true(fixture_asked(&f, d) == NOTHING);
    }
    fixture_close(&f);
}

static void a_clock_that_begins_anew_is_a_new_beginning(void **state)
{
    struct fixture f;
    struct memcoord_domain *d;

    (void)state;
    begin(&f);
    d = calm_guest(&f);
    run(&f, d, 100, 970 * MIB, 100);
    f.snapshot.now_ms = 0;
    rates(d, 0, 0, 0);
    assert_int_equal(ticks_until_asked(&f, d, 100), PROBE_TICKS);
    fixture_close(&f);
}

/* ---- others that move it */

/* The guard comes to its rescue while it feels a probe: the same as if we had. Somebody's gift means nothing. */
static void a_rescue_counts_as_pressure_and_a_gift_does_not(void **state)
{
    struct fixture f;
    struct memcoord_domain *rescued, *given;

    (void)state;
    begin(&f);
    rescued = calm_guest(&f);
    given = calm_guest(&f);
    for (unsigned i = 0; i < 3; i++)
        fixture_decide(&f);
    rates(rescued, 5000, 0, 0);
    fixture_decide(&f);
    assert_true(fixture_asked(&f, rescued) > rescued->target_kib);
    rescued->target_kib = rescued->balloon_kib = 1200 * MIB;
    given->target_kib = given->balloon_kib = 1200 * MIB;
    rates(rescued, 0, 0, 0);
    assert_int_equal(ticks_until_asked(&f, given, 100), PROBE_TICKS);
    assert_true(fixture_asked(&f, rescued) == NOTHING);
    assert_in_range(ticks_until_asked(&f, rescued, 100), 30 - PROBE_TICKS, 32 - PROBE_TICKS);
    fixture_close(&f);
}

/* ---- the host */

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

static void parameters_that_contradict_each_other_are_refused(void **state)
{
    struct fixture f;

    (void)state;
    begin(&f);
    assert_null(policy_instance_check(f.instance));
    fixture_set(&f, "probe", "6%");
    assert_string_equal(policy_instance_check(f.instance), "probe is above probe_max");
    fixture_set(&f, "probe_max", "6%");
    assert_null(policy_instance_check(f.instance));
    fixture_set(&f, "backoff", "11min");
    assert_string_equal(policy_instance_check(f.instance), "backoff is above backoff_max");
    fixture_close(&f);
}

/* ---- in the whole, on the simulated host */

#define SEEN_TICKS 4000

static struct seen {
    uint64_t balloon_kib, usable_kib, unused_kib, faults_per_s;
    struct host_truth truth;
} seen[SEEN_TICKS]; /* of the first guest, by tick from 1 */

static void see(void *to, const struct record_tick *tick)
{
    const struct record_domain *d = &tick->domains[0];

    (void)to;
    assert_true(tick->tick < SEEN_TICKS);
    seen[tick->tick] = (struct seen){ d->seen.balloon_kib, d->seen.usable_kib, d->seen.unused_kib,
                                      d->seen.major_faults_per_s, *d->truth };
}

/* Runs a host of 16 GiB with one guest of 2 GiB, at first of 1600 MiB, whose kernel, programs and watermark hold
 * 150 MiB, for `s` seconds. */
static void simulate(unsigned s, unsigned seed, const char *load)
{
    struct record_sink sink = { NULL, see };
    struct sim_run sim;
    char guest[1024];

    snprintf(guest, sizeof(guest),
             "[guest a]\nmax = 2GiB\nballoon = 1600MiB\nmin = 256MiB\nkernel = 50MiB\n"
             "system = 30MiB\nwatermark = 70MiB\nlists = 50MiB\ncache = 100%%\n"
             "cache_speed = 40MiB/s\n%s\n",
             load);
    sim_run_open(&sim, sim_open_seed("16GiB", s, seed, guest), "pressure");
    sim.c.sink = &sink;
    coordinator_run(&sim.c, s, &sim_stop);
    sim_run_close(&sim);
}

/* What the text promises: a twentieth below at most, while a probe is missed, and a tenth above; `set_kib` is base +
 * load + cache in use, and 50 MiB wait on lists. */
static void comes_to_rest_above(uint64_t set_kib, unsigned from, unsigned to)
{
    uint64_t needs_kib = set_kib + 50 * MIB;

    for (unsigned t = from; t < to; t++)
        assert_in_range(seen[t].balloon_kib, set_kib - set_kib / 20, needs_kib + needs_kib / 10);
}

/* Of 1450 MiB usable 1000 are in nobody's use, and all of it is page cache: the working set is 150 + 300 + 400. */
static void it_finds_the_working_set_from_above(void **state)
{
    static const char *const swap[] = { "", "swap = 512MiB\n" };

    (void)state;
    for (unsigned i = 0; i < 2; i++)
        for (unsigned seed = 1; seed <= 3; seed++)
            for (unsigned reads = 2; reads <= 128; reads *= 8) {
                struct host_truth *end = &seen[3600].truth;
                char load[256];

                snprintf(load, sizeof(load),
                         "load = take 300MiB\ncache_used = 400MiB\ncache_reads = %uMiB/s\n%s",
                         reads, swap[i]);
                simulate(3600, seed, load);
                assert_true(seen[1].unused_kib <= 70 * MIB && seen[1].usable_kib > 1100 * MIB);
                comes_to_rest_above(850 * MIB, 600, 3600);
                assert_int_equal(end->kills, 0);
                /* at 2 MiB/s it does not feel that 4% of 400 MiB are missing: 20 faults a second */
                assert_true(end->short_kib_s < end->demand_kib_s / (reads > 2 ? 200 : 40));
            }
}

/* A load that swaps, with nothing in the cache that anybody reads: 150 + 600. */
static void it_finds_the_working_set_of_a_guest_that_swaps(void **state)
{
    (void)state;
    simulate(3000, 1, "load = take 600MiB\nswap = 1GiB\n");
    comes_to_rest_above(750 * MIB + 100 * MIB, 600, 3000); /* usable_low */
    assert_int_equal(seen[3000].truth.kills + seen[3000].truth.short_kib_s, 0);
}

/* 150 + 300 + 400 MiB, and from 600 s on 600 more in a minute; freed after 20 min. */
static void it_follows_a_load_that_grows_and_takes_what_it_frees(void **state)
{
    static const char *const swap[] = { "", "swap = 512MiB\n" };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        char load[256];

        snprintf(load, sizeof(load),
                 "load = take 300MiB; hold 600s; ramp 10MiB/s to 900MiB; hold 1140s; take 300MiB\n"
                 "cache_used = 400MiB\ncache_reads = 40MiB/s\n%s",
                 swap[i]);
        simulate(3000, 1, load);
        comes_to_rest_above(850 * MIB, 400, 600);
        assert_int_equal(seen[3000].truth.kills, 0);
        assert_true(seen[1000].truth.short_kib_s - seen[600].truth.short_kib_s <
                    (seen[1000].truth.demand_kib_s - seen[600].truth.demand_kib_s) / 20);
        comes_to_rest_above(1450 * MIB, 1000, 1800);
        assert_true(seen[1900].balloon_kib < 1250 * MIB);
        comes_to_rest_above(850 * MIB, 2300, 3000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_calm_guest_is_probed_again_and_again),
        cmocka_unit_test(what_is_missed_goes_back_and_each_wait_is_twice_as_long),
        cmocka_unit_test(what_is_not_felt_any_more_is_forgotten),
        cmocka_unit_test(a_probe_that_is_refused_is_asked_for_again_unchanged),
        cmocka_unit_test(between_calm_and_felt_nothing_moves),
        cmocka_unit_test(it_grows_as_it_feels_and_never_more_than_grow),
        cmocka_unit_test(what_is_read_back_after_help_asks_for_no_more),
        cmocka_unit_test(what_it_did_not_need_to_read_back_is_forgotten),
        cmocka_unit_test(growth_is_bounded_by_what_is_read),
        cmocka_unit_test(growth_ends_at_max),
        cmocka_unit_test(swap_out_after_a_probe_is_not_felt),
        cmocka_unit_test(little_usable_memory_is_felt),
        cmocka_unit_test(no_probe_goes_where_it_is_felt_for_sure),
        cmocka_unit_test(what_is_wholly_free_needs_no_probe),
        cmocka_unit_test(of_much_that_was_taken_a_step_goes_back),
        cmocka_unit_test(memory_that_is_freed_ends_the_wait),
        cmocka_unit_test(rates_that_are_unknown_change_nothing),
        cmocka_unit_test(statistics_are_judged_once_and_only_after_the_move),
        cmocka_unit_test(a_clock_that_begins_anew_is_a_new_beginning),
        cmocka_unit_test(a_rescue_counts_as_pressure_and_a_gift_does_not),
        cmocka_unit_test(under_host_pressure_it_gives_less_and_probes_harder),
        cmocka_unit_test(grows_share_what_there_is_by_weight),
        cmocka_unit_test(plans_keep_bounds_and_grows_what_there_is),
        cmocka_unit_test(a_domain_outside_its_bounds_is_brought_back),
        cmocka_unit_test(parameters_that_contradict_each_other_are_refused),
        cmocka_unit_test(it_finds_the_working_set_from_above),
        cmocka_unit_test(it_finds_the_working_set_of_a_guest_that_swaps),
        cmocka_unit_test(it_follows_a_load_that_grows_and_takes_what_it_frees),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("pressure", tests, NULL, NULL);
}
