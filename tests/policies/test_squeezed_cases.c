/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * squeezed on the simulated host, with the whole loop and the guard: Xen's cases, and guests that give no
 * statistics.
 *
 * A case frees what somebody asks for, and hands out again what is left of it. On Xen the toolstack asks before it
 * starts a guest. Here an operator does: he sets host_target and has memcoord reload it; when it is free he starts
 * his guest, which takes what it takes, and he sets host_target back. So the request is a reload of the parameter:
 * it asks nothing of the host by itself, and where it fails nobody is harmed. What is taken afterwards is other
 * memory of the host, `used`. (Had `used` been the request, the host would have gone below its reserve at once, and
 * the guard would have healed it by itself, whatever the policy.)
 *
 * 1 KiB of a case is 1 MiB here, its KiB/s are MiB/s: so that a case's inaccuracy of 4 KiB is squeezed's default.
 * `host_free_mem` is what the policy may divide beyond what the guests hold: above the reserve, rescue_keep, and
 * QEMU's own memory. The guard and the loop have their defaults, but for a reserve without percentage.
 *
 * FREES_WITHIN_MS: what a case frees takes 10 s at 100 MiB/s (1000 of one domain), and 5 s to give a stuck one up. The
 * guard takes it in steps of max_shrink, 10% each: 7 from 6000 to 3000 would be, 4 from 1500 to 1000, and 2 in all other
 * cases; each waits for the one before to arrive, and for a tick: 2 s. 5 + 10 + 4 x 2 = 23; and a quarter of that.
 */
#include "lib/sim_fixture.h"

#include "lib/original_cases.h"
#include "util/log.h"

#define CASE_DOMAINS 4
/* Guests that never give statistics are coordinated after 30 s. */
#define READY_MS 40000
#define FREES_WITHIN_MS 30000
#define TAKEN_MIB 500
/* What hardly is worth handing out: pass_rule's. */
#define LEFT_MIB 32
/* QEMU's own, as the coordinator counts it by default. */
#define OVERHEAD_MIB 100
#define RESERVE_MIB 200
#define KEEP_MIB 256

struct case_domain {
    uint64_t min, max, size, rate; /* MiB, MiB/s */
    char temper[64];
    bool declared_inactive; /* by Xen, before the verdict */
};

struct a_case {
    char name[16];
    struct case_domain domains[CASE_DOMAINS];
    size_t n;
    uint64_t free, required; /* MiB */
    bool succeeds;
};

/* ---- running one */

struct case_run {
    struct sim_run sim;
    const struct a_case *a;
    bool statistics;
    uint64_t free_since_ms; /* host_target is met since then; 0: it is not */
    bool was_stuck[CASE_DOMAINS];
};

static uint64_t memory_mib(const struct a_case *a)
{
    uint64_t mib = 1024 + RESERVE_MIB + KEEP_MIB + a->free;

    for (size_t i = 0; i < a->n; i++)
        mib += a->domains[i].size + OVERHEAD_MIB;
    return mib;
}

static struct host *case_host(const struct a_case *a, bool statistics)
{
    static char text[8192];
    char memory[32];
    int n = snprintf(text, sizeof(text), "used = take 1GiB; hold %ums; take %uMiB\n",
                     READY_MS + FREES_WITHIN_MS, 1024 + (a->succeeds ? TAKEN_MIB : 0));

    for (size_t i = 0; i < a->n; i++) {
        const struct case_domain *d = &a->domains[i];
        n += snprintf(text + n, sizeof(text) - (size_t)n,
                      "[guest d%zu]\nmin = %lluMiB\nmax = %lluMiB\nballoon = %lluMiB\n"
                      "gives = %lluMiB/s\ntakes = %lluMiB/s\ntemper = %s\nstatistics = %s\n",
                      i, (unsigned long long)d->min, (unsigned long long)d->max,
                      (unsigned long long)d->size, (unsigned long long)d->rate,
                      (unsigned long long)d->rate, d->temper, statistics ? "yes" : "no");
    }
    snprintf(memory, sizeof(memory), "%lluMiB", (unsigned long long)memory_mib(a));
    return sim_open(memory, (READY_MS + 4 * FREES_WITHIN_MS) / 1000, text);
}

/* What the policy may divide beyond what the guests hold. */
static uint64_t free_kib(const struct case_run *run)
{
    const struct memcoord_host *host = &run->sim.c.snapshot.host;
    int64_t kib = host->grantable_kib - KEEP_MIB * (int64_t)MIB;

    return kib > 0 ? (uint64_t)kib : 0;
}

/* Each guest could come to hold its target at once: Xen's tests call the memory beyond that guaranteed. */
static void host_is_not_overdrawn(const struct case_run *run)
{
    const struct sim_machine *m = sim_host_machine(run->sim.host);
    uint64_t may_hold_kib = m->used_kib;

    for (size_t i = 0; i < run->a->n; i++) {
        const struct sim_guest *g = &m->guests[i];
        may_hold_kib +=
            memcoord_max(g->balloon_kib, g->target_kib) + g->spec->settings.overhead_kib;
    }
    assert_true(may_hold_kib + RESERVE_MIB * MIB <= m->scenario->memory_kib);
    assert_int_equal(m->counts.short_ms, 0);
    assert_int_equal(m->load_kills, 0);
}

static void tick(struct case_run *run)
{
    struct sim_run *sim = &run->sim;
    uint64_t now_ms = sim->host->ops->now_ms(sim->host);

    assert_int_equal(coordinator_tick(&sim->c), 0);
    host_is_not_overdrawn(run);
    for (size_t i = 0; i < run->a->n; i++) {
        const struct memcoord_domain *d = &sim->c.snapshot.domains[i].seen;
        run->was_stuck[i] |= sim->c.snapshot.domains[i].stuck;
        assert_in_range(sim->c.verdicts[i].granted_kib, d->min_kib, d->max_kib);
    }
    sim_until(sim->host, now_ms + 1000 - SIM_EPOCH_MS);
}

static void run_until(struct case_run *run, uint64_t ms)
{
    while (run->sim.host->ops->now_ms(run->sim.host) < SIM_EPOCH_MS + ms)
        tick(run);
}

/* As a reload does: squeezed goes on with what it remembers, or takes the place of another policy. */
static void reload(struct case_run *run, uint64_t host_target_mib)
{
    struct policy_instance *instance = NULL;
    struct policy *before = NULL;
    char value[32], error[256] = "", path[512];

    if (strcmp(run->sim.policy->table.name, "squeezed") != 0) {
        before = run->sim.policy;
        snprintf(path, sizeof(path), "%s/policies", getenv("MEMCOORD_TOP"));
        assert_int_equal(policy_load("squeezed", path, &run->sim.policy, error, sizeof(error)), 0);
    }
    snprintf(value, sizeof(value), "%lluMiB", (unsigned long long)host_target_mib);
    assert_int_equal(policy_instance_new(run->sim.policy, &instance), 0);
    assert_int_equal(policy_instance_set(instance, "host_target", value, error, sizeof(error)), 0);
    assert_int_equal(coordinator_try(&run->sim.c, &run->sim.config, instance, error, sizeof(error)),
                     0);
    assert_int_equal(coordinator_swap(&run->sim.c, &run->sim.config, instance), 0);
    policy_instance_free(run->sim.instance);
    run->sim.instance = instance;
    policy_unload(before);
}

static void open_case(struct case_run *run, const struct a_case *a, bool statistics)
{
    *run = (struct case_run){ .a = a, .statistics = statistics };
    sim_run_open(&run->sim, case_host(a, statistics), "hold");
    run->sim.config.host.reserve = (struct amount){ RESERVE_MIB * MIB, 0 };
    run->sim.config.domain_defaults.statistics =
        statistics ? STATISTICS_REQUIRED : STATISTICS_OPTIONAL;
}

/* A case begins with the request: nothing has moved before, and the guests hold all that there is. */
static void wait_until_ready(struct case_run *run)
{
    run_until(run, READY_MS);
    assert_int_equal(free_kib(run), run->a->free * MIB);
}

static void free_what_is_required(struct case_run *run)
{
    uint64_t end_ms = SIM_EPOCH_MS + READY_MS + FREES_WITHIN_MS;

    reload(run, run->a->required);
    while (run->sim.host->ops->now_ms(run->sim.host) < end_ms) {
        tick(run);
        if (free_kib(run) < run->a->required * MIB)
            run->free_since_ms = 0;
        else if (run->free_since_ms == 0)
            run->free_since_ms = run->sim.c.snapshot.seen.now_ms - SIM_EPOCH_MS;
    }
}

static void verdict_is_xens(const struct case_run *run)
{
    bool succeeded = run->free_since_ms > 0;

    print_message("# %s%s: %s, %llu MiB free after %llu ms\n", run->a->name,
                  run->statistics ? "" : " without statistics", succeeded ? "freed" : "not freed",
                  (unsigned long long)free_kib(run) / MIB,
                  succeeded ? (unsigned long long)run->free_since_ms - READY_MS : FREES_WITHIN_MS);
    if (succeeded != run->a->succeeds)
        fail_msg("case %s: should %s", run->a->name, run->a->succeeds ? "succeed" : "fail");
    for (size_t i = 0; i < run->a->n; i++)
        if (run->was_stuck[i] != run->a->domains[i].declared_inactive)
            fail_msg("case %s: domain %zu is %s", run->a->name, i,
                     run->was_stuck[i] ? "blamed" : "not found stuck");
}

/* His guest has taken 500 of it; the rest goes to the others. */
static void hand_out_the_rest(struct case_run *run)
{
    reload(run, 0);
    run_until(run, READY_MS + 2 * FREES_WITHIN_MS);
    print_message("# %s: %llu MiB are left\n", run->a->name,
                  (unsigned long long)free_kib(run) / MIB);
    assert_true(free_kib(run) <= LEFT_MIB * MIB);
}

static void run_case(const struct a_case *a, bool statistics)
{
    struct case_run run;

    open_case(&run, a, statistics);
    wait_until_ready(&run);
    free_what_is_required(&run);
    verdict_is_xens(&run);
    if (a->succeeds)
        hand_out_the_rest(&run);
    sim_run_close(&run.sim);
}

/* ---- cases of our own, after Xen's, with other figures */

/* 3000 above the minima, 800 wanted: both could stay well above theirs. The first stops at 1900 of 1500..2500; the
 * other then has 3600 + 1900 - 800 of what there is: (2000 + 3500) - 800 - 1900 = 2800. */
static const struct a_case stops_early = {
    .name = "stops early",
    .domains = { { 1500, 2500, 2000, 200, "limit 1900MiB", true },
                 { 2000, 5000, 3500, 400, "sticks 250ms every 500ms", false } },
    .n = 2,
    .required = 800,
    .succeeds = true,
};

/* 500 + 300 are above the minima; 900 are wanted. */
static const struct a_case minima_too_high = {
    .name = "minima too high",
    .domains = { { 1500, 2500, 2000, 200, "works", false },
                 { 1000, 2000, 1300, 200, "works", false } },
    .n = 2,
    .required = 900,
    .succeeds = false,
};

/* 500 + 800 are; but of the 800 only 200 come. */
static const struct a_case stuck_above_min = {
    .name = "stuck above min",
    .domains = { { 1500, 2500, 2000, 200, "works", false },
                 { 1000, 2000, 1800, 200, "limit 1600MiB", true } },
    .n = 2,
    .required = 900,
    .succeeds = false,
};

/* Where the first gave its part, the other one would have more than it has: it must neither get it nor be blamed. */
static const struct a_case other_gives = {
    .name = "the other gives",
    .domains = { { 2000, 4000, 4000, 200, "stuck", true },
                 { 2000, 6000, 3000, 200, "works", false } },
    .n = 2,
    .required = 700,
    .succeeds = true,
};

static const struct a_case *const own[] = { &stops_early, &minima_too_high, &stuck_above_min,
                                            &other_gives };

static void run_own(bool statistics)
{
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        run_case(own[i], statistics);
}

static void what_is_asked_for_is_freed_or_not_with_statistics(void **state)
{
    (void)state;
    run_own(true);
}

static void what_is_asked_for_is_freed_or_not_without_statistics(void **state)
{
    (void)state;
    run_own(false);
}

/* ---- Xen's */

/* Their balloons in the scenario's words. "ideal" has no hidden limit; "intermittent" moves for `interval` s, and then
 * stands for as long; one that is stuck has no rate. */
static void read_balloon(const json_t *model, struct case_domain *d)
{
    const char *kind = json_string_value(json_object_get(model, "kind"));

    assert_non_null(kind);
    d->rate = strcmp(kind, "stuck") == 0 ? 100 : case_number(model, "rate");
    snprintf(d->temper, sizeof(d->temper), "%s", strcmp(kind, "stuck") == 0 ? "stuck" : "works");
    if (strcmp(kind, "limit") == 0) {
        snprintf(d->temper, sizeof(d->temper), "limit %lluMiB",
                 (unsigned long long)case_number(model, "minimum"));
    } else if (strcmp(kind, "intermittent") == 0) {
        unsigned ms = (unsigned)(json_real_value(json_object_get(model, "interval")) * 1000 + 0.5);
        snprintf(d->temper, sizeof(d->temper), "sticks %ums every %ums", ms, 2 * ms);
    } else {
        assert_true(strcmp(kind, "ideal") == 0 || strcmp(kind, "stuck") == 0);
    }
}

static void read_inactive(const json_t *replay, struct a_case *a)
{
    const json_t *event;
    size_t i;

    json_array_foreach(json_object_get(replay, "events"), i, event)
    {
        uint64_t domid = case_number(event, "declared_inactive");
        assert_in_range(domid, 0, a->n - 1);
        a->domains[domid].declared_inactive = true;
    }
}

static void read_case(const json_t *json, struct a_case *a)
{
    const json_t *domain;
    size_t i;

    *a = (struct a_case){ .free = case_number(json, "host_free_mem_kib"),
                          .required = case_number(json, "required_mem_kib"),
                          .succeeds = json_is_true(json_object_get(json, "should_succeed")) };
    snprintf(a->name, sizeof(a->name), "%s", json_string_value(json_object_get(json, "name")));
    json_array_foreach(json_object_get(json, "domains"), i, domain)
    {
        struct case_domain *d = &a->domains[a->n++];
        assert_true(i < CASE_DOMAINS && i == case_number(domain, "domid"));
        *d = (struct case_domain){ .min = case_number(domain, "dynamic_min_kib"),
                                   .max = case_number(domain, "dynamic_max_kib"),
                                   .size = case_number(domain, "memory_actual_kib") };
        read_balloon(json_object_get(domain, "balloon_model"), d);
    }
    read_inactive(json_object_get(json, "replay_in_our_port"), a);
}

/* With `statistics` or without: they are not needed. */
static void xens_verdicts(bool statistics)
{
    json_t *cases = original_cases("squeezed.json");

    if (!cases)
        return;
    assert_int_equal(json_array_size(cases), 4);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        struct a_case a;
        read_case(json_array_get(cases, i), &a);
        run_case(&a, statistics);
    }
    json_decref(cases);
}

static void xens_cases_end_as_on_xen_with_statistics(void **state)
{
    (void)state;
    xens_verdicts(true);
}

static void xens_cases_end_as_on_xen_without_statistics(void **state)
{
    (void)state;
    xens_verdicts(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_for_is_freed_or_not_with_statistics),
        cmocka_unit_test(what_is_asked_for_is_freed_or_not_without_statistics),
        cmocka_unit_test(xens_cases_end_as_on_xen_with_statistics),
        cmocka_unit_test(xens_cases_end_as_on_xen_without_statistics),
    };

    log_open(getenv("SQUEEZED_LOG") ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("squeezed, cases", tests, NULL, NULL);
}
