/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/process_area.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIN_BYTES ((size_t)1 << 16)

/* Since Linux 5.1. */
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

/* Some more than is asked for: domains come one by one. */
static size_t rounded(size_t size)
{
    size_t bytes = MIN_BYTES;

    while (bytes < size && bytes <= SIZE_MAX / 2)
        bytes *= 2;
    return bytes;
}

static int make(struct process_area *area, const char *name, size_t size)
{
    *area = (struct process_area){ .size = rounded(size) };
    area->fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (area->fd < 0)
        return -errno;
    return ftruncate(area->fd, (off_t)area->size) < 0 ? -errno : 0;
}

static int seal(const struct process_area *area, int seals)
{
    return fcntl(area->fd, F_ADD_SEALS, seals | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0
               ? -errno
               : 0;
}

static int settle(struct process_area *area, struct process_area *made, int r)
{
    process_area_free(r < 0 ? made : area);
    if (r == 0)
        *area = *made;
    return r;
}

/* Its pages are there before they are written to: no memory must be an error, not a SIGBUS. */
int process_area_question(struct process_area *area, size_t size)
{
    struct process_area made;
    int r = make(&made, "memcoord question", size);

    if (r == 0 && fallocate(made.fd, 0, 0, (off_t)made.size) < 0)
        r = -errno;
    if (r == 0) {
        void *bytes = mmap(NULL, made.size, PROT_READ | PROT_WRITE, MAP_SHARED, made.fd, 0);

        if (bytes == MAP_FAILED)
            r = -errno;
        else
            made.bytes = bytes;
    }
    if (r == 0)
        r = seal(&made, F_SEAL_FUTURE_WRITE);
    return settle(area, &made, r);
}

int process_area_answer(struct process_area *area, size_t size)
{
    struct process_area made;
    int r = make(&made, "memcoord answer", size);

    if (r == 0)
        r = seal(&made, 0);
    return settle(area, &made, r);
}

void process_area_free(struct process_area *area)
{
    if (area->bytes)
        munmap(area->bytes, area->size);
    if (area->fd >= 0)
        close(area->fd);
    *area = (struct process_area){ .fd = -1 };
}
