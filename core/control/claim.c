/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "util/log.h"
#include "util/machine_name.h"
#include "util/rundir.h"

/* Its members may change libvirt's hosts: they own the socket, or polkit's rule lets them in. */
static const char libvirt_group[] = "libvirt";

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
static int lock_file(const char *name, int *fd, pid_t *other)
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

static int take_name(const char *name, int *fd, pid_t *other)
{
    pid_t holder = 0;
    int r = machine_name_take(name, libvirt_group, fd, &holder);

    if (r == -EBUSY)
        *other = holder;
    if (r != -EPERM)
        return r;
    log_warning("%s: somebody who may not coordinate it holds its name (process %ld; 0: unknown): "
                "another user's memcoord would not be noticed",
                name, (long)holder);
    return 0;
}

int claim_host(const char *name, struct claim *claim, pid_t *other)
{
    struct claim made = CLAIM_NONE;
    int r = lock_file(name, &made.file_fd, other);

    if (r == 0 && !rundir_is_given())
        r = take_name(name, &made.name_fd, other);
    if (r < 0)
        claim_end(&made);
    else
        *claim = made;
    return r;
}

void claim_end(struct claim *claim)
{
    if (claim->name_fd >= 0)
        close(claim->name_fd);
    if (claim->file_fd >= 0)
        close(claim->file_fd);
    *claim = CLAIM_NONE;
}
