/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that appear under their name only when they are whole. */
#ifndef CORE_UTIL_DRAFT_H
#define CORE_UTIL_DRAFT_H

#include <stdio.h>

/* Closes `f`, which wrote the file `draft`, and calls it `path`; unless `failed` (0, or a negative errno) tells
 * that it is not whole, or it could not be written: then it is removed, and what is at `path` stays. 0, `failed`,
 * or another negative errno. */
int draft_end(FILE *f, const char *draft, const char *path, int failed);

#endif
