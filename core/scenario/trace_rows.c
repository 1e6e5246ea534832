/* SPDX-License-Identifier: BSD-3-Clause */
#include "scenario/trace_rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "memcoord/policy.h"

/* 16 TiB: what memcoord takes for the most that a domain can have. */
#define MOST_KIB ((UINT64_C(1) << 34) - 1)
/* The year 5138, in seconds: what is beyond is in another unit. */
#define MOST_S UINT64_C(100000000000)
#define BITBRAINS_COLUMNS 11
#define DOMAIN_NAME_MAX 100

/* ---- numbers */

static const char *skip_digits(const char *p, uint64_t *value, int *exponent, bool decimals)
{
    for (; *p >= '0' && *p <= '9'; p++) {
        if (*value > UINT64_MAX / 100) { /* digits that no longer count */
            *exponent += !decimals;
            continue;
        }
        *value = *value * 10 + (uint64_t)(*p - '0');
        *exponent -= decimals;
    }
    return p;
}

static const char *skip_exponent(const char *p, int *exponent)
{
    uint64_t by = 0;
    int unused = 0;
    bool minus;

    if (*p != 'E' && *p != 'e')
        return p;
    p++;
    minus = *p == '-';
    p += *p == '-' || *p == '+';
    if (*p < '0' || *p > '9')
        return NULL;
    p = skip_digits(p, &by, &unused, false);
    by = memcoord_min(by, 100);
    *exponent += minus ? -(int)by : (int)by;
    return p;
}

const char *trace_number(const char *text, uint64_t factor, uint64_t max, uint64_t *value)
{
    __extension__ unsigned __int128 product;
    uint64_t digits = 0;
    int exponent = 0;
    const char *p = text;

    if (*p == '-')
        return "is negative";
    if (*p < '0' || *p > '9')
        return *p ? "is no number" : "is missing";
    p = skip_digits(p, &digits, &exponent, false);
    if (*p == '.')
        p = skip_digits(p + 1, &digits, &exponent, true);
    p = skip_exponent(p, &exponent);
    if (!p || *p)
        return "is no number";
    product = digits;
    product *= factor;
    for (; exponent > 0 && product <= max; exponent--)
        product *= 10;
    for (; exponent < 0 && product > 0; exponent++)
        product /= 10;
    if (product > max || (exponent > 0 && product > 0))
        return "is too large";
    *value = (uint64_t)product;
    return NULL;
}

/* ---- series */

struct series *trace_series(struct trace *trace, const char *name)
{
    /* rows of one domain follow each other, or all domains come in turn */
    for (size_t i = 0; i < trace->n; i++, trace->hint++) {
        if (trace->hint >= trace->n)
            trace->hint = 0;
        if (strcmp(trace->series[trace->hint].name, name) == 0)
            return &trace->series[trace->hint];
    }
    if (trace->n == trace->capacity) {
        size_t capacity = trace->capacity ? 2 * trace->capacity : 16;
        struct series *list = realloc(trace->series, capacity * sizeof(*list));

        if (!list)
            return NULL;
        trace->series = list;
        trace->capacity = capacity;
    }
    trace->series[trace->n] = (struct series){ .name = strdup(name) };
    if (!trace->series[trace->n].name)
        return NULL;
    return &trace->series[trace->n++];
}

static bool fits(struct trace_file *f, const struct series *series, uint64_t at_ms)
{
    const struct sample *last = series->n ? &series->samples[series->n - 1] : NULL;
    bool other = last && series->file != f->file;
    const char *of = other ? " of " : "", *file = other ? series->file : "";

    if (!last)
        return true;
    if (at_ms == last->at_ms)
        trace_problem(f, "the time is that of line %d%s%s, too: want each time once", series->line,
                      of, file);
    else if (at_ms < last->at_ms)
        trace_problem(f, "the time is before that of line %d%s%s: want rows in the order of time",
                      series->line, of, file);
    else if (at_ms - last->at_ms > f->max_gap_ms)
        trace_problem(f,
                      "a gap of %" PRIu64 " s after line %d%s%s: at most %" PRIu64
                      " s are allowed (max_gap in the scenario)",
                      (at_ms - last->at_ms) / 1000, series->line, of, file, f->max_gap_ms / 1000);
    else
        return true;
    return false;
}

int trace_add(struct trace_file *f, struct series *series, uint64_t at_ms, uint64_t demand_kib)
{
    bool good = fits(f, series, at_ms);

    series->line = f->line;
    series->file = f->file;
    if (!good && series->n > 0 && at_ms <= series->samples[series->n - 1].at_ms)
        return 0;
    if (series->n == series->capacity) {
        size_t capacity = series->capacity ? 2 * series->capacity : 64;
        struct sample *list = realloc(series->samples, capacity * sizeof(*list));

        if (!list)
            return -ENOMEM;
        series->samples = list;
        series->capacity = capacity;
    }
    series->samples[series->n++] = (struct sample){ at_ms, demand_kib };
    return 0;
}

/* ---- rows */

static char *trim(char *text)
{
    char *end = text + strlen(text);

    while (end > text && strchr(" \t\r\n", end[-1]))
        *--end = '\0';
    return text + strspn(text, " \t");
}

/* Splits a line at `separator`; returns how many columns it has. */
static size_t columns(char *line, const char *separator, char **column, size_t max)
{
    size_t n = 0;

    for (char *one; (one = strsep(&line, separator));) {
        if (n < max)
            column[n] = trim(one);
        n++;
    }
    return n;
}

static bool number(struct trace_file *f, const char *what, const char *text, uint64_t factor,
                   uint64_t max, uint64_t *value)
{
    const char *wrong = trace_number(text, factor, max, value);

    if (wrong)
        trace_problem(f, "%s '%s' %s: want a number from 0 to %" PRIu64, what, text, wrong,
                      max / factor);
    return !wrong;
}

bool trace_is_bitbrains(const char *first)
{
    return strncmp(first, "Timestamp [ms];", 15) == 0 && strstr(first, "Memory usage [KB]");
}

/* The time's column says ms and holds seconds. */
int trace_row_bitbrains(struct trace_file *f, char *line)
{
    struct series *series = &f->trace->series[f->trace->n - 1];
    char *column[BITBRAINS_COLUMNS];
    size_t n = columns(line, ";", column, BITBRAINS_COLUMNS);
    uint64_t at_ms = 0, given_kib = 0, used_kib = 0;
    bool good;

    if (n != BITBRAINS_COLUMNS) {
        trace_problem(f, "%zu columns: want %d, as in the first line", n, BITBRAINS_COLUMNS);
        return 0;
    }
    good = number(f, "the time", column[0], 1000, MOST_S * 1000, &at_ms);
    good &= number(f, "the memory provisioned", column[5], 1, MOST_KIB, &given_kib);
    good &= number(f, "the memory usage", column[6], 1, MOST_KIB, &used_kib);
    series->provisioned_kib = memcoord_max(series->provisioned_kib, given_kib);
    return good ? trace_add(f, series, at_ms, used_kib) : 0;
}

bool trace_is_plain(const char *first)
{
    return strcmp(first, "time_s,domain,demand_kib") == 0;
}

static bool name_is_good(struct trace_file *f, const char *name)
{
    const char *p = name;

    while ((unsigned char)*p >= ' ' && *p != 0x7f && *p != '"')
        p++;
    if (!*p && *name && p - name <= DOMAIN_NAME_MAX)
        return true;
    trace_problem(f,
                  "the domain '%.40s' can't be called so: want a name of 1 to %d bytes without "
                  "quotes and control characters",
                  name, DOMAIN_NAME_MAX);
    return false;
}

int trace_row_plain(struct trace_file *f, char *line)
{
    char *column[3];
    size_t n = columns(line, ",", column, 3);
    struct series *series;
    uint64_t at_ms = 0, demand_kib = 0;
    bool good;

    if (n != 3) {
        trace_problem(f, "want three columns: time_s,domain,demand_kib");
        return 0;
    }
    good = number(f, "the time", column[0], 1000, MOST_S * 1000, &at_ms);
    good &= number(f, "the demand", column[2], 1, MOST_KIB, &demand_kib);
    good &= name_is_good(f, column[1]);
    if (!good)
        return 0;
    series = trace_series(f->trace, column[1]);
    return series ? trace_add(f, series, at_ms, demand_kib) : -ENOMEM;
}
