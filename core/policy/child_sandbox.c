/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/child_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config/config.h"
#include "policy/child.h"
#include "policy/child_filter.h"
#include "util/complain.h"

#define LOAD_CPU_S 7  /* memcoord waits for 5 s; whole seconds are counted */
#define OPEN_FILES 32 /* the linker has a few open, one after the other */

struct refusals {
    char *text;
    size_t size;
};

/* Notes that the kernel refused `part`, with `r`, a negative errno, if it did. */
static void note(const struct refusals *to, const char *part, int r)
{
    size_t used = strlen(to->text);

    if (r < 0)
        snprintf(to->text + used, to->size - used, "%s%s (%s)", used ? ", " : "", part,
                 strerror(-r));
}

static int drop_capabilities(void)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

    return syscall(SYS_capset, &head, none) < 0 ? -errno : 0;
}

/* memcoord may be dearer to the host than others are, as its unit says; a policy, that came from it, is not. */
static int be_as_others(void)
{
    FILE *f = fopen("/proc/self/oom_score_adj", "re");
    int score, n, r = 0;

    if (!f)
        return -errno;
    n = fscanf(f, "%d", &score);
    fclose(f);
    if (n != 1 || score >= 0)
        return n == 1 ? 0 : -EIO;
    f = fopen("/proc/self/oom_score_adj", "we");
    if (!f)
        return -errno;
    if (fputs("0", f) < 0 || fflush(f) != 0)
        r = -errno;
    fclose(f);
    return r;
}

/* Whatever files there are, none of them can be opened any more but the policy's: a copy in memory, which is in no
 * folder and needs no rule, or a file. */
static int add_rule(int rules)
{
    struct landlock_path_beneath_attr rule = { .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE,
                                               .parent_fd = CHILD_OBJECT };
    int r = 0;

    if (CHILD_IS_SANITIZED)
        rule.parent_fd = open("/", O_PATH | O_CLOEXEC);
    if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0 &&
        errno != EBADFD)
        r = -errno;
    if (CHILD_IS_SANITIZED)
        close(rule.parent_fd);
    return r;
}

/* A domain of its own, too: what the kernel shows of a process to others of the same user, its environment, memory
 * and files in /proc, it does not show to those of another domain. */
static int close_files(void)
{
    /* all that the first version has, of which the last is to make links; it reads what it maps */
    const struct landlock_ruleset_attr all = { .handled_access_fs =
                                                   LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1 };
    int r, rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);

    if (rules < 0)
        return -errno;
    r = add_rule(rules);
    if (r == 0 && syscall(SYS_landlock_restrict_self, rules, 0) < 0)
        r = -errno;
    close(rules);
    return r;
}

static int limit(__rlimit_resource_t what, uint64_t most)
{
    const struct rlimit l = { .rlim_cur = most, .rlim_max = most };

    return setrlimit(what, &l) < 0 ? -errno : 0;
}

/* While it is loaded; then memcoord says how much more it may take. The highest may be one that this process began
 * with, and that only root can raise. */
static int limit_cpu(void)
{
    struct rlimit l;

    if (getrlimit(RLIMIT_CPU, &l) < 0)
        return -errno;
    l.rlim_cur = LOAD_CPU_S < l.rlim_max ? LOAD_CPU_S : l.rlim_max;
    return setrlimit(RLIMIT_CPU, &l) < 0 ? -errno : 0;
}

/* Addresses, for these count whatever kind of memory it is; beyond those that the program has taken. */
static int limit_memory(uint64_t bytes)
{
    FILE *f = fopen("/proc/self/statm", "re");
    uint64_t pages;
    int n;

    if (CHILD_IS_SANITIZED)
        bytes = RLIM_INFINITY;
    if (!f)
        return -errno;
    n = fscanf(f, "%" SCNu64, &pages);
    fclose(f);
    if (n != 1)
        return -EIO;
    return limit(RLIMIT_AS,
                 bytes == RLIM_INFINITY ? bytes : pages * (uint64_t)sysconf(_SC_PAGESIZE) + bytes);
}

static int limit_files(void)
{
    int r = limit(RLIMIT_NOFILE, OPEN_FILES);

    if (r == 0)
        r = limit(RLIMIT_FSIZE, 0);
    return r ? r : limit(RLIMIT_CORE, 0);
}

/* What is required, and was refused, is an error. */
static int judge(const struct wire_load *load, const char *refused, char *error, size_t error_size)
{
    if (load->sandbox != SANDBOX_REQUIRED || !*refused)
        return 0;
    return complain(error, error_size, -EPERM,
                    "%s: the kernel refuses a part of the sandbox, which is required: %s",
                    load->path, refused);
}

int child_sandbox_begin(const struct wire_load *load, char *refused, size_t refused_size,
                        char *error, size_t error_size)
{
    const struct refusals to = { refused, refused_size };
    int r = be_as_others();

    refused[0] = '\0';
    if (load->sandbox == SANDBOX_OFF)
        return 0;
    note(&to, "the score of processes that want memory", r);
    note(&to, "no new privileges", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0);
    note(&to, "no capabilities", drop_capabilities());
    note(&to, "the limit on memory", limit_memory(load->memory_bytes));
    note(&to, "the limit on processor time", limit_cpu());
    note(&to, "the limits on files", limit_files());
    note(&to, "the limit on processes", limit(RLIMIT_NPROC, 0));
    note(&to, "the filter of system calls", child_filter_begin());
    return judge(load, refused, error, error_size);
}

int child_sandbox_close(const struct wire_load *load, char *refused, size_t refused_size,
                        char *error, size_t error_size)
{
    const struct refusals to = { refused, refused_size };

    if (load->sandbox == SANDBOX_OFF)
        return 0;
    note(&to, "no files but the policy's", close_files());
    if (!strstr(refused, "the filter"))
        note(&to, "the second filter of system calls", child_filter_close());
    return judge(load, refused, error, error_size);
}

int child_sandbox_end(const struct wire_load *load, char *refused, size_t refused_size, char *error,
                      size_t error_size)
{
    const struct refusals to = { refused, refused_size };

    if (load->sandbox == SANDBOX_OFF)
        return 0;
    if (!strstr(refused, "the filter"))
        note(&to, "the last filter of system calls", child_filter_end());
    return judge(load, refused, error, error_size);
}
