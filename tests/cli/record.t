#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# [record]: what a run writes, the same bytes each time, and what becomes of a run whose recording can't be.
. "$(dirname "$0")/../lib/tap.sh"
cd "$tmp" || exit 1
export MEMCOORD_RUNTIME_DIR=$tmp/run

# sim FILE: writes x.ini, a simulated host that is recorded there
sim() {
    printf '[memcoord]\nuri = sim:demo.ini\npolicy = threshold\n[record]\nfile = %s\n' "$1" > conf/x.ini
}
mkdir conf
cp "$top/conf/scenarios/demo.ini" conf/

# ---- the same bytes

sim a.db
plain=$(sed '/record/,$d' conf/x.ini > conf/plain.ini && "$memcoord" -c conf/plain.ini 2>&1)
out=$("$memcoord" -c conf/x.ini 2>&1)
is "$?:$out" "0:$plain" "recording changes nothing of what is done"
ok "the file is in the configuration's folder" test -s conf/a.db
is "$(ls conf)" "$(printf '%s\n' a.db demo.ini plain.ini x.ini)" "and nothing is left beside it"
sim b.db
(cd / && "$memcoord" -c "$tmp/conf/x.ini") 2>/dev/null
ok "twice the same run is twice the same file" cmp conf/a.db conf/b.db
sed -i 's/^seed = .*/seed = 2/' conf/demo.ini
sim c.db
"$memcoord" -c conf/x.ini 2>/dev/null
ok "another seed is another file" test "$(cmp conf/a.db conf/c.db | wc -l)" -eq 1
before=$(stat -c %s conf/c.db)
"$memcoord" -c conf/x.ini --ticks 20 2>/dev/null
ok "a file that is there gets one run more" test "$(stat -c %s conf/c.db)" -gt "$before"
sim "$tmp/elsewhere.db"
"$memcoord" -c conf/x.ini --ticks 2 2>/dev/null
ok "a path from the root is one" test -s elsewhere.db
sim none
"$memcoord" -c conf/x.ini --ticks 2 2>/dev/null
ok "'none' is no file" test ! -e conf/none

# ---- what can't be recorded

# cant FILE WHY: a simulated run ends with 1 then, a real one goes on, and check says so
cant() {
    local out
    sim "$1"
    out=$("$memcoord" -c conf/x.ini --ticks 1 2>&1)
    is "$?:$out" "1:$2" "$1: a simulated run fails"
    sed -i 's|^uri = .*|uri = test:///default|' conf/x.ini
    out=$("$memcoord" -c conf/x.ini --ticks 1 2>&1)
    is "$?:$(printf '%s\n' "$out" | head -n 1)" "0:$2: this run is not recorded" "$1: a real host is coordinated"
    like "$out" '^1 domain, host: ' "... in each tick"
    out=$("$memcoord" check -c conf/x.ini 2>&1 >/dev/null)
    is $? 2 "$1: check finds it"
    like "$out" '^conf/x.ini:5: file: ' "... and says where it stands"
}

cant nowhere/a.db "conf/nowhere/a.db: No such file or directory"
echo "this is no database, but a text that is longer than the header of one would be, a little bit at least" > conf/text
cant text "conf/text: is no recording of memcoord, nor any database"
mkdir conf/folder
cant folder "conf/folder: Is a directory"
cp conf/a.db conf/newer.db
printf '\0\0\0\143' | dd of=conf/newer.db bs=1 seek=60 conv=notrunc status=none
cp conf/newer.db conf/newer.before
cant newer.db "conf/newer.db: has schema 99, from a newer memcoord: this one knows schemas up to 3"
ok "a newer one is not touched" cmp conf/newer.db conf/newer.before

# ---- check

sim a.db
out=$("$memcoord" check -c conf/x.ini)
is $? 0 "check finds a recording right that more can be written to"
like "$out" '^file = a.db ; default none$' "and shows it"
like "$out" '^keep = 7d$' "and how long it is kept"
like "$("$memcoord" check --json -c conf/x.ini)" '"record": ?\{"file": ?"a.db", ?"keep": ?"7d"\}' "in JSON, too"
: > conf/empty.db
sim empty.db
ok "an empty file will do" "$memcoord" check -c conf/x.ini
"$memcoord" -c conf/x.ini --ticks 2 2>/dev/null
is "$?" 0 "and is written to"
ok "check writes nothing" test ! -e conf/a.db-wal
done_testing
