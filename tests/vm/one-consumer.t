#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# One guest takes all it can get, three idle: under each policy it gets its maximum, paid for by the
# idle ones, and gives it back when its program ends.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/scenario.sh"

one_consumer() {
    local full freed
    scene_begin "$1"
    full=$(vm_marks web1 full)
    freed=$(vm_marks web1 free)
    vm_load web1 "ramp ${rate_mib}MiB/s to full; hold 3s; free"
    vm_wait_mark web1 full $((2 * ramp_s + 60)) $((full + 1))
    vm_wait_mark web1 free 30 $((freed + 1))
    freed_at=$(vm_now)
    wait_reclaimed web1
    scene_end
    reached_maximum web1 "$scene_from" "$freed_at"
    was_reclaimed web1 "$freed_at" "$scene_to"
    stayed_idle web2 web3 web4
    all_was_safe
}

stage_open
for p in ${POLICIES:-threshold proportional fair-share}; do
    stage_set
    one_consumer "$p"
done
done_testing
