/* SPDX-License-Identifier: BSD-3-Clause */
/* A host and domains with plain figures, for the tests of the snapshot and the guard. Everything is
 * in MiB here, so that a test reads like its sentence in the documentation. */
#ifndef TESTS_LIB_GUARD_FIXTURE_H
#define TESTS_LIB_GUARD_FIXTURE_H

#include "lib/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "control/guard.h"

#define FIXTURE_DOMAINS 8
#define FIXTURE_RESERVE_MIB 16000 /* so large that a host can be short by much */

/* The defaults of the documentation, but for the reserve. */
static const struct host_settings fixture_host = {
    .reserve = { FIXTURE_RESERVE_MIB * MIB, 0 },
    .domain_overhead_kib = 64 * MIB,
    .warn_free_kib = 200 * MIB,
};
static const struct guard_settings fixture_guard = {
    .guest_reserve_kib = 100 * MIB,
    .max_shrink = { 50 * MIB, 1000 },
    .deadband = { 8 * MIB, 100 },
    .stale_after_ms = 5000,
    .rescue = 1,
    .rescue_below_kib = 64 * MIB,
    .rescue_keep_kib = 256 * MIB,
};

struct fixture {
    struct snapshot snapshot;
    struct host_settings host;
    struct guard_settings guard;
    struct snapshot_domain domains[FIXTURE_DOMAINS]; /* copied into the snapshot by judge() */
    uint64_t asked_kib[FIXTURE_DOMAINS];
    struct guard_verdict verdicts[FIXTURE_DOMAINS];
    size_t n;
};

static inline struct fixture fixture_begin(void)
{
    return (struct fixture){ .host = fixture_host, .guard = fixture_guard };
}

static inline void fixture_end(struct fixture *f)
{
    snapshot_free(&f->snapshot);
}

/* A settled, managed domain of `balloon` MiB with `usable` MiB left, all of it touched, with fresh
 * statistics and no growth; min 256 MiB, max 4096 MiB. Nothing is asked for it. */
static inline struct snapshot_domain *fixture_add(struct fixture *f, const char *name,
                                                  uint64_t balloon, uint64_t usable)
{
    struct snapshot_domain *d = &f->domains[f->n];
    f->asked_kib[f->n++] = MEMCOORD_UNKNOWN;
    *d = (struct snapshot_domain){
        .seen = { .name = name,
                  .weight = 1000,
                  .min_kib = 256 * MIB,
                  .max_kib = 4096 * MIB,
                  .balloon_kib = balloon * MIB,
                  .target_kib = balloon * MIB,
                  .used_kib = (balloon - usable) * MIB,
                  .unused_kib = usable * MIB,
                  .usable_kib = usable * MIB,
                  .guest_total_kib = balloon * MIB,
                  .rss_kib = (balloon + 64) * MIB,
                  .stats_age_ms = 500 },
        .overhead_kib = 64 * MIB,
    };
    return d;
}

/* No statistics ever came. */
static inline void fixture_no_stats(struct snapshot_domain *d)
{
    struct memcoord_domain *s = &d->seen;
    s->used_kib = s->unused_kib = s->usable_kib = s->guest_total_kib = s->disk_caches_kib =
        s->swap_in_kib_per_s = s->swap_out_kib_per_s = s->major_faults_per_s = s->stats_age_ms =
            s->growth_kib_per_s = MEMCOORD_UNKNOWN;
}

/* Fills the snapshot of a host of 64 GiB with `available_kib` available, and completes it. */
static inline void fixture_complete(struct fixture *f, uint64_t available_kib)
{
    struct snapshot *s = &f->snapshot;
    assert_int_equal(snapshot_begin(s, f->n), 0);
    for (size_t i = 0; i < f->n; i++) {
        s->domains[i] = f->domains[i];
        s->domains[i].seen.index = (uint32_t)i;
    }
    s->seen.tick = 7;
    s->seen.now_ms = 100000;
    s->seen.interval_ms = 1000;
    s->host.total_kib = 65536 * MIB;
    s->host.available_kib = s->host.free_kib = available_kib;
    s->host.cached_kib = 0;
    s->host.swap_total_kib = s->host.swap_free_kib = 0;
    s->host.psi_some_bp = s->host.psi_full_bp = MEMCOORD_UNKNOWN;
    snapshot_complete(s, &f->host, &f->guard);
}

/* Judges what is asked on a host that can give `grantable` MiB (negative: that is short of them). */
static inline void fixture_judge(struct fixture *f, int64_t grantable)
{
    int64_t available = (FIXTURE_RESERVE_MIB + grantable) * (int64_t)MIB;
    for (size_t i = 0; i < f->n; i++)
        available += (int64_t)snapshot_promised_kib(&f->domains[i]);
    assert_true(available >= 0);
    fixture_complete(f, (uint64_t)available);
    assert_int_equal(f->snapshot.host.grantable_kib, grantable * (int64_t)MIB);
    assert_int_equal(guard_apply(&f->guard, &f->snapshot, f->asked_kib, f->verdicts), 0);
    for (size_t i = 0; i < f->n; i++)
        assert_int_equal(f->verdicts[i].asked_kib, f->asked_kib[i]);
}

/* The verdict on domain `i` is `granted_kib` for this reason, and can be said in words. */
static inline void fixture_expect_at(struct fixture *f, size_t i, uint64_t granted_kib,
                                     enum guard_reason reason, const char *file, int line)
{
    const struct guard_verdict *v = &f->verdicts[i];
    char text[256];
    memset(text, 'x', sizeof(text));
    guard_explain(&f->guard, &f->snapshot.domains[i], v, text, sizeof(text));
    if (v->granted_kib != granted_kib || v->reason != reason || !memchr(text, '\0', sizeof(text))) {
        print_error("%s: got %llu KiB, %s (%.200s); want %llu KiB, %s\n", f->domains[i].seen.name,
                    (unsigned long long)v->granted_kib, guard_reason_name(v->reason), text,
                    (unsigned long long)granted_kib, guard_reason_name(reason));
        _fail(file, line);
    }
    if (reason != GUARD_NOT_ASKED && reason != GUARD_AS_ASKED && !text[0]) {
        print_error("%s: no words for %s\n", f->domains[i].seen.name, guard_reason_name(reason));
        _fail(file, line);
    }
}
#define fixture_expect(f, i, granted_kib, reason) \
    fixture_expect_at(f, i, granted_kib, reason, __FILE__, __LINE__)

#endif
