/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/process_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "policy/child.h"
#include "policy/process_spawn.h"

/* A process that has ended by itself closes its files before it can be waited for. */
#define END_MS 50
#define SOON_US 200

static uint64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t worker_now_ms(void)
{
    return now_us() / 1000;
}

/* ---- its end */

/* Whether it is gone, after `ms` at most. */
static bool wait_gone(pid_t pid, uint64_t ms, int *status)
{
    uint64_t until_ms = worker_now_ms() + ms;
    pid_t r;

    while ((r = waitpid(pid, status, WNOHANG)) == 0 && worker_now_ms() < until_ms)
        poll(NULL, 0, 1);
    if (r < 0 && errno != EINTR) /* somebody else took its status */
        return true;
    return r == pid;
}

static void tell_how(int status, char *how, size_t size)
{
    int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

    if (signal == SIGSYS)
        snprintf(how, size, "made a system call that its sandbox forbids");
    else if (signal == SIGXCPU)
        snprintf(how, size, "took too much processor time");
    else if (signal)
        snprintf(how, size, "was killed by signal %d (%s)", signal, strsignal(signal));
    else if (WEXITSTATUS(status) == CHILD_NO_MEMORY)
        snprintf(how, size, "had too little memory");
    else
        snprintf(how, size, "exited with status %d", WEXITSTATUS(status));
}

/* Takes those that have gone meanwhile off the list; a place that is free, or NULL. */
static pid_t *free_place(struct process_worker *w)
{
    pid_t *place = NULL;

    for (size_t i = 0; i < WORKER_LINGERING; i++) {
        int status;

        if (w->lingering[i] && wait_gone(w->lingering[i], 0, &status))
            w->lingering[i] = 0;
        if (!w->lingering[i])
            place = &w->lingering[i];
    }
    return place;
}

void worker_end(struct process_worker *w, char *how, size_t how_size)
{
    pid_t pid = w->pid, *place;
    int status = 0;

    if (how)
        how[0] = '\0';
    if (w->socket >= 0)
        close(w->socket);
    w->socket = -1;
    w->pid = 0;
    if (pid <= 0)
        return;
    if (how && wait_gone(pid, END_MS, &status)) {
        tell_how(status, how, how_size);
        kill(-pid, SIGKILL); /* what it may have started */
        return;
    }
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
    if (wait_gone(pid, END_MS, &status))
        return;
    place = free_place(w); /* there is one: worker_start() saw to it */
    if (place)
        *place = pid;
}

/* ---- its beginning */

int worker_start(struct process_worker *w, const char *executable, int object)
{
    int ends[2], r;

    if (!free_place(w))
        return -EAGAIN;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return -errno;
    r = process_spawn(executable, ends[1], object, &w->pid);
    close(ends[1]);
    if (r < 0) {
        w->pid = 0;
        close(ends[0]);
        return r;
    }
    w->socket = ends[0];
    w->cpu_s = 0;
    return 0;
}

void worker_allow_cpu(struct process_worker *w, uint64_t ms)
{
    clockid_t clock;
    struct timespec used;
    struct rlimit limit;
    uint64_t wanted_s;

    if (clock_getcpuclockid(w->pid, &clock) || clock_gettime(clock, &used) < 0)
        return;
    wanted_s = (uint64_t)used.tv_sec + ms / 1000 + 2; /* whole seconds are counted */
    if (wanted_s < w->cpu_s)
        return;
    w->cpu_s = wanted_s + 1;
    /* The highest may be one that this process began with, and that only root can raise. */
    if (prlimit(w->pid, RLIMIT_CPU, NULL, &limit) < 0)
        return;
    limit.rlim_cur = w->cpu_s < limit.rlim_max ? w->cpu_s : limit.rlim_max;
    /* if it can't be changed, the one that the process gave itself stands: it is ended sooner */
    prlimit(w->pid, RLIMIT_CPU, &limit, NULL);
}

/* ---- messages */

int worker_send(struct process_worker *w, const struct wire_head *head,
                const struct process_area *const areas[2])
{
    struct iovec part = { .iov_base = (void *)(uintptr_t)head, .iov_len = sizeof(*head) };
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } control = { 0 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

    if (areas) {
        const int fds[2] = { areas[0]->fd, areas[1]->fd };
        struct cmsghdr *c;

        message.msg_control = control.bytes;
        message.msg_controllen = sizeof(control.bytes);
        c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(fds));
        memcpy(CMSG_DATA(c), fds, sizeof(fds));
    }
    return sendmsg(w->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* Most answers come sooner than this process could go to sleep and be woken again. Whoever needs the processor
 * meanwhile gets it, and that may be who answers. */
static ssize_t receive_soon(int socket, char *bytes, size_t size)
{
    uint64_t until_us = now_us() + SOON_US;
    ssize_t n;

    while ((n = recv(socket, bytes, size, MSG_DONTWAIT)) < 0 && errno == EAGAIN &&
           now_us() < until_us)
        sched_yield();
    return n;
}

int worker_receive(struct process_worker *w, uint64_t until_ms, struct wire_head *head)
{
    struct pollfd p = { .fd = w->socket, .events = POLLIN };
    char bytes[sizeof(*head) + 1];
    ssize_t n = until_ms ? receive_soon(w->socket, bytes, sizeof(bytes))
                         : recv(w->socket, bytes, sizeof(bytes), MSG_DONTWAIT);

    for (; n < 0; n = recv(w->socket, bytes, sizeof(bytes), MSG_DONTWAIT)) {
        uint64_t now_ms = worker_now_ms();

        if (errno != EAGAIN && errno != EINTR)
            break;
        if (now_ms >= until_ms)
            return -ETIMEDOUT;
        poll(&p, 1, (int)(until_ms - now_ms < 60000 ? until_ms - now_ms : 60000));
    }
    if (n <= 0)
        return -ECONNRESET;
    return wire_read_head(bytes, (size_t)n, head);
}
