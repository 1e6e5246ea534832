#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A policy writes where it should only read.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/bad_policy.sh"
died='was killed by signal 11 \(Segmentation fault\) while it decided'

# The names lie in the memory that is shared: it can't be written there, nor be made writable.
bad names '((char *)s->domains[0]->name)[0] = 88;'
harmless names "the name of a domain" "$died"
on_driver names "the name of a domain" "$died"
bad protects 'char *page = (char *)((uintptr_t)s->domains[0]->name & -4096);
    if (mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0) page[0] = 88; else abort();'
harmless protects "a page that it wants to write to" 'was killed by signal 6 '

# The figures are its own copy; they are the next tick's again.
bad figures 'struct memcoord_domain *d = (void *)s->domains[0];
    if (d->max_kib != 2 << 20) return memcoord_fail(plan, EIO, "max is %llu", (long long)d->max_kib);
    memset((char *)d + 16, 0xee, sizeof(*d) - 16); ((struct memcoord_host *)s->host)->pool_kib = 1;
    if (own->ticks > 1 && ((struct own *)d->state)->ticks != own->ticks) abort();'
on_sim figures
is "$status $(ticks_of "$out")" "0 $ticks" "the figures of a domain: no tick is lost"
unlike "$out" '^policy figures: ' "the figures of a domain are right again in the next tick"
like "$out" '^grows: .*rescue' "the figures of a domain: the guard has its own"
done_testing
