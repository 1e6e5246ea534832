/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/seen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void seen_clear(struct seen_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i].text);
    free(list->items);
    *list = (struct seen_list){ 0 };
}

int seen_before(struct seen_list *list, const char *text, int line)
{
    struct seen *items;

    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i].text, text) == 0)
            return list->items[i].line;
    items = realloc(list->items, (list->n + 1) * sizeof(*items));
    if (!items)
        return -ENOMEM;
    list->items = items;
    items[list->n].text = strdup(text);
    items[list->n].line = line;
    if (!items[list->n].text)
        return -ENOMEM;
    list->n++;
    return 0;
}
