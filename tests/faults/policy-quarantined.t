#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A policy that fails too often: it is started anew after longer and longer waits, and then no more.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/bad_policy.sh"
sed -i 's/^duration = .*/duration = 200s/' "$tmp/scenario.ini"
ticks=200

# At which tick each failure was, from 0 on; an answer may take a minute, so that only crashes count.
failures() {
    printf '%s\n' "$out" | awk '/^1 domain, host: / { t++ } /, failure [0-9]+ / { printf "%s%d", sep, t; sep = " " }'
}
run() { # LINE...
    config crashes "sim:$tmp/scenario.ini" 1s "$@"
    sed -i 's/^deadline = .*/deadline = 500ms/' "$tmp/crashes.ini"
    out=$("$memcoord" -c "$tmp/crashes.ini" --speed 100000 2>&1)
    status=$?
}
bad crashes 'abort();'
run
is "$(failures)" "0 1 3" "three failures: a second and two seconds wait"
is "$status $(ticks_of "$out")" "0 $ticks" "no tick is lost"
like "$out" 'failure 3 in a row: quarantined until a reload' "it is said that it is quarantined"
is "$(printf '%s\n' "$out" | grep -c quarantined)" 1 "once, in three minutes"
like "$out" ' 0 loads were killed' "and the guard keeps the guest alive"
run 'failures = 1'
is "$(failures)" 0 "failures = 1: the first is the last"
run 'failures = 9'
is "$(failures)" "0 1 3 7 15 31 63 123 183" "the waits double up to a minute"

# The tick after a good one is a new beginning.
bad fourth 'static int n; if (own->ticks % 4 == 0) abort();'
sed 's/crashes/fourth/' "$tmp/crashes.ini" > "$tmp/fourth.ini"
out=$("$memcoord" -c "$tmp/fourth.ini" --speed 100000 2>&1)
unlike "$out" 'failure 2|quarantined' "what has answered in between has not failed in a row"

# A recording has each tick, and what the guard did.
printf '[record]\nfile = r.db\n' >> "$tmp/crashes.ini"
"$memcoord" -c "$tmp/crashes.ini" --speed 100000 2> /dev/null
like "$("$memcoord" report "$tmp/r.db" --json 2>&1)" '"ticks": *200' "each tick is recorded"

# Without a host: the line says so.
line='{"now_ms":NOW,"domains":[{"name":"a","min_kib":0,"max_kib":1048576,"balloon_kib":400000,"usable_kib":1000}]}'
for now in 1000 1500 2500 4000 9000; do echo "${line/NOW/$now}"; done > "$tmp/lines"
out=$("$memcoord" decide -p "$tmp/crashes.so" --isolate "$tmp/lines" 2> /dev/null)
is "$(printf '%s\n' "$out" | grep -c '"error": *"its process')" 5 "decide --isolate: each line without a plan says why"
like "$out" 'waits for a new one' "decide --isolate: it waits"
done_testing
