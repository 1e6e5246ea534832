/* SPDX-License-Identifier: BSD-3-Clause */
/* Takes in what stands in the file, entry by entry. Of core/config only. */
#ifndef CORE_CONFIG_LOAD_H
#define CORE_CONFIG_LOAD_H

#include "config/config.h"
#include "config/order.h"
#include "config/reader.h"

struct load {
    struct config config; /* grows from the defaults */
    const char *file;
    const char *text; /* what stands in it; NULL: it is read */
    struct problems *problems;
    size_t n_problems; /* so many were there before */
    struct order_lines order_lines;
};

/* One entry of the file, for reader_read(); `arg` is the struct load. 0 or -ENOMEM. */
int load_entry(void *arg, const struct reader_entry *entry);

/* What is wrong between keys, once all are known. */
void load_check(const struct load *load);

#endif
