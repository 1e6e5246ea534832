#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The simulated host is like a real one: the same loads on real guests and in a scenario, under the same
# configuration, are recorded and compared. Three managed guests, one of which takes all it can get, and a
# small one that nobody helps.
. "$(dirname "$0")/lib.sh"

rate_mib=15 top_mib=840      # of web1's load: with its headroom, more than its maximum
small_rate_mib=40 small_mib=400
alike=$top/build/tests/vm/alike

# What the scenario must be told of a guest is read from it while it idles: column NAME, in KiB.
figure() { csv_last "$1" "$2" 0 "$(vm_now)"; }
kernel_kib() { echo $(($(figure "$1" balloon_kib) - $(figure "$1" guest_total_kib))); }
# guest_system NAME BASE_KIB: what it uses beside its load
system_kib() { echo $(($(figure "$1" guest_total_kib) - $(figure "$1" unused_kib) - $2)); }

configuration() {
    cat <<INI
[memcoord]
uri = to be set
interval = 1s
policy = proportional
[host]
limit = 2304MiB
[domain web*]
min = 192MiB
[domain small]
manage = no
[record]
file = $1
INI
}

# speed_mib NAME FROM_MIB TO_MIB: how fast its balloon goes there, in MiB a second; that is the machine's
speed_mib() {
    local from_ms
    from_ms=$(stamp)
    vm_set "$1" $(($3 * 1024))
    vm_until 60 vm_is_at "$1" $(($3 * 1024)) || fail "$1 goes to $3 MiB"
    awk -v mib=$(($2 > $3 ? $2 - $3 : $3 - $2)) -v ms=$(($(stamp) - from_ms)) \
        'BEGIN { print int(mib * 1000 / ms) }'
}

scenario() {
    cat <<INI
[scenario]
duration = $(($(stamp) / 1000 - started_ms / 1000))s
[host]
memory = $(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)MiB
used = take 2GiB
[guests]
gives = ${gives_mib}MiB/s
takes = ${takes_mib}MiB/s
[guest web1]
max = 1GiB
balloon = 384MiB
kernel = ${kernel[web1]}KiB
system = ${system[web1]}KiB
load = take 60MiB; hold $((web1_ms - started_ms))ms; ramp ${rate_mib}MiB/s to ${top_mib}MiB; hold 20s; take 60MiB
[guest web2]
max = 1GiB
balloon = 384MiB
kernel = ${kernel[web2]}KiB
system = ${system[web2]}KiB
load = take 60MiB
[guest web3]
max = 1GiB
balloon = 384MiB
kernel = ${kernel[web3]}KiB
system = ${system[web3]}KiB
load = take 60MiB
[guest small]
max = 768MiB
balloon = 250MiB
kernel = ${kernel[small]}KiB
system = ${system[small]}KiB
load = take 10MiB; hold $((small_ms - started_ms))ms; ramp ${small_rate_mib}MiB/s to ${small_mib}MiB; hold
INI
}

stamp() { date +%s%3N; }

# alike_on DOMAIN: compares it in both recordings; a value of that: value KEY
alike_on() {
    compared=$("$alike" "$tmp/real.db" "$tmp/simulated.db" "$1") ||
        fail "$1 is in both recordings" "$compared"
}
value() { printf '%s\n' "$compared" | sed -n "s/^$1=//p"; }

# within_3s NAME REAL_MS SIMULATED_MS: both happened, and at nearly the same time
within_3s() {
    echo "# $1: after $2 ms, simulated after $3 ms"
    ok "$1 within 3 s of the real one" \
        awk -v a="$2" -v b="$3" 'BEGIN { exit !(a ~ /^[0-9]+$/ && b ~ /^[0-9]+$/ && (a - b) ^ 2 <= 3000 ^ 2) }'
}

vm_up
for name in web1 web2 web3; do vm_start "$name" 384 1024 base=60MiB; done
vm_start small 250 768 base=10MiB
vm_wait_ready web1 web2 web3 small || done_testing
vm_sample_start
sleep 4
declare -A kernel system
for name in web1 web2 web3; do system[$name]=$(system_kib "$name" $((60 * 1024))); done
system[small]=$(system_kib small $((10 * 1024)))
for name in web1 web2 web3 small; do kernel[$name]=$(kernel_kib "$name"); done

gives_mib=$(speed_mib web2 384 220)
takes_mib=$(speed_mib web2 220 384)
vm_until 60 vm_has_settled web2 $((384 * 1024))
echo "# an idle guest's balloon gives $gives_mib MiB/s and takes $takes_mib MiB/s"

configuration "$tmp/real.db" | coord_conf "$tmp/real.ini"
coord_start "$tmp/real.ini"
vm_until 20 coord_said '^[0-9]+ domains, host' || fail "the coordinator ticks"
sleep 3
web1_ms=$(stamp)
vm_load web1 "ramp ${rate_mib}MiB/s to ${top_mib}MiB; hold 20s; free"
sleep 15
small_ms=$(stamp)
vm_load small "ramp ${small_rate_mib}MiB/s to ${small_mib}MiB"
vm_until 60 grep -q '^LOAD killed' "$vm_dir/guests/small.console" || fail "small is killed"
killed_ms=$(stamp)
vm_wait_mark web1 free 120
sleep 12
coord_stop
is $? 0 "the coordinator ends with status 0"

started_ms=$("$alike" --started "$tmp/real.db")
scenario >"$tmp/scenario.ini"
configuration "$tmp/simulated.db" | sed "s|^uri = .*|uri = sim:$tmp/scenario.ini|" >"$tmp/simulated.ini"
ok "the scenario runs" "$memcoord" -c "$tmp/simulated.ini"

for name in web1 web2 web3; do
    alike_on "$name"
    echo "# $name: balloons differ by $(value mean_difference_bp) basis points of max on average"
    ok "$name: balloons differ by less than 3% of max on average" \
        [ "$(value mean_difference_bp)" -le 300 ]
done
alike_on web1
within_3s "web1 has its maximum" "$(value real_at_max_ms)" "$(value simulated_at_max_ms)"
within_3s "web1's first step back" "$(value real_back_ms)" "$(value simulated_back_ms)"
alike_on small
within_3s "small's load is killed" $((killed_ms - started_ms)) "$(value simulated_killed_ms)"
done_testing
