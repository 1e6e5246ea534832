/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "util/rundir.h"

static pid_t read_pid(int fd)
{
    char text[32] = "";

    if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
        return 0;
    return (pid_t)strtol(text, NULL, 10);
}

static int write_pid(int fd)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

    if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) != n)
        return -errno;
    return 0;
}

/* The lock belongs to the open file: it goes with the process, however that ends. The file stays,
 * for one that is removed could be locked twice. */
int claim_host(const char *name, int *fd, pid_t *other)
{
    char *path;
    int lock, r = rundir_file(name, ".lock", &path);

    if (r < 0)
        return r;
    lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    free(path);
    if (lock < 0)
        return -errno;
    if (flock(lock, LOCK_EX | LOCK_NB) < 0)
        r = errno == EWOULDBLOCK ? -EBUSY : -errno;
    if (r == -EBUSY)
        *other = read_pid(lock);
    if (r == 0)
        r = write_pid(lock);
    if (r < 0) {
        close(lock);
        return r;
    }
    *fd = lock;
    return 0;
}
