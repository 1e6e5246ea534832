/* SPDX-License-Identifier: BSD-3-Clause */
/* Drives one policy over random hosts and prints all that it asks for. It is linked with the policy
 * and needs nothing of memcoord, so that any compiler can build the two (see compilers.t). */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memcoord/policy.h"

enum { DOMAINS = 40, CASES = 120, TICKS = 16, SCRATCHES = 16 };

static uint64_t seed = 29;
static void *scratches[SCRATCHES];
static size_t n_scratches;
static uint64_t asked_kib[DOMAINS]; /* at this tick; UNKNOWN: nothing */

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
    asked_kib[d->index] = kib;
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

/* ---- parameters: about half of them at their defaults, the others anywhere in their ranges */

/* A value as configurations have it ("100MiB", "7.5%", "2s", "12"), in KiB, basis points, ms; *end is behind it. */
static uint64_t value_of(const char *text, const char **end)
{
    static const struct {
        const char *name;
        uint64_t factor;
    } units[] = { { "KiB", 1 }, { "MiB", 1 << 10 }, { "GiB", 1 << 20 }, { "TiB", 1 << 30 },
                  { "ms", 1 },  { "min", 60000 },   { "s", 1000 },      { "h", 3600000 },
                  { "%", 100 }, { "d", 86400000 },  { "", 1 } };
    uint64_t hundredths = 0, value = 0, weight = 10;
    size_t unit = 0;

    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (uint64_t)(*text - '0');
    if (*text == '.' && text[1] != '.')
        for (text++; *text >= '0' && *text <= '9'; text++, weight /= 10)
            hundredths += (uint64_t)(*text - '0') * weight;
    while (strncmp(text, units[unit].name, strlen(units[unit].name)) != 0)
        unit++;
    *end = text + strlen(units[unit].name);
    return value * units[unit].factor + hundredths * units[unit].factor / 100;
}

/* Of a choice: which of the words of `range` it is. */
static uint64_t index_of(const char *word, const char *range)
{
    uint64_t index = 0;

    for (const size_t n = strlen(word); strncmp(range, word, n) != 0; index++)
        range = strchr(range, '|') + 1;
    return index;
}

static bool is_choice(const struct memcoord_param *param)
{
    return param->type == MEMCOORD_TYPE_CHOICE || param->type == MEMCOORD_TYPE_BOOLEAN;
}

static uint64_t default_parameter(const struct memcoord_param *param)
{
    const char *end;

    return is_choice(param) ? index_of(param->initial, param->range)
                            : value_of(param->initial, &end);
}

/* Small values as often as large ones: they lie where they matter. */
static uint64_t random_parameter(const struct memcoord_param *param)
{
    uint64_t low = 0, high = 0, bits = 1;
    const char *end = param->range;

    if (is_choice(param)) {
        while ((end = strchr(end, '|')))
            high++, end++;
        return random_below(high + 1);
    }
    low = value_of(param->range, &end);
    high = value_of(end + 2, &end);
    while ((high - low) >> bits)
        bits++;
    return low + (random_below(high - low + 1) >> random_below(bits));
}

static void set_parameter(void *state, const struct memcoord_param *param, uint64_t value)
{
    memcpy((char *)state + param->offset, &value, sizeof(value));
}

/* Random parameters that the policy accepts. */
static void set_parameters(void *state)
{
    const struct memcoord_policy *p = &memcoord_plugin;
    uint64_t before;

    memset(state, 0, p->state_size);
    for (const struct memcoord_param *param = p->params; param && param->key; param++)
        set_parameter(state, param, default_parameter(param));
    for (const struct memcoord_param *param = p->params; param && param->key; param++) {
        if (random_below(2))
            continue;
        memcpy(&before, (char *)state + param->offset, sizeof(before));
        set_parameter(state, param, random_parameter(param));
        if (p->check && p->check(state))
            set_parameter(state, param, before);
    }
}

/* ---- figures */

static uint64_t maybe(uint64_t value)
{
    return random_below(9) ? value : MEMCOORD_UNKNOWN;
}

static uint64_t random_rate(uint64_t below)
{
    return random_below(2) ? 0 : maybe(random_below(below) >> random_below(12));
}

static void set_size(struct memcoord_domain *d)
{
    d->flags = random_below(9) ? MEMCOORD_MOVABLE : MEMCOORD_PAUSED;
    d->weight = random_below(4) ? random_below(5000) : 0;
    d->min_kib = random_below(300 << 10);
    d->max_kib = d->min_kib + random_below(3000 << 10);
    d->balloon_kib = 1 + random_below(3000 << 10);
    d->target_kib = random_below(3) ? d->balloon_kib : random_below(3000 << 10);
}

/* It gets what was asked for, mostly, within its bounds. */
static void follow(struct memcoord_domain *d)
{
    if (asked_kib[d->index] != MEMCOORD_UNKNOWN && random_below(4))
        d->target_kib = memcoord_clamp(asked_kib[d->index], d->min_kib, d->max_kib);
    d->balloon_kib = memcoord_max(d->target_kib, 1);
}

/* A guest whose figures fit each other: what it uses, its page cache and what is free are its balloon. */
static void set_figures(struct memcoord_domain *d)
{
    d->usable_kib = random_below(d->balloon_kib + 1) >> random_below(6);
    d->used_kib = d->balloon_kib - d->usable_kib;
    d->unused_kib = maybe(random_below(d->usable_kib + 1));
    d->disk_caches_kib =
        d->unused_kib == MEMCOORD_UNKNOWN ? MEMCOORD_UNKNOWN : d->usable_kib - d->unused_kib;
    d->guest_total_kib = maybe(d->balloon_kib - d->balloon_kib / 32);
    d->rss_kib = maybe(random_below(d->balloon_kib + (64 << 10)));
    d->swap_in_kib_per_s = random_rate(100 << 10);
    d->swap_out_kib_per_s = random_rate(100 << 10);
    d->major_faults_per_s = random_rate(20000);
    d->growth_kib_per_s = maybe(random_below(100 << 10));
    d->stats_age_ms = random_below(random_below(4) ? 900 : 4000);
    if (random_below(9) == 0)
        d->used_kib = d->usable_kib = d->stats_age_ms = MEMCOORD_UNKNOWN;
}

static void set_host(struct memcoord_host *host, uint64_t n_domains)
{
    host->total_kib = maybe((n_domains + 1) * (1500 << 10));
    host->available_kib = random_below((n_domains + 1) * (1500 << 10)) >> random_below(5);
    host->free_kib = maybe(random_below(host->available_kib + 1));
    host->cached_kib = host->free_kib == MEMCOORD_UNKNOWN ? MEMCOORD_UNKNOWN
                                                          : host->available_kib - host->free_kib;
    host->swap_total_kib = maybe(random_below(8 << 20));
    host->swap_free_kib = host->swap_total_kib == MEMCOORD_UNKNOWN
                              ? MEMCOORD_UNKNOWN
                              : random_below(host->swap_total_kib + 1);
    host->reserve_kib = random_below(1 << 20);
    host->capacity_kib = n_domains * (1500 << 10);
    host->grantable_kib = (int64_t)host->available_kib - (int64_t)host->reserve_kib;
    host->psi_some_bp = random_rate(10001);
    host->psi_full_bp = host->psi_some_bp == MEMCOORD_UNKNOWN ? MEMCOORD_UNKNOWN
                                                              : random_below(host->psi_some_bp + 1);
    host->pool_kib = random_below(n_domains * (1500 << 10));
}

static void run_case(struct memcoord_domain *domains, void *state)
{
    const struct memcoord_domain *list[DOMAINS];
    struct memcoord_host host;
    struct memcoord_snapshot s = { &host, list, 1 + random_below(DOMAINS), 0, 0, 1000 };
    struct memcoord_plan plan = { NULL, set_target, vlog, vfail, scratch };

    set_parameters(state);
    for (size_t i = 0; i < DOMAINS; i++) {
        memset(domains[i].state, 0, memcoord_plugin.domain_state_size);
        list[i] = &domains[i];
    }
    for (unsigned tick = 0; tick < TICKS; tick++) {
        set_host(&host, s.n_domains);
        for (size_t i = 0; i < s.n_domains; i++) {
            if (tick == 0 || random_below(8) == 0)
                set_size(&domains[i]);
            else
                follow(&domains[i]);
            set_figures(&domains[i]);
            asked_kib[i] = MEMCOORD_UNKNOWN;
        }
        s.tick++;
        s.now_ms += random_below(4) ? 1000 : random_below(60000);
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
