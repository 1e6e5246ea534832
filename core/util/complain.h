/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of functions that say in a caller's buffer why they failed. */
#ifndef CORE_UTIL_COMPLAIN_H
#define CORE_UTIL_COMPLAIN_H

#include <stddef.h>

/* Writes the message into `text` (always terminated, cut to `size`) and returns `err` as it is, for
 * `return complain(error, error_size, -EINVAL, ...)`. */
int complain(char *text, size_t size, int err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
