/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/top.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct held {
    const char *name;
    json_int_t kib;
};

/* Calls `each` for all domains of all runs. */
static void walk(json_t *runs, void (*each)(json_t *domain, json_t *with), json_t *with)
{
    for (size_t i = 0; i < json_array_size(runs); i++) {
        json_t *domains = json_object_get(json_array_get(runs, i), "domains");
        for (size_t j = 0; j < json_array_size(domains); j++)
            each(json_array_get(domains, j), with);
    }
}

/* sums: {"NAME": mean KiB of all runs, ...} */
static void add_up(json_t *domain, json_t *sums)
{
    const char *name = json_string_value(json_object_get(domain, "name"));
    json_int_t kib = json_integer_value(json_object_get(domain, "mean_kib"));

    kib += json_integer_value(json_object_get(sums, name));
    json_object_set_new(sums, name, json_integer(kib));
}

/* Of two that hold the same, the one whose name comes first. */
static int compare(const void *a, const void *b)
{
    const struct held *x = a, *y = b;

    if (x->kib != y->kib)
        return x->kib < y->kib ? 1 : -1;
    return strcmp(x->name, y->name);
}

static json_t *largest(json_t *sums)
{
    size_t n = 0;
    struct held *list = calloc(json_object_size(sums) + 1, sizeof(*list));
    json_t *names = list ? json_array() : NULL;

    for (void *at = json_object_iter(sums); list && at; at = json_object_iter_next(sums, at))
        list[n++] = (struct held){ json_object_iter_key(at),
                                   json_integer_value(json_object_iter_value(at)) };
    if (n > 0)
        qsort(list, n, sizeof(*list), compare);
    for (size_t i = 0; i < n && i < REPORT_TOP; i++)
        json_array_append_new(names, json_string(list[i].name));
    free(list);
    return names;
}

static void drop_others(json_t *domain, json_t *names)
{
    for (size_t i = 0; i < json_array_size(names); i++)
        if (json_equal(json_object_get(domain, "name"), json_array_get(names, i)))
            return;
    json_object_del(domain, "stack");
}

static int add_top(json_t *runs)
{
    json_t *sums = json_object(), *names;

    walk(runs, add_up, sums);
    names = sums ? largest(sums) : NULL;
    walk(runs, drop_others, names);
    for (size_t i = 0; names && i < json_array_size(runs); i++)
        json_object_set(json_array_get(runs, i), "top", names);
    json_decref(sums);
    json_decref(names);
    return names ? 0 : -ENOMEM;
}

/* A new reference. */
static json_t *of_same_scenario(json_t *runs, json_t *run)
{
    json_t *same = json_array();

    for (size_t i = 0; i < json_array_size(runs); i++) {
        json_t *other = json_array_get(runs, i);
        if (json_equal(json_object_get(other, "scenario"), json_object_get(run, "scenario")))
            json_array_append(same, other);
    }
    return same;
}

int report_add_top(json_t *runs)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < json_array_size(runs); i++) {
        json_t *run = json_array_get(runs, i), *same;
        if (json_object_get(run, "top"))
            continue;
        same = of_same_scenario(runs, run);
        r = same ? add_top(same) : -ENOMEM;
        json_decref(same);
    }
    return r;
}
