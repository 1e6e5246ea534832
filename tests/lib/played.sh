# SPDX-License-Identifier: BSD-3-Clause
# For tests of faults, after tap.sh: the daemon on guests that are played by tests/faults/libvirtd.c.

played=$top/build/tests/faults/libvirtd
[ -x "$played" ] || make -s -C "$top" build/tests/faults/libvirtd
export MEMCOORD_RUNTIME_DIR=$tmp/run
. "$top/tests/lib/waits.sh"
cd "$tmp" || exit 1
server=
pid=

# Both end with the test, whatever becomes of it.
played_cleanup() {
    [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null
    exec 9>&-
    [ -z "$server" ] || wait "$server" 2>/dev/null
    tap_cleanup
}
trap played_cleanup EXIT

# play COMMAND...: tells the server, each argument a line (libvirtd.c)
play() { printf '%s\n' "$@" >&9; }

# play_begin: starts the server, which says in $tmp/sets what was set
play_begin() {
    mkfifo commands
    "$played" <commands >sets 2>played.err &
    server=$!
    exec 9>commands
    wait_for 20 test -s sets
    uri=$(head -n 1 sets)
}

# daemon [LINE...]: starts one in the background, with more lines in [memcoord]; its lines go to $tmp/err,
# it is $pid
daemon() {
    printf '%s\n' '[memcoord]' "uri = $uri" 'policy = threshold' 'interval = 300ms' "$@" \
        '[domain *]' 'min = 256MiB' >x.ini
    "$memcoord" -c x.ini 2>err 9>&- &
    pid=$!
}

# has NAME OPERATOR MIB: what it was given, as `has web1 -gt 600`
has() {
    play "say $1"
    sleep 0.05
    [ "$(sed -n "s/^$1 has \([0-9]*\) MiB\$/\1/p" sets | tail -n 1)" "$2" "$3" ]
}

# is_given NAME MIB: it gets more when it needs so much
is_given() {
    play "use $1 $2"
    wait_for 30 has "$1" -gt "$2"
}
is_helped() { ok "$3" is_given "$1" "$2"; } # NAME MIB TEXT

within_bounds() { is "$(grep -c 'OUT OF BOUNDS' sets)" 0 "nobody was set out of its bounds"; }
