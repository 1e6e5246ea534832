/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/find.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/loader.h"
#include "util/complain.h"

/* Takes the next folder off *policy_path, $ORIGIN replaced, into *folder (malloc'ed). 1; 0 at the
 * end; -ENOMEM. Empty elements are skipped: nobody means the current folder by them. */
static int next_folder(const char **policy_path, char **folder)
{
    static const char origin[] = "$ORIGIN";
    const char *start = *policy_path + strspn(*policy_path, ":");
    int length = (int)strcspn(start, ":");
    char self[PATH_MAX] = "";

    if (length == 0)
        return 0;
    *policy_path = start + length;
    if (strncmp(start, origin, strlen(origin)) == 0) {
        ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
        self[n > 0 ? n : 0] = '\0';
        char *slash = strrchr(self, '/');
        if (slash)
            *slash = '\0';
        start += strlen(origin);
        length -= (int)strlen(origin);
    }
    return asprintf(folder, "%s%.*s", self, length, start) < 0 ? -ENOMEM : 1;
}

/* Appends " FOLDER" for each folder to `text`. */
static void name_folders(const char *policy_path, char *text, size_t size)
{
    char *folder;

    if (policy_path[strspn(policy_path, ":")] == '\0')
        snprintf(text + strlen(text), size - strlen(text), " no folder: policy_path is empty");
    while (next_folder(&policy_path, &folder) > 0) {
        size_t used = strlen(text);
        snprintf(text + used, size - used, " %s", folder);
        free(folder);
    }
}

int find_policy(const char *name, const char *policy_path, char **path, char *error,
                size_t error_size)
{
    const char *rest = policy_path;
    char *folder, *candidate;
    int r;

    if (strchr(name, '/')) {
        candidate = strdup(name);
        if (!candidate)
            return complain(error, error_size, -ENOMEM, "%s: out of memory", name);
        *path = candidate;
        return 0;
    }
    while ((r = next_folder(&rest, &folder)) > 0) {
        r = asprintf(&candidate, "%s/%s.so", folder, name);
        free(folder);
        if (r < 0)
            break;
        if (access(candidate, F_OK) == 0) {
            *path = candidate;
            return 0;
        }
        free(candidate);
    }
    if (r < 0)
        return complain(error, error_size, -ENOMEM, "%s: out of memory", name);
    complain(error, error_size, 0, "no policy '%s': looked for %s.so in", name, name);
    name_folders(policy_path, error, error_size);
    return -ENOENT;
}

struct found {
    char **paths;
    size_t n;
};

static const char *file_name(const char *path)
{
    return strrchr(path, '/') + 1;
}

static int found_add(struct found *found, const char *folder, const char *name)
{
    size_t length = strlen(name);
    char *path, **paths;

    if (name[0] == '.' || length <= 3 || strcmp(name + length - 3, ".so") != 0)
        return 0;
    for (size_t i = 0; i < found->n; i++)
        if (strcmp(file_name(found->paths[i]), name) == 0)
            return 0;
    paths = realloc(found->paths, (found->n + 1) * sizeof(*paths));
    if (!paths)
        return -ENOMEM;
    found->paths = paths;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return -ENOMEM;
    found->paths[found->n++] = path;
    return 0;
}

static int found_add_folder(struct found *found, const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int r = 0;

    if (!dir)
        return 0;
    while (!r && (entry = readdir(dir)))
        r = found_add(found, folder, entry->d_name);
    closedir(dir);
    return r;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(file_name(*(char *const *)a), file_name(*(char *const *)b));
}

int policy_list(const char *policy_path, int (*each)(const char *path, void *arg), void *arg)
{
    struct found found = { 0 };
    char *folder;
    int r;

    while ((r = next_folder(&policy_path, &folder)) > 0) {
        r = found_add_folder(&found, folder);
        free(folder);
        if (r)
            break;
    }
    if (found.n)
        qsort(found.paths, found.n, sizeof(*found.paths), by_name);
    for (size_t i = 0; i < found.n; i++) {
        if (!r)
            r = each(found.paths[i], arg);
        free(found.paths[i]);
    }
    free(found.paths);
    return r;
}
