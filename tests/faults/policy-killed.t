#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A policy's process is killed by somebody else, and its state lives on with memcoord, where the policy says that it
# may: state_version is not 0. After a crash inside decide() it begins from zero.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/bad_policy.sh"

for version in 0 1; do
    bad "counts$version" "
        static const char *const f[] = { \"1: %llu %llu\", \"2: %llu %llu\", \"3: %llu %llu\", \"4: %llu %llu\" };
        memcoord_log(plan, 4, f[s->tick % 4], (long long)own->ticks,
                     (long long)((struct own *)s->domains[0]->state)->ticks);" \
        "#define STATE_VERSION $version"
    config "counts$version" test:///default 1s
    "$memcoord" -c "$tmp/counts$version.ini" --ticks 4 2> "$tmp/err" &
    pid=$!
    for ((i = 0; i < 400; i++)); do
        sleep 0.05
        grep -q '^policy counts.: .: 2 2$' "$tmp/err" && break
    done
    child=$(sed -n 's/^policy counts. runs in process \([0-9]*\),.*/\1/p' "$tmp/err")
    kill -KILL "$child"
    wait $pid
    is "$? $(ticks_of "$(cat "$tmp/err")")" "0 4" "state_version $version: no tick is lost"
    like "$(cat "$tmp/err")" "its process was killed by signal 9 \(Killed\) when it was not asked: another is started" \
        "state_version $version: it is said how it ended"
    unlike "$(cat "$tmp/err")" 'it changes nothing this time' "state_version $version: each tick has its plan"
    want='3 3'
    [ $version = 1 ] || want='1 1'
    like "$(sed -n '/when it was not asked/,$p' "$tmp/err")" "^policy counts.: .: $want\$" \
        "state_version $version: it goes on with $want"
done

# A crash inside decide: from zero, whatever the version; its parameters stay.
bad crashes 'memcoord_log(plan, 4, own->ticks > 3 ? "never" : own->ticks == 1 ? "one" : "two"); if (own->ticks == 3) abort();'
on_sim crashes
survived crashes "one that crashes when it has decided twice" 'was killed by signal 6'
unlike "$out" never "one that crashes inside decide begins from zero"
is "$(printf '%s\n' "$out" | grep -c ', failure 1 of 3')" 10 "each third tick"

mkdir "$tmp/p"
sed -e 's/struct own { uint64_t ticks; };/struct own { uint64_t ticks, low; };/' \
    -e 's/^MEMCOORD_POLICY(/static const struct memcoord_param params[] = {\n    MEMCOORD_SIZE(struct own, low, "low", "1MiB", "0..1GiB", "x"), MEMCOORD_PARAMS_END };\n&.params = params, /' \
    -e 's/memcoord_log(plan, 4, own->ticks > 3.*"two");/memcoord_log(plan, 4, "low %llu", (long long)own->low); own->low = 7;/' \
    "$tmp/crashes.c" > "$tmp/p/crashes.c"
build "$tmp/p/crashes.c" "$tmp/p/crashes.so" -w -I"$top/include"
config crashes "sim:$tmp/scenario.ini" 10s
sed -i "s|^policy = .*|policy = $tmp/p/crashes.so|" "$tmp/crashes.ini"
printf '[policy crashes]\nlow = 5MiB\n' >> "$tmp/crashes.ini"
out=$("$memcoord" -c "$tmp/crashes.ini" --speed 100000 2>&1)
like "$out" '^policy crashes: low 5120$' "its parameters are as they were set"
is "$(printf '%s\n' "$out" | grep '^policy crashes: low' | sort -u | grep -vc 'low \(5120\|7\)')" 0 "and stay"

# One that always ends after it has answered. The first time may be somebody else's doing.
bad leaves 'ualarm(100000, 0);'
config leaves test:///default 500ms 'sandbox = off' 'failures = 2'
out=$("$memcoord" -c "$tmp/leaves.ini" --ticks 9 2>&1)
is "$? $(ticks_of "$out")" "0 9" "one that ends after each answer: no tick is lost"
like "$out" '^policy leaves: its process was killed by signal 14 \(Alarm clock\) when it was not asked' \
    "one that ends after each answer: it is said"
like "$out" '^policy leaves: .*, failure 2 in a row: quarantined' "one that ends after each answer is quarantined, too"
done_testing
