#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Under the configurations that ship, the steps of threshold reach guests of any size: no rule of the
# guard takes a step of 50 or 100 MiB for too small where the guest is large.
. "$(dirname "$0")/../lib/tap.sh"

# moved CONF BALLOON_GIB FREE_MIB: by how many MiB that guest's target changes
moved() {
    local balloon_kib=$(($2 * 1024 * 1024)) free_kib=$(($3 * 1024)) out
    out=$(echo '{"host":{"total_kib":268435456,"available_kib":134217728},"domains":[{"name":"a",' \
        "\"min_kib\":262144,\"max_kib\":268435456,\"balloon_kib\":$balloon_kib," \
        "\"unused_kib\":$free_kib,\"usable_kib\":$free_kib,\"rss_kib\":$balloon_kib}]}" |
        "$memcoord" decide -c "$top/conf/$1") || return
    echo $((($(sed 's/.*"granted_kib": *\([0-9]*\).*/\1/' <<<"$out") - balloon_kib) / 1024))
}

for gib in 1 8 16 64; do
    for conf in coord threshold demand-band release-only; do
        is "$(moved $conf.ini $gib 600)" -50 "$conf.ini: an idle guest of $gib GiB gives 50 MiB back"
    done
    for conf in coord threshold demand-band; do
        is "$(moved $conf.ini $gib 80)" 100 "$conf.ini: a guest of $gib GiB in need gets 100 MiB"
    done
done
done_testing
