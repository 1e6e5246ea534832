/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/child_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "policy/child.h"

/* What libc does when something computes: memory, locks, time, random numbers, the end; sysinfo is qsort()'s. */
static const int computing[] = {
    SCMP_SYS(brk),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getcpu),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

/* What the dynamic linker does besides, when it is told where an object is; opening only to read. */
static const int loading[] = { SCMP_SYS(read), SCMP_SYS(pread64) };
static const int opening[] = { SCMP_SYS(openat), SCMP_SYS(open) };

/* ... and when it looks for one. */
static const int searching[] = {
    SCMP_SYS(readlink),   SCMP_SYS(readlinkat), SCMP_SYS(access), SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2), SCMP_SYS(statx),      SCMP_SYS(stat),   SCMP_SYS(getcwd),
};

/* For what comes after the first filter, and can only take away more; of prctl() only what that takes: code that
 * runs while it is loaded could have the process outlive its parent. */
static const int filtering[] = { SCMP_SYS(seccomp), SCMP_SYS(prctl) };
static const int ruling[] = { SCMP_SYS(landlock_create_ruleset), SCMP_SYS(landlock_add_rule),
                              SCMP_SYS(landlock_restrict_self) };
static const uint64_t controlling[] = { PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP };

/* What sanitizers do, at any time. */
static const int sanitizing[] = {
    SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigaction), SCMP_SYS(getrlimit),       SCMP_SYS(prlimit64),
    SCMP_SYS(getdents64),  SCMP_SYS(nanosleep),    SCMP_SYS(clock_nanosleep),
};

#define EACH(calls) calls, sizeof(calls) / sizeof((calls)[0])

static int add_each(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t n)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++)
        r = seccomp_rule_add(filter, action, calls[i], 0);
    return r;
}

/* `call` when its argument number `argument` is `value`. */
static int add_with(scmp_filter_ctx filter, int call, unsigned argument, uint64_t value)
{
    const struct scmp_arg_cmp is = { .arg = argument, .op = SCMP_CMP_EQ, .datum_a = value };

    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &is);
}

static int add_open(scmp_filter_ctx filter, int call, unsigned argument)
{
    const struct scmp_arg_cmp to_read = { .arg = argument,
                                          .op = SCMP_CMP_MASKED_EQ,
                                          .datum_a = O_ACCMODE | O_CREAT | O_TRUNC,
                                          .datum_b = O_RDONLY };

    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &to_read);
}

/* Talking to memcoord, printing into /dev/null (stdio asks whether it is a terminal), and abort(). */
static int add_talking(scmp_filter_ctx filter)
{
    static const int writing[] = { SCMP_SYS(write), SCMP_SYS(writev) };
    static const int talking[] = { SCMP_SYS(sendto), SCMP_SYS(recvmsg) };
    int r = 0;

    for (size_t i = 0; r == 0 && i < 2; i++) {
        r = add_with(filter, talking[i], 0, CHILD_SOCKET);
        if (r == 0)
            r = add_with(filter, writing[i], 0, STDOUT_FILENO);
        if (r == 0)
            r = add_with(filter, writing[i], 0, STDERR_FILENO);
    }
    if (r == 0)
        r = add_with(filter, SCMP_SYS(ioctl), 1, TCGETS);
    return r ? r : add_with(filter, SCMP_SYS(tgkill), 0, (uint64_t)getpid());
}

static int add_filtering(scmp_filter_ctx filter)
{
    int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(seccomp), 0);

    if (CHILD_IS_SANITIZED) /* they name memory and threads */
        return r ? r : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 0);
    for (size_t i = 0; r == 0 && i < sizeof(controlling) / sizeof(controlling[0]); i++)
        r = add_with(filter, SCMP_SYS(prctl), 0, controlling[i]);
    return r;
}

static int add_first(scmp_filter_ctx filter)
{
    int r = add_each(filter, SCMP_ACT_ALLOW, EACH(computing));

    if (r == 0)
        r = add_each(filter, SCMP_ACT_ALLOW, EACH(loading));
    if (r == 0)
        r = add_each(filter, SCMP_ACT_ALLOW, EACH(searching));
    if (r == 0)
        r = add_each(filter, SCMP_ACT_ALLOW, EACH(ruling));
    if (r == 0)
        r = add_filtering(filter);
    if (r == 0 && CHILD_IS_SANITIZED)
        r = add_each(filter, SCMP_ACT_ALLOW, EACH(sanitizing));
    if (r == 0)
        r = add_open(filter, SCMP_SYS(openat), 2);
    if (r == 0)
        r = add_open(filter, SCMP_SYS(open), 1);
    return r ? r : add_talking(filter);
}

/* Filters add up: what one forbids, no other allows. */
static int add_second(scmp_filter_ctx filter)
{
    int r = add_each(filter, SCMP_ACT_KILL_PROCESS, EACH(ruling));

    return r || CHILD_IS_SANITIZED ? r : add_each(filter, SCMP_ACT_KILL_PROCESS, EACH(searching));
}

static int add_third(scmp_filter_ctx filter)
{
    int r = add_each(filter, SCMP_ACT_KILL_PROCESS, EACH(filtering));

    if (CHILD_IS_SANITIZED)
        return r;
    if (r == 0)
        r = add_each(filter, SCMP_ACT_KILL_PROCESS, EACH(opening));
    return r ? r : add_each(filter, SCMP_ACT_KILL_PROCESS, EACH(loading));
}

static int install(uint32_t otherwise, int (*add)(scmp_filter_ctx filter))
{
    scmp_filter_ctx filter = seccomp_init(otherwise);
    int r;

    if (!filter) /* libseccomp has asked the kernel, and does not say what it answered */
        return -ENOSYS;
    r = add(filter);
    if (r == 0) /* else libseccomp says ECANCELED, whatever the kernel said */
        r = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
    if (r == 0)
        r = seccomp_load(filter);
    seccomp_release(filter);
    return r;
}

int child_filter_begin(void)
{
    return install(SCMP_ACT_KILL_PROCESS, add_first);
}

int child_filter_close(void)
{
    return install(SCMP_ACT_ALLOW, add_second);
}

int child_filter_end(void)
{
    return install(SCMP_ACT_ALLOW, add_third);
}
