/* SPDX-License-Identifier: BSD-3-Clause */
/* Names that must not come twice, each with its line. Of core/config only. */
#ifndef CORE_CONFIG_SEEN_H
#define CORE_CONFIG_SEEN_H

#include <stddef.h>

struct seen {
    char *text;
    int line;
};

/* Zero it to begin. */
struct seen_list {
    struct seen *items;
    size_t n;
};

/* The line where `text` was seen before; 0 if it was not, and is remembered now; -ENOMEM. */
int seen_before(struct seen_list *list, const char *text, int line);

/* Forgets and frees all; it can be used again. */
void seen_clear(struct seen_list *list);

#endif
