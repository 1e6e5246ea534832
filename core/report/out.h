/* SPDX-License-Identifier: BSD-3-Clause */
/* A file that appears under its name only when it is whole. */
#ifndef CORE_REPORT_OUT_H
#define CORE_REPORT_OUT_H

#include <stddef.h>
#include <stdio.h>

struct out {
    FILE *f;            /* write here */
    char *path, *draft; /* what it will be called, and is called now; links are followed */
};

/* Begins to write `path`. 0; or a negative errno with the reason in `error`: -EEXIST if it is a recording,
 * -EINVAL if it is something else than a file. */
int out_open(const char *path, struct out *out, char *error, size_t error_size);

/* Ends it: with `failed` 0 the file is there now, else it is as it was before. Returns `failed`, or a negative
 * errno with the reason in `error` if it could not be written. */
int out_close(struct out *out, int failed, char *error, size_t error_size);

#endif
