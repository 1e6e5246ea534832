/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads the scripts of loads. One table of steps: a new one is a row here and its meaning in load.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/values.h"
#include "scenario/load.h"
#include "util/complain.h"

#define SCRIPT_WORDS 12
#define SCRIPT_TEXT_BYTES 256
#define TYPE_RATE 300

/* One value of a step: after the word `before`, if that is not empty. */
struct part {
    const char *before;
    uint32_t type;
    const char *range;
    size_t offset;
    bool optional;
};

#define SIZE(before, field)                                                              \
    {                                                                                    \
        before, MEMCOORD_TYPE_SIZE, "0..16TiB", offsetof(struct load_step, field), false \
    }
#define TIME(before, field)                                                                    \
    {                                                                                          \
        before, MEMCOORD_TYPE_DURATION, "1ms..10000000min", offsetof(struct load_step, field), \
            false                                                                              \
    }
#define DURING                                                                                    \
    {                                                                                             \
        "during", MEMCOORD_TYPE_DURATION, "1ms..10000000min", offsetof(struct load_step, for_ms), \
            true                                                                                  \
    }

struct step_form {
    const char *word, *usage;
    struct part parts[6];
};

static const struct step_form forms[] = {
    [LOAD_IDLE] = { "idle", "idle TIME", { TIME("", for_ms) } },
    [LOAD_HOLD] = { "hold",
                    "hold [TIME]",
                    { { "", MEMCOORD_TYPE_DURATION, "1ms..10000000min",
                        offsetof(struct load_step, for_ms), true } } },
    [LOAD_TAKE] = { "take", "take SIZE", { SIZE("", high_kib) } },
    [LOAD_RAMP] = { "ramp",
                    "ramp RATE to SIZE",
                    { { "", TYPE_RATE, NULL, offsetof(struct load_step, rate_kib_per_s), false },
                      SIZE("to", high_kib) } },
    [LOAD_FREE] = { "free", "free", { { 0 } } },
    [LOAD_DROP] = { "drop", "drop", { { 0 } } },
    [LOAD_BURST] = { "burst",
                     "burst SIZE to SIZE every TIME for TIME [during TIME]",
                     { SIZE("", low_kib), SIZE("to", high_kib), TIME("every", every_ms),
                       TIME("for", length_ms), DURING } },
    [LOAD_WALK] = { "walk",
                    "walk SIZE to SIZE step SIZE every TIME [during TIME]",
                    { SIZE("", low_kib), SIZE("to", high_kib), SIZE("step", step_kib),
                      TIME("every", every_ms), DURING } },
    [LOAD_DIURNAL] = { "diurnal",
                       "diurnal SIZE to SIZE every TIME [noise PERCENT] [during TIME]",
                       { SIZE("", low_kib),
                         SIZE("to", high_kib),
                         TIME("every", every_ms),
                         { "noise", MEMCOORD_TYPE_PERCENT, "0%..100%",
                           offsetof(struct load_step, noise_bp), true },
                         DURING } },
    [LOAD_REPEAT] = { "repeat",
                      "repeat [TIMES]",
                      { { "", MEMCOORD_TYPE_INTEGER, "1..1000000",
                          offsetof(struct load_step, rounds), true } } },
};

int rate_parse(const char *text, uint64_t *kib_per_s, char *error, size_t error_size)
{
    static const char range[] = "1KiB..1TiB";
    char size[64], why[SCRIPT_TEXT_BYTES];
    size_t length = strlen(text);

    if (length < 3 || length >= sizeof(size) || strcmp(text + length - 2, "/s") != 0)
        return complain(error, error_size, -EINVAL, "'%s' is no rate: want one such as 15MiB/s",
                        text);
    snprintf(size, sizeof(size), "%.*s", (int)length - 2, text);
    if (value_parse(MEMCOORD_TYPE_SIZE, range, size, kib_per_s, why, sizeof(why)) < 0)
        return complain(error, error_size, -EINVAL, "in a rate, %s a second", why);
    return 0;
}

/* ---- one step */

static int parse_value(const struct part *part, const char *text, struct load_step *step,
                       char *error, size_t error_size)
{
    uint64_t *field = (uint64_t *)(void *)((char *)step + part->offset);

    if (part->type == TYPE_RATE)
        return rate_parse(text, field, error, error_size);
    return value_parse(part->type, part->range, text, field, error, error_size);
}

/* Reads words[1..] into *step as `form` has them. */
static int parse_parts(const struct step_form *form, char **words, size_t n, struct load_step *step,
                       char *error, size_t error_size)
{
    size_t at = 1;

    for (const struct part *part = form->parts; part->before; part++) {
        bool named = *part->before;

        if (at == n || (named && strcmp(words[at], part->before) != 0)) {
            if (part->optional)
                continue;
            return complain(error, error_size, -EINVAL, "want %s", form->usage);
        }
        at += named;
        if (at == n)
            return complain(error, error_size, -EINVAL, "want %s", form->usage);
        if (parse_value(part, words[at++], step, error, error_size) < 0)
            return -EINVAL;
    }
    if (at < n)
        return complain(error, error_size, -EINVAL, "want %s", form->usage);
    return 0;
}

static int check_step(const struct load_step *s, char *error, size_t error_size)
{
    bool spans = s->kind == LOAD_BURST || s->kind == LOAD_WALK || s->kind == LOAD_DIURNAL;

    if (spans && s->low_kib > s->high_kib)
        return complain(error, error_size, -EINVAL, "it goes from more to less: want less to more");
    return 0;
}

static size_t split(char *text, char **words)
{
    size_t n = 0;

    for (char *word = strtok(text, " \t"); word && n < SCRIPT_WORDS; word = strtok(NULL, " \t"))
        words[n++] = word;
    return n;
}

static int parse_step(const char *text, struct load_step *step, char *error, size_t error_size)
{
    char copy[SCRIPT_TEXT_BYTES], *words[SCRIPT_WORDS];
    size_t n;

    snprintf(copy, sizeof(copy), "%s", text);
    n = split(copy, words);
    if (n == 0)
        return complain(error, error_size, -EINVAL, "it is empty");
    *step = (struct load_step){ .for_ms = LOAD_FOREVER };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strcmp(words[0], forms[i].word) != 0)
            continue;
        step->kind = (enum load_kind)i;
        if (parse_parts(&forms[i], words, n, step, error, error_size) < 0)
            return -EINVAL;
        return check_step(step, error, error_size);
    }
    return complain(
        error, error_size, -EINVAL,
        "'%s' is no step: want idle, hold, take, ramp, free, drop, burst, walk, diurnal "
        "or repeat",
        words[0]);
}

/* ---- all steps */

/* Whether a round that begins at *level_kib takes time; *level_kib is where it ends if it takes none but for
 * its ramps. */
static bool round_takes_time(const struct load *load, uint64_t *level_kib)
{
    bool takes = false;

    for (size_t i = 0; i < load->n_steps; i++) {
        const struct load_step *s = &load->steps[i];

        if (s->kind == LOAD_DROP)
            continue;
        if (s->kind != LOAD_TAKE && s->kind != LOAD_FREE && s->kind != LOAD_RAMP)
            return true;
        takes |= s->kind == LOAD_RAMP && s->high_kib != *level_kib;
        *level_kib = s->high_kib;
    }
    return takes;
}

/* The first round begins with nothing, all others where the one before ended: a ramp may be there already. */
static bool takes_time(const struct load *load)
{
    uint64_t level_kib = 0;

    round_takes_time(load, &level_kib);
    return round_takes_time(load, &level_kib);
}

/* `repeat` is the last; what has no end is the last, too. */
static int add_step(struct load *load, const struct load_step *step, char *error, size_t error_size)
{
    struct load_step *steps;

    if (load->rounds != 1)
        return complain(error, error_size, -EINVAL,
                        "it comes after repeat, which must be the last");
    if (step->kind == LOAD_REPEAT && (load->n_steps == 0 || !takes_time(load)))
        return complain(error, error_size, -EINVAL, "the steps before it take no time");
    if (load->n_steps > 0) {
        const struct load_step *before = &load->steps[load->n_steps - 1];
        if (before->for_ms == LOAD_FOREVER &&
            (before->kind == LOAD_HOLD || before->kind >= LOAD_BURST))
            return complain(error, error_size, -EINVAL,
                            "the step before has no end: give it a time (%s)",
                            before->kind == LOAD_HOLD ? "hold TIME" : "during TIME");
    }
    if (step->kind == LOAD_REPEAT) {
        load->rounds = step->rounds;
        return 0;
    }
    steps = realloc(load->steps, (load->n_steps + 1) * sizeof(*steps));
    if (!steps)
        return -ENOMEM;
    steps[load->n_steps++] = *step;
    load->steps = steps;
    return 0;
}

static int parse_all(char *text, struct load *load, char *error, size_t error_size)
{
    char *rest = text, why[SCRIPT_TEXT_BYTES];

    for (unsigned n = 1; rest; n++) {
        char *one = strsep(&rest, ";");
        struct load_step step;
        int r;

        one += strspn(one, " \t");
        if (!*one && !rest && n > 1)
            break; /* a semicolon at the end */
        r = parse_step(one, &step, why, sizeof(why));
        if (r == 0)
            r = add_step(load, &step, why, sizeof(why));
        if (r == -EINVAL)
            return complain(error, error_size, r, "step %u, '%s': %s", n, one, why);
        if (r < 0)
            return r;
    }
    return 0;
}

bool load_begins_step(const char *text)
{
    size_t length = strcspn(text, " \t;");

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (strlen(forms[i].word) == length && strncmp(text, forms[i].word, length) == 0)
            return true;
    return false;
}

int load_parse(const char *text, struct load *load, char *error, size_t error_size)
{
    struct load parsed = { .rounds = 1 };
    char *copy = strdup(text);
    int r = copy ? parse_all(copy, &parsed, error, error_size) : -ENOMEM;

    free(copy);
    if (r < 0)
        load_free(&parsed);
    else
        *load = parsed;
    return r;
}

void load_free(struct load *load)
{
    free(load->steps);
    *load = (struct load){ 0 };
}
