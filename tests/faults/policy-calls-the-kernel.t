#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A policy tries what computing does not need.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/bad_policy.sh"
forbidden='made a system call that its sandbox forbids while it decided'

i=0
tries() { # WHAT CODE [BEFORE]
    bad "call$((++i))" "$2" "${3:-}"
    on_sim "call$i"
    like "$out" "^policy call$i: its process $forbidden, failure 3 in a row: quarantined" "$1"
    is "$status $(ticks_of "$out")" "0 $ticks" "$1: no tick is lost"
}
tries "fork()" 'fork();'
tries "vfork()" 'if (vfork() == 0) _exit(0);'
tries "a thread" 'pthread_t t; pthread_create(&t, NULL, (void *)abort, NULL);' '#include <pthread.h>'
tries "exec" 'char *const a[] = { "/bin/true", NULL }; execv(a[0], a);'
tries "system()" 'system("true");'
tries "a file that is written" 'open("/tmp/memcoord-bad", O_WRONLY | O_CREAT, 0600);'
tries "a file that is made anew" 'fopen("/tmp/memcoord-bad", "w");'
tries "a file that is removed" 'unlink("/tmp/memcoord-bad");'
tries "a socket" 'socket(AF_UNIX, SOCK_STREAM, 0);'
tries "a network" 'socket(AF_INET, SOCK_STREAM, 0);'
tries "a signal to its parent" 'kill(getppid(), SIGKILL);'
tries "a signal to all" 'kill(-1, SIGKILL);'
tries "looking into its parent" 'ptrace(PTRACE_ATTACH, getppid(), 0, 0);' '#include <sys/ptrace.h>'
tries "a file in memory" 'memfd_create("x", 0);'
is "$(ls /tmp/memcoord-bad 2>&1 | grep -c '^/tmp')" 0 "nothing was written"
if [[ -z ${SANITIZE:-} ]]; then # which need these themselves
    tries "waiting" 'sleep(1);'
    tries "reading what it was given" 'char c; read(4, &c, 1);'
    tries "other limits" 'struct rlimit l = { -1, -1 }; setrlimit(RLIMIT_AS, &l);' '#include <sys/resource.h>'
    tries "a file that is read" 'open("/etc/passwd", O_RDONLY);'
fi

# While it is loaded it may read its own file, as the linker does, and nothing else.
begin() { # NAME WHAT CODE
    bad "$1" '' "__attribute__((constructor)) static void begin(void) { $3 }"
    config "$1" "sim:$tmp/scenario.ini" 10s
    out=$("$memcoord" -c "$tmp/$1.ini" 2>&1)
    is $? 2 "while it is loaded, $2: the daemon does not begin"
    like "$out" 'made a system call that its sandbox forbids while it was loaded' "while it is loaded, $2"
}
begin begin1 "a process" 'system("true");'
begin begin2 "a file" 'fopen("/tmp/memcoord-bad", "w");'
begin begin3 "a socket" 'socket(AF_INET, SOCK_STREAM, 0);'
[[ -n ${SANITIZE:-} ]] || begin begin5 "a link that is read" 'char c[99]; readlink("/etc/mtab", c, 99);'
# sanitizers need prctl() at any time
[[ -n ${SANITIZE:-} ]] || begin begin4 "outliving memcoord" 'prctl(PR_SET_PDEATHSIG, 0); for (;;);'

# What computing needs is there.
bad computes 'static int n[5000];
    double x = 1; for (int i = 0; i < 5000; i++) { n[i] = (i * 7919) % 5003; x = x * 1.0001; }
    qsort(n, 5000, sizeof(n[0]), by_size);
    char *p = malloc(1 << 22); memset(p, 1, 1 << 22); p = realloc(p, 1 << 23); free(p);
    struct timespec t; clock_gettime(CLOCK_REALTIME, &t); (void)time(NULL);
    printf("%f %ld\n", x, (long)t.tv_sec); fflush(stdout); fprintf(stderr, "x\n");
    char text[99]; snprintf(text, 99, "%.3f %s", x, strerror(EIO));
    memcoord_log(plan, 4, "sum %s %d", text, n[0]);' '#include <time.h>
static int by_size(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }'
on_sim computes
like "$out" '^policy computes: sum 1\.649 Input/output error 0$' "what computing needs is there"
unlike "$out" 'its process' "what computing needs is no failure"
# what a sanitizer says is on standard error
[[ ${SANITIZE:-} =~ address|thread ]] || unlike "$out" '^x$|1\.64.* 1[0-9]{9}' "what it prints goes nowhere"
done_testing
