#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Somebody else keeps the recording locked: the coordination goes on, it is said once, and nothing is lost
# that there was room for.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/recorded.sh"

daemon r.db
ok "the daemon runs" wait_for 20 ticked 1
mkfifo hold
"$recording" lock r.db <hold >locked &
locker=$!
exec 3>hold
ok "another process has the file" wait_for 20 grep -q locked locked
ok "which is said" wait_for 20 said '^r\.db: another process keeps it locked; the recording waits'
n=$(ticks)
ok "ticks go on" wait_for 20 ticked $((n + 30))
like "$("$recording" show r.db 2>&1)" '0 ticks' "while nothing can be written"
exec 3>&-
wait $locker
ok "and that it is over" wait_for 20 said '^the recording can be written again: 0 ticks were lost$'
kill -INT $pid
wait $pid
is $? 0 "the daemon ends well"
is "$(grep -c 'keeps it locked' err)" 1 "it was said once"
whole r.db "$(ticks)" "every tick is there"
done_testing
