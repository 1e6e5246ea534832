#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A policy crashes: in decide(), in check(), while it is loaded.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/bad_policy.sh"

bad segv '*(volatile int *)8 = 1;'
harmless segv "a bad pointer" 'was killed by signal 11 \(Segmentation fault\) while it decided'
on_driver segv "a bad pointer" 'was killed by signal 11 \(Segmentation fault\) while it decided'

bad divides 'volatile int none = 0; return 1000 / none;'
harmless divides "a division by zero" 'was killed by signal (8 \(Floating|4 \(Illegal)'

bad aborts 'abort();'
harmless aborts "abort()" 'was killed by signal 6 \(Aborted\)'

bad recurses 'return again(1, s);' 'static int again(int n, const void *s)
{ volatile char big[10000]; big[n % 10000] = 1; return again(n + 1, s) + big[5]; }'
harmless recurses "a stack that has no end" 'was killed by signal 11 '

bad sometimes 'if (own->ticks % 2 == 0) abort();'
on_sim sometimes
is "$status $(ticks_of "$out")" "0 $ticks" "one that crashes now and then: no tick is lost"
unlike "$out" 'quarantined' "one that crashes now and then is not quarantined"
like "$out" 'failure 1 of 3 in a row: another starts in 1 s' "each time it is said"

# ---- before it decides

refuses() { # NAME HOW: what runs then
    config "$1" "sim:$tmp/scenario.ini" 10s
    out=$("$memcoord" -c "$tmp/$1.ini" 2>&1)
    is $? 2 "$1: the daemon does not begin"
    like "$out" "$2" "$1: it says why"
}
bad begins '' '__attribute__((constructor)) static void begin(void) { abort(); }'
refuses begins "begins.ini:3: $tmp/begins.so: its process was killed by signal 6 \(Aborted\) while it was loaded"
bad leaves '' '__attribute__((constructor)) static void begin(void) { _exit(3); }'
refuses leaves "its process exited with status 3 while it was loaded"
bad checks '' 'static const char *check(const void *s) { abort(); }
#define CHECK check'
refuses checks "its process was killed by signal 6 \(Aborted\) while it was loaded"
bad counts '' 'static const char *check(const void *s) { static int n; if (n++) abort(); return NULL; }
#define CHECK check'
refuses counts "\[policy counts\] its process was killed by signal 6 \(Aborted\) while it checked its parameters"
done_testing
