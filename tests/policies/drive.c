/* SPDX-License-Identifier: BSD-3-Clause */
/* Drives one policy over random hosts and prints all that it asks for. It is linked with the policy
 * and needs nothing of memcoord, so that any compiler can build the two (see compilers.t). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memcoord/policy.h"

enum { DOMAINS = 40, CASES = 120, TICKS = 8, SCRATCHES = 16 };

static uint64_t seed = 29;
static void *scratches[SCRATCHES];
static size_t n_scratches;

static uint64_t random_below(uint64_t below)
{
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

static void set_target(struct memcoord_plan *plan, const struct memcoord_domain *d, uint64_t kib,
                       const char *why)
{
    (void)plan;
    printf("%s %" PRIu64 " %s\n", d->name, kib, why);
}

__attribute__((format(printf, 3, 0))) static void vlog(struct memcoord_plan *plan, int level,
                                                       const char *fmt, va_list args)
{
    (void)plan;
    printf("log %d ", level);
    vprintf(fmt, args);
    printf("\n");
}

__attribute__((format(printf, 3, 0))) static int vfail(struct memcoord_plan *plan, int err,
                                                       const char *fmt, va_list args)
{
    vlog(plan, err, fmt, args);
    return -err;
}

static void *scratch(struct memcoord_plan *plan, size_t n, size_t size)
{
    (void)plan;
    if (n_scratches == SCRATCHES)
        abort();
    return scratches[n_scratches++] = calloc(n + 1, size);
}

static uint64_t random_parameter(const struct memcoord_param *param)
{
    switch (param->type) {
    case MEMCOORD_TYPE_SIZE:
        return random_below(300) << 10;
    case MEMCOORD_TYPE_PERCENT:
        return random_below(9901);
    case MEMCOORD_TYPE_DURATION:
        return random_below(60000);
    default:
        return random_below(2);
    }
}

/* Random parameters that the policy accepts. */
static void set_parameters(void *state)
{
    const struct memcoord_policy *p = &memcoord_plugin;

    do {
        memset(state, 0, p->state_size);
        for (const struct memcoord_param *param = p->params; param && param->key; param++) {
            uint64_t value = random_parameter(param);
            memcpy((char *)state + param->offset, &value, sizeof(value));
        }
    } while (p->check && p->check(state));
}

static void set_figures(struct memcoord_domain *d)
{
    d->flags = random_below(9) ? MEMCOORD_MOVABLE : MEMCOORD_PAUSED;
    d->weight = random_below(4) ? random_below(5000) : 0;
    d->min_kib = random_below(300 << 10);
    d->max_kib = d->min_kib + random_below(3000 << 10);
    d->balloon_kib = random_below(3000 << 10);
    d->target_kib = random_below(3000 << 10);
    d->used_kib = random_below(9) ? random_below(2500 << 10) : MEMCOORD_UNKNOWN;
    d->unused_kib = random_below(9) ? random_below(400 << 10) : MEMCOORD_UNKNOWN;
    d->usable_kib = random_below(9) ? random_below(400 << 10) : MEMCOORD_UNKNOWN;
    d->growth_kib_per_s = random_below(100 << 10);
    d->stats_age_ms = random_below(4000);
}

static void run_case(struct memcoord_domain *domains, void *state)
{
    const struct memcoord_domain *list[DOMAINS];
    struct memcoord_host host;
    struct memcoord_snapshot s = { &host, list, 1 + random_below(DOMAINS), 0, 0, 1000 };
    struct memcoord_plan plan = { NULL, set_target, vlog, vfail, scratch };

    memset(&host, 0xff, sizeof(host));
    set_parameters(state);
    for (size_t i = 0; i < DOMAINS; i++) {
        memset(domains[i].state, 0, memcoord_plugin.domain_state_size);
        list[i] = &domains[i];
    }
    for (unsigned tick = 0; tick < TICKS; tick++) {
        host.pool_kib = random_below(s.n_domains * (1500 << 10));
        for (size_t i = 0; i < s.n_domains; i++)
            set_figures(&domains[i]);
        s.tick++;
        s.now_ms += random_below(5000);
        printf("= %d\n", memcoord_plugin.decide(state, &s, &plan));
        while (n_scratches > 0)
            free(scratches[--n_scratches]);
    }
}

int main(void)
{
    static struct memcoord_domain domains[DOMAINS];
    static char names[DOMAINS][8];
    void *state = malloc(memcoord_plugin.state_size + 1);
    char *states = calloc(DOMAINS, memcoord_plugin.domain_state_size + 8);

    if (!state || !states)
        return 1;
    for (uint32_t i = 0; i < DOMAINS; i++) {
        snprintf(names[i], sizeof(names[i]), "d%" PRIu32, i);
        domains[i].name = names[i];
        domains[i].index = i;
        domains[i].state = states + i * ((memcoord_plugin.domain_state_size + 7) / 8 * 8);
    }
    for (unsigned i = 0; i < CASES; i++)
        run_case(domains, state);
    free(state);
    free(states);
    return 0;
}
