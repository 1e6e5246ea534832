#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The daemon is killed: what it had written can be read, and the next one goes on in the same file.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/recorded.sh"

daemon r.db
ok "something is written while it runs" wait_for 30 recorded r.db 1
kill -KILL $pid
wait $pid 2>/dev/null
out=$("$recording" show r.db)
is $? 0 "after it was killed that can be read"
n=$(printf '%s\n' "$out" | sed -n 's/.*: \([0-9]*\) ticks.*/\1/p')
whole r.db "$n" "ticks are there from the first on, each one whole"

daemon r.db
ok "another daemon begins a run in the same file" wait_for 30 ticked 3
kill -INT $pid
wait $pid
is $? 0 "and ends well"
whole r.db "$(ticks)" "with every tick"
is "$("$recording" show r.db | head -n 1)" "$out" "what was there before is still there"
is "$(ls r.db*)" "r.db" "in one file"
done_testing
