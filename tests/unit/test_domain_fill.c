/* SPDX-License-Identifier: BSD-3-Clause */
/* A domain's part of the snapshot: its bounds, its flags, and what counts as fresh. */
#include "lib/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "control/domain.h"
#include "util/log.h"

#define UNKNOWN MEMCOORD_UNKNOWN
#define HOST_MAX_MIB 2048
#define KERNEL_MIB 31

/* One guest, a configuration whose defaults are its settings, and the time. */
struct stage {
    struct config config;
    struct host_domain seen;
    struct domain *domain;
    uint64_t now_ms;
};

static void is_of(struct host_domain *seen, uint64_t balloon_mib, uint64_t usable_mib)
{
    seen->balloon_kib = balloon_mib * MIB;
    seen->rss_kib = (balloon_mib + 80) * MIB;
    seen->guest_total_kib = (balloon_mib - KERNEL_MIB) * MIB;
    seen->usable_kib = seen->unused_kib = usable_mib * MIB;
}

/* A guest of 512 MiB with 300 MiB usable, seen for the first time at 1 s. */
static struct stage begin(void)
{
    struct stage s = { .now_ms = 1000 };

    assert_int_equal(config_defaults(&s.config), 0);
    s.seen = (struct host_domain){
        .uuid = { 7 }, .name = "web1", .run_id = 1, .max_kib = HOST_MAX_MIB * MIB
    };
    is_of(&s.seen, 512, 300);
    return s;
}

static void end(struct stage *s)
{
    domain_free(s->domain);
    config_free(&s->config);
}

/* A second later it is seen as s->seen has it, with the sample of `sampled_ms`. */
static void see_sample_of(struct stage *s, uint64_t sampled_ms)
{
    if (!s->domain)
        assert_non_null(s->domain = domain_new(&s->seen, s->now_ms, &s->config));
    s->now_ms += 1000;
    s->seen.sampled_ms = sampled_ms;
    domain_see(s->domain, &s->seen, s->now_ms, &s->config);
}

static void see(struct stage *s)
{
    see_sample_of(s, s->now_ms + 1000);
}

static void settle(struct stage *s)
{
    for (int i = 0; i < 5; i++)
        see(s);
}

static struct snapshot_domain filled(const struct stage *s)
{
    struct snapshot_domain out;

    memset(&out, 0, sizeof(out));
    domain_fill(s->domain, &out, s->now_ms, &s->config);
    return out;
}

static uint32_t flags(const struct stage *s)
{
    return filled(s).seen.flags;
}

/* ---- bounds */

static void bounds_are(struct amount min, uint64_t max_mib, uint64_t want_min_mib,
                       uint64_t want_max_mib)
{
    struct stage s = begin();
    struct snapshot_domain out;

    s.config.domain_defaults.max_kib = max_mib * MIB;
    see(&s);
    s.domain->settings.min = min; /* as of a [domain] section: no default */
    s.domain->min_is_default = false;
    out = filled(&s);
    assert_int_equal(out.seen.min_kib, want_min_mib * MIB);
    assert_int_equal(out.seen.max_kib, want_max_mib * MIB);
    end(&s);
}

static void the_configured_max_counts_up_to_the_domains_own(void **state)
{
    struct amount min = { 256 * MIB, 0 };

    (void)state;
    bounds_are(min, 1024, 256, 1024);
    bounds_are(min, HOST_MAX_MIB + 1, 256, HOST_MAX_MIB);
    bounds_are(min, 0, 256, HOST_MAX_MIB); /* not configured */
}

static void the_configured_min_counts_up_to_the_max(void **state)
{
    (void)state;
    bounds_are((struct amount){ 700 * MIB, 0 }, 0, 700, HOST_MAX_MIB);
    bounds_are((struct amount){ 100 * MIB, 5000 }, 0, 1024, HOST_MAX_MIB); /* 50% */
    bounds_are((struct amount){ 100 * MIB, 5000 }, 1000, 500, 1000);
    bounds_are((struct amount){ 700 * MIB, 0 }, 600, 600, 600);
    bounds_are((struct amount){ 3000 * MIB, 0 }, 0, HOST_MAX_MIB, HOST_MAX_MIB);
}

/* ---- flags */

static void a_domain_that_leaves_or_does_not_run_is_flagged(void **state)
{
    struct stage s = begin();
    const uint32_t both = MEMCOORD_MIGRATING | MEMCOORD_PAUSED;

    (void)state;
    settle(&s);
    assert_int_equal(flags(&s) & both, 0);
    s.seen.state = HOST_DOMAIN_MIGRATING;
    see(&s);
    assert_int_equal(flags(&s) & both, MEMCOORD_MIGRATING);
    s.seen.state = HOST_DOMAIN_PAUSED;
    see(&s);
    assert_int_equal(flags(&s) & both, MEMCOORD_PAUSED);
    s.seen.state = HOST_DOMAIN_RUNNING;
    see(&s);
    assert_int_equal(flags(&s), 0);
    end(&s);
}

static void what_is_not_to_be_managed_is_flagged_with_the_reason(void **state)
{
    struct stage s = begin();

    (void)state;
    settle(&s);
    assert_null(filled(&s).unmanaged_why);
    s.domain->settings.manage = 0;
    assert_int_equal(flags(&s), MEMCOORD_UNMANAGED);
    assert_non_null(strstr(filled(&s).unmanaged_why, "manage = no"));
    s.domain->settings.manage = 1;
    s.seen.unmanageable = "it has a passthrough device";
    see(&s);
    assert_int_equal(flags(&s), MEMCOORD_UNMANAGED);
    assert_string_equal(filled(&s).unmanaged_why, "it has a passthrough device");
    end(&s);
}

/* ---- what is fresh */

/* As of a guest whose statistics are off: it shows one plausible sample for ever. */
static void a_frozen_sample_is_one_sample_however_often_it_is_seen(void **state)
{
    struct stage s = begin();

    (void)state;
    for (int i = 0; i < 4; i++) {
        see_sample_of(&s, 1500);
        assert_true(flags(&s) & MEMCOORD_NEW);
        assert_int_equal(filled(&s).seen.stats_age_ms, s.now_ms - 1500);
    }
    s.now_ms = 1500 + s.config.guard.stale_after_ms;
    see_sample_of(&s, 1500);
    assert_true(flags(&s) & MEMCOORD_STALE);
    end(&s);
}

static void a_frozen_or_older_sample_changes_no_rate(void **state)
{
    struct stage s = begin();
    uint64_t last_ms;

    (void)state;
    settle(&s);
    for (int i = 0; i < 3; i++) { /* 20 MiB/s, and as much swapped in */
        s.seen.usable_kib -= 20 * MIB;
        s.seen.swap_in_kib += 20 * MIB;
        see(&s);
    }
    last_ms = s.seen.sampled_ms;
    s.seen.usable_kib = 299 * MIB; /* whatever it says */
    for (uint64_t age_ms = 0; age_ms <= 2000; age_ms += 1000) {
        struct snapshot_domain out;

        see_sample_of(&s, last_ms - age_ms);
        out = filled(&s);
        assert_int_equal(out.seen.growth_kib_per_s, 20 * MIB);
        assert_int_equal(out.seen.swap_in_kib_per_s, 20 * MIB);
        assert_int_equal(out.seen.usable_kib, 240 * MIB);
        assert_int_equal(out.seen.stats_age_ms, s.now_ms - last_ms);
    }
    end(&s);
}

/* Without the guest's total, a sample may be of the size before: the larger one counts. */
static void a_guest_that_tells_no_total_is_taken_to_use_more_rather_than_less(void **state)
{
    struct stage s = begin();

    (void)state;
    s.seen.guest_total_kib = UNKNOWN;
    settle(&s);
    s.seen.balloon_kib = 412 * MIB;
    see(&s);
    assert_int_equal(filled(&s).seen.used_kib, 212 * MIB);
    s.seen.usable_kib = 200 * MIB;
    see(&s);
    assert_int_equal(filled(&s).seen.used_kib, 212 * MIB);
    end(&s);
}

/* Each step is memory that nobody knows to be needed. */
static void a_guest_gone_silent_while_starving_gets_a_step_once_in_stale_after(void **state)
{
    struct stage s = begin();
    int steps = 0;

    (void)state;
    is_of(&s.seen, 512, 30);
    settle(&s);
    assert_false(filled(&s).stale_rescue); /* it is rescued by what it says */
    s.config.guard.stale_after_ms = 5000;
    for (int tick = 0; tick < 5; tick++) {
        see_sample_of(&s, UNKNOWN);
        assert_false(filled(&s).stale_rescue);
    }
    for (int tick = 0; tick < 20; tick++) {
        see_sample_of(&s, UNKNOWN);
        steps += filled(&s).stale_rescue;
    }
    assert_int_equal(steps, 4);
    end(&s);
}

static void a_guest_gone_silent_with_enough_gets_no_step(void **state)
{
    struct stage s = begin();

    (void)state;
    is_of(&s.seen, 512, 64); /* rescue_below */
    settle(&s);
    for (int tick = 0; tick < 20; tick++) {
        see_sample_of(&s, UNKNOWN);
        assert_false(filled(&s).stale_rescue);
    }
    end(&s);
}

/* ---- pace, and QEMU's own memory */

static void a_tick_that_comes_a_little_early_is_one_of_the_next_interval(void **state)
{
    struct stage s = begin();

    (void)state;
    settle(&s);
    domain_asked(s.domain, 480 * MIB, s.now_ms, 1000);
    s.now_ms += 899;
    assert_int_equal(filled(&s).shrunk_kib, 32 * MIB);
    s.now_ms += 1;
    assert_int_equal(filled(&s).shrunk_kib, 0);
    end(&s);
}

/* While a balloon shrinks its process holds more than it for a while, or for good: that is not QEMU's own. */
static void what_a_moving_balloon_leaves_in_the_process_is_no_overhead(void **state)
{
    struct stage s = begin();

    (void)state;
    settle(&s);
    domain_asked(s.domain, 312 * MIB, s.now_ms, 1000);
    is_of(&s.seen, 312, 100);
    s.seen.rss_kib = 592 * MIB;
    for (int i = 0; i < 100; i++) {
        see(&s);
        assert_int_equal(filled(&s).overhead_kib, s.config.host.domain_overhead_kib);
    }
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_configured_max_counts_up_to_the_domains_own),
        cmocka_unit_test(the_configured_min_counts_up_to_the_max),
        cmocka_unit_test(a_domain_that_leaves_or_does_not_run_is_flagged),
        cmocka_unit_test(what_is_not_to_be_managed_is_flagged_with_the_reason),
        cmocka_unit_test(a_frozen_sample_is_one_sample_however_often_it_is_seen),
        cmocka_unit_test(a_frozen_or_older_sample_changes_no_rate),
        cmocka_unit_test(a_guest_that_tells_no_total_is_taken_to_use_more_rather_than_less),
        cmocka_unit_test(a_guest_gone_silent_while_starving_gets_a_step_once_in_stale_after),
        cmocka_unit_test(a_guest_gone_silent_with_enough_gets_no_step),
        cmocka_unit_test(a_tick_that_comes_a_little_early_is_one_of_the_next_interval),
        cmocka_unit_test(what_a_moving_balloon_leaves_in_the_process_is_no_overhead),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("domain fill", tests, NULL, NULL);
}
