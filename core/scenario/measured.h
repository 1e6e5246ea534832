/* SPDX-License-Identifier: BSD-3-Clause */
/* What was measured on real guests, for what a scenario does not say. */
#ifndef CORE_SCENARIO_MEASURED_H
#define CORE_SCENARIO_MEASURED_H

#include <stdint.h>

/* KiB of a guest that its programs never get, or not at once. */
struct measured {
    uint64_t max_kib;       /* of the guest that it was measured on */
    uint64_t kernel_kib;    /* the kernel's own: balloon - total */
    uint64_t watermark_kib; /* free, but not usable: unused - usable */
    uint64_t lists_kib;     /* what its per-CPU lists hold at most: "high" in /proc/zoneinfo */
};

/* Those of a guest with that maximum (at most 2^34 KiB): straight lines between the guests that were
 * measured, and beyond the largest as between the last two. */
struct measured measured_guest(uint64_t max_kib);

#endif
