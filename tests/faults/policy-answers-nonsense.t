#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A policy answers in the place of the code that runs it: too much, too early, nonsense, or nothing.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/bad_policy.sh"
nonsense='gave an answer that makes no sense while it decided'

# as wire.h has it
head='struct head { uint32_t call, reserved; uint64_t serial, bytes; };
static void say(uint32_t call, uint64_t serial, uint64_t bytes)
{ struct head h = { call, 0, serial, bytes }; send(3, &h, sizeof(h), 0); }'

bad short 'send(3, "x", 1, 0); _exit(0);'
harmless short "an answer that is too short" "$nonsense"
on_driver short "an answer that is too short" "$nonsense"
bad long 'char big[4096] = { 0 }; send(3, big, sizeof(big), 0);'
harmless long "an answer that is too long" "$nonsense"
bad wrong 'say(3, 0, 8);' "$head"
harmless wrong "the answer to another question" "$nonsense"
bad kind 'say(9, 3, 8);' "$head"
harmless kind "an answer of no kind" "$nonsense"
# serials of one that was loaded: 1; its first decision: 2 (without a check)
bad huge 'for (uint64_t i = 1; i < 9; i++) say(3, i, UINT64_MAX);' "$head"
harmless huge "an answer larger than there is room for" "$nonsense"
bad empty 'for (uint64_t i = 1; i < 9; i++) say(3, i, 0);' "$head"
harmless empty "an answer of no bytes" "$nonsense"
bad early 'if (own->ticks == 1) return 0; say(3, 2, 100);' "$head"
on_sim early
survived early "an answer before its time" "$nonsense"

# The plan that is given back: whatever stands in the memory that is shared.
# It stands before the state, which the policy works on there.
for pattern in 0x00 0xff 0x41 0x80; do
    bad fills "memset((char *)own - 2048, $pattern, 2048); say(3, 2, 5000);" "$head"
    on_sim fills
    survived fills "an answer full of $pattern" "$nonsense"
done

# Numbers of all sizes are the guard's to judge.
for kib in 0 1 UINT64_MAX UINT64_MAX-1 INT64_MAX '(UINT64_C(1)<<63)'; do
    bad asks "memcoord_set_target(plan, s->domains[0], $kib, \"\\033[31m\\n\\377\");"
    on_sim asks
    is "$status $(ticks_of "$out")" "0 $ticks" "it asks for $kib KiB: no tick is lost"
    unlike "$out" $'[\x01-\x09\x0b-\x1f\x7f-\xff]' "it asks for $kib KiB: no control character is logged"
    like "$out" ' 0 loads were killed' "it asks for $kib KiB: the guest lives"
done

# What check() says, to who tries it by hand: of the defaults while it is loaded, and of what was set.
for nth in 0 1 2; do
    bad chats '' "static const char *check(const void *s)
{ static int n; return n++ == $nth ? \"wrong\\nreload: done\\033[31m\\x9b\" \"31m\\xc2\\x9b\" \"31m\" : NULL; }
#define CHECK check"
    for isolate in '' --isolate; do
        out=$("$memcoord" decide -p "$tmp/chats.so" $isolate < /dev/null 2>&1)
        is "$? $(printf '%s\n' "$out" | wc -l)" "2 1" "what check() says, time $nth, $isolate: one line"
        like "$out" '^(memcoord: .*|\[policy chats\]) ?wrong reload: done \[31m\?31m  31m$' "what check() says, time $nth, $isolate: without escapes"
    done
done

# Domains that are none.
bad strangers 'struct memcoord_domain d = *s->domains[0];
    for (size_t i = 0; i < 100; i++) memcoord_set_target(plan, (void *)(i * 4096 + 16), 1, "x");
    memcoord_set_target(plan, &d, 1, "x");'
on_sim strangers
is "$status $(ticks_of "$out")" "0 $ticks" "domains that are none: no tick is lost"
unlike "$out" '^policy strangers: ' "domains that are none are no failure"
done_testing
