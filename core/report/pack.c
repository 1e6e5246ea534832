/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/pack.h"

#include <stdbool.h>
#include <stdlib.h>

#include "memcoord/policy.h"

#define STEPS 16384
#define MARK_BYTES 13 /* of a 64-bit number */

struct packer {
    char *end;
    bool begun, unknown; /* the last mark: there is one, and it is "." */
    uint64_t difference; /* else this */
    uint64_t repeats;    /* that are not written yet */
};

static uint64_t unit_for(const uint64_t *values, size_t n)
{
    uint64_t most = 0, unit = 1;

    for (size_t i = 0; i < n; i++)
        if (values[i] != MEMCOORD_UNKNOWN && values[i] > most)
            most = values[i];
    while (most / unit > STEPS)
        unit *= 2;
    return unit;
}

static void put_number(struct packer *p, uint64_t number)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (; number >= 32; number /= 32)
        *p->end++ = digits[number % 32 + 32];
    *p->end++ = digits[number];
}

static void put_mark(struct packer *p)
{
    if (p->unknown)
        *p->end++ = '.';
    else
        put_number(p, p->difference);
}

/* One repetition is as short as the mark itself, at best. */
static void put_repeats(struct packer *p)
{
    if (p->repeats == 1)
        put_mark(p);
    if (p->repeats > 1) {
        *p->end++ = '*';
        put_number(p, p->repeats);
    }
    p->repeats = 0;
}

static void add(struct packer *p, bool unknown, uint64_t difference)
{
    if (p->begun && p->unknown == unknown && p->difference == difference) {
        p->repeats++;
        return;
    }
    put_repeats(p);
    p->begun = true;
    p->unknown = unknown;
    p->difference = difference;
    put_mark(p);
}

static uint64_t in_units(uint64_t value, uint64_t unit)
{
    uint64_t units = (value + unit / 2) / unit;

    return units == 0 && value > 0 ? 1 : units;
}

static uint64_t difference(uint64_t before, uint64_t after)
{
    return after >= before ? 2 * (after - before) : 2 * (before - after) - 1;
}

char *pack_series(const uint64_t *values, size_t n, uint64_t unit)
{
    char *text = malloc((n + 1) * MARK_BYTES + 1);
    struct packer p = { .end = text };
    uint64_t last = 0;

    if (!text)
        return NULL;
    if (unit == 0)
        unit = unit_for(values, n);
    put_number(&p, unit);
    for (size_t i = 0; i < n; i++) {
        uint64_t units = values[i] == MEMCOORD_UNKNOWN ? last : in_units(values[i], unit);
        add(&p, values[i] == MEMCOORD_UNKNOWN, difference(last, units));
        last = units;
    }
    put_repeats(&p);
    *p.end = '\0';
    return text;
}
