/* SPDX-License-Identifier: BSD-3-Clause */
/* A name that one process of the machine holds: who is kept away by it, and who is not. */
#include "lib/cmocka.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/machine_name.h"

#define STRANGER 65533
#define NO_GROUP "memcoord-test-no-such-group"

static char name[200];

static int set_up(void **state)
{
    static int n;

    (void)state;
    snprintf(name, sizeof(name), "memcoord-test %ld %d", (long)getpid(), n++);
    return 0;
}

/* Another process that takes it, as `uid` with one group more, and holds it until it is killed. */
static pid_t hold(uid_t uid, gid_t group)
{
    int fds[2], fd, r = -1;
    pid_t child, holder;

    assert_int_equal(pipe(fds), 0);
    child = fork();
    if (child == 0) {
        if (uid != geteuid() && (setgroups(1, &group) < 0 || setgid(uid) < 0 || setuid(uid) < 0))
            _exit(1);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* or it outlives a test that failed */
        r = machine_name_take(name, NO_GROUP, &fd, &holder);
        if (write(fds[1], &r, sizeof(r)) == sizeof(r))
            pause();
        _exit(0);
    }
    close(fds[1]);
    assert_int_equal(read(fds[0], &r, sizeof(r)), sizeof(r));
    close(fds[0]);
    assert_int_equal(r, 0);
    return child;
}

static void end(pid_t child)
{
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void the_second_learns_by_whom_it_is_held_until_he_is_gone(void **state)
{
    pid_t first = hold(geteuid(), 0), holder = 0;
    int fd;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(machine_name_take(name, NO_GROUP, &fd, &holder), -EBUSY);
        assert_int_equal(holder, first);
    }
    end(first);
    assert_int_equal(machine_name_take(name, NO_GROUP, &fd, &holder), 0);
    close(fd);
    assert_int_equal(machine_name_take(name, NO_GROUP, &fd, &holder), 0);
    close(fd);
}

static void long_names_are_told_apart_by_their_ends(void **state)
{
    pid_t holder;
    int fd, other;

    (void)state;
    memset(name + strlen(name), 'x', 150 - strlen(name));
    strcpy(name + 150, "a");
    assert_int_equal(machine_name_take(name, NO_GROUP, &fd, &holder), 0);
    assert_int_equal(machine_name_take(name, NO_GROUP, &other, &holder), -EBUSY);
    strcpy(name + 150, "b");
    assert_int_equal(machine_name_take(name, NO_GROUP, &other, &holder), 0);
    close(other);
    close(fd);
}

static void a_name_that_nobody_listens_at_is_none_of_ours(void **state)
{
    pid_t holder = 1;
    int fd, other;

    (void)state;
    assert_int_equal(machine_name_take(name, NO_GROUP, &fd, &holder), 0);
    assert_int_equal(shutdown(fd, SHUT_RD), 0);
    assert_int_equal(machine_name_take(name, NO_GROUP, &other, &holder), -EPERM);
    assert_int_equal(holder, 0);
    close(fd);
}

static void need_root(void)
{
    if (geteuid() != 0)
        skip();
}

static void a_stranger_keeps_nobody_away_and_is_named(void **state)
{
    pid_t first, holder = 0;
    int fd;

    (void)state;
    need_root();
    first = hold(STRANGER, STRANGER);
    assert_int_equal(machine_name_take(name, NO_GROUP, &fd, &holder), -EPERM);
    assert_int_equal(holder, first);
    assert_int_equal(machine_name_take(name, "daemon", &fd, &holder), -EPERM);
    end(first);
}

static void a_member_of_the_group_keeps_others_away(void **state)
{
    const struct group *group = getgrnam("daemon");
    pid_t first, holder = 0;
    int fd;

    (void)state;
    need_root();
    if (!group)
        skip();
    first = hold(STRANGER, group->gr_gid);
    assert_int_equal(machine_name_take(name, "daemon", &fd, &holder), -EBUSY);
    assert_int_equal(holder, first);
    end(first);
}

static void root_keeps_everybody_away(void **state)
{
    pid_t holder = 0, child;
    int fd, status;

    (void)state;
    need_root();
    assert_int_equal(machine_name_take(name, NO_GROUP, &fd, &holder), 0);
    child = fork();
    if (child == 0) {
        int other, r = setuid(STRANGER);

        r = r < 0 ? r : machine_name_take(name, NO_GROUP, &other, &holder);
        _exit(r == -EBUSY && holder == getppid() ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_second_learns_by_whom_it_is_held_until_he_is_gone, set_up),
        cmocka_unit_test_setup(long_names_are_told_apart_by_their_ends, set_up),
        cmocka_unit_test_setup(a_name_that_nobody_listens_at_is_none_of_ours, set_up),
        cmocka_unit_test_setup(a_stranger_keeps_nobody_away_and_is_named, set_up),
        cmocka_unit_test_setup(a_member_of_the_group_keeps_others_away, set_up),
        cmocka_unit_test_setup(root_keeps_everybody_away, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
