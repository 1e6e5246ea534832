/* SPDX-License-Identifier: BSD-3-Clause */
/* The arithmetic of samples: rates, and what a guest needs. Pure. */
#ifndef CORE_CONTROL_SAMPLE_H
#define CORE_CONTROL_SAMPLE_H

#include "control/domain.h"

/* A rate a second of a counter between two samples `elapsed_ms` apart. MEMCOORD_UNKNOWN where one is
 * unknown, the counter went back, or no time passed. */
uint64_t sample_rate(uint64_t before, uint64_t now, uint64_t elapsed_ms);

/* Makes *sample the sample that `seen` carries. `size_kib` is the guest's size at that moment: used
 * is size - usable, both of the same moment. Rates come from the sample before; growth is
 * what two samples agree on, and falls by half a sample at the most. */
void sample_take(struct domain_sample *sample, const struct host_domain *seen, uint64_t size_kib);

/* No sample yet. */
void sample_clear(struct domain_sample *sample);

#endif
