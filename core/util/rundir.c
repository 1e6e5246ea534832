/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/rundir.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder(void)
{
    const char *given = getenv("MEMCOORD_RUNTIME_DIR"), *session = getenv("XDG_RUNTIME_DIR");
    char *path = NULL;
    int r;

    if (given && *given)
        return strdup(given);
    if (geteuid() == 0)
        return strdup("/run/memcoord");
    if (session && *session)
        r = asprintf(&path, "%s/memcoord", session);
    else
        r = asprintf(&path, "/tmp/memcoord-%u", (unsigned int)geteuid());
    return r < 0 ? NULL : path;
}

char *rundir_file(const char *stem, const char *suffix)
{
    char *path = NULL, *dir = folder();
    size_t at;

    if (!dir)
        return NULL;
    mkdir(dir, 0700); /* if it can't be made, opening the file tells why */
    at = strlen(dir) + 1;
    if (asprintf(&path, "%s/%s%s", dir, stem, suffix) < 0)
        path = NULL;
    free(dir);
    for (char *c = path ? path + at : NULL; c && *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr(".-+", *c))
            *c = '_';
    return path;
}
