/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "policy/object.h"
#include "util/complain.h"

#ifndef MFD_EXEC
#define MFD_EXEC \
    0x0010U /* Linux 6.3: where vm.memfd_noexec is set, code must say that it is some */
#endif

#define BLOCK_BYTES 16384

/* All that is at `offset`, at most a block. */
static ssize_t read_block(int fd, char block[static BLOCK_BYTES], off_t offset)
{
    size_t got = 0;

    while (got < BLOCK_BYTES) {
        ssize_t n = pread(fd, block + got, BLOCK_BYTES - got, offset + (off_t)got);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

static int write_block(int fd, const char *block, size_t size, off_t offset)
{
    while (size > 0) {
        ssize_t n = pwrite(fd, block, size, offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -ENOSPC;
        block += n;
        offset += n;
        size -= (size_t)n;
    }
    return 0;
}

static int fill(int from, int to)
{
    char block[BLOCK_BYTES];
    off_t offset = 0;
    ssize_t n;

    while ((n = read_block(from, block, offset)) > 0) {
        int r = write_block(to, block, (size_t)n, offset);

        if (r < 0)
            return r;
        offset += n;
        if ((uint64_t)offset > OBJECT_MAX_BYTES) /* it grows */
            return -EFBIG;
    }
    return (int)n;
}

static int make(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

    if (fd < 0 && errno == EINVAL) /* a kernel before 6.3 */
        fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd;
}

int copy_privately(int *fd, const char *path, char *error, size_t error_size)
{
    int copy = make(path), r;

    if (copy < 0)
        return 0;
    r = fill(*fd, copy);
    if (r == 0 &&
        fcntl(copy, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL))
        r = -errno;
    if (r < 0) {
        close(copy);
        return complain(error, error_size, r, "%s: can't be copied: %s", path, strerror(-r));
    }
    close(*fd);
    *fd = copy;
    return 0;
}

bool copy_is_same(int a, int b)
{
    char one[BLOCK_BYTES], other[BLOCK_BYTES];
    off_t offset = 0;
    ssize_t n;

    do {
        n = read_block(a, one, offset);
        if (n < 0 || read_block(b, other, offset) != n || memcmp(one, other, (size_t)n) != 0)
            return false;
        offset += n;
    } while (n > 0);
    return true;
}
