#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The harness itself, without a coordinator: guests boot, obey, load, and die where nobody helps.
# What follows in the other tests is worth something only because this guest is killed here.
. "$(dirname "$0")/lib.sh"

vm_up
vm_start idle 384 1024
vm_start small 250 768 base=10MB
vm_wait_ready idle small
vm_sample_start
sleep 5
now=$(vm_now)
used=$((($(csv_last idle balloon_kib 0 "$now") - $(csv_last idle unused_kib 0 "$now")) / 1024))
echo "# an idle guest uses $used MiB"
ok "an idle guest uses about 150 MiB" [ $used -ge 125 -a $used -le 175 ]
is "$(csv_last idle balloon_kib 0 "$now")" $((384 * 1024)) "the samples show its balloon"

vm_set idle $((300 * 1024))
ok "a guest follows its balloon" vm_until 20 vm_is_at idle $((300 * 1024))

vm_load small 'ramp 40MB/s to 400MB'
vm_until 60 grep -q '^LOAD killed' "$vm_dir/guests/small.console"
ok "a guest of 250 MiB that grows to 400 MB is killed if nobody helps" \
    [ "$(vm_oom_kills small)" -ge 1 ]
is "$(vm_oom_kills idle)" 0 "another is not"

vm_load idle 'ramp 40MiB/s to full; hold 1s; free'
vm_wait_mark idle full 60 && pass "a load ends where there is nothing left to take"
vm_wait_mark idle free 20
is "$(vm_oom_kills idle)" 0 "... and is not killed for it"
done_testing
