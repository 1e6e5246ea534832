#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# memcoord check: all that is wrong is said at once, with its place, and nothing is done; what is
# right is shown as it would run.
. "$(dirname "$0")/../lib/tap.sh"
cd "$tmp" || exit 1

mkdir proc
printf '%s\n' 'MemTotal: 16777216 kB' 'MemFree: 8388608 kB' 'MemAvailable: 12582912 kB' \
    'Buffers: 0 kB' 'Cached: 0 kB' 'SwapTotal: 0 kB' 'SwapFree: 0 kB' > proc/meminfo

# check_says STATUS ARGS...: runs it into $out and $err
check_says() {
    local want=$1
    shift
    out=$("$memcoord" check --proc proc "$@" 2>err)
    is $? "$want" "exit status $want: check $*"
    err=$(cat err)
}

# refused NAME MESSAGE...: what stands in x.ini is refused with exactly these lines (x.ini: left out)
refused() {
    local name=$1
    shift
    check_says 2 -c x.ini
    is "$err" "$(printf 'x.ini:%s\n' "$@")" "$name"
    is "$out" "" "$name: nothing on standard output"
}

# ---- bad input

cat > x.ini <<'END'
[memcoord]
uri = test:///default
intervall = 2s
policy = threshold
[guard]
max_shrink = 50MB
[domain web*]
min = 2GiB
max = 1GiB
[policy threshold]
low = 300MiB
[policy proportional]
surplus = burn
headroon = 5%
[policy thresold]
[polizy x]
END
check_says 2 -c x.ini
is "$(printf '%s\n' "$err" | sed 's/: looked for .* in .*;/: .../')" \
"x.ini:3: unknown key 'intervall' in [memcoord]: did you mean 'interval'? allowed are uri, interval, policy, policy_path, dry_run, on_exit
x.ini:6: max_shrink: '50MB' has an unknown unit: want a size such as 100MiB (KiB, MiB, GiB, TiB), 1MiB..16TiB
x.ini:9: min (2GiB) is above max (1GiB) in [domain web*]
x.ini:10: [policy threshold] low is above high
x.ini:13: [policy proportional] surplus: 'burn' is not one of keep|share
x.ini:14: [policy proportional] 'headroon' is no parameter of policy proportional: did you mean headroom? it has headroom_min, headroom, surplus
x.ini:15: no policy 'thresold': ... did you mean 'threshold'?
x.ini:16: unknown section [polizy x]: did you mean [policy ...]? allowed are [memcoord], [host], [record], [policy_process], [guard], [domain GLOB], [policy NAME]" \
    "all that is wrong, in sections and in policies, is said at once, in the order of lines"
is "$out" "" "nothing would run"

printf '[memcoord]\nuri = test:///default\n[policy threshold]\nlow = 300MiB\n' > x.ini
refused "low above high" "3: [policy threshold] low is above high"

printf '[memcoord]\nuri = test:///default\n[policy threshold]\ngrow = 101MiB\n' > x.ini
refused "steps wider than the band" \
    "3: [policy threshold] grow is more than high - low: idle guests would grow and shrink for ever"

printf '[memcoord]\nuri = test:///default\npolicy = nonesuch\n' > x.ini
check_says 2 -c x.ini
like "$err" "^x.ini:3: no policy 'nonesuch': looked for nonesuch.so in .*/policies" \
    "a missing policy is said with the folders that were searched"
unlike "$err" "did you mean" "and nothing is suggested where nothing is near"

printf '[memcoord]\nuri = test:///default\npolicy_path = %s/none\n' "$tmp" > x.ini
refused "a folder without the default policy" \
    "3: no policy 'threshold': looked for threshold.so in $tmp/none"

printf '[memcoord]\npolicy = %s/nonesuch.so\n' "$tmp" > x.ini
check_says 2 -c x.ini
like "$err" "^x.ini:2: .*nonesuch.so.*No such file" "a missing policy that was named by its path"

printf '[memcoord]\nuri = test:///default\npolicy = nonesuch\n[policy nonesuch]\na = 1\n' > x.ini
check_says 2 -c x.ini
is "$(printf '%s\n' "$err" | wc -l)" 1 "a policy that can't be loaded is said once"

printf '[memcoord]\nuri = qemu+ssh://root@192.0.2.1/system\n' > x.ini
refused "a remote host without dry_run" "2: uri: qemu+ssh://root@192.0.2.1/system leads to another machine, which can be watched only, for its free memory can't be known: set dry_run = yes, or run memcoord there"

printf '[memcoord]\nuri = test:///default\n[guard]\nmax_shrink = 0%%\n' > x.ini
refused "an amount that comes to less than its range allows" \
    "4: max_shrink: '0%' is too small: want a size, a percentage, or both: '200MiB, 5%', 1MiB..16TiB"

# nothing is done on the way to a refusal
printf '[memcoord]\nuri = test:///default\n\0' > x.ini
refused "a NUL byte" "3: a NUL byte: this is no text"

check_says 2 -c nonesuch.ini
is "$err" "nonesuch.ini: can't be opened: No such file or directory" "a missing file is named"

# ---- an unreachable host

printf '[memcoord]\nuri = test:///nonesuch.xml\n' > x.ini
check_says 1 -c x.ini
like "$err" "^x.ini:2: uri: test:///nonesuch.xml: .*nonesuch.xml" \
    "a host that can't be reached is said, with the line that names it"
like "$out" "^# x.ini is right" "after the configuration was found right"
check_says 1 -c x.ini --json
like "$out" '"right":true.*"host":\{"name":"test:///nonesuch.xml","error":"x.ini:2: uri: ' "and in JSON"

# ---- what would run

cat > x.ini <<'END'
[memcoord]
uri = test:///default
interval = 2s
[host]
reserve = 1GiB
[guard]
max_shrink = 0.01%
deadband = 0%
[domain test]
weight = 7
min = 1GiB
statistics = optional
[policy threshold]
shrink = 40MiB
END
check_says 0 -c x.ini
is "$err" "" "nothing is wrong"
like "$out" "^statistics = optional$" "what a section says of domains is shown"
like "$out" "^# Domains, unless a section says otherwise: .*statistics = required" "and what counts without one"
like "$out" "^interval = 2s ; default 1s$" "what was changed is shown with its default"
like "$out" "^limit = 0$" "what was not changed is shown, too"
like "$out" "^# .*/policies/threshold.so: " "the policy is shown with its file"
like "$out" "^shrink = 40MiB ; default 50MiB$" "its parameters are shown"
like "$out" "^max_shrink = 1MiB, 0.01% ; default 50MiB, 10%$" "a percentage keeps to the range of sizes"
like "$out" "^# host test:///default: 16384 MiB, available 12288 MiB, reserve 1024 MiB, to give " \
    "the host is shown"
like "$out" "^# test +1024 MiB +2048 MiB +8192 MiB +7  yes$" "a domain is shown with its bounds"
unlike "$out" "warning" "there is no warning"

printf '%s\n' "$out" > again.ini
first=$(printf '%s\n' "$out" | sed 's/ ; default.*//')
check_says 0 -c again.ini
is "$(printf '%s\n' "$out" | sed 's/ ; default.*//; s/again.ini/x.ini/')" "$first" \
    "the output is a configuration that comes to the same"

check_says 0 -c x.ini --json
like "$out" '"file":"x.ini","right":true,"problems":\[\]' "JSON: it is right"
like "$out" '"interval":"2s"' "JSON: the keys"
like "$out" '"policy":\{"name":"threshold",.*"shrink":"40MiB"' "JSON: the policy"
like "$out" '"name":"test","uuid":"[0-9a-f-]{36}","min_kib":1048576,"max_kib":8388608,"balloon_kib":2097152,"weight":7,"managed":true,"why":null' \
    "JSON: the domain"

uuid=$(printf '%s' "$out" | grep -o '"uuid":"[^"]*"' | cut -d'"' -f4)
printf '[memcoord]\nuri = test:///default\n[domain %s]\nmanage = no\n' "${uuid^^}" > x.ini
check_says 0 -c x.ini
like "$out" "^# test .* the configuration says manage = no$" \
    "a domain is found by its UUID in capitals, and it is said why it is not managed"

printf '[memcoord]\nuri = test:///default\n[domain test]\nmax = 1GiB\nmin = 50%%\n' > x.ini
check_says 0 -c x.ini
like "$out" "^# test +512 MiB +2048 MiB +1024 MiB " \
    "a min in percent is of the max that counts, not of libvirt's maximum"

# ---- warnings

printf '[memcoord]\nuri = test:///default\n[host]\nlimit = 1GiB\n' > x.ini
check_says 0 -c x.ini
like "$out" "^# warning: \[host\] limit is 1024 MiB, less than the 2048 MiB that can't be taken back: minima of 1 managed domains 2048 MiB, 0 others 0 MiB$" \
    "minima above the limit are warned of"

printf '[memcoord]\nuri = test:///default\n[host]\nreserve = 15GiB\n' > x.ini
check_says 0 -c x.ini
like "$out" "^# warning: the host has 16384 MiB, less than the 17508 MiB that can't be taken back: minima of 1 managed domains 2048 MiB, 0 others 0 MiB, QEMU's own memory 100 MiB, reserve 15360 MiB$" \
    "minima, overhead and reserve above the host's memory are warned of"

printf '[memcoord]\nuri = test:///default\n[domain test]\nmin = 9GiB\n' > x.ini
check_says 0 -c x.ini
like "$out" "^# warning: x.ini:4: domain test: its min, 9216 MiB, is above its maximum, 8192 MiB: it can't be shrunk at all$" \
    "a min above the domain's maximum is warned of, with its line"
check_says 0 -c x.ini --json
like "$out" '"warnings":\["x.ini:4: domain test: its min,' "JSON: the warning"

printf '[memcoord]\nuri = test:///default\n[domain *]\nmin = 4GiB\n[domain test]\nmax = 2GiB\n' > x.ini
check_says 0 -c x.ini
like "$out" "^# warning: x.ini:4: domain test: its min, 4096 MiB, is above the max of line 6, 2048 MiB: it can't be shrunk at all$" \
    "a min above the max of another section is warned of"
printf 'manage = no\n' >> x.ini
check_says 0 -c x.ini
unlike "$out" "above the max" "but not where it is left alone"

# ---- notes

printf '[memcoord]\nuri = test:///default\n[domain tset]\nmin = 1GiB\n[domain t*]\n[domain %s-*]\n[domain 00000000-*]\n' \
    "${uuid%%-*}" > x.ini
check_says 0 -c x.ini
is "$(printf '%s\n' "$out" | grep '^# note')" "# note: x.ini:3: [domain tset] matches no domain that runs
# note: x.ini:7: [domain 00000000-*] matches no domain that runs" \
    "sections that match no domain that runs are named, by name and by UUID"
check_says 0 -c x.ini --json
like "$out" '"notes":\["x.ini:3: \[domain tset\] matches no domain that runs","x.ini:7: ' "JSON: the notes"

# ---- which file, usage

printf '[memcoord]\nuri = test:///default\n' > coord.ini
check_says 0
like "$out" "^# coord.ini is right" "coord.ini in the current folder is used if none is given"
rm coord.ini
if [ -e /etc/memcoord/coord.ini ]; then
    skip "else /etc/memcoord/coord.ini" "it exists here"
else
    check_says 2
    is "$err" "memcoord: there is no ./coord.ini: want one, /etc/memcoord/coord.ini, or -c FILE
/etc/memcoord/coord.ini: can't be opened: No such file or directory" \
        "else /etc/memcoord/coord.ini, and if that is missing, too, both are named"
fi

check_says 0 --help
like "$out" "^usage: memcoord check" "--help"
check_says 0 --version
like "$out" "^memcoord [0-9]" "--version"
check_says 2 --nonesuch
like "$err" "nonesuch" "an unknown option is named"
check_says 2 -c coord.ini extra
like "$err" "'extra' is one argument too many" "an argument too many is named"

done_testing
