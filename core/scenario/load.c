/* SPDX-License-Identifier: BSD-3-Clause */
#include "scenario/load.h"

#include <string.h>

#include "memcoord/policy.h"
#include "util/random.h"

#define DAY_POINTS 24

/* (1 - cos(2 pi h / 24)) / 2 in basis points: a table, for a library's cosine differs in its last
 * digit from machine to machine. */
static const uint64_t day_bp[DAY_POINTS] = { 0,    170,  670,  1464, 2500,  3706, 5000, 6294,
                                             7500, 8536, 9330, 9830, 10000, 9830, 9330, 8536,
                                             7500, 6294, 5000, 3706, 2500,  1464, 670,  170 };

static uint64_t later(uint64_t ms, uint64_t by_ms)
{
    return by_ms >= LOAD_FOREVER - ms ? LOAD_FOREVER : ms + by_ms;
}

/* Half to one and a half times as long. */
static uint64_t about(uint64_t *random, uint64_t ms)
{
    return memcoord_max(random_between(random, ms / 2, ms + ms / 2), 1);
}

uint64_t load_kib(const struct load_segment *segment, uint64_t ms)
{
    uint64_t passed_ms, length_ms;

    if (segment->from_kib == segment->to_kib || ms >= segment->end_ms)
        return segment->to_kib;
    if (ms <= segment->from_ms)
        return segment->from_kib;
    passed_ms = ms - segment->from_ms;
    length_ms = segment->end_ms - segment->from_ms;
    if (segment->to_kib > segment->from_kib)
        return segment->from_kib +
               memcoord_mul_div(segment->to_kib - segment->from_kib, passed_ms, length_ms);
    return segment->from_kib -
           memcoord_mul_div(segment->from_kib - segment->to_kib, passed_ms, length_ms);
}

/* The next segment: from the end of the present one for `for_ms`, from the present level to `to_kib`.
 * What lasts for ever stands still. */
static bool make(struct load_cursor *c, uint64_t for_ms, uint64_t to_kib)
{
    uint64_t from_ms = c->now.end_ms;

    c->now.from_ms = from_ms;
    c->now.end_ms = later(from_ms, for_ms);
    c->now.from_kib = c->level_kib;
    c->now.to_kib = c->level_kib = to_kib;
    return true;
}

/* ---- random steps: each call makes one segment */

static bool burst(struct load_cursor *c, const struct load_step *s)
{
    uint64_t middle_kib = s->low_kib + (s->high_kib - s->low_kib) / 2;
    bool up = c->phase++ % 2;

    c->level_kib = up ? random_between(&c->random, middle_kib, s->high_kib) : s->low_kib;
    return make(c, about(&c->random, up ? s->length_ms : s->every_ms), c->level_kib);
}

static bool walk(struct load_cursor *c, const struct load_step *s)
{
    uint64_t step_kib = random_between(&c->random, 0, s->step_kib);
    bool up = random_next(&c->random) & 1;

    if (c->level_kib < s->low_kib || c->level_kib > s->high_kib)
        c->level_kib = s->low_kib + (s->high_kib - s->low_kib) / 2;
    if (up)
        return make(c, s->every_ms, memcoord_min(c->level_kib + step_kib, s->high_kib));
    step_kib = memcoord_min(step_kib, c->level_kib - s->low_kib);
    return make(c, s->every_ms, c->level_kib - step_kib);
}

static uint64_t day_point(struct load_cursor *c, const struct load_step *s, uint64_t hour)
{
    uint64_t span_kib = s->high_kib - s->low_kib;
    uint64_t noise_kib = memcoord_mul_div(span_kib, s->noise_bp, 10000);
    uint64_t kib = s->low_kib + memcoord_mul_div(span_kib, day_bp[hour % DAY_POINTS], 10000);

    kib += random_between(&c->random, 0, 2 * noise_kib);
    return kib > noise_kib ? kib - noise_kib : 0;
}

static bool diurnal(struct load_cursor *c, const struct load_step *s)
{
    if (c->phase == 0)
        c->level_kib = day_point(c, s, 0);
    return make(c, memcoord_max(s->every_ms / DAY_POINTS, 1), day_point(c, s, ++c->phase));
}

/* One more segment of the random step `s`; false when its time is over. */
static bool go_on(struct load_cursor *c, const struct load_step *s)
{
    if (c->now.end_ms >= c->step_end_ms)
        return false;
    if (s->kind == LOAD_BURST)
        burst(c, s);
    else if (s->kind == LOAD_WALK)
        walk(c, s);
    else
        diurnal(c, s);
    if (c->now.end_ms > c->step_end_ms) {
        c->level_kib = c->now.to_kib = load_kib(&c->now, c->step_end_ms);
        c->now.end_ms = c->step_end_ms;
    }
    return true;
}

/* ---- steps */

static bool ramp(struct load_cursor *c, const struct load_step *s)
{
    uint64_t away_kib =
        c->level_kib > s->high_kib ? c->level_kib - s->high_kib : s->high_kib - c->level_kib;

    if (away_kib == 0)
        return false;
    return make(c, (away_kib * 1000 + s->rate_kib_per_s - 1) / s->rate_kib_per_s, s->high_kib);
}

/* Begins the step; true if it made a segment, false if it takes no time. */
static bool begin_step(struct load_cursor *c, const struct load_step *s)
{
    switch (s->kind) {
    case LOAD_IDLE:
        c->level_kib = 0;
        return make(c, s->for_ms, 0);
    case LOAD_HOLD:
        return make(c, s->for_ms, c->level_kib);
    case LOAD_TAKE:
        c->level_kib = s->high_kib;
        return false;
    case LOAD_FREE:
        c->level_kib = 0;
        return false;
    case LOAD_DROP:
        c->now.drops_cache = true;
        return false;
    case LOAD_RAMP:
        return ramp(c, s);
    default:
        c->step_end_ms = later(c->now.end_ms, s->for_ms);
        c->phase = 0;
        c->inside = true;
        return go_on(c, s);
    }
}

static void next_of_steps(struct load_cursor *c)
{
    const struct load *load = c->load;

    if (c->inside && go_on(c, &load->steps[c->next - 1]))
        return;
    c->inside = false;
    for (;;) {
        if (c->next == load->n_steps) {
            if (load->n_steps == 0 || ++c->rounds_done == load->rounds)
                break;
            c->next = 0;
        }
        if (begin_step(c, &load->steps[c->next++]))
            return;
    }
    c->next = load->n_steps; /* nothing follows */
    c->rounds_done = load->rounds ? load->rounds - 1 : 0;
    make(c, LOAD_FOREVER, c->level_kib);
}

/* ---- samples */

static void next_of_series(struct load_cursor *c)
{
    const struct series *s = c->load->series;
    const struct sample *at = &s->samples[c->next];

    if (c->now.end_ms < c->begun_ms + at->at_ms) { /* before the first: as it is there */
        c->level_kib = at->demand_kib;
        make(c, c->begun_ms + at->at_ms - c->now.end_ms, at->demand_kib);
        return;
    }
    c->level_kib = at->demand_kib;
    if (c->next + 1 == s->n) {
        make(c, LOAD_FOREVER, at->demand_kib);
        return;
    }
    c->next++;
    make(c, at[1].at_ms - at->at_ms, c->load->linear ? at[1].demand_kib : at->demand_kib);
}

/* ---- the interface */

void load_next(struct load_cursor *cursor)
{
    cursor->now.drops_cache = false;
    if (cursor->load->series)
        next_of_series(cursor);
    else
        next_of_steps(cursor);
}

void load_begin(struct load_cursor *cursor, const struct load *load, uint64_t seed, uint64_t at_ms)
{
    *cursor = (struct load_cursor){ .load = load, .begun_ms = at_ms, .random = seed };
    cursor->now.end_ms = at_ms;
    load_next(cursor);
}

uint64_t load_move(struct load_cursor *cursor, uint64_t from_ms, uint64_t to_ms)
{
    uint64_t most_kib = load_kib(&cursor->now, from_ms);

    while (cursor->now.end_ms <= to_ms) {
        most_kib = memcoord_max(most_kib, cursor->now.to_kib);
        load_next(cursor);
        most_kib = memcoord_max(most_kib, cursor->now.from_kib);
    }
    return memcoord_max(most_kib, load_kib(&cursor->now, to_ms));
}
