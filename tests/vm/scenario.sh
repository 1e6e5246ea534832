# SPDX-License-Identifier: BSD-3-Clause
# What one-consumer.t and two-consumers.t share: four guests, the configurations of the policies, and
# what must hold whoever wins. Sourced after lib.sh.

# Both sizes have the same headroom: the limit leaves 1024 MiB for three guests beside one that holds
# its maximum, and each of them uses 150 MiB and needs its kernel's watermarks (65 MiB of "unused" that
# is not usable) and the guard's guest_reserve (100 MiB): 945 MiB.
if [ "${FULL:-}" = 1 ]; then
    start_mib=512 min_mib=200 max_mib=2048 limit_mib=3072
    base=48MiB # a kernel with twice the maximum uses more itself
else
    start_mib=384 min_mib=192 max_mib=1024 limit_mib=2048
    base=60MiB
fi
rate_mib=15
guests='web1 web2 web3 web4'
ramp_s=$((max_mib / rate_mib)) # from nothing to the maximum

# policy_conf NAME: a configuration with that policy on standard output. Only the policy's own
# parameters differ from the defaults, and only where the defaults don't fit the scene.
policy_conf() {
    cat <<INI
[memcoord]
uri = to be set
interval = 1s
policy = $1
[host]
limit = ${limit_mib}MiB
[domain *]
min = ${min_mib}MiB
[policy $1]
INI
    case $1 in
    threshold)
        # Statistics are up to 2 s old and a tick comes every second: at 15 MiB/s a guest eats 45 MiB
        # before it is helped, so low = 80 MiB leaves 35, and grow = 40 MiB a tick is twice what it
        # needs. high = 120 MiB: with the default 200, the idle three would keep 200 MiB more than
        # the limit allows beside a guest at its maximum.
        printf '%s\n' 'low = 80MiB' 'high = 120MiB' 'grow = 40MiB' 'shrink = 50MiB'
        ;;
    proportional)
        # The defaults. A headroom of 100 MiB is more than the 45 MiB that a guest eats before it is
        # helped; idle guests get as much, which is what the guard leaves them anyway.
        ;;
    fair-share)
        # The defaults, but for `fall`: for so long what a guest has given back counts as active, and
        # with the default of 30 s the other consumer would end before it could have it.
        echo 'fall = 5s'
        ;;
    esac
}

# Boots the four guests, ready for any number of scenes.
stage_open() {
    local name
    vm_up
    for name in $guests; do vm_start "$name" "$start_mib" "$max_mib" base=$base; done
    vm_wait_ready $guests || done_testing
    vm_sample_start
}

# stage_set: the guests as they were at the start, for the next scene
stage_set() {
    local name
    for name in $guests; do
        vm_is_at "$name" $((start_mib * 1024)) || vm_set "$name" $((start_mib * 1024))
    done
    for name in $guests; do
        vm_until 240 vm_has_settled "$name" $((start_mib * 1024)) ||
            fail "$name is at its start again" "$(vm_balloon "$name") KiB"
    done
}

# scene_begin POLICY: from here to scene_end the daemon runs with that policy
scene_begin() {
    local name
    policy=$1
    declare -gA kills_before=()
    for name in $guests; do kills_before[$name]=$(vm_oom_kills "$name"); done
    policy_conf "$policy" | coord_conf "$tmp/$policy.ini"
    coord_start "$tmp/$policy.ini"
    scene_from=$(vm_now)
    sleep 3
}

scene_end() {
    scene_to=$(vm_now)
    ok "$policy: the daemon lives on" coord_lives
    coord_stop
    is $? 0 "$policy: ... and ends with status 0"
}

mib() { echo $((${1:-0} / 1024)); }

# reached_maximum NAME FROM TO: its balloon got to exactly max before its program gave all back
reached_maximum() {
    local name=$1 at begun
    is "$(csv_max "$name" balloon_kib "$2" "$3")" $((max_mib * 1024)) \
        "$policy: $name got exactly its maximum before its program ended"
    at=$(csv_when "$name" "$2" 'get("balloon_kib") == '$((max_mib * 1024)))
    begun=$(csv_when "$name" "$2" '$c["load"] == "ramp"')
    echo "# $policy: $name held its maximum $(awk "BEGIN { print ${at:-0} - ${begun:-0} }") s after" \
        "its load began; until then, least usable" \
        "$(mib "$(csv_min "$name" usable_kib "$2" "${at:-$3}")") MiB, least unused" \
        "$(mib "$(csv_min "$name" unused_kib "$2" "${at:-$3}")") MiB"
}

# reclaimed NAME TOP_KIB: whether its balloon is well below what it was
reclaimed() { [ "$(vm_balloon "$1")" -le $(($2 * 3 / 4)) ]; }

# wait_reclaimed NAME: waits for that, after its program gave all back
wait_reclaimed() {
    vm_until 60 reclaimed "$1" "$(csv_max "$1" balloon_kib "$scene_from" "$(vm_now)")"
    sleep 2
}

# was_reclaimed NAME FROM TO: after it gave back, the balloon followed, not at once
was_reclaimed() {
    local top_kib last_kib at
    top_kib=$(csv_max "$1" balloon_kib "$scene_from" "$3")
    last_kib=$(csv_last "$1" balloon_kib "$2" "$3")
    at=$(csv_when "$1" "$2" "get(\"balloon_kib\") <= $top_kib * 3 / 4")
    ok "$policy: $1 is reclaimed after its program ended: $(mib "$top_kib") -> $(mib "$last_kib") MiB" \
        [ "$last_kib" -le $((top_kib * 3 / 4)) ]
    echo "# $policy: $1 gave back a quarter within $(awk "BEGIN { print ${at:-0} - $2 }") s"
    # max_shrink is the default: 50MiB, 10% an interval
    is "$(csv_too_fast "$1" "$2" "$3" $((50 * 1024)) 10 1)" '' "$policy: ... gradually"
}

# stayed_idle NAME...: gave memory back, kept 100 MiB unused, and did not go up and down
stayed_idle() {
    local name last_kib unused_kib turns
    for name; do
        last_kib=$(csv_last "$name" balloon_kib "$scene_from" "$scene_to")
        unused_kib=$(csv_last "$name" unused_kib "$scene_from" "$scene_to")
        turns=$(csv_reversals "$name" "$scene_from" "$scene_to")
        ok "$policy: idle $name gave memory back: $start_mib -> $(mib "$last_kib") MiB" \
            [ "$last_kib" -lt $((start_mib * 1024)) ]
        ok "$policy: ... ends with at least 100 MiB unused: $(mib "$unused_kib")" \
            [ "${unused_kib:-0}" -ge $((100 * 1024)) ]
        ok "$policy: ... and turned no more than twice: $turns" [ "$turns" -le 2 ]
    done
}

# Nobody was killed, and the host was never asked for more than it may give.
all_was_safe() {
    local name peak_kib total_kib reserve_kib least_kib
    for name in $guests; do
        is $(($(vm_oom_kills "$name") - kills_before[$name])) 0 \
            "$policy: $name saw no OOM killer"
    done
    peak_kib=$(csv_sum_max balloon_kib "$scene_from" "$scene_to")
    # Four balloons that each rest some pages beside their target are no breach.
    ok "$policy: all balloons together stayed within the limit: $(mib "$peak_kib") of $limit_mib MiB" \
        [ "$peak_kib" -le $(((limit_mib + 1) * 1024)) ]
    total_kib=$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)
    reserve_kib=$((total_kib / 20 > 200 * 1024 ? total_kib / 20 : 200 * 1024))
    least_kib=$(csv_min '*' host_available_kib "$scene_from" "$scene_to")
    ok "$policy: host memory stayed above the reserve: $(mib "$least_kib") of $(mib "$reserve_kib") MiB" \
        [ "$least_kib" -ge "$reserve_kib" ]
}
