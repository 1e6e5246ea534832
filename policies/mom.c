/* SPDX-License-Identifier: BSD-3-Clause */
/* mom: grows all guests while the host has free memory, shrinks them when it has little, after
 * oVirt's MOM; see mom.md. */
#include <stdbool.h>

#include "memcoord/policy.h"

__extension__ typedef __int128 i128;

enum { WHOLE_BP = 10000 };
enum { MAX_SAMPLES = 32 }; /* as in the range of `samples` */

struct mom {
    uint64_t samples, pressure_bp, critical_bp, overdraw_bp;
    uint64_t guest_free_bp, shrink_bp, grow_bp, gate_bp;
    uint64_t taken;                 /* samples of the host since the beginning */
    uint64_t free_kib[MAX_SAMPLES]; /* the last ones: sample i is at i % MAX_SAMPLES */
};

static const struct memcoord_param params[] = {
    MEMCOORD_INTEGER(struct mom, samples, "samples", "10", "1..32",
                     "how many samples, of the host and of each guest, an average is of"),
    MEMCOORD_PERCENT(struct mom, pressure_bp, "pressure", "20%", "0%..100%",
                     "with less of the host free, guests shrink; else they grow"),
    MEMCOORD_PERCENT(struct mom, critical_bp, "critical", "5%", "0%..100%",
                     "with no more of the host free, guests shrink below what they use"),
    MEMCOORD_PERCENT(struct mom, overdraw_bp, "overdraw", "5%", "0%..100%",
                     "how far below: by this, less the free part of the host"),
    MEMCOORD_PERCENT(struct mom, guest_free_bp, "guest_free", "20%", "0%..100%",
                     "the part of its size that a guest has free at least, without pressure"),
    MEMCOORD_PERCENT(struct mom, shrink_bp, "shrink", "5%", "0%..100%",
                     "how much to shrink in one tick at most, of the size"),
    MEMCOORD_PERCENT(struct mom, grow_bp, "grow", "5%", "0%..100%",
                     "how much to grow in one tick at least, of the size"),
    MEMCOORD_PERCENT(struct mom, gate_bp, "gate", "0.25%", "0%..100%",
                     "a change of no more than this, of the size, is not asked for"),
    MEMCOORD_PARAMS_END
};

/* What a guest said of itself at one moment. */
struct sample {
    uint64_t size_kib, unused_kib;
};

/* What is kept of each domain: zeroed when it appears. */
struct history {
    uint64_t taken; /* samples since it appeared */
    uint64_t at_ms; /* the moment of the last one */
    struct sample samples[MAX_SAMPLES];
};

/* The host at one tick. h, its free part, is free / total, sums over the samples; g is part / of. */
struct host {
    i128 free_kib, total_kib;
    bool pressure, critical;
    i128 part, of; /* what of its size a guest shall have free; negative if critical */
};

/*
 * What a domain may get. Sizes are counted in parts of a KiB, so fine that the averages, h, g and every
 * percentage of a size are whole numbers of them: nothing is rounded before the end. With memory of 2^34
 * KiB and 32 samples a size has 106 bits, and 10000 times a size still fits.
 */
struct choice {
    i128 parts_per_kib;
    i128 step; /* a step up or down */
    i128 want; /* average use and what shall be free */
    i128 size, min, max;
    i128 chosen;
    const char *why;
};

static const char *check(const void *state)
{
    const struct mom *m = state;

    return m->critical_bp > m->pressure_bp ? "critical is above pressure" : NULL;
}

/* g = part / of; see mom.md. */
static void set_guest_free(const struct mom *m, struct host *h)
{
    if (h->critical) { /* h - overdraw */
        h->part = h->free_kib * WHOLE_BP - h->total_kib * m->overdraw_bp;
        h->of = h->total_kib * WHOLE_BP;
    } else if (h->pressure) { /* guest_free x h / pressure */
        h->part = h->free_kib * m->guest_free_bp;
        h->of = h->total_kib * m->pressure_bp;
    } else {
        h->part = m->guest_free_bp;
        h->of = WHOLE_BP;
    }
}

/* Takes a sample of the host. Free is what it can use at once for something else: page cache counts. */
static bool look_at_host(struct mom *m, const struct memcoord_host *seen, struct host *h)
{
    uint64_t n;

    if (seen->free_kib == MEMCOORD_UNKNOWN || seen->cached_kib == MEMCOORD_UNKNOWN ||
        seen->total_kib == MEMCOORD_UNKNOWN || seen->total_kib == 0)
        return false;
    m->free_kib[m->taken++ % MAX_SAMPLES] = seen->free_kib + seen->cached_kib;
    n = memcoord_min(m->taken, m->samples);
    *h = (struct host){ .total_kib = (i128)n * seen->total_kib };
    for (uint64_t i = m->taken - n; i < m->taken; i++)
        h->free_kib += m->free_kib[i % MAX_SAMPLES];
    h->pressure = h->free_kib * WHOLE_BP < h->total_kib * m->pressure_bp;
    h->critical = h->pressure && h->free_kib * WHOLE_BP <= h->total_kib * m->critical_bp;
    set_guest_free(m, h);
    return true;
}

/* The size that a guest had when it told what it has unused: its balloon may have moved since. */
static uint64_t size_then_kib(const struct memcoord_domain *d)
{
    if (d->used_kib == MEMCOORD_UNKNOWN || d->usable_kib == MEMCOORD_UNKNOWN)
        return d->balloon_kib;
    return d->used_kib + d->usable_kib;
}

/* Guests tell less often than ticks come: what was told at one moment is one sample. */
static void take_sample(const struct memcoord_snapshot *s, const struct memcoord_domain *d)
{
    struct history *past = d->state;
    uint64_t age_ms = d->stats_age_ms == MEMCOORD_UNKNOWN ? 0 : d->stats_age_ms;
    uint64_t at_ms = s->now_ms - memcoord_min(s->now_ms, age_ms);

    if (past->taken > 0 && past->at_ms == at_ms)
        return;
    past->at_ms = at_ms;
    past->samples[past->taken++ % MAX_SAMPLES] = (struct sample){ size_then_kib(d), d->unused_kib };
}

static struct choice choice_of(const struct mom *m, const struct host *h,
                               const struct memcoord_domain *d)
{
    const struct history *past = d->state;
    uint64_t n = memcoord_min(past->taken, m->samples);
    uint64_t step_bp = h->pressure ? WHOLE_BP - m->shrink_bp : WHOLE_BP + m->grow_bp;
    i128 parts_per_kib = h->of * n * WHOLE_BP, used_kib = 0, size_kib = d->target_kib;

    for (uint64_t i = past->taken - n; i < past->taken; i++) {
        const struct sample *sample = &past->samples[i % MAX_SAMPLES];
        used_kib += (i128)sample->size_kib - (i128)sample->unused_kib;
    }
    return (struct choice){
        .parts_per_kib = parts_per_kib,
        .step = size_kib * step_bp * h->of * n,
        .want = (used_kib * h->of + size_kib * h->part * n) * WHOLE_BP,
        .size = size_kib * parts_per_kib,
        .min = d->min_kib * parts_per_kib,
        .max = d->max_kib * parts_per_kib,
    };
}

static void at_least(struct choice *c, i128 least, const char *why)
{
    if (c->chosen < least) {
        c->chosen = least;
        c->why = why;
    }
}

static void at_most_max(struct choice *c, const char *why)
{
    if (c->chosen > c->max) {
        c->chosen = c->max;
        c->why = why;
    }
}

static void shrink(const struct host *h, struct choice *c)
{
    c->chosen = c->step;
    c->why = "host free below pressure: shrink";
    at_least(c, c->want,
             h->critical ? "host free not above critical: average use less overdraw"
                         : "host free below pressure: average use and part of guest_free");
    at_least(c, c->min, "host free below pressure: min");
    at_most_max(c, "host free below pressure: max");
    if (c->chosen > c->size)
        c->chosen = c->size;
}

static void grow(struct choice *c)
{
    c->chosen = c->size;
    if (c->size >= c->max)
        return;
    c->chosen = c->step;
    c->why = "host free not below pressure: grow";
    at_least(c, c->want, "host free not below pressure: average use and guest_free");
    at_least(c, c->min, "min");
    at_most_max(c, "host free not below pressure: max");
}

/* Small changes are not worth a call. */
static bool is_big_enough(const struct mom *m, const struct choice *c)
{
    i128 change = c->chosen > c->size ? c->chosen - c->size : c->size - c->chosen;

    return change * WHOLE_BP > c->size * m->gate_bp;
}

static void decide_one(const struct mom *m, const struct host *h, const struct memcoord_domain *d,
                       struct memcoord_plan *plan)
{
    struct choice c = choice_of(m, h, d);

    if (h->pressure)
        shrink(h, &c);
    else
        grow(&c);
    if (is_big_enough(m, &c))
        memcoord_set_target(plan, d, (uint64_t)(c.chosen / c.parts_per_kib), c.why);
}

/* Whoever can't be moved now, or whose host can't be judged, is still looked at. */
static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    struct mom *m = state;
    struct host host;
    bool known = look_at_host(m, s->host, &host);

    for (size_t i = 0; i < s->n_domains; i++) {
        const struct memcoord_domain *d = s->domains[i];

        if (d->unused_kib == MEMCOORD_UNKNOWN)
            continue;
        take_sample(s, d);
        if (known && d->flags & MEMCOORD_MOVABLE)
            decide_one(m, &host, d, plan);
    }
    return 0;
}

MEMCOORD_POLICY(
        .name = "mom",
        .summary =
            "grows all guests while the host has free memory, shrinks them when it has little",
        .state_size = sizeof(struct mom), .domain_state_size = sizeof(struct history),
        .state_version = 1, .params = params, .check = check, .decide = decide,
        .source = "oVirt's Memory Overcommitment Manager, its doc/balloon.rules");
