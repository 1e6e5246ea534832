#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The configuration is read again while somebody else keeps the recording locked: ticks go on, nothing is lost, and
# each run is in the file when the lock is gone.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/recorded.sh"

# reload N WEIGHT: the settings are others; N reloads have been done then
reloads() { [ "$(grep -c '^reload: done' err)" -ge "$1" ]; }
reload() {
    sed -i '/^\[domain/,$d' x.ini
    printf '[domain d1]\nweight = %d\n' "$2" >> x.ini
    kill -HUP $pid
    ok "reload $1 is done" wait_for 20 reloads "$1"
}

daemon r.db
ok "the daemon runs" wait_for 20 recorded r.db 1
mkfifo hold
"$recording" lock r.db <hold >locked &
locker=$!
exec 3>hold
ok "another process has the file" wait_for 20 grep -q locked locked
reload 1 200
n=$(ticks)
ok "ticks go on" wait_for 20 ticked $((n + 5))
reload 2 300
n=$(ticks)
ok "and on" wait_for 20 ticked $((n + 15))
ok "the lock is seen" wait_for 20 said '^r\.db: another process keeps it locked; the recording waits'
exec 3>&-
wait $locker
ok "and that it is over" wait_for 20 said '^the recording can be written again: 0 ticks were lost$'
kill -INT $pid
wait $pid
is $? 0 "the daemon ends well"
is "$(grep 'not recorded' err)" "" "all is recorded"

rows() { python3 -c '
import sqlite3, sys
for row in sqlite3.connect("r.db").execute(sys.argv[1]):
    print(*row)' "$1"; }
is "$(rows 'SELECT count(DISTINCT run), min(tick), max(tick), count(*) FROM host_sample')" \
    "3 1 $(ticks) $(ticks)" "three runs with each tick once"
is "$(rows 'SELECT settings FROM run ORDER BY id' | sed -n 's/^weight = //p' | tr '\n' ' ')" "200 300 " \
    "each with its settings"
gap=$(rows 'SELECT now_ms FROM host_sample ORDER BY tick' |
    awk 'NR > 1 && $1 - at > gap { gap = $1 - at } { at = $1 } END { print gap }')
ok "no tick waited: at most $gap ms between two" [ "$gap" -lt 1000 ]
done_testing
