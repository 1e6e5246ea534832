#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A policy logs without end.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/bad_policy.sh"

lines() { printf '%s\n' "$out" | grep -c "^policy $1: "; }

bad logs 'for (int i = 0; i < 100000; i++) memcoord_log(plan, 4, "line %d", i);'
on_sim logs
is "$status $(ticks_of "$out")" "0 $ticks" "100000 lines a tick: no tick is lost"
like "$out" '^policy logs: line 0$' "100000 lines a tick: the first"

# As in process: what was held back is counted. A minute later there are six more ticks.
for isolate in no yes; do
    on_sim logs "isolate = $isolate"
    like "$out" '^policy logs: line 0 \(599999 more like this since\)$' \
        "isolate = $isolate: a minute later it is said how many"
    is "$(lines logs)" 5 "isolate = $isolate: five minutes, five lines"
done

bad formats 'static char f[1000][16]; for (int i = 0; i < 1000; i++) {
    snprintf(f[i], 16, "format %d", i); memcoord_log(plan, 4, f[i]); }'
on_sim formats
is "$status $(ticks_of "$out") $(lines formats)" "0 $ticks 80" "1000 formats: 16 are known, for five minutes"

bad never 'for (;;) memcoord_log(plan, 3, "again");'
harmless never "lines without end" 'gave no answer within 1000 ms' 'deadline = 1s'
on_driver never "lines without end" 'gave no answer within 500 ms' 'deadline = 500ms'

bad dirty 'memcoord_log(plan, 4, "a\n<3>b\033[2J\001%s", "\377");'
on_sim dirty
like "$out" '^policy dirty: a <3>b \[2J \?$' "no control character of it is written"
bad longer 'char x[5000]; memset(x, 120, 4999); x[4999] = 0; memcoord_log(plan, 4, "%s", x);
    return memcoord_fail(plan, EIO, "%s", x);'
on_sim longer
ok "a line has an end" test "$(printf '%s\n' "$out" | awk '{ if (length > n) n = length } END { print n }')" -lt 400
bad debug 'memcoord_log(plan, 7, "fine");'
on_sim debug
unlike "$out" 'fine' "debug lines are for -v"
out=$("$memcoord" -c "$tmp/debug.ini" -v --speed 100000 2>&1)
like "$out" '^policy debug: fine$' "and are there with it"
done_testing
