/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole coordinator, with a real policy, on a libvirtd that the test plays, with guests that follow their
 * balloons. Time stands still but for ticks. After each tick all guests are looked at: what was set is within
 * bounds, and leaves those that do not lie what they need.
 */
#ifndef TESTS_LIB_FAULT_STAGE_H
#define TESTS_LIB_FAULT_STAGE_H

#include "lib/faulty.h"

#include "lib/libvirt_stage.h"

#include "control/coordinator.h"
#include "util/log.h"

#define MIN_KIB (256 * MIB)
#define MAX_KIB (1024 * MIB)
#define USED_KIB (300 * MIB)
#define OVERHEAD_KIB (80 * MIB)

/* FAULT_LOG=1 in the environment: what the coordinator says is shown. */
struct fault_stage {
    struct stage stage; /* first: stage, for lib/libvirt_stage.h */
    char folder[40];    /* for /proc */
    uint64_t total_kib; /* of the host */
    struct config config;
    struct policy *policy;
    struct policy_instance *instance;
    struct coordinator c;
    bool lies[FAKE_MOST]; /* what is told of it is not what it needs */
    const char *wrong;    /* what was set that must not be set; NULL: nothing */
};

/* What a target does to a guest. The server's lock is held. */
static void judge_target(void *context, const struct fake_domain *d)
{
    struct fault_stage *s = context;
    size_t i = (size_t)(d - s->stage.fake.domains);

    if (d->set_kib < MIN_KIB || d->set_kib > d->maximum_kib)
        s->wrong = "a target is out of bounds";
    if (d->set_kib < d->rss_kib - OVERHEAD_KIB && !s->lies[i] &&
        d->set_kib < d->used_kib + 100 * MIB)
        s->wrong = "a guest is left too little";
}

static void put_host_memory(const struct fault_stage *s, uint64_t available_kib)
{
    char path[60];
    FILE *f;

    snprintf(path, sizeof(path), "%s/meminfo", s->folder);
    f = fopen(path, "w");
    if (!f ||
        fprintf(f, "MemTotal: %llu kB\nMemAvailable: %llu kB\n", (unsigned long long)s->total_kib,
                (unsigned long long)available_kib) < 0 ||
        fclose(f))
        abort();
}

/* All statistics are of this moment; all memory that a guest has is touched. */
static void refresh(struct fault_stage *s)
{
    uint64_t taken_kib = 1024 * MIB;

    lock(&s->stage, 0);
    for (size_t i = 0; i < s->stage.fake.n; i++) {
        struct fake_domain *d = &s->stage.fake.domains[i];

        d->rss_kib = d->current_kib + OVERHEAD_KIB;
        if (d->id)
            taken_kib += d->rss_kib;
        if (!d->frozen)
            d->last_update_s = faulty_wall_now_s();
    }
    unlock(&s->stage);
    if (taken_kib > s->total_kib)
        fail_msg("the host has less than it gave away");
    put_host_memory(s, s->total_kib - taken_kib);
}

static void pass_ms(int64_t wall_ms, int64_t monotonic_ms)
{
    faulty_wall_ms += wall_ms;
    faulty_monotonic_ms += monotonic_ms;
}

static void all_is_well(struct fault_stage *s)
{
    const char *wrong;

    lock(&s->stage, 0);
    wrong = s->wrong;
    unlock(&s->stage);
    if (wrong)
        fail_msg("tick %llu: %s", (unsigned long long)s->c.domains.tick, wrong);
}

/* One tick, a second after the one before. What it returns. */
static int tick(struct fault_stage *s)
{
    int r;

    pass_ms(1000, 1000);
    refresh(s);
    r = coordinator_tick(&s->c);
    s->stage.host->ops->flush(s->stage.host, LONG_MS);
    all_is_well(s);
    return r;
}

static void ticks(struct fault_stage *s, unsigned n)
{
    while (n-- > 0)
        assert_int_equal(tick(s), 0);
}

static inline uint64_t current_kib(struct fault_stage *s, size_t i)
{
    uint64_t kib = lock(&s->stage, i)->current_kib;

    unlock(&s->stage);
    return kib;
}

static inline void use(struct fault_stage *s, size_t i, uint64_t kib)
{
    lock(&s->stage, i)->used_kib = kib;
    unlock(&s->stage);
}

/* Guest i has much to spare all at once: that is seen, and nothing is done yet. */
static inline void has_plenty(struct fault_stage *s, size_t i)
{
    const struct host_view *view;

    use(s, i, 100 * MIB);
    pass_ms(1000, 1000);
    refresh(s);
    assert_int_equal(coordinator_see(&s->c, s->stage.host->ops->gather, &view), 0);
}

/* Guest i needs more, and gets it; then it needs less again, and gives back. */
static inline void is_coordinated(struct fault_stage *s, size_t i)
{
    use(s, i, 600 * MIB);
    for (int n = 0; n < 20 && current_kib(s, i) < 700 * MIB; n++)
        tick(s);
    assert_true(current_kib(s, i) >= 700 * MIB);
    use(s, i, USED_KIB);
    for (int n = 0; n < 40 && current_kib(s, i) > 550 * MIB; n++)
        tick(s);
    assert_true(current_kib(s, i) <= 550 * MIB);
}

/* A guest of 512 of at most 1024 MiB that uses 300. The lock is held. */
static inline void add_guest(struct fault_stage *s, const char *name)
{
    struct fake_libvirtd *fake = &s->stage.fake;

    fake->domains[fake->n] = (struct fake_domain){ .name = name,
                                                   .id = (int)fake->n + 1,
                                                   .devices = BALLOON,
                                                   .current_kib = 512 * MIB,
                                                   .maximum_kib = MAX_KIB,
                                                   .rss_kib = 512 * MIB + OVERHEAD_KIB,
                                                   .used_kib = USED_KIB };
    fake->n++;
}

static inline void open_coordinator(struct fault_stage *s, const char *policy)
{
    static const char settings[] = "[host]\nreserve = 512MiB\n"
                                   "[domain *]\nmin = 256MiB\n"
                                   "[domain kept-*]\nmanage = no\n";
    struct problems problems = { 0 };
    char error[256], path[512];

    assert_int_equal(config_load_text(settings, "settings", &s->config, &problems), 0);
    snprintf(path, sizeof(path), "%s/policies", getenv("MEMCOORD_TOP"));
    if (policy_load(policy, path, &s->policy, error, sizeof(error)) < 0)
        fail_msg("%s", error);
    assert_int_equal(policy_instance_new(s->policy, &s->instance), 0);
    s->c = (struct coordinator){ .config = &s->config,
                                 .host = s->stage.host,
                                 .instance = s->instance };
    assert_int_equal(domains_set_policy_state(&s->c.domains, s->policy->table.domain_state_size),
                     0);
}

static inline int begin(void **state, size_t n, const char *policy)
{
    struct fault_stage *s = calloc(1, sizeof(*s));
    static char names[FAKE_MOST][8];

    assert_non_null(s);
    log_open(getenv("FAULT_LOG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
    strcpy(s->folder, "/tmp/fault_stage.XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    s->total_kib = (2048 + 1024 * n) * MIB;
    fake_start(&s->stage.fake);
    s->stage.fake.context = s;
    s->stage.fake.on_set = judge_target;
    lock(&s->stage, 0);
    for (size_t i = 0; i < n; i++) {
        snprintf(names[i], sizeof(names[i]), "web%zu", i);
        add_guest(s, names[i]);
    }
    unlock(&s->stage);
    refresh(s);
    s->stage.host = open_host(&s->stage, s->folder, 1000);
    open_coordinator(s, policy);
    *state = s;
    return 0;
}

static inline int begin_four(void **state)
{
    return begin(state, 4, "threshold");
}

static inline int end(void **state)
{
    struct fault_stage *s = *state;
    char path[60];

    coordinator_free(&s->c);
    policy_instance_free(s->instance);
    policy_unload(s->policy);
    config_free(&s->config);
    host_close(s->stage.host);
    fake_stop(&s->stage.fake);
    snprintf(path, sizeof(path), "%s/meminfo", s->folder);
    unlink(path);
    rmdir(s->folder);
    free(s);
    return 0;
}

#define FAULT(f) cmocka_unit_test_setup_teardown(f, begin_four, end)

#endif
