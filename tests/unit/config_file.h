/* SPDX-License-Identifier: BSD-3-Clause */
/* For tests of the configuration: a file with given bytes, and all that is said of it as one text. */
#ifndef TESTS_UNIT_CONFIG_FILE_H
#define TESTS_UNIT_CONFIG_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"

/* Said instead of the file's name, so that texts can be compared. */
struct loaded {
    struct config config;
    int result;
    char said[8192]; /* "LINE: text\n", ... */
};

static inline void write_file(const char *path, const char *bytes, size_t size)
{
    FILE *f = fopen(path, "w");

    if (!f || fwrite(bytes, 1, size, f) != size || fclose(f) != 0)
        abort();
}

static inline struct loaded load_bytes(const char *bytes, size_t size)
{
    struct loaded loaded = { 0 };
    struct problems problems = { 0 };
    char path[] = "/tmp/memcoord-test-XXXXXX";
    int fd = mkstemp(path);

    if (fd < 0)
        abort();
    close(fd);
    write_file(path, bytes, size);
    loaded.result = config_load(path, &loaded.config, &problems);
    for (size_t i = 0; i < problems.n; i++) {
        const char *line = problems.list[i].text;
        size_t used = strlen(loaded.said);
        if (strncmp(line, path, strlen(path)) != 0)
            abort(); /* each line names the file first */
        snprintf(loaded.said + used, sizeof(loaded.said) - used, "%s\n", line + strlen(path) + 1);
    }
    problems_free(&problems);
    unlink(path);
    return loaded;
}

static inline struct loaded load_text(const char *text)
{
    return load_bytes(text, strlen(text));
}

/* The configuration as a text, without the section of the policy `except`; to be freed. */
static inline char *printed_except(const struct config *config, const char *except)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        abort();
    config_print(config, except, out);
    if (fclose(out) != 0)
        abort();
    return text;
}

static inline char *printed(const struct config *config)
{
    return printed_except(config, NULL);
}

#endif
