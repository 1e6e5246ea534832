/* SPDX-License-Identifier: BSD-3-Clause */
/* A kernel that refuses a part of the sandbox:
 *
 *     refuses filter|limits|capabilities|landlock|copies COMMAND...
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

static int refuse(scmp_filter_ctx filter, const char *part)
{
    const uint32_t no = SCMP_ACT_ERRNO(EPERM);

    if (strcmp(part, "capabilities") == 0)
        return seccomp_rule_add(filter, no, SCMP_SYS(capset), 0);
    if (strcmp(part, "landlock") == 0)
        return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset),
                                0);
    if (strcmp(part, "copies") == 0) /* vm.memfd_noexec: no code in memory of its own */
        return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(memfd_create), 1,
                                SCMP_A1(SCMP_CMP_MASKED_EQ, MFD_EXEC, MFD_EXEC));
    if (strcmp(part, "limits") == 0) /* to ask for them is allowed */
        return seccomp_rule_add(filter, no, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_NE, 0, 0));
    if (strcmp(part, "filter") != 0)
        return -EINVAL;
    if (seccomp_rule_add(filter, no, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP, 0)) <
        0)
        return -EINVAL;
    return seccomp_rule_add(filter, no, SCMP_SYS(seccomp), 0);
}

int main(int argc, char **argv)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

    if (argc < 3 || !filter || refuse(filter, argv[1]) < 0 || seccomp_load(filter) < 0) {
        fprintf(stderr, "refuses: the filter can't be set\n");
        return 1;
    }
    seccomp_release(filter);
    execv(argv[2], argv + 2);
    perror(argv[2]);
    return 1;
}
