#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A guest whose kernel does not get to its balloon for a while: a load of real-time priority takes its only
# processor, so that neither the balloon nor the statistics move. Another guest grows at the same moment, and the
# limit has room for it only where the first one gives.
. "$(dirname "$0")/lib.sh"

limit_kib=$((1100 * 1024))

# ticks_between FROM TO: how many rounds the daemon had before the first line like TO, since the last one like
# FROM
ticks_between() {
    coord_lines | awk -v from="$1" -v to="$2" '
        $0 ~ from { n = 0 }
        /domains, host:/ { n++ }
        $0 ~ to { print n; exit }'
}

# most_held: the most that the guests had in all at any moment, KiB
most_held() {
    awk -F, 'NR > 1 { sum[$1] += $4 } END { for (t in sum) if (sum[t] > most) most = sum[t]
        print most + 0 }' "$vm_csv"
}

larger_than() { [ "$(vm_balloon "$1")" -gt "$2" ]; }

vm_up
vm_start gives 700 1024
vm_start grows 384 1024
vm_wait_ready gives grows || done_testing
# All is handed out at first, so that nothing is wanted of the one when it stops. Its statistics grow old with
# its balloon: here that is no reason to leave it alone.
coord_conf "$tmp/coord.ini" <<INI
[memcoord]
uri = to be set
interval = 1s
policy = proportional
[host]
limit = $((limit_kib / 1024))MiB
[guard]
stale_after = 10min
rescue_keep = 0
[domain *]
min = 192MiB
[policy proportional]
surplus = share
INI
vm_sample_start
coord_start "$tmp/coord.ini"
sleep 25 # steps of 50 MiB or so, of two or three seconds each
had_kib=$(vm_balloon gives)

vm_load gives 'hang 45s; hold 1s'
vm_wait_mark gives hang 20
vm_load grows 'ramp 15MiB/s to full; hold 90s; free'
ok "a balloon that does not follow is noticed" vm_until 40 coord_said '^gives: stays at .* its balloon is stuck'
n=$(ticks_between '^gives: [0-9]+ -> ' '^gives: stays at .* stuck')
ok "... 5 to 8 rounds after it was asked: $n" [ "$n" -ge 5 ] && [ "$n" -le 8 ]
held_kib=$(vm_balloon gives)
ok "... tried with a little" vm_until 20 coord_said '^gives: .* \(a try: its balloon does not move\)'
ok "... and reported" vm_until 30 coord_said '^gives: is uncooperative: its balloon has not moved for 2[0-9] s'
is "$(vm_balloon gives)" "$held_kib" "... and it has not moved so far"
most_kib=$(vm_balloon grows)
ok "the other got no memory that it did not give: $((most_kib / 1024)) and $((held_kib / 1024)) MiB" \
    [ $((most_kib + held_kib)) -le $limit_kib ]

vm_wait_mark gives hold 60
ok "when it runs again its balloon moves" vm_until 30 coord_said '^gives: its balloon moves again'
ok "... it gives what is wanted" vm_until 30 larger_than grows $((most_kib + 64 * 1024))
ok "... to the other, which was in need of it" [ "$(vm_balloon gives)" -lt $((held_kib - 32 * 1024)) ]
is "$(most_held | awk -v most=$limit_kib '{ print ($1 <= most) }')" 1 \
    "at no moment they had more than the limit in all: $(($(most_held) / 1024)) MiB"
is "$(vm_oom_kills grows)$(vm_oom_kills gives)" 00 "nobody was killed"
echo "# gives had $((had_kib / 1024)) MiB before, $((held_kib / 1024)) while it stood," \
    "$(($(vm_balloon gives) / 1024)) now"
ok "the daemon lives on" coord_lives
coord_stop
is $? 0 "... and ends with status 0"
done_testing
