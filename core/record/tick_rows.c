/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/tick_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void list_texts(struct record_domain *d, const char ***texts)
{
    texts[0] = &d->unmanaged_why;
    texts[1] = &d->why;
    texts[2] = &d->guard;
    texts[3] = &d->guard_text;
}

void tick_rows_begin(struct tick_rows *rows)
{
    rows->tick = (struct record_tick){ 0 };
    rows->n = 0;
    rows->n_texts = 1; /* 0 means NULL */
}

static int reserve(struct tick_rows *rows)
{
    size_t capacity = rows->capacity ? 2 * rows->capacity : 64;
    void *domains, *truths, *at;

    if (rows->n < rows->capacity)
        return 0;
    domains = realloc(rows->domains, capacity * sizeof(*rows->domains));
    if (domains)
        rows->domains = domains;
    truths = realloc(rows->truths, capacity * sizeof(*rows->truths));
    if (truths)
        rows->truths = truths;
    at = realloc(rows->at, capacity * TICK_ROWS_TEXTS * sizeof(*rows->at));
    if (at)
        rows->at = at;
    if (!domains || !truths || !at)
        return -ENOMEM;
    rows->capacity = capacity;
    return 0;
}

/* They move as they grow: only places are known until the end. */
static int add_text(struct tick_rows *rows, const char *text, size_t *at)
{
    size_t bytes = text ? strlen(text) + 1 : 0;

    *at = 0;
    if (!text)
        return 0;
    if (rows->n_texts + bytes > rows->texts_capacity) {
        size_t capacity = 2 * (rows->n_texts + bytes);
        char *texts = realloc(rows->texts, capacity);

        if (!texts)
            return -ENOMEM;
        rows->texts = texts;
        rows->texts_capacity = capacity;
    }
    *at = rows->n_texts;
    memcpy(rows->texts + *at, text, bytes);
    rows->n_texts += bytes;
    return 0;
}

int tick_rows_add(struct tick_rows *rows, const struct record_domain *domain,
                  const struct host_truth *truth)
{
    const char **texts[TICK_ROWS_TEXTS];
    int r = reserve(rows);

    if (r < 0)
        return r;
    rows->domains[rows->n] = *domain;
    list_texts(&rows->domains[rows->n], texts);
    for (size_t i = 0; i < TICK_ROWS_TEXTS && r == 0; i++)
        r = add_text(rows, *texts[i], &rows->at[TICK_ROWS_TEXTS * rows->n + i]);
    if (r < 0)
        return r;
    if (truth)
        rows->truths[rows->n] = *truth;
    rows->domains[rows->n].truth = truth; /* until the end: whether there is one */
    rows->n++;
    return 0;
}

void tick_rows_end(struct tick_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        const char **texts[TICK_ROWS_TEXTS];

        list_texts(&rows->domains[i], texts);
        for (size_t k = 0; k < TICK_ROWS_TEXTS; k++) {
            size_t at = rows->at[TICK_ROWS_TEXTS * i + k];
            *texts[k] = at ? rows->texts + at : NULL;
        }
        if (rows->domains[i].truth)
            rows->domains[i].truth = &rows->truths[i];
    }
    rows->tick.domains = rows->domains;
    rows->tick.n_domains = rows->n;
}

void tick_rows_free(struct tick_rows *rows)
{
    free(rows->domains);
    free(rows->truths);
    free(rows->texts);
    free(rows->at);
    *rows = (struct tick_rows){ 0 };
}
