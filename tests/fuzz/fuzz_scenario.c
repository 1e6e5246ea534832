/* SPDX-License-Identifier: BSD-3-Clause */
/* A scenario, beside which two traces lie. What is taken is a host that can be coordinated for some ticks: what is
 * seen of it then can be. */
#include "lib/fuzz.h"

#include "control/coordinator.h"
#include "host/sim_host.h"

/* More guests, or a pattern of other folders, would be a test of patience. */
#define MOST_GUESTS 4
#define MOST_COUNT 100
#define TICKS 4
#define INTERVAL_MS 200

static struct fuzz_file file;
static struct config config;

static const char plain[] = "time_s,domain,demand_kib\n0,a,100000\n0,b,200000\n3,b,0\n4,a,900000\n";
static const char bitbrains[] =
    "Timestamp [ms];;Memory usage [KB]\n1376314846;4;1;1;1;2097152;500000.5;0;0;0;0\n"
    "1376314850;4;1;1;1;2097152;1E6;0;0;0;0\n";

static void fuzz_begin(void)
{
    struct fuzz_file trace = fuzz_file("t.csv");

    fuzz_fill(&trace, plain, strlen(plain));
    close(trace.fd);
    trace = fuzz_file("1.csv");
    fuzz_fill(&trace, bitbrains, strlen(bitbrains));
    close(trace.fd);
    file = fuzz_file("scenario.ini");
    fuzz_assert(config_defaults(&config) == 0);
    config_set_interval(&config, INTERVAL_MS);
    fuzz_load_policies();
}

/* ---- a run */

static void check_domain(const struct record_domain *d)
{
    const struct memcoord_domain *seen = &d->seen;

    fuzz_assert(seen->min_kib <= seen->max_kib);
    fuzz_assert(seen->balloon_kib > 0 && seen->balloon_kib <= seen->max_kib);
    fuzz_assert(seen->target_kib > 0 && seen->target_kib <= seen->max_kib);
    fuzz_assert(d->granted_kib > 0 && d->granted_kib <= seen->max_kib);
    fuzz_assert(seen->usable_kib == MEMCOORD_UNKNOWN || seen->usable_kib <= seen->max_kib);
    fuzz_assert(seen->used_kib == MEMCOORD_UNKNOWN || seen->used_kib <= seen->max_kib);
    fuzz_assert(d->truth && d->truth->held_kib <= seen->max_kib);
    fuzz_assert(d->truth->short_kib_s <= d->truth->demand_kib_s);
}

static void check_tick(void *to, const struct record_tick *tick)
{
    uint64_t *last_ms = to;

    fuzz_assert(tick->now_ms >= *last_ms && tick->counts && !tick->policy_error);
    fuzz_assert(tick->host.available_kib <= tick->host.total_kib);
    fuzz_assert(tick->host.psi_some_bp <= 10000);
    for (size_t i = 0; i < tick->n_domains; i++)
        check_domain(&tick->domains[i]);
    *last_ms = tick->now_ms;
}

/* Takes the scenario. */
static void run(struct scenario *scenario, size_t policy)
{
    static volatile sig_atomic_t never;
    uint64_t last_ms = 0;
    struct record_sink sink = { &last_ms, check_tick };
    struct coordinator c = { .config = &config, .sink = &sink };
    struct policy_instance *instance;

    scenario->speed = 0;
    fuzz_assert(policy_instance_new(fuzz_policies[policy], &instance) == 0);
    fuzz_assert(sim_host_open_scenario(scenario, "sim:fuzz", &c.host) == 0);
    c.instance = instance;
    fuzz_assert(
        domains_set_policy_state(&c.domains, fuzz_policies[policy]->table.domain_state_size) == 0);
    coordinator_run(&c, TICKS, &never);
    fuzz_assert(c.failed == 0);
    host_close(c.host);
    coordinator_free(&c);
    policy_instance_free(instance);
}

/* Reads the scenario once more, for another policy. */
static void run_again(size_t policy)
{
    struct problems problems = { 0 };
    struct scenario scenario = { 0 };

    fuzz_assert(scenario_load(file.path, &scenario, &problems) == 0);
    run(&scenario, policy);
    problems_free(&problems);
}

static void run_all(struct scenario *scenario, size_t size)
{
    size_t last = fuzz_end_of_policies(size) - 1;

    for (size_t i = fuzz_first_policy(size); i < last; i++)
        run_again(i);
    run(scenario, last);
}

/* ---- reading */

static void check_guest(const struct guest *guest)
{
    const struct guest_settings *s = &guest->settings;

    fuzz_assert(*guest->name && guest->load && (guest->load->series || guest->load->n_steps > 0));
    fuzz_assert(s->balloon_kib <= s->max_kib && s->max_kib <= UINT64_C(1) << 34);
    fuzz_assert(s->stop_ms == 0 || s->stop_ms > s->start_ms);
    fuzz_assert(s->watermark_kib != MEMCOORD_UNKNOWN && s->lists_kib != MEMCOORD_UNKNOWN);
}

/* Whether it asks for paths elsewhere or for many guests. */
static bool is_too_much(const char *text)
{
    for (const char *p = strchr(text, '/'); p; p = strchr(p + 1, '/'))
        if (p == text || p[-1] != 'B')
            return true;
    for (const char *p = strstr(text, "count"); p; p = strstr(p + 1, "count"))
        if (strtoul(p + 5 + strspn(p + 5, " \t=:"), NULL, 10) > MOST_COUNT)
            return true;
    return false;
}

static int fuzz_one(const uint8_t *data, size_t size)
{
    struct problems problems = { 0 };
    struct scenario scenario = { 0 };
    int r = fuzz_fill_text(&file, data, size, is_too_much);

    if (r < 0)
        return r;
    r = scenario_load(file.path, &scenario, &problems);
    fuzz_assert(r == 0 || r == -EINVAL);
    fuzz_assert((r == 0) == (problems.n == 0) && (r == 0) == (scenario.file != NULL));
    for (size_t i = 0; i < scenario.n_guests; i++)
        check_guest(&scenario.guests[i]);
    if (r == 0 && scenario.n_guests <= MOST_GUESTS)
        run_all(&scenario, size);
    else
        scenario_free(&scenario);
    problems_free(&problems);
    return 0;
}
