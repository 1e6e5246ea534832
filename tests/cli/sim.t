#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The simulated host from the command line: the shipped scenario runs and ends by itself, the same each
# time; what is wrong with a scenario or a trace is told with the configuration's mistakes.
. "$(dirname "$0")/../lib/tap.sh"
cd "$tmp" || exit 1
export MEMCOORD_RUNTIME_DIR=$tmp/run

# ---- the shipped one

out=$(cd "$top" && timeout 60 ./memcoord -c conf/sim.ini 2>&1)
is $? 0 "the shipped scenario runs and ends by itself"
like "$out" '^memcoord .*: sim:scenarios/demo.ini, policy threshold, every 1000 ms$' "it says what it runs"
like "$out" '^late: runs, 2048 of at most 2048 MiB$' "a guest that comes later is seen"
like "$out" '^grows: [0-9]+ -> [0-9]+ MiB \(' "targets change"
like "$out" '^4 domains, host: [0-9]+ MiB available' "the usual lines come"
like "$out" '^the scenario is over after 60 s: 0 loads were killed .*, 0 guests by the host' "and how it ended"
is "$(printf '%s\n' "$out" | grep -c ' MiB grantable; ')" "$(printf '%s\n' "$out" | grep -c '^[34] domains, host')" \
    "each tick has its summary"
is "$(cd / && timeout 60 "$memcoord" -c "$top/conf/sim.ini" 2>&1)" "$out" \
    "from another folder it is the same, line for line"
sed 's/^seed = 1/seed = 2/' "$top/conf/scenarios/demo.ini" > demo.ini
sed 's|^uri = .*|uri = sim:demo.ini|' "$top/conf/sim.ini" > sim.ini
other=$(timeout 60 "$memcoord" -c sim.ini 2>&1)
is $? 0 "with another seed it runs as well"
ok "and it is another run" test "$(printf '%s\n' "$out" | grep '^waves')" != "$(printf '%s\n' "$other" | grep '^waves')"

out=$("$memcoord" check -c "$top/conf/sim.ini")
is $? 0 "check finds it right"
like "$out" '^# grows +384 MiB +640 MiB +2048 MiB +1000  yes$' "and shows the guests, with the scenario's bounds"
like "$("$memcoord" check --json -c "$top/conf/sim.ini")" '"name": ?"idle"' "in JSON, too"
out=$("$memcoord" -c sim.ini --ticks 3 2>&1)
is "$?:$(printf '%s\n' "$out" | grep -c 'domains, host')" "0:3" "--ticks ends it before its time"
sed 's/^duration = .*/duration = 100000min/' demo.ini > long.ini
sed -i 's/^speed.*//; s/^seed = .*/&\nspeed = 1/' long.ini
sed 's|^uri = .*|uri = sim:long.ini|' sim.ini > long-sim.ini
"$memcoord" -c long-sim.ini 2>err &
pid=$!
for ((i = 0; i < 100; i++)); do grep -q 'domains, host' err && break; sleep 0.1; done
kill -INT $pid
wait $pid
is $? 0 "one that takes its time ends at SIGINT"

out=$("$memcoord" -c sim.ini --speed 100000 2>&1)
is "$?:$(printf '%s\n' "$out" | grep -c '^the scenario is over after 60 s')" 0:1 "--speed: it goes so fast, to its end"
for speed in 0 -1 1x 100001; do
    is "$("$memcoord" -c sim.ini --speed $speed 2>&1; echo $?)" \
        "memcoord: '$speed' is no speed: want 1 or more, at most 100000
2" "--speed $speed is refused"
done
like "$("$memcoord" -c "$top/conf/test-driver.ini" --speed 2 2>&1; echo $?)" \
    '^--speed is for simulated hosts; test:///default is none$' "and so is a real host's"

# ---- what is wrong

# refused NAME MESSAGE...: exactly these lines, from run and check alike
refused() {
    local name=$1 command
    shift
    for command in check "run --ticks 1"; do
        out=$("$memcoord" $command -c x.ini 2>&1 >stdout)
        is "$?:$out" "2:$(printf '%s\n' "$@")" "$command: $name"
    done
}

printf '[memcoord]\nuri = sim:s.ini\npolicy = hold\nintervall = 1s\n' > x.ini
printf '[scenario]\nduration = 60s\n[host]\nmemory = 4GB\n[guest a]\nmax = 1GiB\nload = run\n' > s.ini
refused "all that is wrong, in both files" \
    "x.ini:4: unknown key 'intervall' in [memcoord]: did you mean 'interval'? allowed are uri, interval, policy, policy_path, dry_run, on_exit" \
    "s.ini:4: memory: '4GB' has an unknown unit: want a size such as 100MiB (KiB, MiB, GiB, TiB), 1MiB..16TiB" \
    "s.ini:7: load: step 1, 'run': 'run' is no step: want idle, hold, take, ramp, free, drop, burst, walk, diurnal or repeat"

printf '[memcoord]\nuri = sim:s.ini\npolicy = hold\n' > x.ini
rm s.ini
refused "no such scenario" "s.ini: can't be opened: No such file or directory"

printf '[memcoord]\nuri = sim:\npolicy = hold\n' > x.ini
refused "no scenario's name" "x.ini:2: uri: 'sim:' names no scenario: want sim:FILE"
printf '[memcoord]\nuri = sim:s.ini\npolicy = hold\n' > x.ini
printf '[scenario]\nduration = 60s\n[host]\nmemory = 4GiB\n[guest a]\nmax = 1GiB\nload = idle 10s ; free\n' > s.ini
refused "a comment that cuts a load" \
    "s.ini:7: load: a ';' with a blank before it begins a comment, and 'free' would be no step: want no blank there, or a comment in a line of its own"
printf '[scenario]\nduration = 60s\n[host]\nmemory = 4GiB\n[guest a]\nmax = 1GiB\nload = ramp 1MiB/s to 9MiB; repeat\n' > s.ini
refused "a round that takes no time the second time" \
    "s.ini:7: load: step 2, 'repeat': the steps before it take no time"

# trace TEXT: a scenario with one guest that follows t.csv with these rows
trace() {
    printf '[scenario]\nduration = 60s\n[host]\nmemory = 4GiB\n[guest a]\nmax = 1GiB\nload = trace t.csv\n' > s.ini
    printf "time_s,domain,demand_kib\n$1" > t.csv
}
trace '0,a,1\n9000,a,1\n'
refused "a gap" "t.csv:3: a gap of 9000 s after line 2: at most 7200 s are allowed (max_gap in the scenario)"
trace '5,a,1\n5,a,2\n4,a,1\n'
refused "repeated and unordered times" \
    "t.csv:3: the time is that of line 2, too: want each time once" \
    "t.csv:4: the time is before that of line 3: want rows in the order of time"
trace '5,a,-1\n6,a,99999999999999\n'
refused "negative and absurd numbers" \
    "t.csv:2: the demand '-1' is negative: want a number from 0 to 17179869183" \
    "t.csv:3: the demand '99999999999999' is too large: want a number from 0 to 17179869183"
trace '5,b,1\n5,c,1\n'
refused "a domain in no trace" "s.ini:7: load: there is no domain 'a' in the trace t.csv, which has 2 (b, ...)"
mkdir none
sed -i 's/t.csv/none/' s.ini
refused "a folder without files" "s.ini:7: load: no trace there: none is no file and holds none"

# ---- traces as published: where they are not, this says so

traces=${MEMCOORD_TRACES:-$top/../shared/traces/bitbrains-rnd-2013-8}
if [ -d "$traces" ]; then
    printf '[scenario]\nduration = 1440min\n[host]\nmemory = 4TiB\n[guest vm-*]\nload = trace %s\n' "$traces" > s.ini
    printf '[memcoord]\nuri = sim:s.ini\npolicy = hold\ninterval = 5min\n' > x.ini
    out=$(timeout 60 "$memcoord" -c x.ini 2>&1)
    is $? 0 "a day of 64 machines runs"
    is "$(printf '%s\n' "$out" | grep -c '^64 domains')" 288 "every 5 minutes"
else
    echo "ok $((++tap_n)) - a day of 64 machines # SKIP $traces is not there"
fi
done_testing
