/* SPDX-License-Identifier: BSD-3-Clause */
/* Another policy and other settings between two ticks: what is tried, what is kept, what counts at once. */
#include "lib/cmocka.h"

#include "lib/capture.h"
#include "lib/coordinator_fixture.h"
#include "policy/keep.h"
#include "policy/vet.h"
#include "util/log.h"

/* A policy that counts its decisions, in all and for each domain, and asks for `step` more or less. */
struct counter {
    uint64_t step_kib, ticks;
};
struct of_domain {
    uint64_t ticks;
};

static const struct memcoord_param params[] = {
    MEMCOORD_SIZE(struct counter, step_kib, "step", "0", "0..1GiB", "grow by"), MEMCOORD_PARAMS_END
};

static int fails;                            /* with this errno */
static uint64_t least_min_kib, least_weight; /* that the last decision was shown */

static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    struct counter *own = state;

    own->ticks++;
    least_min_kib = least_weight = MEMCOORD_UNKNOWN;
    for (size_t i = 0; i < s->n_domains; i++) {
        struct of_domain *of = s->domains[i]->state;

        if (of)
            of->ticks++;
        least_min_kib = memcoord_min(least_min_kib, s->domains[i]->min_kib);
        least_weight = memcoord_min(least_weight, s->domains[i]->weight);
        memcoord_set_target(plan, s->domains[i], s->domains[i]->target_kib + own->step_kib, "step");
    }
    return fails ? memcoord_fail(plan, fails, "out of order") : 0;
}

static const struct memcoord_policy counter = { MEMCOORD_SELF_,
                                                .name = "counter",
                                                .summary = "counts",
                                                .state_size = sizeof(struct counter),
                                                .domain_state_size = sizeof(struct of_domain),
                                                .state_version = 1,
                                                .params = params,
                                                .decide = decide };

struct loaded {
    struct policy policy;
    struct policy_instance *instance;
};

static void load(struct loaded *l, struct memcoord_policy table, const char *step)
{
    char error[256], path[64];

    snprintf(path, sizeof(path), "%s.so", table.name);
    *l = (struct loaded){ .policy = { .path = strdup(path), .fd = -1 } };
    if (vet_policy(&l->policy, &table, error, sizeof(error)) < 0)
        fail_msg("%s", error);
    assert_int_equal(policy_instance_new(&l->policy, &l->instance), 0);
    assert_int_equal(policy_instance_set(l->instance, "step", step, error, sizeof(error)), 0);
}

static void unload(struct loaded *l)
{
    policy_instance_free(l->instance);
    free(l->policy.params);
    free(l->policy.path);
}

/* A bench that has done `n` ticks of two domains with the counter. */
static void begin(struct bench *b, struct loaded *l, uint64_t n)
{
    fails = 0;
    open_bench(b, 2, "hold");
    load(l, counter, "0");
    b->c.instance = l->instance;
    assert_int_equal(domains_set_policy_state(&b->c.domains, sizeof(struct of_domain)), 0);
    if (n > 0)
        run_ticks(b, n);
}

static void end(struct bench *b, struct loaded *before, struct loaded *now)
{
    close_bench(b);
    unload(before);
    unload(now);
}

static uint64_t ticks_of(const struct policy_instance *instance)
{
    return ((const struct counter *)instance->state)->ticks;
}

static uint64_t ticks_of_domain(const struct bench *b, size_t i)
{
    return ((const struct of_domain *)b->c.domains.list[i]->policy_state)->ticks;
}

static void swap(struct bench *b, struct loaded *now)
{
    policy_instance_keep_state(b->c.instance, now->instance);
    assert_int_equal(coordinator_swap(&b->c, &b->config, now->instance), 0);
}

/* ---- what is remembered */

static void the_states_are_kept_and_the_parameters_are_the_new_ones(void **state)
{
    struct loaded before, now;
    struct bench b;

    (void)state;
    begin(&b, &before, 3);
    load(&now, counter, "5MiB");
    swap(&b, &now);
    assert_int_equal(ticks_of(now.instance), 3);
    assert_int_equal(policy_instance_value(now.instance, 0), 5 * MIB);
    run_ticks(&b, 2);
    assert_int_equal(ticks_of(now.instance), 5);
    assert_int_equal(ticks_of_domain(&b, 0), 5);
    assert_int_equal(ticks_of_domain(&b, 1), 5);
    end(&b, &before, &now);
}

static struct memcoord_policy with_version(uint64_t version)
{
    struct memcoord_policy table = counter;

    table.state_version = version;
    return table;
}

static struct memcoord_policy with_sizes(size_t state_size, size_t domain_state_size)
{
    struct memcoord_policy table = counter;

    table.state_size = state_size;
    table.domain_state_size = domain_state_size;
    return table;
}

static struct memcoord_policy with_name(const char *name)
{
    struct memcoord_policy table = counter;

    table.name = name;
    return table;
}

static void states_of_another_kind_begin_at_zero(void **state)
{
    const struct memcoord_policy others[] = {
        with_version(2),
        with_version(0),
        with_name("other"),
        with_sizes(sizeof(struct counter) + 8, sizeof(struct of_domain)),
        with_sizes(sizeof(struct counter), sizeof(struct of_domain) + 8),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct loaded before, now;
        struct bench b;

        begin(&b, &before, 3);
        load(&now, others[i], "0");
        swap(&b, &now);
        run_ticks(&b, 1);
        assert_int_equal(ticks_of(now.instance), 1);
        assert_int_equal(ticks_of_domain(&b, 0), 1);
        end(&b, &before, &now);
    }
}

static void a_version_of_0_is_never_kept(void **state)
{
    struct loaded before, now;

    (void)state;
    load(&before, with_version(0), "0");
    load(&now, with_version(0), "0");
    assert_false(policy_keeps_state(&before.policy, &now.policy));
    unload(&before);
    unload(&now);
}

static void a_policy_without_states_of_domains_can_take_over(void **state)
{
    struct loaded before, now;
    struct bench b;

    (void)state;
    begin(&b, &before, 2);
    load(&now, with_sizes(sizeof(struct counter), 0), "0");
    swap(&b, &now);
    run_ticks(&b, 1);
    assert_null(b.c.domains.list[0]->policy_state);
    end(&b, &before, &now);
}

/* ---- the trial */

static void a_trial_leaves_no_trace(void **state)
{
    struct loaded before, now;
    struct bench b;
    char error[256];

    (void)state;
    begin(&b, &before, 3);
    load(&now, counter, "100MiB");
    policy_instance_keep_state(b.c.instance, now.instance);
    b.fake.n_sets = 0;
    assert_int_equal(coordinator_try(&b.c, &b.config, now.instance, error, sizeof(error)), 0);
    assert_int_equal(ticks_of(now.instance), 3);
    assert_int_equal(ticks_of(before.instance), 3);
    assert_int_equal(ticks_of_domain(&b, 0), 3);
    assert_ptr_equal(b.c.instance, before.instance);
    assert_int_equal(b.fake.n_sets, 0);
    end(&b, &before, &now);
}

static void a_trial_shows_the_new_settings(void **state)
{
    struct loaded before, now;
    struct config config;
    struct bench b;
    char error[256];

    (void)state;
    begin(&b, &before, 3);
    load(&now, counter, "0");
    config = b.config;
    config.domain_defaults.min.kib = 300 * MIB;
    config.domain_defaults.weight = 7;
    assert_int_equal(coordinator_try(&b.c, &config, now.instance, error, sizeof(error)), 0);
    assert_int_equal(least_min_kib, 300 * MIB);
    assert_int_equal(least_weight, 7);
    assert_int_equal(b.c.domains.list[0]->settings.weight, 1000);
    end(&b, &before, &now);
}

static void a_trial_that_fails_says_why(void **state)
{
    struct loaded before, now;
    struct bench b;
    char error[256];

    (void)state;
    begin(&b, &before, 1);
    load(&now, counter, "0");
    fails = EDOM;
    assert_int_equal(coordinator_try(&b.c, &b.config, now.instance, error, sizeof(error)), -EDOM);
    assert_string_equal(error, "out of order");
    end(&b, &before, &now);
}

/* A host that could not be seen yet, and one that has just lost all its domains. */
static void a_trial_needs_no_domains(void **state)
{
    struct loaded before, now;
    struct bench b;
    char error[256];

    (void)state;
    begin(&b, &before, 0);
    b.fake.gather_error = -ENOTCONN;
    run_ticks(&b, 1);
    load(&now, counter, "0");
    assert_int_equal(coordinator_try(&b.c, &b.config, now.instance, error, sizeof(error)), 0);
    b.fake.gather_error = 0;
    run_ticks(&b, 2);
    b.fake.view.n_domains = 0;
    run_ticks(&b, 1);
    assert_int_equal(coordinator_try(&b.c, &b.config, now.instance, error, sizeof(error)), 0);
    end(&b, &before, &now);
}

/* A step of help that is due on stale figures is not used up by it. */
static void a_trial_uses_up_no_rescue(void **state)
{
    struct loaded before, now;
    struct bench b;
    char error[256];
    uint64_t due_ms;

    (void)state;
    begin(&b, &before, 5);
    load(&now, counter, "0");
    b.c.domains.list[0]->sample.usable_kib = 1 * MIB;
    b.c.seen.now_ms += 60 * 1000;
    due_ms = b.c.domains.list[0]->stale_rescue_ms;
    assert_int_equal(coordinator_try(&b.c, &b.config, now.instance, error, sizeof(error)), 0);
    assert_int_equal(b.c.domains.list[0]->stale_rescue_ms, due_ms);
    end(&b, &before, &now);
}

/* ---- settings */

/* b's configuration with a section that gives each domain this min. */
static struct config with_min(const struct bench *b, struct domain_rule *rule, uint64_t min_kib)
{
    static char glob[] = "web*";
    struct config config = b->config;

    *rule = (struct domain_rule){ .glob = glob, .has_min = true, .settings.min.kib = min_kib };
    config.domain_rules = rule;
    config.n_domain_rules = 1;
    return config;
}

static void bounds_and_guard_count_from_the_next_tick_on(void **state)
{
    struct bench b;
    struct config config;
    struct domain_rule rule;

    (void)state;
    open_bench(&b, 1, "threshold");
    run_ticks(&b, 20);
    assert_in_range(b.fake.domains[0].balloon_kib, 300 * MIB, 400 * MIB);
    config = with_min(&b, &rule, 600 * MIB);
    assert_int_equal(coordinator_swap(&b.c, &config, b.instance), 0);
    run_ticks(&b, 1);
    assert_int_equal(b.fake.domains[0].balloon_kib, 600 * MIB);
    config = b.config;
    config.guard.max_shrink = (struct amount){ .kib = 10 * MIB };
    assert_int_equal(coordinator_swap(&b.c, &config, b.instance), 0);
    for (int i = 0; i < 5; i++) {
        uint64_t balloon_kib = b.fake.domains[0].balloon_kib;

        run_ticks(&b, 1);
        assert_true(balloon_kib - b.fake.domains[0].balloon_kib <= 10 * MIB);
    }
    assert_true(b.fake.domains[0].balloon_kib < 600 * MIB);
    close_bench(&b);
}

static void a_min_above_max_is_told(void **state)
{
    static struct capture said;
    struct domain_rule rule;
    struct bench b;
    struct config config;

    (void)state;
    open_bench(&b, 1, "hold");
    run_ticks(&b, 1);
    config = with_min(&b, &rule, 4096 * MIB);
    capture_begin(&said);
    log_open(LOG_LEVEL_INFO);
    assert_int_equal(coordinator_swap(&b.c, &config, b.instance), 0);
    log_open(LOG_LEVEL_ERROR);
    capture_end(&said);
    assert_int_equal(capture_count(&said, "its min, 4096 MiB, is above"), 1);
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_states_are_kept_and_the_parameters_are_the_new_ones),
        cmocka_unit_test(states_of_another_kind_begin_at_zero),
        cmocka_unit_test(a_version_of_0_is_never_kept),
        cmocka_unit_test(a_policy_without_states_of_domains_can_take_over),
        cmocka_unit_test(a_trial_leaves_no_trace),
        cmocka_unit_test(a_trial_shows_the_new_settings),
        cmocka_unit_test(a_trial_that_fails_says_why),
        cmocka_unit_test(a_trial_needs_no_domains),
        cmocka_unit_test(a_trial_uses_up_no_rescue),
        cmocka_unit_test(bounds_and_guard_count_from_the_next_tick_on),
        cmocka_unit_test(a_min_above_max_is_told),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
