#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Each command gives back what it took: valgrind finds no leak, and nothing that was read before it was written.
. "$(dirname "$0")/../lib/tap.sh"

# Also in CI: skip_all would call it a failure.
if [ -n "${SANITIZE:-}" ]; then
    echo "1..0 # SKIP built with a sanitizer, which looks for leaks itself"
    exit 0
fi
if "${CC:-cc}" --version | grep -q clang; then
    echo "1..0 # SKIP Debian 12's valgrind can't read what clang writes for debuggers"
    exit 0
fi
command -v valgrind >/dev/null || skip_all "valgrind is missing (Debian: valgrind)"
cd "$tmp" || exit 1
export MEMCOORD_RUNTIME_DIR=$tmp/run

# What libraries keep until the end (GLib's types, libvirt's drivers) is still reachable and no leak.
clean() {
    local name=$1 want=$2 status
    shift 2
    valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect,possible \
        --show-leak-kinds=definite,indirect,possible --log-file=valgrind.log "$@" >out 2>err </dev/null
    status=$?
    if [ $status = "$want" ] && ! [ -s valgrind.log ]; then pass "$name"; else
        fail "$name" "status $status, want $want" "$(tail -n 5 err)" "$(head -n 60 valgrind.log)"
    fi
}

# It must find what is there, or the rest tells nothing.
printf '#include <stdlib.h>\nint main(void) { void *volatile p = malloc(7); p = NULL; return !!p; }\n' > leak.c
ok "a program that leaks" "${CC:-cc}" -O0 -g -o leak leak.c
valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite ./leak 2>/dev/null
is $? 99 "is found to"

cat > s.ini <<'END'
[scenario]
duration = 8s
[host]
memory = 3GiB
[guest grows]
max = 1GiB
balloon = 400MiB
load = ramp 60MiB/s to 900MiB
[guest late]
max = 1GiB
start = 2s
stop = 6s
boot = 500ms
END
for policy in $(all_policies); do
    printf '[memcoord]\nuri = sim:s.ini\npolicy = %s\n[record]\nfile = %s.db\n' $policy $policy > $policy.ini
    clean "run, simulated host, $policy" 0 "$memcoord" -c $policy.ini
    ok "it coordinated to the end" grep -q 'the scenario is over' err
done
printf '[memcoord]\nuri = test:///default\npolicy = threshold\non_exit = restore\n' > test.ini
clean "run, libvirt's test driver" 0 "$memcoord" -c test.ini --ticks 2
ok "it coordinated" grep -q '^1 domain, host' err
clean "check, simulated host" 0 "$memcoord" check -c threshold.ini
clean "check, libvirt's test driver" 0 "$memcoord" check -c test.ini
printf '[memcoord]\nuri = sim:nix.ini\ninterval = 5\n[hst]\n[policy threshold]\nlow = x\n' > wrong.ini
clean "check of what is wrong" 2 "$memcoord" check -c wrong.ini
clean "policies" 0 "$memcoord" policies fair-share
clean "release" 0 "$memcoord" release -c test.ini
printf '%s\n' '{"domains":[{"name":"a","max_kib":1048576,"balloon_kib":409600,"usable_kib":1000}]}' \
    '{"domains":[{"name":"b","max_kib":1048576,"balloon_kib":409600}]}' > two.json
clean "decide" 0 "$memcoord" decide -p fair-share two.json
clean "decide on what is wrong" 2 "$memcoord" decide -p threshold s.ini
clean "report" 0 "$memcoord" report threshold.db
clean "report --json" 0 "$memcoord" report --json hold.db fair-share.db
clean "report on what is none" 2 "$memcoord" report s.ini
clean "replay" 0 "$memcoord" replay threshold.db -p fair-share
printf '[experiment]\nscenarios = s.ini\nlimits = yes\n[variant t]\npolicy = threshold\n' > e.ini
clean "compare, and its processes" 0 "$memcoord" compare e.ini -o results
done_testing
