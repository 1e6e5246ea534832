/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/origins.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memcoord/policy.h"
#include "util/draft.h"

/* A line: the UUID's 32 hexadecimal digits, the run, KiB. */

static int parse_uuid(const char *text, uint8_t uuid[HOST_UUID_BYTES])
{
    for (size_t i = 0; i < HOST_UUID_BYTES; i++) {
        unsigned int byte;

        if (sscanf(text + 2 * i, "%2x", &byte) != 1)
            return -EINVAL;
        uuid[i] = (uint8_t)byte;
    }
    return 0;
}

static int read_line(struct origins *origins, const char *line)
{
    uint8_t uuid[HOST_UUID_BYTES];
    char text[2 * HOST_UUID_BYTES + 1];
    int64_t run_id;
    uint64_t balloon_kib;

    if (sscanf(line, "%32[0-9a-f] %" SCNd64 " %" SCNu64, text, &run_id, &balloon_kib) != 3 ||
        strlen(text) != 2 * HOST_UUID_BYTES || parse_uuid(text, uuid) < 0)
        return 0;
    return origins_add(origins, uuid, run_id, balloon_kib);
}

int origins_load(const char *file, struct origins *origins)
{
    struct origins read = { .file = strdup(file) };
    FILE *f;
    char line[128];
    int r = 0;

    if (!read.file)
        return -ENOMEM;
    f = fopen(file, "re");
    if (!f && errno != ENOENT)
        r = -errno;
    while (f && r == 0 && fgets(line, sizeof(line), f))
        r = read_line(&read, line);
    if (f && r == 0 && ferror(f))
        r = -EIO;
    if (f)
        fclose(f);
    if (r < 0) {
        origins_free(&read);
        return r;
    }
    read.changed = 0;
    *origins = read;
    return 0;
}

static struct origin *find(const struct origins *origins, const uint8_t uuid[HOST_UUID_BYTES],
                           int64_t run_id)
{
    for (size_t i = 0; i < origins->n; i++)
        if (origins->list[i].run_id == run_id &&
            !memcmp(origins->list[i].uuid, uuid, HOST_UUID_BYTES))
            return &origins->list[i];
    return NULL;
}

uint64_t origins_find(const struct origins *origins, const uint8_t uuid[HOST_UUID_BYTES],
                      int64_t run_id)
{
    const struct origin *origin = find(origins, uuid, run_id);

    return origin ? origin->balloon_kib : MEMCOORD_UNKNOWN;
}

int origins_add(struct origins *origins, const uint8_t uuid[HOST_UUID_BYTES], int64_t run_id,
                uint64_t balloon_kib)
{
    if (find(origins, uuid, run_id))
        return 0;
    if (origins->n == origins->capacity) {
        size_t capacity = origins->capacity > 0 ? 2 * origins->capacity : 16;
        struct origin *list = reallocarray(origins->list, capacity, sizeof(*list));

        if (!list)
            return -ENOMEM;
        origins->list = list;
        origins->capacity = capacity;
    }
    origins->list[origins->n] = (struct origin){ .run_id = run_id, .balloon_kib = balloon_kib };
    memcpy(origins->list[origins->n++].uuid, uuid, HOST_UUID_BYTES);
    origins->changed = 1;
    return 0;
}

void origins_drop(struct origins *origins, const uint8_t uuid[HOST_UUID_BYTES], int64_t run_id)
{
    struct origin *origin = find(origins, uuid, run_id);

    if (!origin)
        return;
    *origin = origins->list[--origins->n];
    origins->changed = 1;
}

void origins_keep(struct origins *origins, int (*runs)(const struct origin *origin, void *arg),
                  void *arg)
{
    size_t kept = 0;

    for (size_t i = 0; i < origins->n; i++)
        if (runs(&origins->list[i], arg))
            origins->list[kept++] = origins->list[i];
    if (kept < origins->n)
        origins->changed = 1;
    origins->n = kept;
}

static void write_all(const struct origins *origins, FILE *f)
{
    for (size_t i = 0; i < origins->n; i++) {
        const struct origin *origin = &origins->list[i];

        for (size_t k = 0; k < HOST_UUID_BYTES; k++)
            fprintf(f, "%02x", origin->uuid[k]);
        fprintf(f, " %" PRId64 " %" PRIu64 "\n", origin->run_id, origin->balloon_kib);
    }
}

int origins_save(struct origins *origins)
{
    char *draft = NULL;
    FILE *f;
    int r = 0;

    if (!origins->file)
        origins->changed = 0;
    if (!origins->changed)
        return 0;
    if (asprintf(&draft, "%s.new", origins->file) < 0)
        return -ENOMEM;
    f = fopen(draft, "we");
    if (!f) {
        r = -errno;
    } else {
        write_all(origins, f);
        r = draft_end(f, draft, origins->file, 0);
    }
    free(draft);
    origins->changed = r < 0;
    return r;
}

void origins_free(struct origins *origins)
{
    free(origins->file);
    free(origins->list);
    memset(origins, 0, sizeof(*origins));
}
