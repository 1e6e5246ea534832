/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How alike two recordings are, one of real guests and one of a simulated host:
 *
 *     alike REAL.db SIMULATED.db DOMAIN
 *
 * prints, for the first run of each, KEY=VALUE lines: the mean difference of DOMAIN's balloons in basis
 * points of its max, and for each recording the ms from its first tick to when the balloon was at max, to
 * the first target below it after that, and to when a load had been killed; "never" where it was not.
 *
 *     alike --began REAL.db
 *     alike --now
 *
 * print when its first tick was, and what is the time now, in ms of the clock of ticks (CLOCK_MONOTONIC).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "record/recording.h"

struct moment {
    uint64_t ms, balloon_kib, granted_kib;
};

struct series {
    const char *domain;
    struct moment *moments;
    size_t n, capacity;
    uint64_t begun_ms, max_kib; /* begun_ms 0: no tick yet */
    uint64_t killed_ms;         /* MEMCOORD_UNKNOWN: never, or not known */
};

static void die(const char *what)
{
    fprintf(stderr, "alike: %s\n", what);
    exit(2);
}

static void append(struct series *s, uint64_t ms, const struct record_domain *d)
{
    if (s->n == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : 256;
        s->moments = realloc(s->moments, s->capacity * sizeof(*s->moments));
        if (!s->moments)
            die("out of memory");
    }
    s->moments[s->n++] = (struct moment){ ms, d->seen.balloon_kib, d->granted_kib };
    s->max_kib = d->seen.max_kib;
    if (d->truth && d->truth->kills > 0 && s->killed_ms == MEMCOORD_UNKNOWN)
        s->killed_ms = ms;
}

static void take(void *to, const struct record_tick *tick)
{
    struct series *s = to;

    if (s->begun_ms == 0)
        s->begun_ms = tick->now_ms;
    for (size_t i = 0; i < tick->n_domains; i++)
        if (!strcmp(tick->domains[i].seen.name, s->domain))
            append(s, tick->now_ms - s->begun_ms, &tick->domains[i]);
}

/* The first run of the recording `file`. */
static void read_run(const char *file, const struct record_sink *sink)
{
    struct recording *recording;
    char error[512];

    if (recording_open(file, &recording, error, sizeof(error)) < 0)
        die(error);
    if (recording_n_runs(recording) == 0)
        die("a recording has no run");
    if (recording_read(recording, 0, sink, NULL, error, sizeof(error)) < 0)
        die(error);
    recording_close(recording);
}

static struct series read_series(const char *file, const char *domain)
{
    struct series s = { .domain = domain, .killed_ms = MEMCOORD_UNKNOWN };
    struct record_sink sink = { &s, take };

    read_run(file, &sink);
    if (s.n == 0)
        die("a recording does not have the domain");
    return s;
}

static void print_event(const char *whose, const char *what, uint64_t ms)
{
    if (ms == MEMCOORD_UNKNOWN)
        printf("%s_%s_ms=never\n", whose, what);
    else
        printf("%s_%s_ms=%" PRIu64 "\n", whose, what, ms);
}

static void print_events(const char *whose, const struct series *s)
{
    uint64_t at_max_ms = MEMCOORD_UNKNOWN, back_ms = MEMCOORD_UNKNOWN;

    for (size_t i = 0; i < s->n && back_ms == MEMCOORD_UNKNOWN; i++) {
        const struct moment *m = &s->moments[i];

        if (at_max_ms == MEMCOORD_UNKNOWN && m->balloon_kib == s->max_kib)
            at_max_ms = m->ms;
        if (at_max_ms != MEMCOORD_UNKNOWN && m->granted_kib < s->max_kib)
            back_ms = m->ms;
    }
    print_event(whose, "at_max", at_max_ms);
    print_event(whose, "back", back_ms);
    print_event(whose, "killed", s->killed_ms);
}

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* Each moment of `a` against the last one of `b` that is not later, as long as both last. */
static uint64_t mean_difference_bp(const struct series *a, const struct series *b)
{
    uint64_t sum_kib = 0, n = 0;
    size_t j = 0;

    for (size_t i = 0; i < a->n && a->moments[i].ms <= b->moments[b->n - 1].ms; i++, n++) {
        while (j + 1 < b->n && b->moments[j + 1].ms <= a->moments[i].ms)
            j++;
        sum_kib += distance(a->moments[i].balloon_kib, b->moments[j].balloon_kib);
    }
    return n ? memcoord_mul_div(sum_kib, 10000, n * a->max_kib) : MEMCOORD_UNKNOWN;
}

static void note_first(void *to, const struct record_tick *tick)
{
    uint64_t *first_ms = to;

    if (*first_ms == MEMCOORD_UNKNOWN)
        *first_ms = tick->now_ms;
}

static int print_began(const char *file)
{
    uint64_t first_ms = MEMCOORD_UNKNOWN;
    struct record_sink sink = { &first_ms, note_first };

    read_run(file, &sink);
    printf("%" PRIu64 "\n", first_ms);
    return 0;
}

static int print_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    printf("%lld\n", (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000);
    return 0;
}

int main(int argc, char **argv)
{
    struct series real, simulated;

    if (argc == 2 && !strcmp(argv[1], "--now"))
        return print_now();
    if (argc == 3 && !strcmp(argv[1], "--began"))
        return print_began(argv[2]);
    if (argc != 4)
        die("want REAL.db SIMULATED.db DOMAIN");
    real = read_series(argv[1], argv[3]);
    simulated = read_series(argv[2], argv[3]);
    printf("mean_difference_bp=%" PRIu64 "\n", mean_difference_bp(&real, &simulated));
    print_events("real", &real);
    print_events("simulated", &simulated);
    free(real.moments);
    free(simulated.moments);
    return 0;
}
