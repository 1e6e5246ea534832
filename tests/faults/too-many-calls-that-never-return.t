#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# QEMUs are stopped one after the other: the others are coordinated all the time, until so many calls hang
# that the daemon ends, for its supervisor to start another. That one coordinates all that go on.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/played.sh"

play_begin
for i in 1 2 3 4 5 6 7 8 9 10 11; do play "add web$i 300"; done
daemon 'on_exit = restore'
ok "the daemon runs" wait_for 20 said '^11 domains, host: '
is_helped web11 500 "a guest gets what it needs"
for i in 1 2 3 4 5 6 7; do
    play "stop web$i"
    ok "web$i is stopped, which is said" wait_for 20 said "^web$i: is not managed: its QEMU does not answer"
done
is_helped web11 550 "seven are stopped: another gets what it needs"
is_helped web10 600 "... and another"
play 'stop web8'
ok "the eighth is stopped, which is said" wait_for 20 said '^web8: is not managed: its QEMU does not answer'
is_helped web11 620 "another still gets what it needs"
wait_for 40 eval '! lives' || kill -KILL "$pid"
wait "$pid"
is $? 1 "none comes back: the daemon ends with status 1"
pid=
like "$(tail -n 1 err)" '8 calls to libvirt hang, for 10000 ms and longer; balloons stay as they are, and this process ends' \
    "and says why, as its last line"
n=$(wc -l <sets)
sleep 1
is "$(wc -l <sets)" "$n" "nothing is changed any more"

daemon
ok "another daemon begins" wait_for 20 said '^11 domains, host: '
is_helped web11 700 "it gives others what they need, while eight are stopped"
is_helped web9 700 "... and others"
play 'stop web9'
ok "one more is stopped, which is said" wait_for 20 said '^web9: is not managed: its QEMU does not answer'
is_helped web10 750 "... and does not harm the others"
for i in 1 2 3 4 5 6 7 8 9; do play "cont web$i"; done
for i in 1 5 8 9; do
    ok "web$i goes on, which is said" wait_for 30 said "^web$i: is managed again"
    is_helped "web$i" 700 "... and it gets what it needs"
done
ok "the daemon lives" lives
kill -TERM "$pid"
wait "$pid"
is $? 0 "it ends well"
pid=
within_bounds
done_testing
