/* SPDX-License-Identifier: BSD-3-Clause */
/* One coordinator for each host, whichever folder and user it has. */
#include "lib/cmocka.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/claim.h"

#define NOBODY 65534

static char folder[] = "/tmp/memcoord-test-XXXXXX";
static char name[64]; /* a host that nobody coordinates */

/* A folder in which root's children who are nobody can write, too. */
static char *make_folder(const char *what)
{
    static char path[64];

    snprintf(path, sizeof(path), "%s/%s", folder, what);
    assert_int_equal(mkdir(path, 0700), 0);
    if (geteuid() == 0)
        assert_int_equal(chown(path, NOBODY, NOBODY), 0);
    return path;
}

static void a_host_is_claimed_once_and_the_second_learns_by_whom(void **state)
{
    struct claim claim, again;
    pid_t other = 0, child;
    int status;

    (void)state;
    setenv("MEMCOORD_RUNTIME_DIR", folder, 1);
    assert_int_equal(claim_host(name, &claim, &other), 0);
    assert_int_equal(claim_host("another host", &again, &other), 0);
    claim_end(&again);
    child = fork();
    if (child == 0) {
        int r = claim_host(name, &again, &other);

        _exit(r == -EBUSY && other == getppid() ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    claim_end(&claim);
    assert_int_equal(claim_host(name, &claim, &other), 0);
    claim_end(&claim);
    claim_end(&claim);
}

/* 0, or the step that went wrong. */
static int claim_from_two_folders(const char *a, const char *b)
{
    struct claim claim, again;
    pid_t other = 0;

    unsetenv("MEMCOORD_RUNTIME_DIR");
    setenv("XDG_RUNTIME_DIR", a, 1);
    if (geteuid() == 0 && setuid(NOBODY) < 0)
        return 1;
    if (claim_host(name, &claim, &other) != 0)
        return 2;
    setenv("XDG_RUNTIME_DIR", b, 1);
    if (claim_host(name, &again, &other) != -EBUSY || other != getpid())
        return 3;
    claim_end(&claim);
    if (claim_host(name, &again, &other) != 0)
        return 4;
    return 0;
}

static void it_is_claimed_once_though_another_has_another_folder(void **state)
{
    char *a = strdup(make_folder("a")), *b = strdup(make_folder("b"));
    pid_t child;
    int status;

    (void)state;
    child = fork();
    if (child == 0)
        _exit(claim_from_two_folders(a, b));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    free(a);
    free(b);
}

static void folders_that_are_named_are_worlds_of_their_own(void **state)
{
    struct claim claim, again;
    char path[64];
    pid_t other = 0;

    (void)state;
    setenv("MEMCOORD_RUNTIME_DIR", folder, 1);
    assert_int_equal(claim_host(name, &claim, &other), 0);
    snprintf(path, sizeof(path), "%s/c", folder);
    setenv("MEMCOORD_RUNTIME_DIR", path, 1);
    assert_int_equal(claim_host(name, &again, &other), 0);
    claim_end(&again);
    claim_end(&claim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_claimed_once_and_the_second_learns_by_whom),
        cmocka_unit_test(it_is_claimed_once_though_another_has_another_folder),
        cmocka_unit_test(folders_that_are_named_are_worlds_of_their_own),
    };
    char command[64];
    int failed;

    snprintf(name, sizeof(name), "test:///host of process %ld", (long)getpid());
    if (!mkdtemp(folder) || chmod(folder, 0711) < 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command) == 0 ? failed : 1;
}
