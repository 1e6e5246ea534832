/* SPDX-License-Identifier: BSD-3-Clause */
/* What is written to standard error while a test looks. */
#ifndef TESTS_LIB_CAPTURE_H
#define TESTS_LIB_CAPTURE_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/cmocka.h"

struct capture {
    FILE *file;
    int stderr_fd;
    char text[1 << 16];
};

static inline void capture_begin(struct capture *c)
{
    c->file = tmpfile();
    assert_non_null(c->file);
    c->stderr_fd = dup(STDERR_FILENO);
    dup2(fileno(c->file), STDERR_FILENO);
}

/* What was written since capture_begin(), or since the last call; standard error is as before. */
static inline const char *capture_end(struct capture *c)
{
    ssize_t n;

    dup2(c->stderr_fd, STDERR_FILENO);
    close(c->stderr_fd);
    n = pread(fileno(c->file), c->text, sizeof(c->text) - 1, 0);
    c->text[n > 0 ? n : 0] = '\0';
    fclose(c->file);
    return c->text;
}

/* How often `what` stands in it. */
static inline int capture_count(const struct capture *c, const char *what)
{
    int n = 0;

    for (const char *at = c->text; (at = strstr(at, what)); at += strlen(what))
        n++;
    return n;
}

#endif
