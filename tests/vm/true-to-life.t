#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The simulated host is like a real one: the same loads on real guests and in a scenario, under the same
# configuration, are recorded and compared. Three managed guests, one of which takes all it can get, and a
# small one that nobody helps.
. "$(dirname "$0")/lib.sh"

rate_mib=15 top_mib=840      # of web1's load: with its headroom, more than its maximum
small_rate_mib=40 small_mib=400
alike=$top/build/tests/vm/alike

stamp() { "$alike" --now; }

# What the scenario must be told of a guest is read from it while it idles.
figure() { csv_last "$1" "$2" 0 "$(vm_now)"; }
# system_kib NAME BASE_KIB: what its own programs hold, beside its load
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
[policy proportional]
headroom = 50%
[record]
file = $1
INI
}

# actual_mib NAME: QEMU's own figure, at once; libvirt's balloon.current is up to a second old while it moves
actual_mib() { vm_virsh qemu-monitor-command --hmp "$1" info balloon | sed -n 's/^balloon: actual=\([0-9]*\).*/\1/p'; }

# measure_speed NAME FROM_MIB TO_MIB: sets speed_mib, how many MiB a second its balloon does once it moves;
# that is the machine's
measure_speed() {
    local mib=$2 from_ms now_ms end
    now_ms=$(stamp)
    end=$((now_ms + 60000))
    vm_set "$1" $(($3 * 1024))
    while [ "$mib" != "$3" ] && [ "$now_ms" -lt "$end" ]; do
        [ "$mib" != "$2" ] || from_ms=$now_ms
        mib=$(actual_mib "$1")
        now_ms=$(stamp)
    done
    [ "$mib" = "$3" ] || fail "$1 goes from $2 to $3 MiB" "it is at $mib MiB"
    speed_mib=$((($2 > $3 ? $2 - $3 : $3 - $2) * 1000 / (now_ms - from_ms + 1)))
}

# guest NAME MAX_MIB START_MIB LOAD: its section; kernel and watermark are the model's own
guest() {
    cat <<INI
[guest $1]
max = $2MiB
balloon = $3MiB
system = ${system[$1]}KiB
load = $4
INI
}

scenario() {
    local web1_ms=$((web1_ms - began_ms)) small_ms=$((small_ms - began_ms))
    cat <<INI
[scenario]
duration = $(($(stamp) - began_ms))ms
[host]
memory = $(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)MiB
used = take 2GiB
[guests]
gives = ${gives_mib}MiB/s
takes = ${takes_mib}MiB/s
INI
    guest web1 1024 384 \
        "take 60MiB; hold ${web1_ms}ms; ramp ${rate_mib}MiB/s to ${top_mib}MiB; hold 30s; take 60MiB"
    guest web2 1024 384 'take 60MiB'
    guest web3 1024 384 'take 60MiB'
    guest small 768 250 "take 10MiB; hold ${small_ms}ms; ramp ${small_rate_mib}MiB/s to ${small_mib}MiB; hold"
}

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
declare -A system
for name in web1 web2 web3; do system[$name]=$(system_kib "$name" $((60 * 1024))); done
system[small]=$(system_kib small $((10 * 1024)))

# Memory that no program ever had goes more slowly: web2's load has it first, as web1's will.
measure_speed web2 384 900
takes_mib=$speed_mib
vm_load web2 'ramp 100MiB/s to 700MiB; free'
vm_wait_mark web2 free 60
gives_mib=0 # the best of some steps like the coordinator's: what else this machine does can only slow one down
for step in '900 800' '800 700' '700 600' '600 500' '500 384'; do
    measure_speed web2 $step
    gives_mib=$((speed_mib > gives_mib ? speed_mib : gives_mib))
done
vm_until 60 vm_has_settled web2 $((384 * 1024))
echo "# an idle guest's balloon gives $gives_mib MiB/s and takes $takes_mib MiB/s"

configuration "$tmp/real.db" | coord_conf "$tmp/real.ini"
coord_start "$tmp/real.ini"
vm_until 20 coord_said '^[0-9]+ domains, host' || fail "the coordinator ticks"
sleep 3
web1_ms=$(stamp)
vm_load web1 "ramp ${rate_mib}MiB/s to ${top_mib}MiB; hold 30s; free"
sleep 15
small_ms=$(stamp)
vm_load small "ramp ${small_rate_mib}MiB/s to ${small_mib}MiB"
vm_until 60 grep -q '^LOAD killed' "$vm_dir/guests/small.console" || fail "small is killed"
killed_ms=$(stamp)
vm_wait_mark web1 free 120
sleep 8
coord_stop
is $? 0 "the coordinator ends with status 0"

began_ms=$("$alike" --began "$tmp/real.db")
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
within_3s "small's load is killed" $((killed_ms - began_ms)) "$(value simulated_killed_ms)"
done_testing
