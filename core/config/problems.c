/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/problems.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/plain.h"

/* "file:line: " before a text, "file: ", or nothing. */
static int problems_place(char **place, const char *file, int line)
{
    if (!file)
        return asprintf(place, "%s", "");
    if (line == 0)
        return asprintf(place, "%s: ", file);
    return asprintf(place, "%s:%d: ", file, line);
}

static bool problems_same_file(const struct problem *a, const struct problem *b)
{
    return a->file_length == b->file_length && !memcmp(a->text, b->text, a->file_length);
}

/* Where `new` belongs: behind all of its file that do not stand in a later line. */
static size_t problems_place_of(const struct problems *problems, const struct problem *new)
{
    const struct problem *list = problems->list;
    size_t i = problems->n;

    while (i > 0 && !problems_same_file(&list[i - 1], new))
        i--;
    if (i == 0) /* the first one of its file */
        return problems->n;
    while (i > 0 && problems_same_file(&list[i - 1], new) && new->line > 0 &&
           (list[i - 1].line == 0 || list[i - 1].line > new->line))
        i--;
    return i;
}

/* Takes its text. */
static int problems_keep(struct problems *problems, struct problem problem)
{
    struct problem *list = realloc(problems->list, (problems->n + 1) * sizeof(*list));
    size_t i;

    if (!list)
        return -1;
    problems->list = list;
    i = problems_place_of(problems, &problem);
    memmove(&list[i + 1], &list[i], (problems->n - i) * sizeof(*list));
    list[i] = problem;
    problems->n++;
    return 0;
}

static char *problems_text(const char *file, int line, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));

static char *problems_text(const char *file, int line, const char *fmt, va_list args)
{
    char *place = NULL, *what = NULL, *text = NULL;

    if (problems_place(&place, file, line) < 0)
        place = NULL;
    if (vasprintf(&what, fmt, args) < 0)
        what = NULL;
    if (place && what && asprintf(&text, "%s%s", place, what) < 0)
        text = NULL;
    free(place);
    free(what);
    /* Parts of it come from outside, from policies too: it stays one line, and no escape sequence reaches a terminal. */
    if (text)
        plain_clean(text, strlen(text));
    return text;
}

void problems_add(struct problems *problems, const char *file, int line, const char *fmt, ...)
{
    va_list args;
    struct problem problem = { .file_length = file ? strlen(file) : 0, .line = line };

    va_start(args, fmt);
    problem.text = problems->out_of_memory ? NULL : problems_text(file, line, fmt, args);
    va_end(args);
    if (problem.text && problems_keep(problems, problem) == 0)
        return;
    free(problem.text);
    problems->out_of_memory = 1;
    if (problems->n == 0)
        problems->n = 1; /* whoever asks n must see that something is wrong */
}

void problems_print(const struct problems *problems, FILE *out)
{
    for (size_t i = 0; problems->list && i < problems->n; i++)
        fprintf(out, "%s\n", problems->list[i].text);
    if (problems->out_of_memory)
        fprintf(out, "out of memory\n");
}

void problems_free(struct problems *problems)
{
    for (size_t i = 0; problems->list && i < problems->n; i++)
        free(problems->list[i].text);
    free(problems->list);
    *problems = (struct problems){ 0 };
}
