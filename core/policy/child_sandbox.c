/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/child_sandbox.h"

#include <errno.h>
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

/* A domain of its own: what the kernel shows of a process to others of the same user, its environment, memory and
 * files in /proc, it does not show to those of another domain. While it is loaded code may open what can be read. */
static int enter_domain(void)
{
    const struct landlock_ruleset_attr changes = {
        .handled_access_fs = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                             LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK
    };
    int r, rules = (int)syscall(SYS_landlock_create_ruleset, &changes, sizeof(changes), 0);

    if (rules < 0)
        return -errno;
    r = syscall(SYS_landlock_restrict_self, rules, 0) < 0 ? -errno : 0;
    close(rules);
    return r;
}

static int limit(__rlimit_resource_t what, uint64_t most)
{
    const struct rlimit l = { .rlim_cur = most, .rlim_max = most };

    return setrlimit(what, &l) < 0 ? -errno : 0;
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

    refused[0] = '\0';
    if (load->sandbox == SANDBOX_OFF)
        return 0;
    note(&to, "no new privileges", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0);
    note(&to, "no capabilities", drop_capabilities());
    note(&to, "no looking into other processes", enter_domain());
    note(&to, "the limit on memory", limit_memory(load->memory_bytes));
    note(&to, "the limits on files", limit_files());
    note(&to, "the limit on processes", limit(RLIMIT_NPROC, 0));
    note(&to, "the filter of system calls", child_filter_begin());
    return judge(load, refused, error, error_size);
}

int child_sandbox_end(const struct wire_load *load, char *refused, size_t refused_size, char *error,
                      size_t error_size)
{
    const struct refusals to = { refused, refused_size };

    if (load->sandbox == SANDBOX_OFF)
        return 0;
    if (!strstr(refused, "the filter"))
        note(&to, "the second filter of system calls", child_filter_end());
    return judge(load, refused, error, error_size);
}
