#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A policy needs libraries. Those of the system it may have; one that its author brings along runs before the
# sandbox is closed, and is not loaded.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/bad_policy.sh"

mkdir "$tmp/lib"
echo '#include <unistd.h>
__attribute__((constructor)) static void begin(void) { write(2, "it runs\n", 8); }
int brought(void) { return 7; }' > "$tmp/brought.c"
build "$tmp/brought.c" "$tmp/lib/libbrought.so" -w -Wl,-soname,libbrought.so || fail "the library compiles"
bad needs 'memcoord_log(plan, 4, "has %d", brought());' 'int brought(void);'
needs() { # LINKED...: as it was built, with these besides
    build "$tmp/needs.c" "$tmp/needs.so" -w -O0 -I"$top/include" "$@" || fail "the policy links"
}
run() {
    config needs "sim:$tmp/scenario.ini" 10s "$@"
    out=$(timeout 120 "$memcoord" -c "$tmp/needs.ini" --speed 100000 2>&1)
    status=$?
}
needs -Wl,--no-as-needed -L"$tmp/lib" -lbrought -Wl,-rpath,"$tmp/lib"
run
is "$status" 2 "a library from a folder that the policy names: the daemon does not begin"
like "$out" "needs.so: a library that it needs can't be loaded from the system's folders: libbrought.so: " "it says which"
unlike "$out" 'it runs' "nothing of it ran"
run 'sandbox = off'
like "$out" '^policy needs: has 7$' "without a sandbox it can be had"
export LD_LIBRARY_PATH=$tmp/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
run 'sandbox = best-effort'
like "$out" '^policy needs: has 7$' "one from a folder that LD_LIBRARY_PATH names"

mv "$tmp/lib/libbrought.so" "$tmp/lib/brought.so"
build "$tmp/brought.c" "$tmp/lib/brought.so" -w
needs -Wl,--no-as-needed "$tmp/lib/brought.so" # without a soname the path is its name
run
is "$status" 2 "a library by its path: the daemon does not begin"
like "$out" "needs.so: it needs $tmp/lib/brought.so; want libraries by their names alone" "it says which"

sed -i "s|brought()|(int)cos(0)|; s|int brought(void);|#include <math.h>|" "$tmp/needs.c"
needs -Wl,--no-as-needed -lm -lresolv -lpthread
run 'sandbox = best-effort'
like "$out" '^policy needs: has 1$' "libraries of the system"
done_testing
