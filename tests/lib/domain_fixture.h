/* SPDX-License-Identifier: BSD-3-Clause */
/* A domain as gathers see it, one after the other. Include it after lib/cmocka.h. */
#ifndef TESTS_LIB_DOMAIN_FIXTURE_H
#define TESTS_LIB_DOMAIN_FIXTURE_H

#include <string.h>

#include "control/domain.h"
#include "util/log.h"

#define UNKNOWN MEMCOORD_UNKNOWN

static struct config config;

static struct host_domain guest(uint64_t balloon_kib, uint64_t usable_kib, uint64_t sampled_ms)
{
    return (struct host_domain){
        .uuid = { 1, 2, 3 },
        .name = "web1",
        .run_id = 1,
        .max_kib = 2048 * MIB,
        .balloon_kib = balloon_kib,
        .rss_kib = balloon_kib + 80 * MIB,
        .sampled_ms = sampled_ms,
        .unused_kib = usable_kib,
        .usable_kib = usable_kib,
        .guest_total_kib = balloon_kib - 31 * MIB,
        .disk_caches_kib = 0,
        .swap_in_kib = 0,
        .swap_out_kib = 0,
        .major_faults = 0,
    };
}

/* A domain that has stood still long enough to be no longer new; the time is 5 s then. */
static inline struct domain *settled(uint64_t balloon_kib, uint64_t usable_kib)
{
    struct host_domain seen = guest(balloon_kib, usable_kib, 1000);
    struct domain *d = domain_new(&seen, 1000, &config);

    assert_non_null(d);
    for (uint64_t ms = 1000; ms <= 5000; ms += 1000) {
        seen.sampled_ms = ms;
        domain_see(d, &seen, ms, &config);
    }
    return d;
}

static inline struct snapshot_domain filled(struct domain *d, uint64_t now_ms)
{
    struct snapshot_domain out;

    memset(&out, 0, sizeof(out));
    domain_fill(d, &out, now_ms, &config);
    return out;
}

static inline void see(struct domain *d, uint64_t balloon_kib, uint64_t now_ms)
{
    struct host_domain seen = guest(balloon_kib, 200 * MIB, now_ms);

    domain_see(d, &seen, now_ms, &config);
}

/* Runs tests with the default configuration; of what they log, errors only are seen. */
static int run_with_defaults(int (*run)(void))
{
    int failed;

    log_open(LOG_LEVEL_ERROR);
    if (config_defaults(&config) < 0)
        return 1;
    failed = run();
    config_free(&config);
    return failed;
}

#endif
