#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# mom asks for more than the host has, as the original does; the guard grants no more than there is.
. "$(dirname "$0")/../lib/tap.sh"

# Ten guests of 3 GiB, at most 4, that are full, on a host of 16 GiB of which 21% are free: not below the
# pressure of 20%, so that all of them grow to 3145728 - 31457 used + 20%, 3743416 KiB. That is 597688
# more for each, 5976880 in all; 3523215 are free. (Case M22 of the original.) What they have they hold.
snapshot() { # [MORE OF EACH GUEST]
    local i guests=
    for i in 0 1 2 3 4 5 6 7 8 9; do
        guests+="${guests:+,}{\"name\":\"g$i\",\"min_kib\":0,\"max_kib\":4194304,\"balloon_kib\":3145728"
        guests+=",\"unused_kib\":31457,\"rss_kib\":4000000$1}"
    done
    echo "{\"host\":{\"total_kib\":16777216,\"available_kib\":3523215,\"free_kib\":3523215,\"cached_kib\":0}," \
        "\"domains\":[$guests]}"
}

# field FIELD: that of each guest, one a line
field() { perl -MJSON::PP -0777 -ne 'BEGIN { $f = shift } print "$_->{$f}\n" for @{decode_json($_)->{domains}}' "$1"; }

# growth FIELD: how much more than they have, in all
growth() { field "$1" | awk '{ sum += $1 - 3145728 } END { print sum }'; }

decide() { "$memcoord" decide -p mom --policy-path "$top/policies" "$@"; }

reserve=$((16777216 / 20)) # 5%
grantable=$((3523215 - reserve))
keep=$((256 * 1024)) # rescue_keep: for rescues alone

out=$(snapshot '' | decide --no-guard)
is "$(echo "$out" | field asked_kib | sort -u)" 3743416 "the plan: each guest gets what it uses and 20%"
is "$(echo "$out" | growth asked_kib)" 5976880 "in all more than is free"
is "$(echo "$out" | growth granted_kib)" 5976880 "and without the guard that would be done"

out=$(snapshot '' | decide)
is "$(echo "$out" | growth asked_kib)" 5976880 "with the guard the plan is the same"
granted=$(echo "$out" | growth granted_kib)
ok "but what is granted is within grantable" [ "$granted" -le "$grantable" ]
ok "and leaves rescue_keep" [ "$granted" -le $((grantable - keep)) ]
ok "nearly all of that is given" [ "$granted" -gt $((grantable - keep - 10 * 8192)) ]
is "$(echo "$out" | field granted_kib | awk '$1 < 3145728' | wc -l)" 0 "nobody has less than before"

# A guest with 31457 KiB usable is about to starve: the guard gives it guest_reserve first, also from
# rescue_keep.
out=$(snapshot ',"usable_kib":31457' | decide)
granted=$(echo "$out" | growth granted_kib)
ok "guests about to starve: within grantable all the same" [ "$granted" -le "$grantable" ]
ok "and each gets what it needs" [ "$(echo "$out" | field granted_kib | sort -n | head -n 1)" -ge \
    $((3145728 - 31457 + 100 * 1024)) ]

# Nothing is grantable: the plan is still the same, nothing of it is done.
out=$(snapshot '' | sed 's/"available_kib":[0-9]*/"available_kib":838860/' | decide)
is "$(echo "$out" | growth asked_kib) $(echo "$out" | growth granted_kib)" "5976880 0" \
    "nothing is grantable: nothing is granted"

done_testing
