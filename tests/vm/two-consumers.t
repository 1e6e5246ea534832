#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Two guests grow at once, two idle. One stops and frees what it took; that is reclaimed while the
# other still grows, to its maximum.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/scenario.sh"

stop_mib=$start_mib # held by the one that stops; with its kernel more than it began with

two_consumers() {
    local full ended freed top_kib at
    scene_begin "$1"
    full=$(vm_marks web1 full)
    ended=$(vm_marks web1 free)
    freed=$(vm_marks web2 free)
    vm_load web1 "ramp ${rate_mib}MiB/s to full; hold 3s; free"
    vm_load web2 "ramp ${rate_mib}MiB/s to ${stop_mib}MiB; hold 2s; free"
    vm_wait_mark web2 free $((2 * ramp_s + 60)) $((freed + 1))
    freed_at=$(vm_now)
    vm_wait_mark web1 full $((2 * ramp_s + 60)) $((full + 1))
    vm_wait_mark web1 free 30 $((ended + 1))
    ended_at=$(vm_now)
    wait_reclaimed web2
    scene_end
    top_kib=$(csv_max web2 balloon_kib "$scene_from" "$freed_at")
    ok "$policy: web2 got what it held: $(mib "$top_kib") MiB" \
        [ "$top_kib" -gt $(((stop_mib + 50) * 1024)) ]
    was_reclaimed web2 "$freed_at" "$scene_to"
    reached_maximum web1 "$scene_from" "$ended_at"
    at=$(csv_when web1 "$freed_at" 'get("balloon_kib") == '$((max_mib * 1024)))
    ok "$policy: web2 was reclaimed while web1 still grew" \
        [ "$(csv_last web2 balloon_kib 0 "${at:-0}")" -lt $((top_kib * 9 / 10)) ]
    stayed_idle web3 web4
    all_was_safe
}

stage_open
for p in ${POLICIES:-threshold proportional fair-share}; do
    stage_set
    two_consumers "$p"
done
done_testing
