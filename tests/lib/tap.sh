# SPDX-License-Identifier: BSD-3-Clause
# For tests in bash that print TAP: source it, call ok/is/like, end with done_testing.
# $top is the checkout; $tmp a folder of the test's own that is removed at its end.

set -u
top=${MEMCOORD_TOP:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
memcoord=$top/memcoord
tmp=$(mktemp -d)
tap_n=0
tap_failed=0
tap_cleanup() { rm -rf "$tmp"; }
trap tap_cleanup EXIT

# The policies of this tree, by name: for what holds for all of them, also for the next one.
all_policies() { (cd "$top/policies" && printf '%s\n' *.c | sed 's/\.c$//'); }

# ok NAME COMMAND...: passes if the command succeeds; its output is shown if not.
ok() {
    local name=$1 out
    shift
    if out=$("$@" 2>&1); then pass "$name"; else
        fail "$name" "$* failed:" "$out"
    fi
}

# is GOT WANT NAME
is() { if [ "$1" = "$2" ]; then pass "$3"; else fail "$3" "got:  $1" "want: $2"; fi; }

# like GOT REGEX NAME: an extended regular expression, matched against the whole text
like() {
    if printf '%s\n' "$1" | grep -Eq -- "$2"; then pass "$3"; else
        fail "$3" "got:  $1" "want: /$2/"
    fi
}

unlike() {
    if printf '%s\n' "$1" | grep -Eq -- "$2"; then fail "$3" "got:  $1" "must not match: /$2/"; else
        pass "$3"
    fi
}

pass() { tap_n=$((tap_n + 1)); echo "ok $tap_n - $1"; }

fail() {
    tap_n=$((tap_n + 1))
    tap_failed=$((tap_failed + 1))
    echo "not ok $tap_n - $1"
    shift
    printf '%s\n' "$@" | sed 's/^/# /'
}

# skip NAME WHY: one test that can't run here. In CI all must run: there it is a failure.
skip() {
    if [ "${CI:-}" = true ]; then
        fail "$1" "skipped: $2"
    else
        tap_n=$((tap_n + 1))
        echo "ok $tap_n - $1 # SKIP $2"
    fi
}

# skip_all WHY: nothing of this file can run here
skip_all() {
    if [ "${CI:-}" = true ]; then
        fail "$(basename "$0")" "skipped: $1"
        done_testing
    fi
    echo "1..0 # SKIP $1"
    exit 0
}

done_testing() { echo "1..$tap_n"; exit $((tap_failed > 0)); }
