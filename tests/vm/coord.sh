# SPDX-License-Identifier: BSD-3-Clause
# The coordinator under test. Sourced by lib.sh.

coord_log=$tmp/memcoord.log # its lines, of all runs of this test
coord_pid=

# coord_conf FILE: writes standard input to FILE, with this test's libvirtd as the URI
coord_conf() { sed "s|^uri = .*|uri = $vm_uri|" >"$1"; }

# coord_start CONF [ARGUMENT...]: starts it, with debug lines
coord_start() {
    echo "---- memcoord -c $*" >>"$coord_log"
    "$memcoord" -c "$@" -v </dev/null >>"$coord_log" 2>&1 &
    coord_pid=$!
}

coord_lives() { [ -n "$coord_pid" ] && kill -0 "$coord_pid"; }

# coord_stop [SIGNAL]: ends it (TERM); returns its exit status
coord_stop() {
    local pid=$coord_pid
    [ -n "$pid" ] || return 0
    coord_pid=
    kill "-${1:-TERM}" "$pid" 2>/dev/null
    vm_until 20 vm_gone "$pid" || kill -KILL "$pid"
    wait "$pid" 2>/dev/null
}

# coord_lines: what it wrote since its last start
coord_lines() { tac "$coord_log" | sed '/^---- /q' | tac; }

# coord_said REGEX: whether it wrote such a line since its last start
coord_said() { coord_lines | grep -E -- "$1" >/dev/null; }
