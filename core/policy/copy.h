/* SPDX-License-Identifier: BSD-3-Clause */
/* A private copy of a file of code. */
#ifndef CORE_POLICY_COPY_H
#define CORE_POLICY_COPY_H

#include <stdbool.h>
#include <stddef.h>

/* Puts a copy of the file `*fd` that nobody can change any more in its place (closing it): what is checked is
 * what runs, and whoever writes into the file, or cuts it, harms no code that is loaded already. Where the
 * kernel allows no such copy *fd stays the file. 0; or a negative errno with `error` about `path`, *fd
 * untouched. */
int copy_privately(int *fd, const char *path, char *error, size_t error_size);

/* Whether two files hold the same bytes; false where one can't be read. */
bool copy_is_same(int a, int b);

#endif
