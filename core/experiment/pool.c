/* SPDX-License-Identifier: BSD-3-Clause */
#include "experiment/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/log.h"

_Static_assert(sizeof(struct run_result) <= PIPE_BUF, "a result is written at once");

/* A run that goes on. */
struct slot {
    pid_t pid; /* 0: free */
    size_t run;
    int fd; /* its result comes here */
};

struct pooling {
    struct pool *pool;
    struct slot *slots;
    struct pollfd *polls;
    size_t n_runs, next, n_ended, n_going;
};

/* ---- files */

enum file_kind { RECORDING, RECORDING_PART, LOG };

/* malloc'ed; NULL without memory. */
static char *file_of(const struct pool *pool, size_t run, enum file_kind kind, const char *suffix)
{
    static const struct {
        const char *before, *after;
    } parts[] = { { "recordings/", ".db" }, { "recordings/.", ".part" }, { "logs/", ".log" } };
    struct run r = run_of(pool->experiment, run);
    char *name = run_file_name(&r), *path = NULL;

    if (name && asprintf(&path, "%s/%s%s%s%s", pool->folder, parts[kind].before, name,
                         parts[kind].after, suffix) < 0)
        path = NULL;
    free(name);
    return path;
}

char *pool_recording(const struct pool *pool, size_t run)
{
    return file_of(pool, run, RECORDING, "");
}

static void remove_part(const struct pool *pool, size_t run)
{
    static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        char *path = file_of(pool, run, RECORDING_PART, suffixes[i]);

        if (path)
            unlink(path);
        free(path);
    }
}

/* What is whole gets its name. */
static int keep_recording(const struct pool *pool, size_t run)
{
    char *part = file_of(pool, run, RECORDING_PART, ""), *whole = file_of(pool, run, RECORDING, "");
    int r = part && whole ? 0 : -ENOMEM;

    if (r == 0 && rename(part, whole) < 0)
        r = -errno;
    free(part);
    free(whole);
    return r;
}

static void remove_empty_log(const struct pool *pool, size_t run)
{
    char *path = file_of(pool, run, LOG, "");
    struct stat st;

    if (path && stat(path, &st) == 0 && st.st_size == 0)
        unlink(path);
    free(path);
}

/* ---- in the process of a run */

static void write_log(const struct pool *pool, size_t run)
{
    char *path = file_of(pool, run, LOG, "");
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;

    if (fd >= 0)
        dup2(fd, STDERR_FILENO);
    free(path);
    log_open(LOG_LEVEL_ERROR);
}

static _Noreturn void be_a_run(const struct pool *pool, size_t i, int fd)
{
    struct run run = run_of(pool->experiment, i);
    char *part = pool->experiment->recordings ? file_of(pool, i, RECORDING_PART, "") : NULL;
    struct run_result result;

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* nothing is left behind, whatever becomes of the parent */
    write_log(pool, i);
    run_do(&run, part, &result);
    free(part);
    _exit(write(fd, &result, sizeof(result)) == (ssize_t)sizeof(result) ? 0 : 1);
}

/* ---- in the parent */

static int start(struct pooling *p, struct slot *slot)
{
    int fds[2], r = 0;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return -errno;
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        close(fds[0]);
        be_a_run(p->pool, p->next, fds[1]);
    }
    if (pid < 0)
        r = -errno;
    close(fds[1]);
    if (r < 0) {
        close(fds[0]);
        return r;
    }
    *slot = (struct slot){ pid, p->next++, fds[0] };
    p->n_going++;
    return 0;
}

static void say_death(int status, struct run_result *result)
{
    if (WIFSIGNALED(status))
        snprintf(result->failed, sizeof(result->failed), "it crashed: %s",
                 strsignal(WTERMSIG(status)));
    else
        snprintf(result->failed, sizeof(result->failed), "it ended with status %d before its time",
                 WEXITSTATUS(status));
}

/* Its result is there, or it died. */
static void end(struct pooling *p, struct slot *slot)
{
    struct run_result *result = &p->pool->results[slot->run];
    bool whole = read(slot->fd, result, sizeof(*result)) == (ssize_t)sizeof(*result);
    int status = 0, r = 0;

    close(slot->fd);
    waitpid(slot->pid, &status, 0);
    slot->pid = 0;
    p->n_going--;
    p->n_ended++;
    if (!whole || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        *result = (struct run_result){ 0 };
        say_death(status, result);
    }
    if (result->done && p->pool->experiment->recordings)
        r = keep_recording(p->pool, slot->run);
    if (r < 0) {
        result->done = false;
        snprintf(result->failed, sizeof(result->failed), "its recording can't be kept: %s",
                 strerror(-r));
    }
    if (!result->done)
        remove_part(p->pool, slot->run);
    remove_empty_log(p->pool, slot->run);
    if (p->pool->progress)
        p->pool->progress(p->pool, p->n_ended);
}

static void kill_all(struct pooling *p)
{
    for (size_t i = 0; i < p->pool->jobs; i++) {
        struct slot *slot = &p->slots[i];

        if (slot->pid == 0)
            continue;
        kill(slot->pid, SIGKILL);
        waitpid(slot->pid, NULL, 0);
        close(slot->fd);
        remove_part(p->pool, slot->run);
        remove_empty_log(p->pool, slot->run);
        slot->pid = 0;
    }
    p->n_going = 0;
}

/* Waits until a run ends or a signal comes. */
static int wait_for_runs(struct pooling *p, const sigset_t *open_mask)
{
    for (size_t i = 0; i < p->pool->jobs; i++)
        p->polls[i] =
            (struct pollfd){ .fd = p->slots[i].pid ? p->slots[i].fd : -1, .events = POLLIN };
    if (ppoll(p->polls, p->pool->jobs, NULL, open_mask) < 0)
        return errno == EINTR ? 0 : -errno;
    for (size_t i = 0; i < p->pool->jobs; i++)
        if (p->slots[i].pid && p->polls[i].revents)
            end(p, &p->slots[i]);
    return 0;
}

static int go(struct pooling *p, const sigset_t *open_mask, const volatile sig_atomic_t *stop)
{
    int r = 0;

    while (r == 0 && !*stop && (p->next < p->n_runs || p->n_going > 0)) {
        for (size_t i = 0; r == 0 && i < p->pool->jobs && p->next < p->n_runs; i++)
            if (p->slots[i].pid == 0)
                r = start(p, &p->slots[i]);
        if (r == 0)
            r = wait_for_runs(p, open_mask);
    }
    kill_all(p);
    return r < 0 ? r : p->n_ended < p->n_runs ? -EINTR : 0;
}

int pool_run(struct pool *pool, const sigset_t *signals, const volatile sig_atomic_t *stop)
{
    struct pooling p = { .pool = pool, .n_runs = experiment_n_runs(pool->experiment) };
    sigset_t before;
    int r = -ENOMEM;

    p.slots = calloc(pool->jobs, sizeof(*p.slots));
    p.polls = calloc(pool->jobs, sizeof(*p.polls));
    if (pool->progress)
        pool->progress(pool, 0);
    sigprocmask(SIG_BLOCK, signals, &before);
    if (p.slots && p.polls)
        r = go(&p, &before, stop);
    sigprocmask(SIG_SETMASK, &before, NULL);
    free(p.slots);
    free(p.polls);
    return r;
}
