/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/complain.h"
#include "util/path.h"

static int judge(const struct stat *st, const char *path, char *error, size_t error_size)
{
    const char *what = S_ISDIR(st->st_mode) ? "the folder" : "the file";
    unsigned uid = st->st_uid, me = geteuid();

    if (uid != 0 && uid != me)
        return complain(error, error_size, -EPERM,
                        "%s: %s belongs to user %u; want root%s, or whoever owns it could run code "
                        "here",
                        path, what, uid, me ? " or the user who runs this" : "");
    if (st->st_mode & (S_IWGRP | S_IWOTH))
        return complain(error, error_size, -EPERM,
                        "%s: %s can be written by %s (mode %04o); want at most %04o: chmod go-w %s",
                        path, what, st->st_mode & S_IWOTH ? "others" : "its group",
                        (unsigned)st->st_mode & 07777u, 0755u, path);
    return 0;
}

/* Opens the folder of `path` into *fd and judges it. */
static int open_folder(const char *path, int *fd, char *error, size_t error_size)
{
    char *folder = path_folder(path);
    struct stat st;
    int r = 0;

    if (!folder)
        return complain(error, error_size, -ENOMEM, "%s: out of memory", path);

    int opened = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0 || fstat(opened, &st)) {
        r = -errno;
        complain(error, error_size, r, "%s: %s", folder, strerror(-r));
    } else {
        r = judge(&st, folder, error, error_size);
    }
    free(folder);
    if (!r)
        *fd = opened;
    else if (opened >= 0)
        close(opened);
    return r;
}

/* `real` has no links in it; `path` is how it was named, for messages. */
static int open_file(const char *path, const char *real, int *fd, char *error, size_t error_size)
{
    struct stat st;
    int folder, r = open_folder(real, &folder, error, error_size);
    if (r)
        return r;

    /* O_NONBLOCK: a fifo must not hold us */
    int opened =
        openat(folder, strrchr(real, '/') + 1, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (opened < 0 || fstat(opened, &st)) {
        r = -errno;
        complain(error, error_size, r, "%s: %s", path, strerror(-r));
    } else if (!S_ISREG(st.st_mode)) {
        r = complain(error, error_size, -ENOEXEC, "%s: not a file", path);
    } else {
        r = judge(&st, path, error, error_size);
    }
    close(folder);
    if (!r)
        *fd = opened;
    else if (opened >= 0)
        close(opened);
    return r;
}

int trust_open(const char *path, int *fd, char *error, size_t error_size)
{
    int named, r;
    char *real = realpath(path, NULL);

    if (!real) {
        r = -errno;
        return complain(error, error_size, r, "%s: %s", path, strerror(-r));
    }
    r = open_folder(path, &named, error, error_size);
    if (!r) {
        close(named);
        r = open_file(path, real, fd, error, error_size);
    }
    free(real);
    return r;
}
