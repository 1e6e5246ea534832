/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/machine_name.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Who has just taken a name listens at once; who does not for so long is none of us. */
#define TRIES 20
#define TRY_US 5000
#define MOST_GROUPS 1024

/* FNV-1a: a socket's name has 107 bytes, which is less than some. */
static uint64_t hash(const char *text)
{
    uint64_t h = UINT64_C(14695981039346656037);

    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return h;
}

/* Returns its length. */
static socklen_t address_of(const char *name, struct sockaddr_un *address)
{
    const size_t room = sizeof(address->sun_path) - 1;
    int n;

    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    n = snprintf(address->sun_path + 1, room, "memcoord %016" PRIx64 " %.60s", hash(name), name);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
}

static int take(const struct sockaddr_un *address, socklen_t length, int *fd)
{
    int taken = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r = 0;

    if (taken < 0)
        return -errno;
    if (bind(taken, (const struct sockaddr *)address, length) < 0 || listen(taken, SOMAXCONN) < 0)
        r = -errno;
    if (r == 0)
        *fd = taken;
    else
        close(taken);
    return r;
}

static bool is_member(int fd, gid_t group)
{
    gid_t groups[MOST_GROUPS];
    socklen_t size = sizeof(groups);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
        return false;
    for (size_t i = 0; i < size / sizeof(groups[0]); i++)
        if (groups[i] == group)
            return true;
    return false;
}

static bool counts(int fd, const struct ucred *holder, const char *group_name)
{
    const struct group *group;

    if (holder->uid == 0 || holder->uid == geteuid())
        return true;
    group = getgrnam(group_name);
    return group && (holder->gid == group->gr_gid || is_member(fd, group->gr_gid));
}

/* Who has it, as the kernel tells: -EBUSY, -EPERM, or -ECONNREFUSED if nobody listens. */
static int ask(const struct sockaddr_un *address, socklen_t length, const char *group,
               pid_t *holder)
{
    struct ucred who = { 0 };
    socklen_t size = sizeof(who);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r = -EBUSY;

    *holder = 0;
    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)address, length) < 0) {
        r = errno == ECONNREFUSED ? -ECONNREFUSED : -EBUSY; /* so many have asked that it is full */
    } else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0) {
        *holder = who.pid;
        r = counts(fd, &who, group) ? -EBUSY : -EPERM;
    }
    close(fd);
    return r;
}

int machine_name_take(const char *name, const char *group, int *fd, pid_t *holder)
{
    struct sockaddr_un address;
    socklen_t length = address_of(name, &address);

    for (int i = 0; i < TRIES; i++) {
        int r = take(&address, length, fd);

        if (r != -EADDRINUSE)
            return r;
        r = ask(&address, length, group, holder);
        if (r != -ECONNREFUSED)
            return r;
        usleep(TRY_US); /* it has just been taken, or given up */
    }
    return -EPERM;
}
