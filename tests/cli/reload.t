#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# SIGHUP: the configuration and the policy are exchanged between two ticks, or what ran before goes on. On the
# simulated host, whose recording tells of each tick and when it was.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/policies.sh"
. "$top/tests/lib/recorded.sh"

# ---- the stage

printf '[scenario]\nduration = 100000min\n[host]\nmemory = 16GiB\n[guest web]\ncount = 3\nmax = 2GiB\nballoon = 640MiB\nload = walk 100MiB to 500MiB step 60MiB every 4s\n[guest late]\nmax = 1GiB\nload = take 100MiB\n' > s.ini

# conf TEXT...: x.ini with these lines in the place of the usual ones of [memcoord]; whole at once
conf() {
    { printf '[memcoord]\nuri = sim:s.ini\n'; printf '%s\n' "$@"; } > x.new
    mv x.new x.ini
}

# start [ARGUMENT...]: a daemon on x.ini, ten times as fast as real time
start() {
    rm -f a.db b.db
    "$memcoord" -c x.ini --speed 10 "$@" 2>err &
    pid=$!
    wait_for 30 said ' domains, host: '
}

# stop STATUS NAME
stop() {
    kill -TERM $pid
    wait $pid
    is $? "$1" "$2"
}

# reload: tells the daemon, and waits for the end of it; the lines of that are in $lines
reload() {
    tell_to_reload 30
    # but for what the policy says on its trial, and ticks that are done meanwhile
    lines=$(printf '%s\n' "$lines" |
        sed -e '1d' -e '/^policy /d' -e '/^[0-9]* domains\{0,1\}, host: /d' -e '/^[a-z0-9]*: [0-9]* -> [0-9]* MiB /d')
}

ticks() { grep -Ec ' domains?, host: ' err; }
ticked() { [ "$(ticks)" -ge "$1" ]; }
goes_on() { wait_for 30 ticked $(($(ticks) + 3)); }

# A policy that asks for nothing, and says in its log of which build it is and its parameter, when it has no
# state yet.
cat > counting.c <<'C'
#include <errno.h>
#include <memcoord/policy.h>

struct counting {
    uint64_t step_kib, ticks;
};
static const struct memcoord_param params[] = {
    MEMCOORD_SIZE(struct counting, step_kib, "step", "1MiB", "0..1GiB", "nothing"),
    MEMCOORD_PARAMS_END
};
#ifndef BUILD
#define BUILD "first"
#endif
#ifndef STATE_VERSION
#define STATE_VERSION 1
#endif

static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    struct counting *c = state;

    (void)s;
#ifdef FAILS
    return memcoord_fail(plan, EDOM, "there is no answer");
#endif
    c->ticks++;
    for (size_t i = 0; i < s->n_domains; i++)
        ++*(uint64_t *)s->domains[i]->state;
    if (c->ticks == 1)
        memcoord_log(plan, 6, BUILD " build begins, step %d", (int)c->step_kib);
    return memcoord_fail(plan, 0, "tick %d of %d, " BUILD " build, step %d", (int)s->tick,
                         (int)c->ticks, (int)c->step_kib) * 0;
}
MEMCOORD_POLICY(.name = "counting", .summary = "counts", .state_size = sizeof(struct counting),
                .domain_state_size = 8, .state_version = STATE_VERSION, .params = params,
                .decide = decide);
C
sed -i 's/    return memcoord_fail(plan, 0.*/    return 0;/; /^                         (int)c->ticks/d' counting.c
make_policy() { build counting.c "$1" -I"$top/include" "${@:2}"; }

# begun BUILD: on its trial, and then in earnest
begun() { [ "$(n_said "counting: $1 build begins, step 2048")" -ge 2 ]; }

# ---- all that can change, changes between two ticks

conf 'policy = threshold' 'interval = 1s' '[guard]' 'max_shrink = 50MiB' '[record]' 'file = a.db'
start
reload
is "$lines" "reload: nothing has changed
reload: done: policy threshold begins anew, every 1000 ms" "a file that says the same changes nothing"

conf 'policy = proportional' 'interval = 2s' 'on_exit = restore' '[host]' 'warn_free = 1GiB' \
    '[guard]' 'max_shrink = 100MiB' '[record]' 'file = a.db' '[domain web-*]' 'min = 300MiB' 'weight = 500' \
    '[domain late]' 'manage = no' '[policy proportional]' 'headroom = 30%'
reload
is "$lines" "reload: memcoord.interval: 1s -> 2s
reload: memcoord.policy: threshold -> proportional
reload: memcoord.on_exit: hold -> restore
reload: host.warn_free: 200MiB -> 1GiB
reload: guard.max_shrink: 50MiB -> 100MiB
reload: domain web-*.min: not set -> 300MiB
reload: domain web-*.weight: not set -> 500
reload: domain late.manage: not set -> no
reload: done: policy proportional begins anew, every 2000 ms" "each change is said, with both values"
ok "a domain that is managed no longer is left alone" \
    wait_for 30 said '^late: is not managed: the configuration says manage = no$'
ok "and ticks go on" goes_on
ok "with the new policy" grep -q 'headroom' err

sed -i 's/^headroom = .*/headroom = 20%/; s/^manage = no/manage = yes/' x.ini
reload
is "$lines" "reload: domain late.manage: no -> yes
reload: policy proportional.headroom: 30% -> 20%
reload: done: policy proportional goes on with what it remembers, every 2000 ms" \
    "a parameter of the policy changes, and its state is kept"
ok "a domain that is managed again is told" wait_for 30 said '^late: is managed again$'
sed -i 's/^dry_run.*//; s/^interval = 2s/&\ndry_run = yes/' x.ini
reload
is "$lines" "reload: memcoord.dry_run: no -> yes
reload: done: policy proportional goes on with what it remembers, every 2000 ms" "dry_run changes"
ok "and nothing more is done" wait_for 30 said 'would be: 0 MiB granted'
sed -i 's/^dry_run = yes/dry_run = no/' x.ini
reload

# ---- no tick is lost, and each run in the recording tells of its own settings

ok "ticks go on" goes_on
sed -i 's/^file = .*/file = b.db/' x.ini
reload
like "$lines" '^reload: record.file: a.db -> b.db$' "another recording"
ok "which is written" goes_on
sed -i 's/^interval = .*/interval = 500ms/' x.ini
reload
ok "ticks go on with the shorter interval" goes_on
stop 0 "it ends well"
like "$(tail -n 5 err)" 'there is nothing to give back|of the [0-9]+ MiB that it had' "on_exit = restore counts"

# rows FILE SQL: what is in the recording
rows() { python3 -c '
import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]):
    print(*row)' "$1" "$2"; }
ticks_sql='SELECT tick, now_ms, interval_ms FROM host_sample h JOIN run r ON h.run = r.id ORDER BY tick'
{ rows a.db "$ticks_sql"; rows b.db "$ticks_sql"; } > ticks
is "$(awk '$1 != NR' ticks)" "" "ticks are numbered on, none is missing or twice"
# with a shorter interval, the next one may be due at once
is "$(awk 'NR > 1 && $2 - at != $3 && !($3 < interval && $2 - at < interval && $2 - at > $3) { print }
    { at = $2; interval = $3 }' ticks)" "" "each comes an interval after the one before, over all reloads"
ok "there are ticks of each interval" test "$(cut -d' ' -f3 ticks | uniq | tr '\n' ' ')" = "1000 2000 500 "
is "$(rows a.db 'SELECT policy FROM run' | uniq | tr '\n' ' ')" "threshold proportional " \
    "each reload begins a run, which names its policy"
like "$(rows b.db 'SELECT settings FROM run ORDER BY id DESC LIMIT 1')" '^headroom = 20%$' "with its settings"
like "$("$memcoord" replay b.db 2>&1)" '.' "and it can be replayed"
ok "report reads it" "$memcoord" report a.db b.db -o r.html

# ---- the interval of the command line wins

conf 'policy = hold' 'interval = 1s'
start 3
conf 'policy = hold' 'interval = 10s'
reload
is "$lines" "reload: nothing has changed
reload: done: policy hold begins anew, every 3000 ms" "the interval of the command line wins over the file's, still"
stop 0 "it ends well"

# ---- what is wrong: the old one goes on, and all of it is said with file and line

conf 'policy = threshold' '[policy threshold]' 'low = 90MiB'
start
# refused NAME LINE...: x.ini is refused with exactly these lines, and the old one goes on
refused() {
    local name=$1 want
    shift
    want=$(printf '%s\n' "$@" "reload: refused: what ran before goes on, unchanged")
    reload
    is "$lines" "$want" "$name"
    goes_on || fail "$name: ticks go on"
}
conf 'policy = threshold' 'intervall = 1s' '[guard]' 'max_shrink = 5' '[policy threshold]' 'low = much'
refused "all that is wrong is said" \
    "x.ini:4: unknown key 'intervall' in [memcoord]: did you mean 'interval'? allowed are uri, interval, policy, policy_path, dry_run, on_exit" \
    "x.ini:6: max_shrink: '5' has no unit: want a size such as 100MiB (KiB, MiB, GiB, TiB), 1MiB..16TiB" \
    "x.ini:8: [policy threshold] low: 'much' is not a plain number: want a size such as 100MiB (KiB, MiB, GiB, TiB), 0..1TiB"
rm x.ini
refused "no file" "x.ini: can't be opened: No such file or directory"
mkdir x.ini
reload
like "$lines" '^x.ini: can.t be ' "a folder in its place"
rmdir x.ini
conf 'policy = nowhere'
reload
like "$lines" "^x.ini:3: no policy 'nowhere': looked for nowhere.so in " "no such policy"
conf 'policy = threshold'
sed -i 's/^uri = .*/uri = test:\/\/\/default/' x.ini
refused "another host needs a restart" \
    "x.ini:2: uri: sim:s.ini -> test:///default: another host needs a restart"
conf 'policy = threshold' '[guard]' 'max_shrink = 1GiB' '[record]' 'file = nowhere/a.db'
refused "a recording that can't be opened" "x.ini:7: file: nowhere/a.db: No such file or directory"
echo "no code" > broken.so
conf "policy = $tmp/broken.so"
reload
like "$lines" "^x.ini:3: $tmp/broken.so: " "a policy that is none"
make_policy counting.so -DFAILS
conf "policy = $tmp/counting.so"
refused "a policy that gives no answer on a trial" \
    "x.ini:3: policy counting: it gives no decision on what was seen last: there is no answer"
chmod g+w counting.so
reload
like "$lines" "^x.ini:3: $tmp/counting.so: the file can be written by its group" "a policy that others can change"
chmod g-w counting.so
conf 'policy = threshold' '[policy threshold]' 'low = 90MiB'
reload
is "$lines" "reload: nothing has changed
reload: done: policy threshold begins anew, every 1000 ms" "nothing of all that was applied"

# ---- the policy's very file

make_policy counting.so
conf "policy = $tmp/counting.so" '[policy counting]' 'step = 2MiB'
reload
like "$lines" "^reload: memcoord.policy: threshold -> $tmp/counting.so$" "a policy by its path"
ok "it runs" wait_for 30 begun first
make_policy new.so -DBUILD='"second"' -DSTATE_VERSION=2
mv new.so counting.so
reload
is "$lines" "reload: policy counting: $tmp/counting.so has other code than before
reload: done: policy counting begins anew, every 1000 ms" "a file that was replaced"
ok "is the new code" wait_for 30 begun second
make_policy new.so -DBUILD='"third"' -DSTATE_VERSION=3
cat new.so > counting.so
ok "a file that is written to does no harm" goes_on
reload
like "$lines" 'counting.so has other code than before$' "... and is seen as new"
ok "... and is the new code" wait_for 30 begun third
before=$(n_said 'build begins')
make_policy new.so -DBUILD='"fourth"' -DSTATE_VERSION=3
mv new.so counting.so
sed -i 's/^step = .*/step = 5MiB/' x.ini
reload
is "$lines" "reload: policy counting: $tmp/counting.so has other code than before
reload: policy counting.step: 2MiB -> 5MiB
reload: done: policy counting goes on with what it remembers, every 1000 ms" "code of the same state_version"
ok "ticks go on" goes_on
is "$(n_said 'build begins')" "$before" "it goes on with its state: it does not begin anew"

# ---- many at once, and at odd moments

before=$(n_said '^reload: reading')
for ((i = 0; i < 200; i++)); do kill -HUP $pid; done
ok "many signals at once are one, or a few" goes_on
for ((i = 0; i < 50; i++)); do kill -HUP $pid; sleep 0.01; done
ok "many signals one behind the other: ticks go on" goes_on
ok "each was heard" test "$(n_said '^reload: reading')" -gt $((before + 1))
conf 'policy = hold' '[guard]' 'max_shrink = 77MiB'
kill -HUP $pid
ok "what was written last counts" wait_for 30 said '^reload: guard.max_shrink: 50MiB, 10% -> 77MiB$'
stop 0 "it ends well after all that"

conf 'policy = hold'
# hears: a daemon that is told as soon as it can be, before its first tick or about then; it reads its file again
hears() {
    "$memcoord" -c x.ini --speed 10 2>err &
    pid=$!
    # it is the daemon, no shell any more, and catches SIGHUP
    until grep -q '^Name:.memcoord' "/proc/$pid/status" && grep -q '^SigCgt:.*[13579bdf]$' "/proc/$pid/status"; do
        grep -q '^State:.Z' "/proc/$pid/status" && return 1
    done
    kill -HUP $pid
    wait_for 30 said '^reload: done: policy hold' || return 1
    kill -TERM $pid
    wait $pid
}
for ((i = 0; i < 5; i++)); do hears || break; done
is "$i" 5 "one that comes before the first tick ends nothing, and is heard after it"

# ---- a host of libvirt's, which is opened anew where it may be changed from now on, or no more

# real DRY_RUN: x.ini for libvirt's test driver, whose guest never changes
real() { printf '[memcoord]\nuri = test:///default\npolicy = threshold\non_exit = restore\ndry_run = %s\n' "$1" > x.ini; }
mkdir proc
printf 'MemTotal: 16777216 kB\nMemAvailable: 12582912 kB\n' > proc/meminfo
real yes
"$memcoord" -c x.ini --proc proc 0.1 2>err &
pid=$!
ok "a dry run" wait_for 30 said 'would be: '
real no
reload
is "$lines" "reload: memcoord.dry_run: yes -> no
reload: done: policy threshold begins anew, every 100 ms" "it becomes one that changes something"
ok "ticks go on" goes_on
is "$(n_said '^test: runs')" 1 "it goes on with the domains that it knew"
real yes
reload
ok "and a dry run again" wait_for 30 said 'would be: '
before=$(n_said '^test: [0-9]+ -> ')
ok "which goes on" goes_on
is "$(n_said '^test: [0-9]+ -> ')" "$before" "and changes nothing"
real no
reload
ok "and none" goes_on
stop 0 "it ends well"

# ---- descriptors and memory

conf "policy = $tmp/counting.so" '[record]' 'file = a.db'
start
reload
ok "what is recorded is being written" wait_for 30 test -s a.db-wal
open_files() { ls "/proc/$pid/fd" | wc -l; }
before=$(open_files)
for ((r = 0; r < 20; r++)); do reload; done
is "$(open_files)" "$before" "20 reloads leave no file open"
is "$(grep -c 'memfd:counting' "/proc/$pid/maps")" "$(grep 'memfd:counting' "/proc/$pid/maps" | sort -u | wc -l)" \
    "and no code of the policies before"
stop 0 "it ends well"
done_testing
