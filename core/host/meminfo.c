/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/meminfo.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/complain.h"

/* /proc/meminfo has about 1.5 KiB. */
#define TEXT_BYTES 16384
/* The most memory that anything here reckons with (policy.h): what is above is garbage. */
#define MOST_KIB (UINT64_C(1) << 34)
#define KSM_PAGES "/sys/kernel/mm/ksm/pages_sharing"

/* Reads a small file, whole, and ends it with a NUL. */
static int read_text(const char *path, char text[TEXT_BYTES])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t n = 0;
    ssize_t got;
    int r = 0;

    if (fd < 0)
        return -errno;
    while (n < TEXT_BYTES - 1 && (got = read(fd, text + n, TEXT_BYTES - 1 - n)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            r = -errno;
            break;
        }
        n += (size_t)got;
    }
    close(fd);
    text[n] = '\0';
    return r;
}

/* A decimal number of digits only, at most `most`; UNKNOWN for anything else. */
static uint64_t number(const char *text, uint64_t most, const char **end)
{
    char *stop;
    uint64_t value;

    text += strspn(text, " \t");
    if (*text < '0' || *text > '9')
        return MEMCOORD_UNKNOWN;
    errno = 0;
    value = strtoull(text, &stop, 10);
    *end = stop;
    return errno || value > most ? MEMCOORD_UNKNOWN : value;
}

/* The value of the line "key: N kB". */
static uint64_t meminfo_field(const char *text, const char *key)
{
    size_t length = strlen(key);
    const char *line = text;
    const char *end;

    while (line) {
        if (!strncmp(line, key, length) && line[length] == ':') {
            uint64_t kib = number(line + length + 1, MOST_KIB, &end);
            return kib != MEMCOORD_UNKNOWN && !strncmp(end, " kB", 3) ? kib : MEMCOORD_UNKNOWN;
        }
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return MEMCOORD_UNKNOWN;
}

/* The avg10 of the line "some avg10=1.23 ...", in basis points: the kernel writes two decimals. */
static uint64_t pressure_field(const char *text, const char *kind)
{
    const char *line = strstr(text, kind);
    const char *end;
    uint64_t percent;

    if (!line || (line != text && line[-1] != '\n'))
        return MEMCOORD_UNKNOWN;
    line += strlen(kind);
    if (strncmp(line, " avg10=", 7))
        return MEMCOORD_UNKNOWN;
    percent = number(line + 7, 100, &end);
    if (percent == MEMCOORD_UNKNOWN || end[0] != '.' || end[1] < '0' || end[1] > '9' ||
        end[2] < '0' || end[2] > '9')
        return MEMCOORD_UNKNOWN;
    return memcoord_min(10000,
                        percent * 100 + (uint64_t)(end[1] - '0') * 10 + (uint64_t)(end[2] - '0'));
}

static uint64_t ksm_sharing_kib(void)
{
    char text[TEXT_BYTES];
    const char *end;
    uint64_t pages, page_kib = (uint64_t)sysconf(_SC_PAGESIZE) / 1024;

    if (read_text(KSM_PAGES, text))
        return MEMCOORD_UNKNOWN;
    pages = number(text, MOST_KIB / page_kib, &end);
    return pages == MEMCOORD_UNKNOWN ? MEMCOORD_UNKNOWN : pages * page_kib;
}

static void read_pressure(const char *proc, struct host_memory *memory)
{
    char path[4096], text[TEXT_BYTES];

    memory->psi_some_bp = memory->psi_full_bp = MEMCOORD_UNKNOWN;
    if (snprintf(path, sizeof(path), "%s/pressure/memory", proc) >= (int)sizeof(path) ||
        read_text(path, text))
        return;
    memory->psi_some_bp = pressure_field(text, "some");
    memory->psi_full_bp = pressure_field(text, "full");
}

/* A field without which nothing can be reckoned. */
static int needed_field(const char *text, const char *key, const char *path, uint64_t *kib,
                        char error[MEMINFO_ERROR_BYTES])
{
    *kib = meminfo_field(text, key);
    if (*kib != MEMCOORD_UNKNOWN)
        return 0;
    return complain(error, MEMINFO_ERROR_BYTES, -ENODATA,
                    "%s has no '%s: N kB' with N up to %" PRIu64, path, key, MOST_KIB);
}

int meminfo_read(const char *proc, struct host_memory *memory, char error[MEMINFO_ERROR_BYTES])
{
    char path[4096], text[TEXT_BYTES];
    struct host_memory m;
    uint64_t cached, buffers;
    int r = 0;

    if (snprintf(path, sizeof(path), "%s/meminfo", proc) >= (int)sizeof(path))
        r = -ENAMETOOLONG;
    if (!r)
        r = read_text(path, text);
    if (r)
        return complain(error, MEMINFO_ERROR_BYTES, r, "%s: %s", path, strerror(-r));
    r = needed_field(text, "MemTotal", path, &m.total_kib, error);
    if (!r)
        r = needed_field(text, "MemAvailable", path, &m.available_kib, error);
    if (r)
        return r;
    m.free_kib = meminfo_field(text, "MemFree");
    cached = meminfo_field(text, "Cached");
    buffers = meminfo_field(text, "Buffers");
    m.cached_kib = cached == MEMCOORD_UNKNOWN || buffers == MEMCOORD_UNKNOWN ? MEMCOORD_UNKNOWN
                                                                             : cached + buffers;
    m.swap_total_kib = meminfo_field(text, "SwapTotal");
    m.swap_free_kib = meminfo_field(text, "SwapFree");
    read_pressure(proc, &m);
    m.ksm_sharing_kib = strcmp(proc, "/proc") ? MEMCOORD_UNKNOWN : ksm_sharing_kib();
    *memory = m;
    return 0;
}
