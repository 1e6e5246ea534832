#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# systemd's unit: installed where systemd looks for it, with the paths of the installation; systemd has nothing
# against it; and with the rights that it leaves, memcoord runs.
. "$(dirname "$0")/../lib/tap.sh"
umask 022

root=$tmp/root
ok "make install, with a PREFIX that is not the default" make -C "$top" -s --no-print-directory \
    CC="${CC:-cc}" SANITIZE="${SANITIZE:-}" install PREFIX="$root/usr" SYSCONFDIR="$root/etc"
unit=$root/usr/lib/systemd/system/memcoord.service
ok "the unit is where systemd looks for it" test -f "$unit"
value() { sed -n "s/^$1=//p" "$unit"; }
is "$(value ExecStart)" "$root/usr/bin/memcoord -c $root/etc/memcoord/coord.ini" "it starts what is installed"
is "$(value ExecReload)" '/bin/kill -HUP $MAINPID' "reload is SIGHUP"
is "$(value Type)" simple "nothing is promised that memcoord does not do"
is "$(value Restart):$(value RestartPreventExitStatus)" on-failure:2 \
    "where too many calls hang it is started again, where its configuration is wrong it is not"
is "$(grep -c '/usr/local' "$unit")" 0 "no other path is in it"
is "$(value RuntimeDirectoryPreserve)" yes "what domains had survives a stop"

if command -v systemd-analyze >/dev/null; then
    out=$(systemd-analyze verify "$unit" 2>&1)
    is "$?:$(printf '%s\n' "$out" | grep memcoord.service)" "0:" "systemd finds nothing wrong with it"
else
    skip "systemd-analyze verify" "systemd-analyze is not here"
fi

# The capabilities that it leaves: none that counts here.
if command -v setpriv >/dev/null && [ "$(id -u)" = 0 ]; then
    export MEMCOORD_RUNTIME_DIR=$tmp/run
    printf '[memcoord]\nuri = test:///default\npolicy = threshold\n' > "$tmp/x.ini"
    drop=(setpriv --no-new-privs --bounding-set=-all,+sys_resource --inh-caps=-all)
    out=$("${drop[@]}" "$root/usr/bin/memcoord" -c "$tmp/x.ini" --ticks 2 0.1 2>&1)
    is $? 0 "without root's capabilities it runs"
    like "$out" '^1 domain, host: ' "... and coordinates, with a policy"
else
    skip "without root's capabilities" "only for root, with setpriv"
fi
done_testing
