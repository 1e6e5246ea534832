/* SPDX-License-Identifier: BSD-3-Clause */
/* Several values in one text: "64MiB | 128MiB", "64MiB..512MiB step 64MiB", or both. */
#ifndef CORE_EXPERIMENT_AXIS_H
#define CORE_EXPERIMENT_AXIS_H

#include <stddef.h>
#include <stdint.h>

#define AXIS_MAX 10000

struct axis {
    char **values;
    size_t n;
};

/* Takes `text` apart into *axis; one value is one value. `type` (of values.h) is what a range is counted in; the
 * single values are not looked at. -EINVAL with `error`, -ENOMEM; *axis is untouched then. */
int axis_parse(const char *text, uint32_t type, struct axis *axis, char *error, size_t error_size);

/* Parses "1..5" or "1, 2, 7" into *seeds (malloc'ed, *n of them, none twice). As axis_parse(). */
int seeds_parse(const char *text, uint64_t **seeds, size_t *n, char *error, size_t error_size);

void axis_free(struct axis *axis);

#endif
