/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/wakeup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

uint64_t wakeup_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Some task waited for memory during 15% of a second; the longer window is the only one that newer
 * kernels allow to users without CAP_SYS_RESOURCE. */
static const char *const triggers[] = { "some 150000 1000000", "some 300000 2000000" };

static int open_pressure(void)
{
    for (size_t i = 0; i < sizeof(triggers) / sizeof(triggers[0]); i++) {
        size_t length = strlen(triggers[i]) + 1;
        int fd = open("/proc/pressure/memory", O_RDWR | O_NONBLOCK | O_CLOEXEC);

        if (fd < 0)
            return -1;
        if (write(fd, triggers[i], length) == (ssize_t)length)
            return fd;
        close(fd);
    }
    return -1;
}

int wakeup_open(struct wakeup *wakeup, const char *proc, int event_fd)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (fd < 0)
        return -errno;
    wakeup->request_fd = fd;
    wakeup->event_fd = event_fd;
    wakeup->pressure_fd = strcmp(proc, "/proc") ? -1 : open_pressure();
    return 0;
}

void wakeup_close(struct wakeup *wakeup)
{
    if (wakeup->request_fd >= 0)
        close(wakeup->request_fd);
    if (wakeup->pressure_fd >= 0)
        close(wakeup->pressure_fd);
    wakeup->request_fd = wakeup->pressure_fd = -1;
}

void wakeup_request(struct wakeup *wakeup)
{
    const uint64_t one = 1;
    int saved = errno;
    ssize_t r = write(wakeup->request_fd, &one, sizeof(one));

    (void)r; /* full: it is being woken already */
    errno = saved;
}

/* Empties an eventfd; true if it was set. */
static int taken(int fd, short revents)
{
    uint64_t count;
    return (revents & POLLIN) && read(fd, &count, sizeof(count)) == sizeof(count);
}

enum host_wake wakeup_wait(struct wakeup *wakeup, uint64_t until_ms)
{
    for (;;) {
        struct pollfd fds[] = { { .fd = wakeup->request_fd, .events = POLLIN },
                                { .fd = wakeup->event_fd, .events = POLLIN },
                                { .fd = wakeup->pressure_fd, .events = POLLPRI } };
        uint64_t now_ms = wakeup_now_ms();
        uint64_t left_ms = until_ms > now_ms ? memcoord_min(until_ms - now_ms, INT_MAX) : 0;

        if (poll(fds, 3, (int)left_ms) < 0)
            continue; /* a signal: whoever caught it says what it means with a request */
        if (taken(fds[0].fd, fds[0].revents))
            return HOST_WAKE_REQUEST;
        if (taken(fds[1].fd, fds[1].revents))
            return HOST_WAKE_LIFECYCLE;
        if (fds[2].revents & POLLERR) { /* the trigger is gone: go on without */
            close(wakeup->pressure_fd);
            wakeup->pressure_fd = -1;
        } else if (fds[2].revents & POLLPRI) {
            return HOST_WAKE_PRESSURE;
        }
        if (left_ms == 0)
            return HOST_WAKE_TIMER;
    }
}
