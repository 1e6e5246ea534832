/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/rundir.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *given(void)
{
    const char *dir = getenv("MEMCOORD_RUNTIME_DIR");

    return dir && *dir ? dir : NULL;
}

bool rundir_is_given(void)
{
    return given() != NULL;
}

static char *folder(void)
{
    const char *session = getenv("XDG_RUNTIME_DIR");
    char *path = NULL;
    int r;

    if (given())
        return strdup(given());
    if (geteuid() == 0)
        return strdup("/run/memcoord");
    if (session && *session)
        r = asprintf(&path, "%s/memcoord", session);
    else
        r = asprintf(&path, "/tmp/memcoord-%u", (unsigned int)geteuid());
    return r < 0 ? NULL : path;
}

/* In /tmp somebody else may have been there first. */
static int make_own(const char *dir)
{
    struct stat st;

    if (mkdir(dir, 0700) < 0 && errno != EEXIST)
        return -errno;
    if (lstat(dir, &st) < 0)
        return -errno;
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
        return -EPERM;
    return 0;
}

int rundir_file(const char *stem, const char *suffix, char **path)
{
    char *file = NULL, *dir = folder();
    size_t at;
    int r;

    if (!dir)
        return -ENOMEM;
    r = make_own(dir);
    at = strlen(dir) + 1;
    if (r == 0 && asprintf(&file, "%s/%s%s", dir, stem, suffix) < 0)
        r = -ENOMEM;
    free(dir);
    if (r < 0)
        return r;
    for (char *c = file + at; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr(".-+", *c))
            *c = '_';
    *path = file;
    return 0;
}
