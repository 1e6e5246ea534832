/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/replay_tally.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control/say.h"
#include "control/words.h"

#define TEXT_BYTES 300

/* One decision and the one that was recorded, in words. */
struct difference {
    uint64_t at_ms, size_kib;
    char now[TEXT_BYTES], then[TEXT_BYTES];
};

struct replay_domain {
    char *name;
    uint64_t n_differ;
    struct difference first, largest;
};

/* ---- one difference */

static uint64_t either(uint64_t asked_kib, uint64_t target_kib)
{
    return asked_kib == MEMCOORD_UNKNOWN ? target_kib : asked_kib;
}

static uint64_t apart(uint64_t a_kib, uint64_t b_kib)
{
    return a_kib > b_kib ? a_kib - b_kib : b_kib - a_kib;
}

/* What was asked and granted, and why, by whoever decided. */
struct outcome {
    uint64_t target_kib, asked_kib, granted_kib;
    const char *why, *guard; /* NULL or empty: nothing to say */
};

/* "asks 341 MiB, 640 -> 590 MiB (used and headroom; at most 50 MiB an interval)" */
static void describe(const struct outcome *o, char *text, size_t size)
{
    const char *why = o->why ? o->why : "", *guard = o->guard ? o->guard : "";
    char asked[48] = "", sizes[64];

    if (o->asked_kib != MEMCOORD_UNKNOWN && o->asked_kib != o->granted_kib)
        snprintf(asked, sizeof(asked), "asks %" PRIu64 " MiB, ", o->asked_kib / 1024);
    if (o->granted_kib == o->target_kib)
        snprintf(sizes, sizeof(sizes), "stays at %" PRIu64 " MiB", o->target_kib / 1024);
    else
        say_sizes(o->target_kib, " -> ", o->granted_kib, sizes, sizeof(sizes));
    snprintf(text, size, "%s%s (%s%s%s)", asked, sizes, *why || *guard ? why : "not asked",
             *why && *guard ? "; " : "", guard);
}

static void note(struct difference *difference, const struct decision *decision, size_t i,
                 const struct record_domain *was)
{
    const struct snapshot_domain *d = &decision->snapshot.domains[i];
    const struct guard_verdict *v = &decision->verdicts[i];
    struct words words;

    words_fill(&decision->guard, d, &decision->plan, v, decision->instance, &words);
    describe(&(struct outcome){ d->seen.target_kib, v->asked_kib, v->granted_kib, words.why,
                                words.guard },
             difference->now, sizeof(difference->now));
    describe(&(struct outcome){ d->seen.target_kib, was->asked_kib, was->granted_kib, was->why,
                                was->guard_text },
             difference->then, sizeof(difference->then));
}

/* ---- counting */

static struct replay_domain *find(struct replay_tally *tally, const char *name)
{
    struct replay_domain *d;

    for (size_t i = 0; i < tally->n_domains; i++)
        if (strcmp(tally->domains[i].name, name) == 0)
            return &tally->domains[i];
    if (tally->n_domains == tally->capacity) {
        size_t capacity = tally->capacity ? 2 * tally->capacity : 16;
        d = realloc(tally->domains, capacity * sizeof(*d));
        if (!d)
            return NULL;
        tally->domains = d;
        tally->capacity = capacity;
    }
    d = &tally->domains[tally->n_domains];
    *d = (struct replay_domain){ .name = strdup(name) };
    if (!d->name)
        return NULL;
    tally->n_domains++;
    return d;
}

static void add(uint64_t now_kib, uint64_t then_kib, uint64_t *more_kib, uint64_t *less_kib)
{
    *(now_kib > then_kib ? more_kib : less_kib) += apart(now_kib, then_kib);
}

static int count_domain(struct replay_tally *tally, uint64_t at_ms, const struct decision *decision,
                        size_t i, const struct record_domain *was)
{
    const struct memcoord_domain *seen = &decision->snapshot.domains[i].seen;
    const struct guard_verdict *v = &decision->verdicts[i];
    uint64_t now_kib = either(v->asked_kib, seen->target_kib);
    uint64_t then_kib = either(was->asked_kib, seen->target_kib);
    struct difference new = { .at_ms = at_ms };
    struct replay_domain *d = find(tally, seen->name);

    if (!d)
        return -ENOMEM;
    add(now_kib, then_kib, &tally->asked_more_kib, &tally->asked_less_kib);
    add(v->granted_kib, was->granted_kib, &tally->granted_more_kib, &tally->granted_less_kib);
    new.size_kib = memcoord_max(apart(now_kib, then_kib), apart(v->granted_kib, was->granted_kib));
    if (d->n_differ == 0 || new.size_kib > d->largest.size_kib) {
        note(&new, decision, i, was);
        d->largest = new;
        if (d->n_differ == 0)
            d->first = new;
    }
    d->n_differ++;
    return 0;
}

int replay_tally_count(struct replay_tally *tally, const struct record_tick *tick,
                       const struct decision *decision)
{
    uint64_t before = tally->n_differ;
    int r = 0;

    if (tally->n_ticks++ == 0)
        tally->first_ms = tick->now_ms;
    tally->last_ms = tick->now_ms;
    for (size_t i = 0; r == 0 && i < tick->n_domains; i++) {
        const struct record_domain *was = &tick->domains[i];
        const struct guard_verdict *v = &decision->verdicts[i];

        tally->n_decisions++;
        if (v->asked_kib == was->asked_kib && v->granted_kib == was->granted_kib)
            continue;
        tally->n_differ++;
        r = count_domain(tally, tick->now_ms - tally->first_ms, decision, i, was);
    }
    tally->ticks_that_differ += tally->n_differ > before;
    return r;
}

/* ---- printing */

static void print_gib(FILE *out, const char *what, uint64_t more_kib, uint64_t less_kib)
{
    fprintf(out, "%s %.2f GiB more and %.2f GiB less", what, (double)more_kib / (1024 * 1024),
            (double)less_kib / (1024 * 1024));
}

static void print_difference(FILE *out, const char *which, const struct difference *difference)
{
    fprintf(out, "  %s at %" PRIu64 ".%" PRIu64 " s: %s\n    recorded: %s\n", which,
            difference->at_ms / 1000, difference->at_ms % 1000 / 100, difference->now,
            difference->then);
}

void replay_tally_print(const struct replay_tally *tally, FILE *out)
{
    uint64_t ms = tally->last_ms - tally->first_ms;

    fprintf(out,
            "%" PRIu64 " ticks in %" PRIu64 ".%" PRIu64 " s, %" PRIu64 " decisions: %" PRIu64
            " differ, in %" PRIu64 " ticks\n",
            tally->n_ticks, ms / 1000, ms % 1000 / 100, tally->n_decisions, tally->n_differ,
            tally->ticks_that_differ);
    if (tally->n_differ == 0)
        return;
    print_gib(out, "in sum, asked:", tally->asked_more_kib, tally->asked_less_kib);
    print_gib(out, "; granted:", tally->granted_more_kib, tally->granted_less_kib);
    fputc('\n', out);
    for (size_t i = 0; i < tally->n_domains; i++) {
        const struct replay_domain *d = &tally->domains[i];

        fprintf(out, "%s: %" PRIu64 " differ\n", d->name, d->n_differ);
        print_difference(out, "first", &d->first);
        if (d->largest.at_ms != d->first.at_ms)
            print_difference(out, "largest", &d->largest);
    }
}

void replay_tally_free(struct replay_tally *tally)
{
    for (size_t i = 0; i < tally->n_domains; i++)
        free(tally->domains[i].name);
    free(tally->domains);
    memset(tally, 0, sizeof(*tally));
}
