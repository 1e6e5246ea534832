/* SPDX-License-Identifier: BSD-3-Clause */
/* What domains had before memcoord changed them: kept in a file, so that `memcoord release`, or the
 * next daemon, can give it back. The coordination does not depend on it. */
#ifndef CORE_CONTROL_ORIGINS_H
#define CORE_CONTROL_ORIGINS_H

#include <stddef.h>
#include <stdint.h>

#include "host/host.h"

/* One run of a domain. */
struct origin {
    uint8_t uuid[HOST_UUID_BYTES];
    int64_t run_id;
    uint64_t balloon_kib;
};

struct origins {
    char *file; /* NULL: kept in memory only */
    struct origin *list;
    size_t n, capacity;
    int changed; /* since it was saved */
};

/* Reads `file` into *origins (zeroed). A missing file is an empty one; lines that are not understood
 * are left out. 0 or -ENOMEM, or a negative errno if it can't be read. Free with origins_free(). */
int origins_load(const char *file, struct origins *origins);

/* What this run of the domain had; MEMCOORD_UNKNOWN if that is not known. KiB. */
uint64_t origins_find(const struct origins *origins, const uint8_t uuid[HOST_UUID_BYTES],
                      int64_t run_id);

/* Remembers it if nothing is remembered of this run yet. -ENOMEM. */
int origins_add(struct origins *origins, const uint8_t uuid[HOST_UUID_BYTES], int64_t run_id,
                uint64_t balloon_kib);

/* Forgets what this run had; one of which nothing is known is fine. */
void origins_drop(struct origins *origins, const uint8_t uuid[HOST_UUID_BYTES], int64_t run_id);

/* Forgets all runs for which `runs` says 0. */
void origins_keep(struct origins *origins, int (*runs)(const struct origin *origin, void *arg),
                  void *arg);

/* Writes the file anew if anything changed: whole or not at all. 0 or a negative errno. */
int origins_save(struct origins *origins);

/* Frees what it points to; a zeroed one is fine. */
void origins_free(struct origins *origins);

#endif
