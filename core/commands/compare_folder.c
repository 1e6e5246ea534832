/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/compare_folder.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/complain.h"

/* The first line of the copy tells whose results they are. */
#define FIRST_LINE "; results of memcoord compare "
#define COPY "experiment.ini"

/* ---- what is there */

static bool is_empty(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    bool empty = true;

    while (dir && empty && (entry = readdir(dir)))
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    if (dir)
        closedir(dir);
    return empty;
}

/* Whose results they are; false if they are nobody's. */
static bool read_owner(const char *folder, char *owner, size_t size)
{
    char *path = NULL;
    FILE *f = asprintf(&path, "%s/" COPY, folder) < 0 ? NULL : fopen(path, "re");
    char line[PATH_MAX];
    bool found =
        f && fgets(line, sizeof(line), f) && strncmp(line, FIRST_LINE, strlen(FIRST_LINE)) == 0;

    if (found) {
        line[strcspn(line, "\n")] = '\0';
        snprintf(owner, size, "%s", line + strlen(FIRST_LINE));
    }
    if (f)
        fclose(f);
    free(path);
    return found;
}

/* It would be written while it is read. */
static bool is_the_copy(const char *folder, const char *file)
{
    char path[PATH_MAX], copy[PATH_MAX];

    snprintf(path, sizeof(path), "%s/" COPY, folder);
    return realpath(path, copy) && strcmp(copy, file) == 0;
}

static int check(const char *folder, const char *file, bool force, char *error, size_t error_size)
{
    char owner[PATH_MAX];

    if (is_empty(folder))
        return 0;
    if (is_the_copy(folder, file))
        return complain(error, error_size, -EEXIST,
                        "%s is the copy that lies with the results: want the experiment itself, or "
                        "another folder",
                        file);
    if (!read_owner(folder, owner, sizeof(owner)))
        return complain(error, error_size, -EEXIST,
                        "%s is not empty and holds no results: want another folder", folder);
    if (!force && strcmp(owner, file) != 0)
        return complain(
            error, error_size, -EEXIST,
            "%s holds the results of %s: want another folder, or --force to replace them", folder,
            owner);
    return 0;
}

/* ---- what was there */

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), n = strlen(end);

    return length >= n && strcmp(name + length - n, end) == 0;
}

/* Removes the files of ours in a folder: the names tell. */
static void remove_files(const char *folder, const char *const *ends)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        for (const char *const *end = ends; *end; end++)
            if (ends_with(entry->d_name, *end))
                unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
}

static void remove_results(const char *folder)
{
    static const char *const top[] = { "results.csv",      "timings.csv",      "report.html",
                                       "results.csv.part", "timings.csv.part", NULL };
    static const char *const recordings[] = { ".db",       ".part",         ".part-wal",
                                              ".part-shm", ".part-journal", NULL };
    static const char *const logs[] = { ".log", NULL };
    char path[PATH_MAX];

    remove_files(folder, top);
    snprintf(path, sizeof(path), "%s/recordings", folder);
    remove_files(path, recordings);
    snprintf(path, sizeof(path), "%s/logs", folder);
    remove_files(path, logs);
}

/* ---- what will be there */

static int make_folder(const char *path, char *error, size_t error_size)
{
    struct stat st;

    if (mkdir(path, 0777) == 0 || (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
        return 0;
    return complain(error, error_size, -errno, "%s can't be made: %s", path, strerror(errno));
}

static int make_inner(const char *folder, const char *name, char *error, size_t error_size)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return make_folder(path, error, error_size);
}

/* Copies the experiment, after a line with its name. */
static int copy(const char *folder, const char *name, const char *file, char *error,
                size_t error_size)
{
    char path[PATH_MAX], bytes[4096];
    FILE *in = fopen(file, "re"), *out;
    size_t n;
    int r = 0;

    snprintf(path, sizeof(path), "%s/" COPY, folder);
    out = in ? fopen(path, "we") : NULL;
    if (!out) {
        r = -errno;
    } else {
        fprintf(out, FIRST_LINE "%s\n", name);
        while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0)
            fwrite(bytes, 1, n, out);
        if (fclose(out) != 0)
            r = -errno;
    }
    if (in)
        fclose(in);
    return r < 0 ? complain(error, error_size, r, "%s can't be written: %s", path, strerror(-r))
                 : 0;
}

/* ---- the interface */

int compare_folder_begin(const char *folder, const char *file, bool force, char *error,
                         size_t error_size)
{
    char whole[PATH_MAX];
    int r;

    if (!realpath(file, whole))
        return complain(error, error_size, -errno, "%s: %s", file, strerror(errno));
    r = make_folder(folder, error, error_size);
    if (r == 0)
        r = check(folder, whole, force, error, error_size);
    if (r == 0) {
        remove_results(folder);
        r = copy(folder, whole, file, error, error_size);
    }
    if (r == 0)
        r = make_inner(folder, "recordings", error, error_size);
    if (r == 0)
        r = make_inner(folder, "logs", error, error_size);
    return r;
}

void compare_folder_end(const char *folder)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/logs", folder);
    rmdir(path); /* which fails where there is something */
    snprintf(path, sizeof(path), "%s/recordings", folder);
    rmdir(path);
}
