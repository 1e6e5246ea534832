#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Policies side by side: the same results each time, however many at once; one that crashes costs its runs alone;
# what is interrupted is kept; what is wrong is told, all at once.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/policies.sh"
cd "$tmp" || exit 1

# ---- the shipped one

out=$(cd "$top" && timeout 120 ./memcoord compare conf/experiments/demo.ini -o "$tmp/demo" 2>"$tmp/err")
is "$?:$(cat err)" "0:" "the shipped experiment runs, and says nothing on the side"
like "$out" '^demo, mean of 3 seeds$' "a table says what it is of"
for variant in static oracle hold 'threshold grow=50MiB' 'threshold grow=100MiB' proportional fair-share; do
    like "$out" "^$variant  +[0-9]+\.[0-9]+ " "and has a line for $variant"
done
like "$out" '^oracle +0\.00 +0\.000 ' "who knows all lacks nothing there"
is "$(wc -l <demo/results.csv)" 25 "a row for each run"
is "$(ls demo/recordings | wc -l)" 24 "and a recording"
ok "called after it" test -s "demo/recordings/threshold_grow=50MiB--demo--2.db"
like "$(cat demo/report.html)" 'fair-share-fast' "and a report of all"
is "$(ls -A demo/recordings | grep -c '^\.')" 0 "nothing half-written is left"
is "$(sed 1d demo/experiment.ini)" "$(cat "$top/conf/experiments/demo.ini")" "the experiment is kept with it"
ok "no log where nothing went wrong" test ! -e demo/logs

sed -n '/^    \[experiment\]/,/^## Keys/ s/^    //p' "$top/conf/experiments/README.md" |
    sed "s|= \.\./|= $top/conf/|; s/^seeds .*/seeds = 1\nrecordings = no\nduration = 5s/" > readme.ini
ok "the example of the README runs" "$memcoord" compare readme.ini -o readme
is "$(grep -c '^demo,' readme/results.csv)" 11 "and makes the variants that it shows"

# ---- the same each time

cat > small.ini <<END
[experiment]
scenarios = s?.ini
seeds = 1, 4
recordings = no
[variant hold]
policy = hold
[variant band]
policy = threshold
low = 32MiB..64MiB step 32MiB
guard.max_shrink = 50MiB, 10% | 100MiB, 20%
END
scenario() {
    printf '[scenario]\nduration = %s\n[host]\nmemory = 4GiB\n[guests]\nmax = 1GiB\n' "$2"
    printf '[guest a]\nload = walk 100MiB to 700MiB step 100MiB every 3s\n[guest b]\nload = take 90MiB\n'
} > "$1"
scenario s1.ini 20s
scenario s2.ini 30s
for jobs in 1 2; do
    "$memcoord" compare small.ini -o "j$jobs" -j "$jobs" > "out$jobs" 2>&1
    is $? 0 "-j $jobs runs"
done
ok "one at a time or two, results.csv is the same" cmp j1/results.csv j2/results.csv
ok "and so is what is printed" cmp out1 out2
sed 's/^recordings = no$/duration = 5s/' small.ini > kept.ini
mkdir elsewhere
(cd elsewhere && TZ=Asia/Tokyo "$memcoord" compare ../kept.ini -o ../k1 >/dev/null)
"$memcoord" compare "$tmp/kept.ini" -o k2 >/dev/null
is "$(ls k1/recordings | wc -l):$(diff -r k1/recordings k2/recordings 2>&1)" "28:" \
    "from wherever it is called: the same recordings"
is "$(wc -l <j1/results.csv)" 29 "7 variants with the limits, 2 scenarios, 2 seeds"
like "$(cat j1/results.csv)" '^s2,"band low=64MiB guard.max_shrink=100MiB, 20%",4,threshold,1000,30,,[0-9.]+,' \
    "a row says what it is of"
unlike "$(sed -n 1p j1/results.csv)" 'wall|_us' "no times in it"
like "$(sed -n 1p j1/timings.csv)" 'policy_us_per_tick.*domain_ticks_per_s' "they are in timings.csv"
cp j1/results.csv before.csv
"$memcoord" compare small.ini -o j1 > out3 2>&1
is "$?:$(cat out3)" "0:$(cat out1)" "again into the same folder"
ok "results.csv is the same, byte for byte" cmp j1/results.csv before.csv
ok "no recordings are written where none are wanted" test ! -e j1/recordings
out=$("$memcoord" compare small.ini -o j1 --json 2>&1)
is $? 0 "--json"
for key in $(sed -n '1s/,/ /gp' j1/results.csv | cut -d ' ' -f 8-); do
    like "$out" "\"$key\": [0-9n]" "has $key"
done

# ---- whose folder it is

cp small.ini other.ini
out=$("$memcoord" compare other.ini -o j1 2>&1)
is "$?:$out" "2:memcoord: j1 holds the results of $tmp/small.ini: want another folder, or --force to replace them" \
    "another experiment's results are not replaced"
ok "they are as they were" cmp j1/results.csv before.csv
ok "but with --force" "$memcoord" compare other.ini -o j1 --force
cp j1/experiment.ini before.ini
cp s1.ini j1/
out=$("$memcoord" compare j1/experiment.ini -o j1 --force 2>&1)
is "$?:$out" "2:memcoord: $tmp/j1/experiment.ini is the copy that lies with the results: want the experiment itself, or another folder" \
    "the copy with the results is no experiment for the same folder"
ok "and stays" cmp j1/experiment.ini before.ini
mkdir mine && touch mine/precious
out=$("$memcoord" compare small.ini -o mine --force 2>&1)
is "$?:$out:$(ls mine)" "2:memcoord: mine is not empty and holds no results: want another folder:precious" \
    "a folder with something else is left alone"

# ---- a policy that crashes

cat > crashes.c <<'END'
#include <memcoord/policy.h>
#include <stdlib.h>
static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    (void)state;
    (void)plan;
    if (s->tick == 5)
        abort();
    return 0;
}
MEMCOORD_POLICY(.name = "crashes", .summary = "at its fifth tick", .decide = decide);
END
ok "a policy that crashes is built" build crashes.c pol/crashes.so -I"$top/include"
printf '[experiment]\nscenarios = s1.ini\nseeds = 1..2\n[variant bad]\npolicy = pol/crashes.so\n[variant good]\npolicy = hold\n' > crash.ini
out=$("$memcoord" compare crash.ini -o crash 2>err)
is $? 1 "with a policy that crashes, the status says so"
like "$(cat err)" '^memcoord: bad on s1, seed 2: failed: it crashed: Aborted$' "each run that failed is named"
like "$out" '^bad .* 2 failed$' "in the table, too"
like "$out" '^good +[0-9]' "the others are as if nothing was"
like "$(cat crash/results.csv)" '^s1,bad,1,crashes,1000,0,it crashed: Aborted,+$' "results.csv has them"
is "$(ls -A crash/recordings | grep -c bad)" 0 "no recording of them"
is "$(ls -A crash/recordings | grep -c good)" 2 "but of the others"

# ---- interrupted

scenario t1.ini 10s
scenario t2.ini 10000000min
printf '[experiment]\nscenarios = t1.ini, t2.ini\n[variant hold]\npolicy = hold\n' > long.ini
for signal in INT TERM; do
    "$memcoord" compare long.ini -o "long$signal" -j 2 >out 2>err &
    pid=$!
    for ((i = 0; i < 600; i++)); do
        [ "$(ls "long$signal/recordings" 2>/dev/null | grep -c t1)" = 3 ] &&
            [ -n "$(find "long$signal/recordings" -name '.*t2*')" ] && break
        sleep 0.1
    done
    children=$(cat /proc/$pid/task/$pid/children)
    like "$children" '[0-9]' "it is at work"
    kill -$signal $pid
    wait $pid
    is $? 1 "SIG$signal ends it"
    is "$(cat err)" "memcoord: interrupted: 3 of 6 runs are done, and in long$signal/results.csv" "it says how far it came"
    is "$(cut -d , -f 1-3 "long$signal/results.csv" | tr '\n' ' ')" \
        "scenario,variant,seed t1,static,1 t1,oracle,1 t1,hold,1 " "what is done is kept"
    like "$(cat out)" '^hold .* [0-9.]+$' "and shown"
    ok "there is a report of it" test -s "long$signal/report.html"
    is "$(ls -A "long$signal/recordings" | grep -c t2)" 0 "what was half-written is gone"
    left=
    for child in $children; do [ -e "/proc/$child" ] && left+="$child "; done
    is "$left" "" "and no process is left behind"
done

# ---- what is wrong

# refused NAME MESSAGE...: exactly these lines, and nothing is written
refused() {
    local name=$1
    shift
    out=$("$memcoord" compare x.ini -o nothing 2>&1 >stdout)
    is "$?:$out" "2:$(printf '%s\n' "$@")" "$name"
    ok "... and nothing is written" test ! -e nothing
}

cat > x.ini <<END
[experiment]
scenario = s1.ini
scenarios = s1.ini, no*.ini, gone.ini
seeds = 1..x
interval = 5
[variant a]
policy = treshold
[variant b]
policy = threshold
lo = 1MiB
low = 64MiB..128MiB
grow = 10MiB | 5 | 20MiB
guard.max_shrnk = 1MiB
domain.min = 0
memcoord.uri = x
[variant static]
policy = hold
[variants c]
END
refused "all that is wrong at once, with its line" \
    "x.ini:2: unknown key 'scenario' in [experiment]: did you mean 'scenarios'? allowed are scenarios, seeds, interval, duration, recordings, limits, config, max_runs" \
    "x.ini:3: scenarios: no file matches no*.ini" \
    "x.ini:4: seeds: 'x' is not a plain number: want a whole number, 0..1000000000" \
    "x.ini:5: interval: '5' has no unit: want a duration such as 2s (ms, s, min, h, d), 100ms..60min" \
    "x.ini:7: policy: no policy 'treshold': looked for treshold.so in $top/policies $top/../lib/memcoord; allowed are $(cd "$top/policies" && echo *.so | sed 's/\.so//g; s/ /, /g'), or the path of a .so" \
    "x.ini:10: 'lo' is no parameter of policy threshold: did you mean low? it has metric, low, high, grow, shrink" \
    "x.ini:11: low: '64MiB..128MiB' has no step: want LOW..HIGH step STEP" \
    "x.ini:12: grow: '5' has no unit: want a size such as 100MiB (KiB, MiB, GiB, TiB), 0..1TiB" \
    "x.ini:13: unknown key 'max_shrnk' of [guard]: did you mean 'max_shrink'? allowed are guest_reserve, max_shrink, deadband, stale_after, rescue, rescue_below, rescue_keep, hands_off, stuck_after, probe_every, uncooperative_after, ineffective_after" \
    "x.ini:14: unknown key 'domain.min': allowed are guard.KEY, host.KEY, memcoord.interval and the policy's parameters" \
    "x.ini:15: unknown key 'memcoord.uri': allowed are guard.KEY, host.KEY, memcoord.interval and the policy's parameters" \
    "x.ini:16: [variant static]: want [variant NAME], a name of letters, digits, '.', '_', '+' and '-', other than static and oracle, which are limits" \
    "x.ini:18: unknown section [variants c]: allowed are [experiment], [variant NAME]; settings of a variant's guard and host are written guard.KEY and host.KEY in it" \
    "gone.ini: can't be opened: No such file or directory"

printf '[experiment]\nscenarios = s1.ini\nmax_runs = 20\n[variant a]\npolicy = threshold\nlow = 1MiB..64MiB step 1MiB\n' > x.ini
refused "too many runs, and how many" \
    "x.ini: 66 variants x 1 scenarios x 1 seeds are 66 runs, more than max_runs, 20: want fewer, or max_runs = 66"
printf '[experiment]\nscenarios = s1.ini\n[variant a]\npolicy = threshold\nlow = 1GiB | 64MiB | 2GiB\n' > x.ini
refused "what contradicts itself" \
    "x.ini:3: variant a low=1GiB: low is above high" \
    "x.ini:3: 2 of 3 variants of this section are wrong like that"
printf '[experiment]\nscenarios = s1.ini\n[variant a]\npolicy = hold\nguard.rescue_below = 2GiB\n' > x.ini
refused "in the guard, too" \
    "x.ini:3: variant a: rescue_below (2GiB) is above guest_reserve (100MiB): each shrink would end in a rescue"
printf '[guard]\nrescue = maybe\n' > base.ini
printf '[experiment]\nscenarios = s1.ini\nconfig = base.ini\n[variant a]\nlow = 1MiB\nhost.reserve = 5\n' > x.ini
refused "in the configuration, and without a policy" "base.ini:2: rescue: 'maybe' is neither yes nor no" \
    "x.ini:4: [variant a] has no policy: want policy = NAME" \
    "x.ini:6: host.reserve: '5' has no unit: want a size such as 100MiB (KiB, MiB, GiB, TiB), 0..16TiB"
printf '\n' > x.ini
refused "nothing at all" "x.ini: [experiment] scenarios is missing: which files" \
    "x.ini: there is no variant: want a [variant NAME] with policy = NAME"

is "$("$memcoord" compare small.ini 2>&1; echo $?)" "memcoord: compare: where to? want -o DIR
2" "without -o"
is "$("$memcoord" compare -o x 2>&1; echo $?)" "memcoord: compare: which experiment? want a file
2" "without an experiment"
is "$("$memcoord" compare small.ini -o x -j 0 2>&1; echo $?)" "memcoord: '0' is no number of jobs: want 1 to 1024
2" "-j 0"

# ---- settings of the base count, and variants win over them

printf '[memcoord]\ninterval = 5s\n[policy threshold]\nlow = 80MiB\n' > base.ini
printf '[experiment]\nscenarios = s1.ini\nconfig = base.ini\nlimits = no\nduration = 12s\n[variant a]\npolicy = threshold\n[variant b]\npolicy = threshold\nlow = 90MiB\nmemcoord.interval = 2s\n' > x.ini
"$memcoord" compare x.ini -o base >/dev/null 2>&1
is "$(cut -d , -f 2,5,6 base/results.csv | tr '\n' ' ')" "variant,interval_ms,ticks a,5000,3 b,2000,6 " \
    "the interval of the base, and a variant's own; no limits; a duration of the experiment's"
done_testing
