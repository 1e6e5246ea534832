/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/out.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/complain.h"
#include "util/draft.h"

/* With which SQLite's files begin. */
static const char recording[] = "SQLite format 3";

static int begins_as_recording(const char *path)
{
    char text[sizeof(recording)] = "";
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(text, 1, sizeof(text), f) : 0;

    if (f)
        fclose(f);
    return n == sizeof(text) && memcmp(text, recording, sizeof(text)) == 0;
}

/* `memcoord report -o a.db b.db` is a slip that must not cost a recording. */
static int check_replaced(const char *path, char *error, size_t error_size)
{
    struct stat is;

    if (stat(path, &is) < 0)
        return 0;
    if (!S_ISREG(is.st_mode))
        return complain(error, error_size, -EINVAL, "%s: is no file: want the name of a page",
                        path);
    if (begins_as_recording(path))
        return complain(error, error_size, -EEXIST,
                        "%s: is a recording, which is not replaced: want the name of a page", path);
    return 0;
}

/* As open() would have made it. */
static void set_mode(int fd)
{
    mode_t mask = umask(0);

    umask(mask);
    fchmod(fd, 0666 & ~mask);
}

static int open_draft(struct out *out)
{
    int fd = mkostemp(out->draft, 0);

    if (fd < 0)
        return -errno;
    set_mode(fd);
    out->f = fdopen(fd, "w");
    if (out->f)
        return 0;
    close(fd);
    unlink(out->draft);
    return -ENOMEM;
}

static void forget(struct out *out)
{
    free(out->path);
    free(out->draft);
    *out = (struct out){ 0 };
}

int out_open(const char *path, struct out *out, char *error, size_t error_size)
{
    int r = check_replaced(path, error, error_size);

    if (r < 0)
        return r;
    *out = (struct out){ .path = realpath(path, NULL) };
    if (!out->path)
        out->path = strdup(path);
    if (!out->path || asprintf(&out->draft, "%s.XXXXXX", out->path) < 0) {
        out->draft = NULL;
        r = -ENOMEM;
    } else {
        r = open_draft(out);
    }
    if (r < 0) {
        forget(out);
        return complain(error, error_size, r, "%s: can't be written: %s", path, strerror(-r));
    }
    return 0;
}

int out_close(struct out *out, int failed, char *error, size_t error_size)
{
    int r = draft_end(out->f, out->draft, out->path, failed);

    if (r < 0 && failed == 0)
        complain(error, error_size, r, "%s: can't be written: %s", out->path, strerror(-r));
    forget(out);
    return r;
}
