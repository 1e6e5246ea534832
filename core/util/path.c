/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/path.h"

#include <stdio.h>
#include <string.h>

char *path_beside(const char *file, const char *name)
{
    const char *slash = file ? strrchr(file, '/') : NULL;
    char *path = NULL;

    if (*name == '/' || !slash)
        return strdup(name);
    return asprintf(&path, "%.*s%s", (int)(slash - file) + 1, file, name) < 0 ? NULL : path;
}

char *path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}
