/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/decide_states.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/complain.h"

struct decide_state {
    char *key;
    void *bytes;
    struct snapshot_domain *domain; /* of the present line */
};

static int by_key(const void *a, const void *b)
{
    const struct decide_state *x = a, *y = b;

    return strcmp(x->key, y->key);
}

/* One row for each domain of `snapshot`, sorted, without states. */
static int list_domains(struct snapshot *snapshot, const char *const *keys,
                        struct decide_states *states)
{
    size_t n = snapshot->seen.n_domains;

    states->list = calloc(n + 1, sizeof(*states->list));
    if (!states->list)
        return -ENOMEM;
    for (; states->n < n; states->n++) {
        struct decide_state *row = &states->list[states->n];
        row->domain = &snapshot->domains[states->n];
        row->key = strdup(keys ? keys[states->n] : row->domain->seen.name);
        if (!row->key)
            return -ENOMEM;
    }
    qsort(states->list, n, sizeof(*states->list), by_key);
    return 0;
}

/* Moves the states of `old` to the rows of the same key; new rows get a new one. */
static int move_states(struct decide_states *old, struct decide_states *rows, size_t size)
{
    size_t k = 0;

    for (size_t i = 0; size && i < rows->n; i++) {
        struct decide_state *row = &rows->list[i];
        while (k < old->n && by_key(&old->list[k], row) < 0)
            k++;
        if (k < old->n && by_key(&old->list[k], row) == 0) {
            row->bytes = old->list[k].bytes;
            old->list[k].bytes = NULL;
        } else {
            row->bytes = calloc(1, size);
        }
        if (!row->bytes)
            return -ENOMEM;
        row->domain->seen.state = row->bytes;
    }
    return 0;
}

int decide_states_attach(struct decide_states *states, struct snapshot *snapshot,
                         const char *const *keys, size_t size, char *error, size_t error_size)
{
    struct decide_states rows = { 0 };
    int r = list_domains(snapshot, keys, &rows);

    for (size_t i = 1; !r && i < rows.n; i++)
        if (by_key(&rows.list[i - 1], &rows.list[i]) == 0)
            r = complain(error, error_size, -EINVAL, "domain '%.60s' is there twice",
                         rows.list[i].domain->seen.name);
    if (!r)
        r = move_states(states, &rows, size);
    if (r == -ENOMEM)
        complain(error, error_size, r, "out of memory");
    if (r) {
        decide_states_free(&rows);
        return r;
    }
    decide_states_free(states);
    *states = rows;
    return 0;
}

void decide_states_free(struct decide_states *states)
{
    for (size_t i = 0; i < states->n; i++) {
        free(states->list[i].key);
        free(states->list[i].bytes);
    }
    free(states->list);
    memset(states, 0, sizeof(*states));
}
