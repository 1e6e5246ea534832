#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A policy takes the process's files away, or their contents.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/bad_policy.sh"

bad closes 'for (int i = 0; i < 64; i++) close(i);'
harmless closes "all files closed" '(exited with status 1|closed its connection)'
on_driver closes "all files closed" '(exited with status 1|closed its connection)'
bad sulks 'close(3); for (;;) __asm__ volatile("");'
harmless sulks "the connection closed, and no end" 'closed its connection \(Connection reset by peer\) while it decided'

# The memory that is shared has a size that nobody can change: without the filter the kernel says no itself.
truncates='for (int i = 0; i < 64; i++) ftruncate(i, 0);
    char link[64], name[256]; DIR *d = opendir("/proc/self/map_files"); struct dirent *e;
    while (d && (e = readdir(d))) {
        snprintf(link, sizeof(link), "/proc/self/map_files/%s", e->d_name);
        ssize_t n = readlink(link, name, sizeof(name) - 1);
        if (n > 0 && (name[n] = 0, strstr(name, "memcoord "))) {
            int fd = open(link, O_RDWR);
            if (fd >= 0 && (ftruncate(fd, 0) == 0 || ftruncate(fd, 1 << 28) == 0))
                memcoord_log(plan, 4, "cut");
            memcoord_log(plan, 4, "tried %s", fd >= 0 ? "it" : strerror(errno));
        }
    }'
bad truncates "$truncates" '#include <dirent.h>'
harmless truncates "the shared memory cut short" 'made a system call that its sandbox forbids while it decided'
on_sim truncates 'sandbox = off'
is "$status $(ticks_of "$out")" "0 $ticks" "without a sandbox: no tick is lost"
if [ "$(id -u)" -eq 0 ]; then
    like "$out" '^policy truncates: tried it$' "without a sandbox: it has tried"
fi
unlike "$out" '^policy truncates: (cut|its process)' "without a sandbox: the size is sealed"
done_testing
