/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the memory of a simulated guest is. */
#include "host/sim_guest.h"

static uint64_t take_from(uint64_t *part, uint64_t kib)
{
    uint64_t taken_kib = memcoord_min(*part, kib);

    *part -= taken_kib;
    return taken_kib;
}

/* Free memory that was touched goes first: what was freed last is on the shortest lists. */
static uint64_t take_free(struct sim_guest *g, uint64_t kib)
{
    uint64_t taken_kib = take_from(&g->touched_kib, kib);

    return taken_kib + take_from(&g->untouched_kib, kib - taken_kib);
}

void sim_take(struct sim_guest *g, uint64_t kib)
{
    kib -= take_from(&g->lists_kib, kib);
    kib -= take_free(g, memcoord_min(kib, sim_free_kib(g)));
    take_from(&g->cache_kib, kib);
}

void sim_free_anon(struct sim_guest *g, uint64_t kib)
{
    g->touched_kib += take_from(&g->anon_kib, kib);
}

void sim_drop_cache(struct sim_guest *g)
{
    g->touched_kib += g->cache_kib;
    g->cache_kib = 0;
}

/* The host's memory behind what the guest owns. */
static uint64_t backed_kib(const struct sim_guest *g)
{
    return g->balloon_kib - g->untouched_kib - g->lists_kib;
}

void sim_inflate(struct sim_guest *g, uint64_t kib)
{
    uint64_t before_kib = backed_kib(g);

    sim_take(g, kib);
    g->balloon_kib -= kib;
    if (!g->spec->settings.returns)
        g->kept_kib += before_kib - backed_kib(g);
}

void sim_give_back(struct sim_guest *g, uint64_t kib)
{
    uint64_t to_lists_kib = memcoord_min(kib, less(g->spec->settings.lists_kib, g->lists_kib));

    uint64_t kept_kib = take_from(&g->kept_kib, kib - to_lists_kib);

    g->balloon_kib += kib;
    g->lists_kib += to_lists_kib;
    g->touched_kib += kept_kib;
    g->untouched_kib += kib - to_lists_kib - kept_kib;
}

uint64_t sim_parts_kib(const struct sim_guest *g)
{
    return g->kernel_kib + g->system_kib + g->anon_kib + g->cache_kib + g->lists_kib +
           g->touched_kib + g->untouched_kib;
}

void sim_count_rss(struct sim_guest *g)
{
    uint64_t touched_kib = backed_kib(g) + g->kept_kib;

    g->host_swapped_kib = memcoord_min(g->host_swapped_kib, touched_kib);
    g->rss_kib = g->spec->settings.overhead_kib + touched_kib - g->host_swapped_kib;
    g->peak_kib = memcoord_max(g->peak_kib, g->rss_kib);
}
