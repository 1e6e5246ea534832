/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/sim_machine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "util/log.h"
#include "util/random.h"

/* Pressure is told once in so long. */
#define PSI_WINDOW_MS 10000

/* ---- its beginning */

static int by_time(const void *a, const void *b)
{
    const struct sim_event *x = a, *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return (x->guest > y->guest) - (x->guest < y->guest);
}

static void plan_events(struct sim_machine *m)
{
    for (size_t i = 0; i < m->scenario->n_guests; i++) {
        const struct guest_settings *s = &m->scenario->guests[i].settings;

        m->events[m->n_events++] = (struct sim_event){ SIM_EPOCH_MS + s->start_ms, i, true };
        if (s->stop_ms > 0)
            m->events[m->n_events++] = (struct sim_event){ SIM_EPOCH_MS + s->stop_ms, i, false };
    }
    if (m->n_events > 0)
        qsort(m->events, m->n_events, sizeof(*m->events), by_time);
}

static uint64_t seed_of(const struct sim_machine *m, size_t guest)
{
    return random_start(m->scenario->seed, guest + 1);
}

/* Guests stay in the scenario's order whenever they start. */
static void list_alive(struct sim_machine *m)
{
    m->n_alive = 0;
    for (size_t i = 0; i < m->scenario->n_guests; i++)
        if (m->guests[i].life == SIM_BOOTS || m->guests[i].life == SIM_RUNS)
            m->alive[m->n_alive++] = i;
}

static void count_rss(struct sim_machine *m)
{
    m->rss_kib = m->swapped_kib = 0;
    for (size_t i = 0; i < m->n_alive; i++) {
        m->rss_kib += m->guests[m->alive[i]].rss_kib;
        m->swapped_kib += m->guests[m->alive[i]].host_swapped_kib;
    }
}

/* ---- running short */

uint64_t sim_machine_available_kib(const struct sim_machine *m)
{
    uint64_t taken_kib = m->used_kib + m->rss_kib;

    return m->scenario->memory_kib > taken_kib ? m->scenario->memory_kib - taken_kib : 0;
}

static struct sim_guest *largest(const struct sim_machine *m)
{
    struct sim_guest *most = NULL;

    for (size_t i = 0; i < m->n_alive; i++) {
        struct sim_guest *g = &m->guests[m->alive[i]];
        if (!most || g->rss_kib > most->rss_kib)
            most = g;
    }
    return most;
}

static uint64_t excess_kib(const struct sim_machine *m)
{
    uint64_t taken_kib = m->used_kib + m->rss_kib;

    return taken_kib > m->scenario->memory_kib ? taken_kib - m->scenario->memory_kib : 0;
}

static void kill_largest(struct sim_machine *m)
{
    struct sim_guest *g = largest(m);

    log_warning("%s: at %" PRIu64
                " ms: the host is out of memory and kills it, the largest with %" PRIu64 " MiB",
                g->spec->name, m->now_ms - SIM_EPOCH_MS, g->rss_kib / 1024);
    sim_guest_stop(g);
    m->counts.domain_kills++;
    m->changed = true;
    list_alive(m);
    count_rss(m);
}

/* Takes from the largest guest what is too much; when the swap is full, kills it. Without guests there is
 * nobody left: other programs then hold what there is. */
static void relieve(struct sim_machine *m)
{
    uint64_t excess, kib;

    while ((excess = excess_kib(m)) > 0 && m->n_alive > 0) {
        kib = memcoord_min(excess, m->scenario->swap_kib - m->swapped_kib);
        kib = kib > 0 ? sim_guest_swap_out(largest(m), kib) : 0;
        m->swapped_kib += kib;
        m->rss_kib -= kib;
        m->counts.swapped_out_kib += kib;
        if (kib == 0)
            kill_largest(m);
    }
}

/* What is in the swap comes back where there is room, at the swap's speed. */
static void swap_back(struct sim_machine *m, uint64_t ms)
{
    uint64_t flow = m->scenario->swap_kib_per_s * memcoord_min(ms, 1000000) + m->swap_rest;
    uint64_t left_kib = memcoord_min(flow / 1000, sim_machine_available_kib(m));

    m->swap_rest = flow % 1000;
    for (size_t i = 0; i < m->n_alive && left_kib > 0; i++) {
        uint64_t kib = sim_guest_swap_in(&m->guests[m->alive[i]], left_kib);

        left_kib -= kib;
        m->swapped_kib -= kib;
        m->rss_kib += kib;
        m->counts.swapped_in_kib += kib;
    }
}

static void feel_pressure(struct sim_machine *m, uint64_t ms, bool is_short)
{
    uint64_t part_ms = memcoord_min(ms, PSI_WINDOW_MS);

    m->psi_bp = m->psi_bp * (PSI_WINDOW_MS - part_ms) / PSI_WINDOW_MS;
    if (!is_short)
        return;
    m->psi_bp = memcoord_min(m->psi_bp + part_ms * 10000 / PSI_WINDOW_MS, 10000);
    m->counts.short_ms += ms;
    m->pressed = true;
}

/* ---- what is planned */

static void happen(struct sim_machine *m)
{
    bool any = false;

    while (m->next_event < m->n_events && m->events[m->next_event].at_ms <= m->now_ms) {
        const struct sim_event *event = &m->events[m->next_event++];
        struct sim_guest *g = &m->guests[event->guest];

        if (event->starts)
            sim_guest_start(g, m->now_ms, seed_of(m, event->guest));
        else
            sim_guest_stop(g); /* one that was killed is gone already */
        any = true;
    }
    if (!any)
        return;
    m->changed = true;
    list_alive(m);
    count_rss(m);
    relieve(m); /* what one has at its start may be too much */
}

int sim_machine_begin(struct sim_machine *m, const struct scenario *scenario)
{
    size_t n = scenario->n_guests;

    *m = (struct sim_machine){ .scenario = scenario,
                               .now_ms = SIM_EPOCH_MS,
                               .end_ms = SIM_EPOCH_MS + scenario->duration_ms };
    m->guests = calloc(n + 1, sizeof(*m->guests));
    m->saved = calloc(n + 1, sizeof(*m->saved));
    m->alive = calloc(n + 1, sizeof(*m->alive));
    m->events = calloc(2 * n + 1, sizeof(*m->events));
    if (!m->guests || !m->saved || !m->alive || !m->events) {
        sim_machine_free(m);
        return -ENOMEM;
    }
    for (size_t i = 0; i < n; i++)
        sim_guest_begin(&m->guests[i], &scenario->guests[i], seed_of(m, i));
    plan_events(m);
    load_begin(&m->used, scenario->used.load, random_start(scenario->seed, 0), m->now_ms);
    m->used_kib = load_kib(&m->used.now, m->now_ms);
    happen(m);
    return 0;
}

void sim_machine_free(struct sim_machine *m)
{
    free(m->guests);
    free(m->saved);
    free(m->alive);
    free(m->events);
    *m = (struct sim_machine){ 0 };
}

/* ---- moving */

static void say_kills(struct sim_machine *m, struct sim_guest *g)
{
    if (g->kills == g->said_kills)
        return;
    m->load_kills += g->kills - g->said_kills;
    g->said_kills = g->kills;
    log_warning("%s: by %" PRIu64 " ms: it ran out of memory with a balloon of %" PRIu64
                " MiB, and killed its load",
                g->spec->name, m->now_ms - SIM_EPOCH_MS, g->balloon_kib / 1024);
}

/* What has become of a guest that held `rss_kib`, and had `swapped_kib` in the host's swap. */
static void count_moved(struct sim_machine *m, struct sim_guest *g, uint64_t rss_kib,
                        uint64_t swapped_kib)
{
    m->rss_kib = m->rss_kib - rss_kib + g->rss_kib;
    m->swapped_kib = m->swapped_kib - swapped_kib + g->host_swapped_kib;
    say_kills(m, g);
}

/* The most that all guests can hold until one is asked for another balloon. */
static uint64_t most_rss_kib(const struct sim_machine *m)
{
    uint64_t most_kib = 0;

    for (size_t i = 0; i < m->n_alive; i++)
        most_kib += m->guests[m->alive[i]].most_kib;
    return most_kib;
}

/* Moves all guests that are not at rest to now_ms. */
static void move_guests(struct sim_machine *m)
{
    for (size_t i = 0; i < m->n_alive; i++) {
        struct sim_guest *g = &m->guests[m->alive[i]];
        uint64_t rss_kib = g->rss_kib, swapped_kib = g->host_swapped_kib;

        if (g->rest_until_ms >= m->now_ms)
            continue;
        sim_guest_advance(g, m->now_ms);
        count_moved(m, g, rss_kib, swapped_kib);
    }
}

/* Moves them to `to_ms`, and keeps what they were. Returns the most that all may have held together at any
 * moment; *n: how many were kept. */
static uint64_t try_guests(struct sim_machine *m, uint64_t to_ms, size_t *n)
{
    uint64_t most_kib = m->rss_kib;

    *n = 0;
    for (size_t i = 0; i < m->n_alive; i++) {
        struct sim_guest *g = &m->guests[m->alive[i]];

        if (g->rest_until_ms >= to_ms)
            continue;
        m->saved[(*n)++] = *g;
        sim_guest_advance(g, to_ms);
        most_kib += g->peak_kib - m->saved[*n - 1].rss_kib;
    }
    return most_kib;
}

static struct sim_guest *origin_of(const struct sim_machine *m, const struct sim_guest *saved)
{
    return &m->guests[saved->spec - m->scenario->guests];
}

static void restore(struct sim_machine *m, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *origin_of(m, &m->saved[i]) = m->saved[i];
}

static void keep(struct sim_machine *m, size_t n)
{
    for (size_t i = 0; i < n; i++)
        count_moved(m, origin_of(m, &m->saved[i]), m->saved[i].rss_kib,
                    m->saved[i].host_swapped_kib);
}

/* All guests go to `to_ms`, and now_ms is that, if memory for others and guests can't have run short on the
 * way; else false, and all is as it was. Of others there are `used_kib` at most. */
static bool go(struct sim_machine *m, uint64_t to_ms, uint64_t used_kib)
{
    bool splits = to_ms - m->now_ms > SIM_STEP_MS;
    size_t n;

    if (used_kib + most_rss_kib(m) <= m->scenario->memory_kib) { /* nothing to go back to */
        m->now_ms = to_ms;
        move_guests(m);
        return true;
    }
    if (used_kib + try_guests(m, to_ms, &n) > m->scenario->memory_kib && splits) {
        restore(m, n);
        return false;
    }
    m->now_ms = to_ms;
    keep(m, n);
    return true;
}

/* To `to_ms`, in one go if memory can't have run short on the way; else false, and all is as it was. */
static bool try(struct sim_machine *m, uint64_t to_ms)
{
    uint64_t ms = to_ms - m->now_ms;
    struct load_cursor used = m->used;
    bool is_short;

    if (!go(m, to_ms, load_move(&used, m->now_ms, to_ms)))
        return false;
    m->used = used;
    m->used_kib = load_kib(&used.now, to_ms);
    is_short = excess_kib(m) > 0;
    relieve(m);
    if (m->swapped_kib > 0)
        swap_back(m, ms);
    feel_pressure(m, ms, is_short);
    return true;
}

/* Halves the way until a part goes, or is a single step; dares twice as much after each that went. */
static void move(struct sim_machine *m, uint64_t to_ms)
{
    uint64_t part_ms = to_ms - m->now_ms;

    while (m->now_ms < to_ms && !m->pressed && !m->changed) {
        part_ms = memcoord_min(part_ms, to_ms - m->now_ms);
        if (try(m, m->now_ms + part_ms))
            part_ms *= 2;
        else
            part_ms = memcoord_max(part_ms / 2, SIM_STEP_MS);
    }
}

void sim_machine_move(struct sim_machine *m, uint64_t to_ms)
{
    uint64_t event_ms = m->next_event < m->n_events ? m->events[m->next_event].at_ms : SIM_NEVER;

    m->pressed = m->changed = false;
    to_ms = memcoord_min(memcoord_min(to_ms, event_ms), m->end_ms);
    move(m, to_ms);
    happen(m);
}
