#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# memcoord replay: the same policy on its own recording differs in nothing, another one does; and what is
# said of a recording that is none.
. "$(dirname "$0")/../lib/tap.sh"
cd "$tmp" || exit 1
export MEMCOORD_RUNTIME_DIR=$tmp/run

# record SCENARIO POLICY [MORE LINES...]: SCENARIO-POLICY.db
record() {
    local file=$1-$2.db scenario=$1 policy=$2
    shift 2
    printf '%s\n' "[memcoord]" "uri = sim:$scenario.ini" "policy = $policy" "[record]" "file = $file" "$@" > "$scenario.conf"
    sed 's/^speed = .*/speed = 0/' "$top/conf/scenarios/$scenario.ini" > "$scenario.ini"
    timeout 60 "$memcoord" -c "$scenario.conf" 2>"$scenario.log"
}
replay() { "$memcoord" replay "$@"; }
policies=$(all_policies)

# ---- its own decisions, again

for scenario in demo two-release-two-grow stuck-balloons; do
    for policy in $policies; do
        record $scenario $policy
        out=$(replay $scenario-$policy.db -p $policy 2>&1)
        is $? 0 "$scenario, $policy: it can be replayed"
        like "$out" ' decisions: 0 differ, in 0 ticks$' "$scenario, $policy: and nothing differs"
        is "$(printf '%s\n' "$out" | wc -l)" 2 "$scenario, $policy: nor is more said"
    done
done
is "$(replay demo-threshold.db)" "$(replay demo-threshold.db -p threshold)" "without -p it is the one that was recorded"
record demo threshold '[policy threshold]' 'low = 150MiB' 'high = 260MiB' '[guard]' 'max_shrink = 20MiB'
mv demo-threshold.db own.db # it has a second run now
like "$(replay own.db --run 2)" ' 0 differ' "its parameters and the guard's settings are those of the run"
like "$(replay own.db --run 2 --set low=100MiB --set high=200MiB)" ' [1-9][0-9]* differ' "... unless others are set"
unlike "$(replay own.db --run 2 -c "$top/conf/threshold.ini")" ' 0 differ' "... or a file has others"

# ---- another one's

record demo threshold
out=$(replay demo-threshold.db -p proportional 2>stderr)
is "$?:$(cat stderr)" 0: "another policy can be replayed"
like "$out" '^demo-threshold.db, run 1: sim:demo.ini, policy threshold, every 1000 ms; now policy proportional$' "what is compared"
like "$out" '^60 ticks in 59.0 s, 220 decisions: [1-9][0-9]* differ, in [1-9][0-9]* ticks$' "how much of it differs"
like "$out" '^in sum, asked: [0-9.]+ GiB more and [0-9.]+ GiB less; granted: [0-9.]+ GiB more and [0-9.]+ GiB less$' "by how much"
like "$out" '^grows: [1-9][0-9]* differ$' "for each domain"
like "$out" '^  first at 0.0 s: asks [0-9]+ MiB, stays at 640 MiB \(used 269 MiB and headroom_min 100 MiB; no shrink before ' \
    "the first, with the policy's reason and the guard's"
like "$out" '^    recorded: asks 590 MiB, stays at 640 MiB \(usable 370 MiB above high 200 MiB; no shrink before ' \
    "... and what was recorded, with its reasons"
like "$out" '^  largest at [0-9.]+ s: .* -> ' "and the largest"
for policy in $policies; do
    [ $policy = threshold ] || unlike "$(replay demo-threshold.db -p $policy)" ' 0 differ' "$policy: it differs"
done
out=$(replay demo-threshold.db --no-guard)
like "$out" 'now policy threshold without the guard$' "--no-guard: without the guard"
unlike "$out" ' 0 differ' "... less is refused"

# ---- JSON

replay demo-threshold.db -p proportional --json > lines
is "$?:$(wc -l < lines)" "0:60" "--json: a line for each tick"
is "$(perl -MJSON::PP -ne 'my $l = decode_json($_); print join(" ", sort keys %$l), "; ", join(" ", sort keys %{$l->{domains}[0]}), "\n"' lines | sort -u)" \
    "domains host now_ms tick; asked_kib balloon_kib granted_kib guard guard_text name recorded why" \
    "with what decide prints, when it was, and what was recorded"
is "$(replay demo-threshold.db --json | perl -MJSON::PP -ne '
        for my $d (@{decode_json($_)->{domains}}) {
            my $r = $d->{recorded};
            print "$d->{name}\n" if ($d->{asked_kib} // "none") ne ($r->{asked_kib} // "none")
                or $d->{granted_kib} ne $r->{granted_kib};
        }')" "" "in JSON nothing differs either"

# ---- a policy that fails

cat > fails.c <<'C'
#include <memcoord/policy.h>
static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    (void)state;
    return s->tick % 2 ? memcoord_fail(plan, 5, "an odd tick") : 0;
}
MEMCOORD_POLICY(.name = "fails", .summary = "fails now and then", .decide = decide);
C
(umask 022; ${CC:-cc} -shared -fPIC -I"$top/include" fails.c -o fails.so)
out=$(replay demo-threshold.db -p "$tmp/fails.so" 2>stderr)
is "$?:$(cat stderr)" "1:memcoord: the policy failed on 30 ticks: an odd tick" "a policy that fails: status 1, and why"
like "$out" '^60 ticks' "... and the rest is told"
sed -i "s|^policy = .*|policy = $tmp/fails.so|; s|^file = .*|file = fails.db|" demo.conf
"$memcoord" -c demo.conf 2>/dev/null
like "$(replay fails.db -p "$tmp/fails.so" 2>/dev/null)" ' 0 differ' "where it failed then, too, nothing differs"

# ---- what is wrong

# wrong NAME WHAT-IT-SAYS ARGUMENTS...: status 2, nothing on standard output
wrong() {
    local name=$1 says=$2 out
    shift 2
    out=$(replay "$@" 2>&1 >stdout)
    is "$?" 2 "$name: status 2"
    is "$out" "$says" "$name: what it says"
    is "$(cat stdout)" "" "$name: and nothing else"
}

wrong "no recording named" "memcoord: replay: which recording? Want memcoord replay RECORDING"
wrong "no such file" "memcoord: none.db: can't be opened: No such file or directory" none.db
printf 'no database, but longer than a header of one: %0100d\n' 0 > text.db
wrong "no recording" "memcoord: text.db: is no recording of memcoord, nor any database" text.db
cp demo-hold.db newer.db
printf '\0\0\0\143' | dd of=newer.db bs=1 seek=60 conv=notrunc status=none
wrong "a newer schema" "memcoord: newer.db: has schema 99, from a newer memcoord: this one knows schemas up to 3" newer.db
head -c 20000 demo-hold.db > cut.db
out=$(replay cut.db 2>&1 >stdout)
is "$?:$(cat stdout)" 2: "a truncated file: status 2, and no half of a result"
like "$out" '^memcoord: cut.db: ' "a truncated file: it is named"
head -c -4096 demo-threshold.db > cut.db
out=$(replay cut.db 2>&1 >stdout)
is "$?:$(cat stdout)" 2: "one page is missing: status 2, and no half of a result"
: > empty.db
out=$(replay empty.db 2>&1 >stdout)
is "$?:$(cat stdout)" 2: "an empty file: status 2"
wrong "several runs" "memcoord: own.db has 2 runs: want --run 1..2
  --run 1: sim:demo.ini, policy threshold, 60 ticks
  --run 2: sim:demo.ini, policy threshold, 60 ticks" own.db
wrong "no such run" "memcoord: demo-hold.db has 1 run: want --run 1
  --run 1: sim:demo.ini, policy hold, 60 ticks" demo-hold.db --run 2
wrong "no number of a run" "memcoord: --run: '-1' is no number of a run: want 1 or more" demo-hold.db --run -1
like "$(replay demo-hold.db -p none 2>&1)" "no policy 'none'" "a policy that is not there is named"
wrong "a parameter that is none" "memcoord: --set low: want KEY=VALUE" demo-threshold.db --set low
replay demo-hold.db other.db 2>/dev/null
is $? 2 "two recordings: status 2"
like "$(replay --help)" 'open-loop: what the other decisions would have changed has no effect' "--help says what it can't tell"
done_testing
