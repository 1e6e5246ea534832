#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# There is no room for the recording: the coordination goes on, it is said once, and when there is room again
# the recording goes on, too.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/recorded.sh"

# full FILE WHY: the daemon that records into FILE finds no room, and then `make_room` makes some
full() {
    local n
    ok "it is said" wait_for 30 said "$2; the recording waits, and what there is no room for is lost\$"
    n=$(ticks)
    ok "ticks go on" wait_for 20 ticked $((n + 30))
    is "$(grep -c 'recording waits' err)" 1 "it was said once"
    make_room
    ok "that it is over is said" wait_for 20 said '^the recording can be written again: 0 ticks were lost$'
    n=$(ticks)
    ok "it goes on" wait_for 30 recorded "$1" $((n + 1))
    kill -INT $pid
    wait $pid
    is $? 0 "the daemon ends well"
    whole "$1" "$(ticks)" "every tick is there"
}

# ---- files that must not grow beyond a limit: what needs no right

make_room() { prlimit --pid $pid --fsize=unlimited:unlimited; }
ulimit -S -f 150
daemon r.db
ulimit -S -f unlimited
full r.db '^r\.db: (Input/output error|File too large|the disk is full)'

# ---- a disk

mkdir disk
if mount -t tmpfs -o size=300k none disk 2>mount.err; then
    trap 'umount disk; tap_cleanup' EXIT
    make_room() { rm disk/filler; }
    dd if=/dev/zero of=disk/filler bs=1k count=100 status=none
    daemon disk/r.db
    ok "the daemon runs" wait_for 20 ticked 1
    mount -o remount,size=4m disk
    dd if=/dev/zero bs=1k status=none of=disk/filler 2>/dev/null
    full disk/r.db '^disk/r\.db: the disk is full'
else
    echo "ok $((++tap_n)) - a full disk # SKIP no file system can be mounted here: $(head -n 1 mount.err)"
fi
done_testing
