#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# How fast a need is met: a guest of 250 MiB (at most 768) that holds 10 MB grows to 400 MB at 40 MB/s
# and survives with the defaults of conf/coord.ini. Without a coordinator it is killed after some
# three seconds (harness.t); oVirt's MoM loses it at the same interval of one second.
. "$(dirname "$0")/lib.sh"

guests='run1 run2 run3 run4 run5'
RANDOM=${VM_SEED:-20}

# run NAME PHASE_MS: the load, begun at that phase; sets from, seconds, rate
run() {
    sleep "$(printf '0.%03d' "$2")"
    from=$(vm_now)
    vm_load "$1" 'ramp 40MB/s to 400MB; hold 3s'
    vm_until 60 grep -q '^LOAD .* hold\|^LOAD killed' "$vm_dir/guests/$1.console"
    sleep 3
    read -r seconds rate < <(vm_console "$1" | awk '/^LOAD .* ramp / && !a { a = $2; m = $4 }
        /^LOAD .* survived / { s = $2 - a; printf "%.1f %d\n", s, ($4 - m) * 1.048576 / s }')
}

# was_slow NAME: whether it survived a slower load than was asked for, which proves nothing: TCG got
# too little of this machine
was_slow() { [ "$(vm_marks "$1" survived)" = 1 ] && [ "${rate:-0}" -lt 36 ]; }

# again NAME: the same guest from the beginning, and it comes to its start without a daemon
again() {
    coord_stop
    vm_virsh destroy "$1" >/dev/null
    vm_start "$1" 250 768 base=10MB
    vm_wait_ready "$1" || return 1
    coord_start "$tmp/coord.ini"
    sleep 5
}

# What can be said of one guest when its load is over.
judge() {
    local name=$1 phase_ms=$2
    is "$(vm_oom_kills "$name")" 0 "$name, phase $phase_ms ms: is not killed"
    is "$(vm_marks "$name" survived)" 1 "$name, phase $phase_ms ms: holds 400 MB"
    ok "$name, phase $phase_ms ms: ... and got there at 40 MB/s or nearly: ${rate:-0}" \
        [ "${rate:-0}" -ge 36 ]
    echo "# $name: phase $phase_ms ms, ${seconds:-?} s, least usable" \
        "$(($(csv_min "$name" usable_kib "$from" 99999) / 1024)) MiB, least unused" \
        "$(($(csv_min "$name" unused_kib "$from" 99999) / 1024)) MiB, balloon at most" \
        "$(($(csv_max "$name" balloon_kib "$from" 99999) / 1024)) MiB"
}

vm_up
for name in $guests; do vm_start "$name" 250 768 base=10MB; done
vm_wait_ready $guests || done_testing
coord_conf "$tmp/coord.ini" <"$top/conf/coord.ini"
vm_sample_start
coord_start "$tmp/coord.ini"
sleep 5
n=0
for name in $guests; do
    # One phase in each fifth of the interval; what it is relative to the ticks is chance.
    phase_ms=$((n * 200 + RANDOM % 200))
    n=$((n + 1))
    run "$name" $phase_ms
    for attempt in 2 3 4; do
        was_slow "$name" || break
        echo "# $name got ${rate:-0} MB/s only: does not count, attempt $attempt"
        again "$name" && run "$name" $phase_ms
    done
    judge "$name" $phase_ms
done
ok "the daemon lives on" coord_lives
coord_stop
is $? 0 "... and ends with status 0"
done_testing
