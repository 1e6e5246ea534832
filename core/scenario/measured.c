/* SPDX-License-Identifier: BSD-3-Clause */
/* Linux 6.1 (Debian's cloud kernel) under QEMU 7.2, machine "pc", one processor, at rest. The watermark
 * jumps where the kernel turns huge pages on (above 512 MiB: it keeps whole pageblocks free then) and
 * where memory lies above 4 GiB (one zone more); there it also takes a bounce buffer of 64 MiB. */
#include "scenario/measured.h"

#include <stddef.h>

#include "memcoord/policy.h"

#define MIB UINT64_C(1024)

static const struct measured guests[] = {
    { 0, 38512, 0, 2268 },
    { 250 * MIB, 38512, 0, 2268 },
    { 384 * MIB, 40944, 0, 2844 },
    { 512 * MIB, 42992, 284, 3420 },
    { 640 * MIB, 45808, 42360, 37160 },
    { 768 * MIB, 47856, 52508, 45196 },
    { 896 * MIB, 49904, 62656, 53232 },
    { 1024 * MIB, 51952, 66856, 56312 },
    { 2048 * MIB, 69872, 70880, 56312 },
    { 3072 * MIB, 89332, 74900, 56312 },
    { 4096 * MIB, 172028, 115632, 84468 },
    { 8192 * MIB, 243712, 131784, 84472 },
    { 12288 * MIB, 321556, 147908, 84472 },
};
#define N_GUESTS (sizeof(guests) / sizeof(guests[0]))

static uint64_t between(uint64_t from_kib, uint64_t to_kib, uint64_t part_kib, uint64_t whole_kib)
{
    return from_kib + memcoord_mul_div(to_kib - from_kib, part_kib, whole_kib);
}

struct measured measured_guest(uint64_t max_kib)
{
    const struct measured *from = guests, *to;
    uint64_t part_kib, whole_kib;

    while (from + 2 < guests + N_GUESTS && from[1].max_kib < max_kib)
        from++;
    to = from + 1;
    part_kib = max_kib - from->max_kib;
    whole_kib = to->max_kib - from->max_kib;
    return (struct measured){
        .max_kib = max_kib,
        .kernel_kib = between(from->kernel_kib, to->kernel_kib, part_kib, whole_kib),
        .watermark_kib = between(from->watermark_kib, to->watermark_kib, part_kib, whole_kib),
        .lists_kib = between(from->lists_kib, to->lists_kib, part_kib, whole_kib),
    };
}
