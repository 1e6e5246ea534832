/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/problems.h"

#include <stdarg.h>
#include <stdlib.h>

/* "file:line: " before a text, "file: ", or nothing. */
static int problems_place(char **place, const char *file, int line)
{
    if (!file)
        return asprintf(place, "%s", "");
    if (line == 0)
        return asprintf(place, "%s: ", file);
    return asprintf(place, "%s:%d: ", file, line);
}

/* Takes `text`. */
static int problems_keep(struct problems *problems, char *text)
{
    char **lines = realloc(problems->lines, (problems->n + 1) * sizeof(*lines));

    if (!lines)
        return -1;
    problems->lines = lines;
    problems->lines[problems->n++] = text;
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
    return text;
}

void problems_add(struct problems *problems, const char *file, int line, const char *fmt, ...)
{
    va_list args;
    char *text;

    va_start(args, fmt);
    text = problems->out_of_memory ? NULL : problems_text(file, line, fmt, args);
    va_end(args);
    if (text && problems_keep(problems, text) == 0)
        return;
    free(text);
    problems->out_of_memory = 1;
    if (problems->n == 0)
        problems->n = 1; /* whoever asks n must see that something is wrong */
}

void problems_print(const struct problems *problems, FILE *out)
{
    for (size_t i = 0; problems->lines && i < problems->n; i++)
        fprintf(out, "%s\n", problems->lines[i]);
    if (problems->out_of_memory)
        fprintf(out, "out of memory\n");
}

void problems_free(struct problems *problems)
{
    for (size_t i = 0; problems->lines && i < problems->n; i++)
        free(problems->lines[i]);
    free(problems->lines);
    *problems = (struct problems){ 0 };
}
