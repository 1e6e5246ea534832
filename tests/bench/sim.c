/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How fast a simulated host goes, with the whole loop: domain-ticks a second, on one core, nothing said
 * and nothing recorded.
 *
 *     sim [POLICY_PATH]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "control/coordinator.h"
#include "host/sim_host.h"
#include "util/log.h"

#define DAY_S 86400u

struct row {
    const char *policy, *what;
    const char *guests; /* of 500, in all */
    uint64_t interval_ms;
    unsigned duration_s;
};

static const char constant[] = "[guest g]\ncount = 500\nload = take 300MiB\n";
static const char steps[] =
    "[guest g]\ncount = 500\nload = burst 200MiB to 400MiB every 60min for 60min\n";
static const char walks[] =
    "[guest g]\ncount = 500\nload = walk 200MiB to 1500MiB step 50MiB every 5min\n";

static const struct row rows[] = {
    { "hold", "constant", constant, 60000, DAY_S },
    { "hold", "steps", steps, 60000, DAY_S },
    { "hold", "walk", walks, 300000, 30 * DAY_S },
    { "fair-share", "constant", constant, 60000, DAY_S },
    { "fair-share", "steps", steps, 60000, DAY_S },
    { "fair-share", "walk", walks, 60000, DAY_S },
    { "fair-share", "walk", walks, 1000, 600 },
};

static volatile sig_atomic_t stop;

static void die(const char *what)
{
    fprintf(stderr, "sim: %s\n", what);
    exit(1);
}

static struct host *open_host(const struct row *row)
{
    char path[] = "/tmp/memcoord-bench-XXXXXX";
    int fd = mkstemp(path);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    struct problems problems = { 0 };
    struct scenario scenario;
    struct host *host = NULL;

    if (!f)
        die("no temporary file");
    fprintf(f,
            "[scenario]\nduration = %us\n[host]\nmemory = 2TiB\n"
            "[guests]\nmax = 2GiB\nballoon = 1800MiB\ncache = 5%%\n%s",
            row->duration_s, row->guests);
    fclose(f);
    if (scenario_load(path, &scenario, &problems) < 0)
        die(problems.list ? problems.list[0].text : "no scenario");
    unlink(path);
    if (sim_host_open_scenario(&scenario, "sim:bench", &host) < 0)
        die("out of memory");
    return host;
}

static uint64_t cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void print_row(const struct row *row, const struct coordinator *c, uint64_t us)
{
    uint64_t domain_ticks = c->domains.tick * c->domains.n;
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    printf("%-12s %-9s %6" PRIu64 " s %9" PRIu64 " %8.2f s %10.2f %8ld MiB %7" PRIu64 "\n",
           row->policy, row->what, row->interval_ms / 1000, domain_ticks, (double)us / 1e6,
           (double)domain_ticks / (double)us, usage.ru_maxrss / 1024,
           sim_host_machine(c->host)->load_kills);
    fflush(stdout);
}

static void run(const struct row *row, const char *policy_path)
{
    struct config config;
    struct policy *policy;
    struct policy_instance *instance;
    struct host *host = open_host(row);
    struct coordinator c = { .host = host };
    char error[512];
    uint64_t before_us;

    if (config_defaults(&config) < 0)
        die("out of memory");
    if (policy_load(row->policy, policy_path, &policy, error, sizeof(error)) < 0)
        die(error);
    config_set_interval(&config, row->interval_ms);
    if (policy_instance_new(policy, &instance) < 0 ||
        domains_set_policy_state(&c.domains, policy->table.domain_state_size) < 0)
        die("out of memory");
    c.config = &config;
    c.instance = instance;
    before_us = cpu_us();
    coordinator_run(&c, 0, &stop);
    print_row(row, &c, cpu_us() - before_us);
    coordinator_free(&c);
    policy_instance_free(instance);
    policy_unload(policy);
    config_free(&config);
    host_close(host);
}

int main(int argc, char **argv)
{
    log_open(LOG_LEVEL_ERROR);
    printf("%-12s %-9s %8s %9s %10s %10s %12s %7s\n", "policy", "load", "interval", "ticks x n",
           "cpu", "million/s", "largest RSS", "kills");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        run(&rows[i], argc > 1 ? argv[1] : "policies");
    return 0;
}
