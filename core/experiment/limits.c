/* SPDX-License-Identifier: BSD-3-Clause */
#include "experiment/limits.h"

#include <errno.h>
#include <stdlib.h>

#include "experiment/limit_guest.h"
#include "experiment/share.h"
#include "host/sim_host.h"
#include "util/less.h"
#include "util/random.h"

/* Where not all fits, memory is divided anew so often in an interval. */
#define PARTS 8

struct limits {
    enum limit limit;
    const struct scenario *scenario;
    const struct config *config;
    uint64_t reserve_kib;
    uint64_t now_ms;
    struct load_cursor used; /* by other programs of the host */
    uint64_t used_most_kib;  /* in all the time */
    struct limit_guest *guests;
    struct limit_guest **alive; /* at now_ms, in the scenario's order */
    size_t n_alive;
    struct share *shares;
    uint64_t *lacks_kib; /* of those alive */
    struct record_domain *domains;
    struct host_truth *truths;
    struct host_counts counts;
};

const char *limit_name(enum limit limit)
{
    return limit == LIMIT_STATIC ? "static" : "oracle";
}

/* ---- the host */

/* What balloons may hold in all while others use `used_kib`. */
static uint64_t capacity_kib(const struct limits *l, uint64_t used_kib)
{
    uint64_t taken_kib = used_kib + l->reserve_kib, kib;

    for (size_t i = 0; i < l->n_alive; i++)
        taken_kib += l->alive[i]->spec->settings.overhead_kib;
    kib = less(l->scenario->memory_kib, taken_kib);
    return l->config->host.limit_kib > 0 ? memcoord_min(kib, l->config->host.limit_kib) : kib;
}

/* ---- dividing */

static void divide_once(struct limits *l)
{
    for (size_t i = 0; i < l->n_alive; i++)
        l->shares[i] = (struct share){ l->alive[i]->max_kib, l->alive[i]->weight, 0, i };
    share_by_weight(l->shares, l->n_alive, capacity_kib(l, l->used_most_kib));
    for (size_t i = 0; i < l->n_alive; i++) {
        struct limit_guest *g = l->alive[l->shares[i].who];

        g->balloon_kib = l->shares[i].given_kib;
        g->held_kib = memcoord_min(limit_guest_demand(g), less(g->balloon_kib, g->base_kib));
    }
}

/* Shares `left_kib` among what each wants beyond what he holds, and returns what is left then. */
static uint64_t share(struct limits *l, uint64_t left_kib,
                      uint64_t (*wants)(const struct limit_guest *))
{
    for (size_t i = 0; i < l->n_alive; i++) {
        const struct limit_guest *g = l->alive[i];
        uint64_t want_kib = memcoord_min(wants(g), limit_guest_room(g));

        l->shares[i] = (struct share){ less(want_kib, g->held_kib), g->weight, 0, i };
    }
    share_by_weight(l->shares, l->n_alive, left_kib);
    for (size_t i = 0; i < l->n_alive; i++) {
        l->alive[l->shares[i].who]->held_kib += l->shares[i].given_kib;
        left_kib -= l->shares[i].given_kib;
    }
    return left_kib;
}

/* Everybody gets his base; what is left goes to what loads have come to touch, then to what they want beyond. */
static void divide_by_demand(struct limits *l)
{
    uint64_t left_kib = capacity_kib(l, load_kib(&l->used.now, l->now_ms));

    for (size_t i = 0; i < l->n_alive; i++) {
        l->alive[i]->held_kib = 0;
        left_kib = less(left_kib, l->alive[i]->base_kib);
    }
    left_kib = share(l, left_kib, limit_guest_touched);
    share(l, left_kib, limit_guest_demand);
    for (size_t i = 0; i < l->n_alive; i++)
        l->alive[i]->balloon_kib = l->alive[i]->base_kib + l->alive[i]->held_kib;
}

/* ---- time */

/* Whether all that is wanted until `to_ms` fits, whenever. */
static bool all_fits(const struct limits *l, uint64_t to_ms)
{
    struct load_cursor used = l->used;
    uint64_t left_kib = capacity_kib(l, load_move(&used, l->now_ms, to_ms));

    for (size_t i = 0; i < l->n_alive; i++) {
        const struct limit_guest *g = l->alive[i];
        uint64_t kib = memcoord_min(limit_guest_most(g, to_ms), limit_guest_room(g)) + g->base_kib;

        if (kib > left_kib)
            return false;
        left_kib -= kib;
    }
    return true;
}

static void move_with_room(struct limits *l, uint64_t to_ms)
{
    for (size_t i = 0; i < l->n_alive; i++) {
        struct limit_guest *g = l->alive[i];
        uint64_t room_kib =
            l->limit == LIMIT_STATIC ? less(g->balloon_kib, g->base_kib) : limit_guest_room(g);

        limit_guest_move(g, to_ms, room_kib);
    }
    load_move(&l->used, l->now_ms, to_ms);
    l->now_ms = to_ms;
}

/* What a load is only about to touch does not lack. */
static uint64_t lacks_kib(const struct limit_guest *g)
{
    return g->held_kib < limit_guest_touched(g) ? limit_guest_demand(g) - g->held_kib : 0;
}

/* What each lacks is known where parts begin and end, and taken for a straight line between. */
static void move_in_parts(struct limits *l, uint64_t to_ms)
{
    uint64_t from_ms = l->now_ms, ms = to_ms - from_ms;

    for (uint64_t part = 1; part <= PARTS; part++) {
        uint64_t end_ms = from_ms + ms * part / PARTS, part_ms = end_ms - l->now_ms;

        for (size_t i = 0; i < l->n_alive; i++) {
            l->lacks_kib[i] = lacks_kib(l->alive[i]);
            limit_guest_move(l->alive[i], end_ms, LOAD_FOREVER);
        }
        load_move(&l->used, l->now_ms, end_ms);
        l->now_ms = end_ms;
        divide_by_demand(l);
        for (size_t i = 0; i < l->n_alive; i++)
            limit_guest_lacked(l->alive[i], l->lacks_kib[i], lacks_kib(l->alive[i]), part_ms);
    }
}

/* Who runs now. Until its first tick a new one may hold what it likes: it is booting. */
static void list_alive(struct limits *l)
{
    l->n_alive = 0;
    for (size_t i = 0; i < l->scenario->n_guests; i++) {
        struct limit_guest *g = &l->guests[i];

        if (!limit_guest_runs(g, l->now_ms))
            continue;
        l->alive[l->n_alive++] = g;
        limit_guest_move(g, l->now_ms, limit_guest_room(g));
    }
}

static void move(struct limits *l, uint64_t to_ms)
{
    if (l->limit == LIMIT_STATIC || all_fits(l, to_ms))
        move_with_room(l, to_ms);
    else
        move_in_parts(l, to_ms);
    list_alive(l);
}

/* ---- what is told */

static void fill_domain(const struct limits *l, size_t i)
{
    const struct limit_guest *g = l->alive[i];
    struct record_domain *out = &l->domains[i];
    size_t guest = (size_t)(g - l->guests);

    *out = (struct record_domain){ .run_id = (int64_t)guest + 1, .truth = &l->truths[i] };
    out->asked_kib = MEMCOORD_UNKNOWN;
    out->granted_kib = g->balloon_kib;
    out->guard = "not-asked";
    out->overhead_kib = g->spec->settings.overhead_kib;
    out->seen = (struct memcoord_domain){ .name = g->spec->name,
                                          .index = (uint32_t)i,
                                          .flags = MEMCOORD_MOVABLE,
                                          .weight = g->weight,
                                          .max_kib = g->max_kib,
                                          .balloon_kib = g->balloon_kib,
                                          .target_kib = g->balloon_kib,
                                          .used_kib = g->base_kib + g->held_kib };
    out->seen.usable_kib = less(g->balloon_kib, out->seen.used_kib);
    out->seen.unused_kib = out->seen.usable_kib + g->spec->settings.watermark_kib;
    out->seen.guest_total_kib = less(g->balloon_kib, g->spec->settings.kernel_kib);
    out->seen.rss_kib = g->balloon_kib + out->overhead_kib;
    out->seen.growth_kib_per_s = MEMCOORD_UNKNOWN;
    l->truths[i] = limit_guest_truth(g);
    sim_host_uuid(out->uuid, guest);
}

static void fill_host(const struct limits *l, struct memcoord_host *host)
{
    uint64_t taken_kib = load_kib(&l->used.now, l->now_ms), held_kib = 0;

    for (size_t i = 0; i < l->n_alive; i++) {
        taken_kib += l->domains[i].seen.rss_kib;
        held_kib += l->domains[i].seen.balloon_kib;
    }
    *host = (struct memcoord_host){ .total_kib = l->scenario->memory_kib,
                                    .available_kib = less(l->scenario->memory_kib, taken_kib),
                                    .swap_total_kib = l->scenario->swap_kib,
                                    .swap_free_kib = l->scenario->swap_kib,
                                    .reserve_kib = l->reserve_kib };
    host->free_kib = host->available_kib;
    host->capacity_kib = less(host->total_kib, host->reserve_kib);
    host->grantable_kib = (int64_t)host->available_kib - (int64_t)host->reserve_kib;
    host->pool_kib = host->grantable_kib > 0 ? held_kib + (uint64_t)host->grantable_kib
                                             : less(held_kib, (uint64_t)-host->grantable_kib);
}

static void tell(struct limits *l, uint64_t number, const struct record_sink *sink)
{
    struct record_tick tick = { .tick = number,
                                .now_ms = l->now_ms,
                                .ksm_sharing_kib = MEMCOORD_UNKNOWN,
                                .counts = &l->counts,
                                .domains = l->domains,
                                .n_domains = l->n_alive };

    if (l->limit == LIMIT_STATIC)
        divide_once(l);
    else
        divide_by_demand(l);
    for (size_t i = 0; i < l->n_alive; i++)
        fill_domain(l, i);
    fill_host(l, &tick.host);
    sink->tick(sink->to, &tick);
}

/* ---- the interface */

static void end(struct limits *l)
{
    free(l->guests);
    free(l->alive);
    free(l->shares);
    free(l->lacks_kib);
    free(l->domains);
    free(l->truths);
}

static int begin(struct limits *l)
{
    const struct scenario *s = l->scenario;
    size_t n = s->n_guests + 1;

    l->guests = calloc(n, sizeof(*l->guests));
    l->alive = calloc(n, sizeof(struct limit_guest *));
    l->shares = calloc(n, sizeof(*l->shares));
    l->lacks_kib = calloc(n, sizeof(*l->lacks_kib));
    l->domains = calloc(n, sizeof(*l->domains));
    l->truths = calloc(n, sizeof(*l->truths));
    if (!l->guests || !l->alive || !l->shares || !l->lacks_kib || !l->domains || !l->truths)
        return -ENOMEM;
    l->now_ms = SIM_EPOCH_MS;
    l->reserve_kib = amount_of(l->config->host.reserve, s->memory_kib);
    load_begin(&l->used, s->used.load, random_start(s->seed, 0), SIM_EPOCH_MS);
    struct load_cursor ahead = l->used;
    l->used_most_kib = load_move(&ahead, SIM_EPOCH_MS, SIM_EPOCH_MS + s->duration_ms);
    for (size_t i = 0; i < s->n_guests; i++)
        limit_guest_begin(&l->guests[i], s, i, l->config);
    list_alive(l);
    return 0;
}

int limit_run(enum limit limit, const struct scenario *scenario, const struct config *config,
              const struct record_sink *sink, const volatile sig_atomic_t *stop)
{
    struct limits l = { .limit = limit, .scenario = scenario, .config = config };
    uint64_t end_ms = SIM_EPOCH_MS + scenario->duration_ms, number = 1;
    int r = begin(&l);

    while (r == 0 && l.now_ms < end_ms && !(stop && *stop)) {
        uint64_t to_ms = l.now_ms + config->daemon.interval_ms;

        tell(&l, number++, sink);
        if (to_ms >= end_ms)
            break;
        move(&l, to_ms);
    }
    end(&l);
    return r;
}
