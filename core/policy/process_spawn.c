/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/process_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "policy/child.h"

/* What comes with this one is moved out of the way of CHILD_SOCKET and CHILD_OBJECT. */
#define FIRST_FREE 16

extern char **environ;

static bool is_kept(const char *variable)
{
    static const char *const kept[] = { "LD_LIBRARY_PATH=", "ASAN_OPTIONS=", "TSAN_OPTIONS=",
                                        "UBSAN_OPTIONS=" };

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        if (strncmp(variable, kept[i], strlen(kept[i])) == 0)
            return true;
    return false;
}

static void pick_environment(char *kept[], size_t max)
{
    size_t n = 0;

    for (char **at = environ; at && *at && n + 1 < max; at++)
        if (is_kept(*at))
            kept[n++] = *at;
    kept[n] = NULL;
}

static int set_files(posix_spawn_file_actions_t *files, int socket, int object)
{
    int r = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDWR, 0);

    if (!r)
        r = posix_spawn_file_actions_adddup2(files, STDIN_FILENO, STDOUT_FILENO);
    if (!r && !CHILD_IS_SANITIZED) /* what a sanitizer finds must be seen */
        r = posix_spawn_file_actions_adddup2(files, STDIN_FILENO, STDERR_FILENO);
    if (!r)
        r = posix_spawn_file_actions_adddup2(files, socket, CHILD_SOCKET);
    if (!r)
        r = posix_spawn_file_actions_adddup2(files, object, CHILD_OBJECT);
    return r ? r : posix_spawn_file_actions_addclosefrom_np(files, CHILD_OBJECT + 1);
}

static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    int r;

    sigemptyset(&none);
    sigfillset(&all);
    r = posix_spawnattr_setsigmask(attributes, &none);
    if (!r)
        r = posix_spawnattr_setsigdefault(attributes, &all);
    /* A session of its own: Ctrl-C at the terminal is not for it. */
    return r ? r
             : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                        POSIX_SPAWN_SETSID);
}

/* This very program: /proc/self/exe, also when its file has been replaced. Under valgrind that is valgrind, and only
 * its name is ours. */
static const char *this_program(char path[PATH_MAX])
{
    static const char self[] = "/proc/self/exe", gone[] = " (deleted)";
    ssize_t n = readlink(self, path, PATH_MAX - 1);

    if (n <= 0)
        return self;
    path[n] = '\0';
    if ((size_t)n > strlen(gone) && strcmp(path + n - strlen(gone), gone) == 0)
        return self;
    return access(path, X_OK) == 0 ? path : self;
}

static int spawn(const char *executable, int socket, int object, pid_t *pid)
{
    static char name[] = "memcoord", argument[] = CHILD_ARGUMENT;
    char *const argv[] = { name, argument, NULL };
    char *environment[8], path[PATH_MAX];
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int r = posix_spawn_file_actions_init(&files);

    if (r)
        return -r;
    r = posix_spawnattr_init(&attributes);
    if (!r) {
        pick_environment(environment, sizeof(environment) / sizeof(environment[0]));
        r = set_files(&files, socket, object);
        if (!r)
            r = set_attributes(&attributes);
        if (!r)
            r = posix_spawn(pid, executable ? executable : this_program(path), &files, &attributes,
                            argv, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return -r;
}

int process_spawn(const char *executable, int socket, int object, pid_t *pid)
{
    int high_socket = fcntl(socket, F_DUPFD_CLOEXEC, FIRST_FREE);
    int high_object = fcntl(object, F_DUPFD_CLOEXEC, FIRST_FREE);
    int r = high_socket < 0 || high_object < 0 ? -errno : 0;

    if (r == 0)
        r = spawn(executable, high_socket, high_object, pid);
    if (high_socket >= 0)
        close(high_socket);
    if (high_object >= 0)
        close(high_object);
    return r;
}
