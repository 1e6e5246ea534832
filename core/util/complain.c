/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/complain.h"

#include <stdarg.h>
#include <stdio.h>

int complain(char *text, size_t size, int err, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, size, fmt, args);
    va_end(args);
    return err;
}
