# SPDX-License-Identifier: BSD-3-Clause
# For tests of a daemon in the background, after tap.sh: it is $pid, and its lines go to `err`.

# wait_for SECONDS COMMAND...: until the command succeeds
wait_for() {
    local n=$(($1 * 20))
    shift
    while ! "$@"; do
        [ $((n--)) -gt 0 ] || return 1
        sleep 0.05
    done
}

# said REGEX: whether it said that
said() { grep -Eq -- "$1" err; }

# lives: whether it has not ended
lives() { kill -0 "$pid" 2>/dev/null; }
