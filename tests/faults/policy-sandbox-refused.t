#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The kernel refuses a part of the sandbox: that is said, or it is an error.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/bad_policy.sh"
refuses=$top/build/tests/faults/refuses
[ -x "$refuses" ] || make -s -C "$top" build/tests/faults/refuses
[ "$("$refuses" limits /bin/echo there 2>&1)" = there ] || skip_all "no filter can be set here"

bad fine 'memcoord_log(plan, 6, "decides");'
refused() { # PART WHAT
    config fine "sim:$tmp/scenario.ini" 10s 'sandbox = best-effort'
    out=$("$refuses" "$1" "$memcoord" -c "$tmp/fine.ini" --speed 100000 2>&1)
    is "$? $(ticks_of "$out")" "0 $ticks" "best-effort, $1: it goes on"
    like "$out" "^policy fine runs in process [0-9]+; of its sandbox the kernel refused: $2\$" "best-effort, $1: it is said"
    like "$out" '^policy fine: decides$' "best-effort, $1: the policy decides"
    config fine "sim:$tmp/scenario.ini" 10s 'sandbox = required'
    out=$("$refuses" "$1" "$memcoord" -c "$tmp/fine.ini" --speed 100000 2>&1)
    is $? 2 "required, $1: it does not begin"
    like "$out" "fine.ini:3: $tmp/fine.so: the kernel refuses a part of the sandbox, which is required: $2\$" \
        "required, $1: it is said why"
    config fine "sim:$tmp/scenario.ini" 10s 'sandbox = off'
    out=$("$refuses" "$1" "$memcoord" -c "$tmp/fine.ini" --speed 100000 2>&1)
    like "$out" '^policy fine runs in process [0-9]+, without a sandbox \(sandbox = off\)$' "off, $1: nothing is refused"
}
refused filter 'the filter of system calls \((Function not implemented|Operation not permitted)\)'
refused landlock "no files but the policy's \\(Function not implemented\\)"
refused capabilities 'no capabilities \(Operation not permitted\)'
# sanitizers want limits themselves, and /proc
plain=; [[ ${SANITIZE:-} =~ address|thread ]] || plain=yes
[ -z $plain ] || refused limits 'the limit on memory \(Op.*\), the limit on processor time \(Op.*\), the limits on files \(Op.*\), the limit on processes \(Op.*\)'

# What the kernel grants is as it should be, seen from outside.
on_sim fine 'sandbox = required'
like "$out" '^policy fine runs in process [0-9]+, in a sandbox of which the kernel refused nothing$' "required: nothing is refused here"

# Where the kernel makes no copy of code in memory, the policy's file is the one that can be opened.
config fine "sim:$tmp/scenario.ini" 10s 'sandbox = required'
out=$("$refuses" copies "$memcoord" -c "$tmp/fine.ini" --speed 100000 2>&1)
like "$out" '^policy fine: decides$' "required, without a copy of its file: the policy decides"

# Without /proc no policy can be loaded at all, in whatever process.
if [ -z $plain ]; then
    :
elif [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
    for isolate in yes no; do
        config fine "sim:$tmp/scenario.ini" 10s "isolate = $isolate"
        out=$(unshare -m sh -c "mount -t tmpfs none /proc && exec '$memcoord' -c '$tmp/fine.ini'" 2>&1)
        is $? 2 "without /proc, isolate = $isolate: it does not begin"
        like "$out" 'fine.ini:3: .*(is /proc mounted\?|No such file)' "without /proc, isolate = $isolate: it says why"
    done
else
    skip "without /proc" "only root can hide it"
fi
done_testing
