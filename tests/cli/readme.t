#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Every command and every example that README.md shows works, in a copy of the checkout in which the
# host of coord.ini is replaced by libvirt's embedded one.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/waits.sh"

copy=$tmp/copy
mkdir -m 755 "$copy"
(cd "$top" && tar -cf - --exclude=./.git --exclude=./build/tests --exclude=./build/vm .) | tar -xf - -C "$copy"
cd "$copy" || exit 1
sed -i 's|^uri = .*|uri = test:///default|' conf/coord.ini
export MEMCOORD_RUNTIME_DIR=$tmp/run
unset MAKEFLAGS MFLAGS MAKELEVEL

# block LANGUAGE: the lines of the fenced blocks in that language
block() { awk -v start="\`\`\`$1" '$0 == start { on = 1; next } /^```$/ { on = 0 } on' README.md; }

# What a line needs here: tests don't run themselves, and the daemon would run for ever.
run_line() {
    case $1 in
    'make deps demo') make -n deps demo >"$tmp/out" 2>&1 ;; # it has been done
    'make deps check' | 'make check '* | 'make bench') make -n ${1#make } >"$tmp/out" 2>&1 ;;
    'make install '*) eval "${1/DESTDIR=\/tmp/DESTDIR=$tmp}" >"$tmp/out" 2>&1 ;;
    './memcoord -c '*) timeout --signal=INT 3 bash -c "exec $1" >"$tmp/out" 2>&1
        local status=$?
        [ $status -eq 124 ] || [ $status -eq 0 ] ;;
    *) eval "$1" >"$tmp/out" 2>&1 ;;
    esac
}

# The first excerpt is what the demo says, line by line where it is not cut.
make demo >"$tmp/demo" 2>&1
is $? 0 "make demo"
grep '^[^.]' <<<"$(awk '/^```console/ { on = 1; next } /^```$/ && on { exit } on' README.md)" |
    grep -vxFf "$tmp/demo" >"$tmp/unsaid"
is "$(cat "$tmp/unsaid")" "" "README.md shows what it says"
ok "... and there is the page that it names" grep -q '</html>' build/demo.html
ok "... and the recording" ./memcoord replay build/demo.db

n=0
while IFS= read -r line; do
    n=$((n + 1))
    if run_line "$line"; then pass "$line"; else fail "$line" "$(tail -n 15 "$tmp/out")"; fi
done < <(block sh)
ok "README.md shows commands" test "$n" -ge 10

# timeout(1) tells 124 also of a daemon that ended well on SIGINT: look at the end itself
./memcoord -c conf/coord.ini 0.2 2>"$tmp/err" &
pid=$!
wait_for 60 grep -q 'domains*, host: ' "$tmp/err" # before it runs it ignores SIGINT, as all in the background do
kill -INT $pid
wait $pid
is $? 0 "the daemon ends with 0 on SIGINT"

block c >policies/cautious.c
ok "the policy that it shows compiles" make policies/cautious.so
like "$(./memcoord policies cautious 2>&1)" 'want' "... and loads"
like "$(echo '{"host":{"total_kib":16777216,"available_kib":8388608},"domains":[{"name":"a","min_kib":0,"max_kib":2097152,"balloon_kib":524288,"usable_kib":262144}]}' |
    ./memcoord decide -p cautious --set want=300MiB --no-guard)" '"asked_kib": *569344' "... and decides"

# The policy far from the tree, with the very line that it shows
cp policies/cautious.c "$tmp/cautious.c"
make -s install DESTDIR="$tmp/far" PREFIX=/usr >"$tmp/out" 2>&1
export PKG_CONFIG_PATH=$tmp/far/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$tmp/far
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1
line=$(block console | grep '^cc ')
ok "it compiles after make install: $line" sh -c "cd '$tmp' && $line"
unset PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
like "$(./memcoord policies cautious --policy-path "$tmp" 2>&1)" 'want' "... and loads from there"

# Each configuration by itself. The first line of a block is its section.
block ini | awk '/^\[memcoord\]/ { n++ } { print > ("example" n ".ini") }'
for example in example*.ini; do
    sed -i -e '/^uri = /d' -e 's|^\[memcoord\]|&\nuri = test:///default|' "$example"
    ok "the configuration that it shows is right: $(grep '^policy = ' "$example")" ./memcoord check -c "$example"
done
is "$(ls example*.ini | wc -l)" "$(grep -c '^```ini' README.md)" "... each of them"

# Who comes from another system finds a policy with settings that are right, and words that are keys of it.
from=$(awk '/^## Coming from/ { on = 1; next } /^## / { on = 0 } on && /^\| .*`policy = /' README.md)
while IFS='|' read -r _ system settings words _; do
    policy=$(sed 's/.*`policy = \([^`]*\)`.*/\1/' <<<"$settings")
    grep -o '`[a-z_]* = [^`]*`' <<<"$settings" | tr -d '`' >settings
    { printf '[memcoord]\nuri = test:///default\n' && grep -E '^(policy|interval) = ' settings
        printf '[policy %s]\n' "$policy" && grep -Ev '^(policy|interval) = ' settings; } >from.ini
    ok "from$system: the settings are right" ./memcoord check -c from.ini
    known=$(printf '%s %s' "$(sed -n '/^\[domain \*\]/,/^;/ s/ = .*//p' conf/coord.ini | tr '\n' ' ')" "$(./memcoord policies "$policy" | awk '{ print $1 }' | tr '\n' ' ')")
    for word in $(grep -o '`[a-z_]*`' <<<"$words" | tr -d '`' | grep -v '^optional$'); do
        like " $known " " $word " "from$system: $word is a key"
    done
done <<<"$from"
is "$(sed -n 's/^| `\([a-z-]*\)` .*\.md)* |$/\1/p' README.md | LC_ALL=C sort)" "$(all_policies)" \
    "each policy's rule is told, and no other's"

while IFS= read -r file; do
    ok "the link to $file leads somewhere" test -f "$file"
done < <(grep -o '](\([^)]*\))' README.md | tr -d '()]' | grep -v '^http')

for key in $(./memcoord --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
    [ "$key" = run ] || like "$(cat README.md)" "memcoord $key" "README.md names the command $key"
done
done_testing
