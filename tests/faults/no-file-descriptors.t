#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# All file descriptors that the daemon may have are used up: it coordinates on, and what needs another one (a
# connection, a recording) waits until there is one again.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/played.sh"

# The first number that is free is the first that it may not have.
use_up() {
    local n=0
    while [ -e "/proc/$pid/fd/$n" ]; do n=$((n + 1)); done
    prlimit --pid "$pid" --nofile="$n:"
}

play_begin
for i in 1 2 3; do play "add web$i 300"; done
daemon
ok "the daemon runs" wait_for 20 said '^3 domains, host: '
is_helped web1 500 "a guest gets what it needs"
play 'use web1 300'
ok "... and gives back" wait_for 30 has web1 -lt 550
use_up
ok "no file can be opened: a guest gets what it needs" is_given web1 600
ok "... and another" is_given web2 600
play 'add web4 300'
ok "a guest that comes then is seen" wait_for 20 said '^web4: runs'
ok "... and gets what it needs" is_given web4 600
play 'stop web3' # which needs another connection
sleep 2
ok "a QEMU is stopped as well: the daemon lives" lives
prlimit --pid "$pid" --nofile=1024:
ok "there are file descriptors again: others get what they need" is_given web1 800
play 'cont web3'
ok "... and the one, too, when it goes on" is_given web3 600
kill -TERM "$pid"
wait "$pid"
is $? 0 "it ends well"
pid=
within_bounds
done_testing
