#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A policy wants more memory than there is for it.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/bad_policy.sh"

# Sanitizers reserve terabytes of addresses: with them there is no limit on memory.
if [[ ! ${SANITIZE:-} =~ address|thread ]]; then
    died='was killed by signal (11|6|7) '

    bad takes 'for (;;) { char *p = malloc(1 << 20); memset(p, 1, 1 << 20); }'
    harmless takes "all that malloc() gives" "$died" 'memory = 16MiB'
    on_driver takes "all that malloc() gives" "$died" 'memory = 16MiB'

    bad maps 'for (;;) { char *p = mmap(NULL, 1 << 24, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) abort(); memset(p, 1, 1 << 24); }'
    harmless maps "shared memory, too" "$died" 'memory = 32MiB'

    # How much it got, of the 256 MiB that are the default, and of what is given.
    got='size_t n = 0; while (malloc(1 << 20)) n++; memcoord_log(plan, 4, "got %zu MiB", n);'
    bad counts "$got"
    on_sim counts
    n=$(printf '%s\n' "$out" | sed -n 's/^policy counts: got \([0-9]*\) MiB$/\1/p')
    ok "it gets what it may have and no more ($n MiB of 256)" test "$n" -gt 200 -a "$n" -le 256
    on_sim counts 'memory = 64MiB'
    n=$(printf '%s\n' "$out" | sed -n 's/^policy counts: got \([0-9]*\) MiB$/\1/p')
    ok "it gets what memory = 64MiB says ($n MiB)" test "$n" -gt 32 -a "$n" -le 64

    bad scratch 'return memcoord_scratch(plan, 300, 1 << 20) ? 0 : -ENOMEM;'
    on_sim scratch
    like "$out" '^policy scratch: no scratch memory for 300 x 1048576 bytes; ' "scratch memory is its own, too"
fi

bad asks 'void *p = malloc((size_t)1 << 44);
    return p ? abort(), 0 : memcoord_fail(plan, ENOMEM, "no memory for %zu domains", s->n_domains);'
on_sim asks
is "$status $(ticks_of "$out")" "0 $ticks" "16 TiB at once: no tick is lost"
like "$out" '^policy asks: no memory for 1 domains; it changes nothing this time' "16 TiB at once: malloc() says no"
unlike "$out" 'failure|its process' "a policy that fails in an orderly way keeps its process"


# ---- its file is large: holes take no room on the disk, but the copy would

bad large ''
truncate -s 65M "$tmp/large.so"
for isolate in yes no; do
    config large "sim:$tmp/scenario.ini" 10s "isolate = $isolate"
    out=$("$memcoord" -c "$tmp/large.ini" 2>&1)
    is "$? $out" "2 $tmp/large.ini:3: $tmp/large.so: the file has 65 MiB; want at most 64" "a large file, isolate = $isolate"
done
done_testing
