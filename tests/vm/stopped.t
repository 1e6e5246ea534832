#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A QEMU is stopped (SIGSTOP) in the midst of coordination: calls that enter it never return. The others are
# coordinated as before; so they are by a daemon that starts then; and it is taken back when it goes on.
. "$(dirname "$0")/lib.sh"
mib=1024
interval_ms=1000

conf() {
    coord_conf "$tmp/coord.ini" <<INI
[memcoord]
uri = to be set
interval = ${interval_ms}ms
policy = threshold
[domain *]
min = 192MiB
[policy threshold]
low = 80MiB
high = 120MiB
grow = 40MiB
[record]
file = $tmp/stopped.db
INI
}

# asked SQL: of the recording, whose last rows are a few seconds old while it is written
asked() { sqlite3 "$tmp/stopped.db" "$1"; }

# qemu NAME: its process id
qemu() {
    local pid
    for pid in $(vm_qemu_pids); do
        tr '\0' '\n' <"/proc/$pid/cmdline" | grep -q "^guest=$1," && echo "$pid"
    done
}

smaller_than() { [ "$(vm_balloon "$1")" -lt "$2" ]; }

# grows NAME... : their loads run at once, and each guest lives through its own
grows() {
    local name
    for name; do
        had[$name]=$(vm_marks "$name" survived)
        vm_load "$name" 'ramp 15MiB/s to 300MiB; hold 1s; free'
    done
}
lives() { # lives NAME TEXT
    vm_wait_mark "$1" survived 60 $((had[$1] + 1)) && pass "$2"
}
declare -A had

vm_up
command -v sqlite3 >/dev/null || cannot_run "sqlite3 is missing (make deps-vm)"
for name in web1 web2 web3; do vm_start $name 384 1024; done
vm_wait_ready web1 web2 web3 || done_testing
stopped=$(qemu web1)
conf
coord_start "$tmp/coord.ini"
for name in web1 web2 web3; do vm_until 60 smaller_than $name $((340 * mib)); done

# ---- one stops while all grow
grows web1 web2 web3
sleep 3
kill -STOP "$stopped"
lives web2 "one QEMU is stopped while all three grow: another guest gets what it needs"
lives web3 "... and so does the third"
ok "it is said that the one does not answer" coord_said '^web1: is not managed: its QEMU does not answer'
grows web2
lives web2 "... again, later"
is "$(vm_marks web1 survived)" "${had[web1]}" "the one is still stopped"
kill -CONT "$stopped"
lives web1 "when it goes on it gets what it needs"
ok "... and it is said" coord_said '^web1: is managed again'
ok "... and gives back when it is idle" vm_until 60 smaller_than web1 $((340 * mib))
ok "the daemon lives on" coord_lives

# ---- it stops again, and the daemon is killed meanwhile
kill -STOP "$stopped"
vm_until 20 eval '[ "$(coord_lines | grep -c "^web1: is not managed: its QEMU")" -ge 2 ]'
coord_stop KILL
coord_start "$tmp/coord.ini"
ok "a daemon that starts then sees the others" vm_until 20 coord_said '^web2: runs'
grows web2
lives web2 "... and gives them what they need"
kill -CONT "$stopped"
grows web1
lives web1 "... and the one, too, when it goes on"

for name in web1 web2 web3; do is "$(vm_oom_kills $name)" 0 "$name: nobody was killed"; done
coord_stop
is $? 0 "the daemon ends with status 0"

# ---- what the recording says of both daemons' ticks
gaps='SELECT run, now_ms - lag(now_ms) OVER (PARTITION BY run ORDER BY tick) AS gap_ms FROM host_sample'
echo "# longest pause between two ticks, for each daemon: $(asked \
    "SELECT max(gap_ms) FROM ($gaps) GROUP BY run" | xargs) ms, interval $interval_ms ms"
is "$(asked "SELECT count(*) FROM ($gaps) WHERE gap_ms >= 2 * $interval_ms")" 0 "no tick was lost"
is "$(asked "SELECT count(*) FROM domain_sample s JOIN domain d ON d.id = s.domain
    WHERE d.name != 'web1' AND s.balloon_kib NOT BETWEEN s.min_kib AND s.max_kib")" 0 \
    "the others stayed within their bounds"
done_testing
