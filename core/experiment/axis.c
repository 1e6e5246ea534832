/* SPDX-License-Identifier: BSD-3-Clause */
#include "experiment/axis.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/values.h"
#include "util/complain.h"

#define TEXT_BYTES 256
#define SEED_MOST "0..1000000000" /* as [scenario] seed */

static char *trim(char *text)
{
    char *end;

    text += strspn(text, " \t");
    end = text + strlen(text);
    while (end > text && strchr(" \t", end[-1]))
        *--end = '\0';
    return text;
}

/* ---- one value, and a range of them */

static int add(struct axis *axis, const char *value, char *error, size_t error_size)
{
    char **values;

    for (size_t i = 0; i < axis->n; i++)
        if (strcmp(axis->values[i], value) == 0)
            return complain(error, error_size, -EINVAL, "'%s' stands twice in it", value);
    if (axis->n == AXIS_MAX)
        return complain(error, error_size, -EINVAL, "more than %d values", AXIS_MAX);
    values = realloc(axis->values, (axis->n + 1) * sizeof(char *));
    if (!values)
        return complain(error, error_size, -ENOMEM, "out of memory");
    axis->values = values;
    values[axis->n] = strdup(value);
    if (!values[axis->n])
        return complain(error, error_size, -ENOMEM, "out of memory");
    axis->n++;
    return 0;
}

static bool is_number(uint32_t type)
{
    return type >= MEMCOORD_TYPE_SIZE && type <= MEMCOORD_TYPE_INTEGER;
}

/* "LOW..HIGH step STEP", cut in place. */
static int add_range(struct axis *axis, uint32_t type, char *text, char *dots, char *error,
                     size_t error_size)
{
    char *step_text = strstr(dots, " step "), value[TEXT_BYTES];
    uint64_t low, high, step;
    int r;

    if (!is_number(type))
        return complain(error, error_size, -EINVAL,
                        "'%s' is a range: %s has none; write the values with '|' between", text,
                        value_type_name(type));
    if (!step_text)
        return complain(error, error_size, -EINVAL, "'%s' has no step: want LOW..HIGH step STEP",
                        text);
    *step_text = *dots = '\0';
    if ((r = value_parse(type, NULL, trim(text), &low, error, error_size)) < 0 ||
        (r = value_parse(type, NULL, trim(dots + 2), &high, error, error_size)) < 0 ||
        (r = value_parse(type, NULL, trim(step_text + 6), &step, error, error_size)) < 0)
        return r;
    if (step == 0 || low > high)
        return complain(error, error_size, -EINVAL,
                        "the range has %s: want LOW..HIGH step STEP, upwards",
                        step == 0 ? "a step of 0" : "its low end above its high end");
    for (uint64_t at = low; r == 0 && at <= high; at += step) {
        value_format(type, NULL, at, value, sizeof(value));
        r = add(axis, value, error, error_size);
    }
    return r;
}

static int add_part(struct axis *axis, uint32_t type, char *part, char *error, size_t error_size)
{
    char *dots = strstr(part, "..");

    if (!*part)
        return complain(error, error_size, -EINVAL, "an empty value before or behind a '|'");
    if (!dots || type == VALUE_TEXT)
        return add(axis, part, error, error_size);
    return add_range(axis, type, part, dots, error, error_size);
}

int axis_parse(const char *text, uint32_t type, struct axis *axis, char *error, size_t error_size)
{
    struct axis made = { 0 };
    char *copy = strdup(text), *rest = copy, *part;
    int r = copy ? 0 : complain(error, error_size, -ENOMEM, "out of memory");

    while (r == 0 && (part = strsep(&rest, "|")))
        r = add_part(&made, type, trim(part), error, error_size);
    free(copy);
    if (r < 0)
        axis_free(&made);
    else
        *axis = made;
    return r;
}

void axis_free(struct axis *axis)
{
    for (size_t i = 0; i < axis->n; i++)
        free(axis->values[i]);
    free(axis->values);
    *axis = (struct axis){ 0 };
}

/* ---- seeds */

static int add_seed(uint64_t **seeds, size_t *n, uint64_t seed, char *error, size_t error_size)
{
    uint64_t *more;

    for (size_t i = 0; i < *n; i++)
        if ((*seeds)[i] == seed)
            return complain(error, error_size, -EINVAL, "%" PRIu64 " stands twice in it", seed);
    if (*n == AXIS_MAX)
        return complain(error, error_size, -EINVAL, "more than %d seeds", AXIS_MAX);
    more = realloc(*seeds, (*n + 1) * sizeof(**seeds));
    if (!more)
        return complain(error, error_size, -ENOMEM, "out of memory");
    *seeds = more;
    more[(*n)++] = seed;
    return 0;
}

/* "7" or "1..5", cut in place. */
static int add_seeds(uint64_t **seeds, size_t *n, char *part, char *error, size_t error_size)
{
    char *dots = strstr(part, "..");
    uint64_t low, high;
    int r;

    if (dots)
        *dots = '\0';
    r = value_parse(MEMCOORD_TYPE_INTEGER, SEED_MOST, trim(part), &low, error, error_size);
    if (r < 0)
        return r;
    high = low;
    if (dots)
        r = value_parse(MEMCOORD_TYPE_INTEGER, SEED_MOST, trim(dots + 2), &high, error, error_size);
    if (r == 0 && low > high)
        return complain(error, error_size, -EINVAL, "%" PRIu64 " is above %" PRIu64, low, high);
    for (; r == 0 && low <= high; low++)
        r = add_seed(seeds, n, low, error, error_size);
    return r;
}

int seeds_parse(const char *text, uint64_t **seeds, size_t *n, char *error, size_t error_size)
{
    uint64_t *made = NULL;
    size_t n_made = 0;
    char *copy = strdup(text), *rest = copy, *part;
    int r = copy ? 0 : complain(error, error_size, -ENOMEM, "out of memory");

    while (r == 0 && (part = strsep(&rest, ",")))
        r = add_seeds(&made, &n_made, part, error, error_size);
    free(copy);
    if (r < 0) {
        free(made);
        return r;
    }
    *seeds = made;
    *n = n_made;
    return 0;
}
