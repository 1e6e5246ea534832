#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What happens around the coordination: domains come, go, pause, can't be managed, are changed by
# others; libvirtd dies; a second daemon; the end of the daemon.
. "$(dirname "$0")/lib.sh"
mib=1024

conf() { # conf KEY VALUE: of [memcoord]
    coord_conf "$tmp/coord.ini" <<INI
[memcoord]
uri = to be set
interval = 1s
policy = threshold
$1 = $2
[guard]
hands_off = 15s
[domain *]
min = 192MiB
[policy threshold]
low = 80MiB
high = 120MiB
grow = 40MiB
INI
}

# changed NAME: whether the daemon changed its target since it was started
changed() { coord_said "^$1: [0-9]+ -> [0-9]+ MiB"; }

# n_changes NAME
n_changes() { coord_lines | grep -Ec "^$1: [0-9]+ -> [0-9]+ MiB"; }

smaller_than() { [ "$(vm_balloon "$1")" -lt "$2" ]; }
larger_than() { [ "$(vm_balloon "$1")" -gt "$2" ]; }

# is_helped NAME MIB TEXT: it can grow to hold so much
is_helped() {
    local had
    had=$(vm_marks "$1" survived)
    vm_load "$1" "ramp 15MiB/s to ${2}MiB; hold 1s; free"
    vm_wait_mark "$1" survived 60 $((had + 1)) && pass "$3"
    vm_wait_mark "$1" free 10 "$(($(vm_marks "$1" free) + 1))"
}

vm_up
vm_start web1 384 1024
vm_start plain 256 512 model=none
vm_start mute 256 512 driver=no
vm_wait_ready web1 plain mute || done_testing
vm_sample_start
conf on_exit hold
coord_start "$tmp/coord.ini"

ok "an idle guest gives memory back" vm_until 20 smaller_than web1 $((340 * mib))
ok "a domain without a balloon is not managed, and that is said" \
    coord_said '^plain: is not managed: .*balloon'

# ---- a domain comes
vm_start web2 384 1024 load='ramp 15MiB/s to 320MiB; hold 2s; free'
ok "a domain that starts is seen within two intervals" vm_until 2 coord_said '^web2: runs'
vm_wait_mark web2 survived 90 &&
    pass "... and gets what it needs although it has just booted"
is "$(vm_oom_kills web2)" 0 "... so that it is not killed"
ok "... and gives back when it is idle" vm_until 60 smaller_than web2 $((340 * mib))

# ---- one pauses
vm_virsh suspend web1 >/dev/null
sleep 2 # what was asked before
before=$(n_changes web1)
is_helped web2 300 "while one domain is paused, another gets what it needs"
is "$(n_changes web1)" "$before" "... and the paused one is left alone"
vm_virsh resume web1 >/dev/null
is_helped web1 300 "one that was resumed gets what it needs"

# ---- somebody else changes a balloon
vm_until 60 smaller_than web1 $((340 * mib))
sleep 5
vm_set web1 $((500 * mib))
ok "a change by somebody else is noticed" vm_until 10 coord_said '^web1: somebody else changes'
# ... where it is by then: on a slow machine it is still on its way to 500
ok "... and adopted: the next step starts there" vm_until 20 coord_said '^web1: (4[0-9][0-9]|500) -> '
for attempt in 1 2 3 4 5 6; do # two more within a minute each; what undoes a step unseen can't count
    coord_said '^web1: somebody else keeps changing' && break
    vm_set web1 $((600 * mib))
    sleep 5
done
ok "who keeps changing it gets it" coord_said '^web1: somebody else keeps changing.* for 15 s'
before=$(n_changes web1)
sleep 6
is "$(n_changes web1)" "$before" "... and memcoord leaves it alone"
ok "... until the time is over" vm_until 30 coord_said '^web1: is managed again'

# ---- one goes
vm_virsh destroy web2 >/dev/null
ok "a domain that is destroyed is forgotten" vm_until 5 coord_said '^web2: is gone'
is_helped web1 300 "... and another still gets what it needs"

# ---- two daemons
out=$("$memcoord" -c "$tmp/coord.ini" 2>&1)
is $? 1 "a second daemon refuses to start"
like "$out" "\b$coord_pid\b" "... and names the first"
out=$("$memcoord" release -c "$tmp/coord.ini" 2>&1)
is $? 1 "release refuses while a daemon runs"

# ---- what a tick costs
vm_until 60 smaller_than web1 $((340 * mib))
vm_sample_stop # who asks libvirt at the same moment costs calls
sleep 3
echo "-- calm from here" >>"$coord_log"
sleep 10
calls=$(coord_lines | sed '1,/^-- calm/d' | sed -n 's/^tick.*: \([0-9]*\) calls.*; 0 targets.*/\1/p')
ok "ten seconds have ten ticks or so" [ "$(echo "$calls" | wc -l)" -ge 8 ]
is "$(echo $calls | tr ' ' '\n' | sort -u)" 1 "a steady tick is one call to libvirt"
is_helped web1 300 "a guest grows while calls are counted"
# The calls that set targets are counted by the tick after.
odd=$(coord_lines | sed '1,/^-- calm/d' | awk '/^tick/ { if (seen && $3 != 1 + before) print
    seen = 1; before = $9 }')
is "$odd" '' "a tick is one call and one for each target that the one before changed"

# ---- libvirtd
vm_libvirtd_kill
ok "a libvirtd that is killed is noticed" vm_until 10 coord_said 'nothing can be seen'
# not by ok, whose subshell would keep the process id to itself
if vm_libvirtd_start; then pass "libvirtd starts again"; else fail "libvirtd starts again"; fi
ok "... and that is noticed" vm_until 30 coord_said 'can be seen again'
is_helped web1 300 "... and the coordination goes on"
vm_sample_start

# ---- a guest that gives no statistics
is "$(n_changes mute)" 0 "a guest without a driver is never acted on"
ok "... and that is said" coord_said '^mute: .*(statistics|driver)'
is "$(n_changes plain)" 0 "a domain without a balloon was never acted on"

# ---- the end: hold, release, restore
is "$(vm_oom_kills web1)" 0 "nobody was killed in all that"
ok "the daemon lives on" coord_lives
coord_stop
is $? 0 "... and ends with status 0"
rm -rf "$MEMCOORD_RUNTIME_DIR" # nothing is remembered of before

vm_set web1 $((400 * mib))
vm_until 30 vm_has_settled web1 $((400 * mib))
coord_start "$tmp/coord.ini"
vm_until 30 smaller_than web1 $((340 * mib))
coord_stop KILL
ok "hold: the balloon stays when the daemon is gone" smaller_than web1 $((345 * mib))
ok "release gives back what the domain had" "$memcoord" release -c "$tmp/coord.ini"
ok "... all of it" vm_until 20 vm_is_at web1 $((400 * mib))

conf on_exit restore
coord_start "$tmp/coord.ini"
ok "the next daemon takes again" vm_until 30 smaller_than web1 $((340 * mib))
coord_stop
is $? 0 "restore: it ends with status 0"
ok "... and the domain has what it had" vm_until 20 vm_is_at web1 $((400 * mib))
done_testing
