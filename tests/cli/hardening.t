#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What was built is hardened, and exports no more than it must.
. "$(dirname "$0")/../lib/tap.sh"

# Also in CI: skip_all would call it a failure.
if [ -n "${SANITIZE:-}" ]; then
    echo "1..0 # SKIP built with a sanitizer, which replaces some of it"
    exit 0
fi
command -v readelf >/dev/null || skip_all "readelf is missing (Debian: binutils)"

# defined FILE: the names that it exports; those with a version are copies of its libraries' variables
defined() {
    readelf --dyn-syms -W "$1" |
        awk '$4 ~ /OBJECT|FUNC|TLS|NOTYPE/ && $5 != "LOCAL" && $7 != "UND" && $8 !~ /@/ { print $8 }'
}
needs() { readelf --dyn-syms -W "$1" | awk '$7 == "UND" { sub(/@.*/, "", $8); print $8 }'; }

for file in "$memcoord" "$top"/policies/*.so; do
    name=${file#"$top"/}
    like "$(readelf -hW "$file")" '^ *Type: *DYN ' "$name: can be loaded anywhere"
    like "$(readelf -dW "$file")" 'BIND_NOW|Flags:.* NOW' "$name: all is bound before it starts"
    like "$(readelf -lW "$file")" '^ *GNU_RELRO ' "$name: ... and read-only from then on"
    like "$(readelf -lW "$file" | grep GNU_STACK)" ' RW +0x' "$name: no code runs on its stack"
done
like "$(readelf -dW "$memcoord")" 'Flags:.* PIE' "memcoord is position-independent"
like "$(needs "$memcoord")" '^__stack_chk_fail$' "memcoord guards its stack"
if grep -q -- ' -O[1-3s]' "$top/build/flags"; then
    like "$(needs "$memcoord")" '^__.*printf_chk$' "memcoord's calls of libc are checked (FORTIFY)"
else
    skip "memcoord's calls of libc are checked (FORTIFY)" "built without optimisation"
fi

is "$(defined "$memcoord")" "" "memcoord exports nothing of its own"
for file in "$top"/policies/*.so; do
    is "$(defined "$file")" memcoord_plugin "${file#"$top"/}: exports its policy only"
done
done_testing
