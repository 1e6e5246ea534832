#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A daemon that can't see its host at the start says why, and where that stands, and ends with 1.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/waits.sh"
cd "$tmp" || exit 1
export MEMCOORD_RUNTIME_DIR=$tmp/run
mkdir proc
printf '[memcoord]\n\nuri = test:///default\npolicy = hold\n' > x.ini
whole='MemTotal: 16777216 kB\nMemAvailable: 12582912 kB\n'

# says COMMAND STATUS WANT NAME: memcoord COMMAND ends so, saying WANT and no more
says() {
    out=$(timeout 20 "$memcoord" $1 2>&1 >"$tmp/stdout")
    is "$?:$out" "$2:$3" "$4"
}

# ---- the host's memory

for command in "run --ticks 1" release check; do
    says "$command -c x.ini --proc $tmp/none" 1 \
        "the host's memory can't be read: $tmp/none/meminfo: No such file or directory" \
        "$command: no meminfo"
    printf 'garbage\n' > proc/meminfo
    says "$command -c x.ini --proc proc" 1 \
        "the host's memory can't be read: proc/meminfo has no 'MemTotal: N kB' with N up to 17179869184" \
        "$command: a meminfo that is garbage"
    printf 'MemTotal: 16777216 kB\nMemAvailable: 12 MB\n' > proc/meminfo
    says "$command -c x.ini --proc proc" 1 \
        "the host's memory can't be read: proc/meminfo has no 'MemAvailable: N kB' with N up to 17179869184" \
        "$command: what is missing is named"
done
printf "$whole" > proc/meminfo
out=$("$memcoord" -c x.ini --proc proc --ticks 1 2>&1)
is $? 0 "with both it runs"

# Later it is a state: it says so, and goes on when it is healed.
"$memcoord" -c x.ini --proc proc 0.1 2>err &
pid=$!
ok "a daemon runs" wait_for 20 said 'host: 12288 MiB available'
rm proc/meminfo
ok "memory that can't be read any more is said" \
    wait_for 20 said "nothing can be seen: the host's memory can't be read: proc/meminfo: No such file or directory; trying again"
printf "${whole/12582912/8388608}" > meminfo.new
mv meminfo.new proc/meminfo
ok "and it goes on when it can be read again" wait_for 20 said 'host: 8192 MiB available'
kill -INT $pid
wait $pid
is $? 0 "and it ends well"

# ---- bounds that contradict each other

# warns WANT NAME: x.ini's daemon says this of bounds in three ticks, and says it once
warns() {
    "$memcoord" -c x.ini --proc proc --ticks 3 0.1 2>err
    is "$?:$(grep "its min" err)" "0:$1" "$2"
}
printf '[memcoord]\nuri = test:///default\npolicy = hold\n[domain *]\nmin = 4GiB\n[domain test]\nmax = 2GiB\n' > x.ini
warns "x.ini:5: domain test: its min, 4096 MiB, is above the max of line 7, 2048 MiB: it can't be shrunk at all" \
    "a min above the max of another section is told once, with both lines"
printf '[memcoord]\nuri = test:///default\npolicy = hold\n[domain t*]\nmin = 9GiB\n' > x.ini
warns "x.ini:5: domain test: its min, 9216 MiB, is above its maximum, 8192 MiB: it can't be shrunk at all" \
    "so is one above libvirt's own maximum"

# ---- the interval

printf '[memcoord]\nuri = test:///default\npolicy = hold\ninterval = 2s\n' > x.ini
like "$("$memcoord" -c x.ini --proc proc --ticks 1 2>&1)" ', policy hold, every 2000 ms$' \
    "the interval is the file's"
like "$("$memcoord" -c x.ini --proc proc --ticks 1 0.3 2>&1)" ', policy hold, every 300 ms$' \
    "that of the command line wins over it"

# ---- the URI

printf '[memcoord]\n\nuri = nonsense\npolicy = hold\n' > x.ini
for command in "run --ticks 1" release check; do
    out=$("$memcoord" $command -c x.ini --proc proc 2>&1 >"$tmp/stdout")
    is $? 1 "$command: a host that can't be reached: status 1"
    like "$out" "^x.ini:3: uri: nonsense: .*nonsense" \
        "$command: a host that can't be reached is told with its line"
done
done_testing
