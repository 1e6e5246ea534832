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

# n_said REGEX: how many lines of that kind
n_said() { grep -Ec -- "$1" err; }

# reloads N: whether so many have come to an end
reloads() { [ "$(n_said '^reload: (done|refused)')" -ge "$1" ]; }

# tell_to_reload SECONDS: has it reload, and waits for the end of that; what is said of it is in $lines
tell_to_reload() {
    local n from
    n=$(n_said '^reload: (done|refused)')
    from=$(($(wc -l < err) + 1))
    kill -HUP "$pid" || {
        fail "the daemon lives" "$(tail -n 5 err)"
        done_testing
    }
    wait_for "$1" reloads $((n + 1)) || fail "the reload ends" "$(tail -n 5 err)"
    lines=$(tail -n "+$from" err | sed -n '/^reload: reading/,/^reload: \(done\|refused\)/p')
}

# lives: whether it has not ended
lives() { kill -0 "$pid" 2>/dev/null; }
