#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The shipped scenarios from the command line, each with each policy: check is content with it, it runs,
# and ends by itself. What happens in them is the unit tests' (test_shipped_scenarios).
. "$(dirname "$0")/../lib/tap.sh"
cd "$tmp" || exit 1
export MEMCOORD_RUNTIME_DIR=$tmp/run

policies=$("$memcoord" policies | awk '{ print $1 }')
is "$(echo "$policies" | wc -l)" "$(ls "$top"/policies/*.c | wc -l)" "the shipped policies are there"

# conf SCENARIO POLICY
conf() { printf '[memcoord]\nuri = sim:%s\npolicy = %s\n' "$1" "$2" > x.ini; }

for file in "$top"/conf/scenarios/*.ini; do
    name=$(basename "$file" .ini)
    sed 's/^speed = .*/speed = 0/' "$file" > "$name.ini"
    ln -sfn "$top/conf/scenarios/traces" traces
    like "$(head -n 1 "$file")" '^# ' "$name: says at its top what it shows"
    ok "$name: ... and what is good" grep -q '^# Good: ' "$file"
    ok "$name: the README lists it" grep -q "^| \`$name\` |" "$top/conf/scenarios/README.md"
    for policy in $policies; do
        conf "$name.ini" "$policy"
        out=$("$memcoord" check -c x.ini 2>&1 >/dev/null)
        is "$?:$out" 0: "$name, $policy: check is content"
        timeout 60 "$memcoord" -c x.ini 2>"$name-$policy.log"
        is $? 0 "$name, $policy: it ends by itself"
        like "$(tail -n 6 "$name-$policy.log")" '^the scenario is over after [0-9]+ s: .* 0 guests by the host; the host was short for 0 ms' \
            "$name, $policy: ... at its end, and the host is well"
        unlike "$(cat "$name-$policy.log")" '[0-9]{9} MiB|-[0-9]+ MiB (available|granted|reclaimed)|it changes nothing this time' \
            "$name, $policy: no absurd figures"
    done
done

for policy in $policies; do
    log=$(cat "stuck-balloons-$policy.log")
    for guest in stuck limited sticky; do
        # nobody asks it for anything: hold never, proxmox not while the host uses about what it is to use
        case $policy:$guest in hold:limited | proxmox:*) continue ;; esac
        like "$log" "^$guest: stays at [0-9]+ MiB and does not go to [0-9]+ MiB" "$policy: $guest is named"
    done
    like "$log" '^driverless: is not managed: its guest gives no statistics' "$policy: so is the guest without a driver"
done
# ---- the experiment that compares all policies on all of them

experiment=$top/conf/experiments/policies.ini
is "$(sed -n 's/^policy = //p' "$experiment" | sort)" "$(echo "$policies" | sort)" "policies.ini has each policy"
timeout 300 "$memcoord" compare "$experiment" -o results >table 2>err
is "$?:$(cat err)" 0: "policies.ini can be compared"
for file in "$top"/conf/scenarios/*.ini; do
    like "$(cat table)" "^$(basename "$file" .ini), mean of 3 seeds$" "$(basename "$file" .ini) is in its table"
done
done_testing
