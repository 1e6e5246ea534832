#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A policy does not answer.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/bad_policy.sh"

bad spins 'for (;;) __asm__ volatile("");'
harmless spins "an endless loop" 'gave no answer within 1000 ms while it decided' 'deadline = 1s'
on_driver spins "an endless loop" 'gave no answer within 500 ms while it (decided|was loaded)' 'deadline = 500ms'

# Nothing is left behind.
bad one 'if (own->ticks > 1) for (;;) __asm__ volatile("");'
on_sim one 'failures = 1000' 'deadline = 200ms'
survived one "one that hangs at each second tick" 'gave no answer within 200 ms'
unlike "$out" quarantined "one that hangs at each second tick is not quarantined"
left=$(printf '%s\n' "$out" | sed -n 's/^policy one runs in process \([0-9]*\),.*/\1/p' |
    while read -r pid; do [ -e "/proc/$pid" ] && echo "$pid"; done)
is "$left" "" "one that hangs at each second tick: none of its processes is left"

# ---- a signal while it hangs

config spins test:///default 4s
# its process is $child
begin() {
    : > "$tmp/err"
    "$memcoord" -c "$tmp/spins.ini" 2> "$tmp/err" &
    pid=$!
    child=
    for ((i = 0; i < 400 && ${#child} == 0; i++)); do
        sleep 0.05
        child=$(sed -n 's/^policy spins runs in process \([0-9]*\),.*/\1/p' "$tmp/err")
    done
}
begin
kill -TERM $pid
wait $pid
is $? 0 "SIGTERM while it hangs: the daemon ends when the deadline is over, as ever"
like "$(cat "$tmp/err")" 'gave no answer within 2000 ms' "half the interval is the longest deadline"

config spins test:///default 10s 'deadline = 5s'
like "$("$memcoord" -c "$tmp/spins.ini" --ticks 1 2 2>&1)" 'gave no answer within 1000 ms' \
    "half of that which counts: an interval on the command line wins over the file's"
config spins test:///default 4s

# ---- the daemon dies while it hangs

begin
kill -KILL $pid
wait $pid 2>/dev/null
for ((i = 0; i < 100; i++)); do
    [ -e "/proc/$child/exe" ] || break
    sleep 0.05
done
ok "SIGKILL of the daemon: the policy's process dies with it" [ ! -e "/proc/$child/exe" ]

# ---- before it decides

bad waits '' '__attribute__((constructor)) static void begin(void) { for (;;) __asm__ volatile(""); }'
config waits "sim:$tmp/scenario.ini" 10s
"$memcoord" -c "$tmp/waits.ini" 2> "$tmp/err" &
pid=$!
limit=
for ((i = 0; i < 400 && ${#limit} == 0; i++)); do
    sleep 0.05
    for child in $(ps -o pid= --ppid "$pid"); do
        limit=$(sed -n 's/^Max cpu time  *\([0-9]*\) .*/\1/p' "/proc/$child/limits" 2> /dev/null)
    done
done
wait $pid
is $? 2 "one that hangs while it is loaded: the daemon does not begin"
like "$(cat "$tmp/err")" "waits.so: its process gave no answer within 5000 ms while it was loaded" "it says why"
is "$limit" 7 "its processor time had a limit: should nobody have ended it, the kernel would have"
done_testing
