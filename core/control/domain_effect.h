/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether the host gets what a guest gives. Some QEMUs keep it (a device that pins memory, huge pages): the
 * guest has less, and the host no more. It shows in what the process holds (rss), but only where that must have
 * fallen: memory that a guest never touched costs the host nothing, and to take it changes nothing. */
#ifndef CORE_CONTROL_DOMAIN_EFFECT_H
#define CORE_CONTROL_DOMAIN_EFFECT_H

#include "control/domain.h"

/* It is about to be shrunk: what its process holds now is compared with what it holds then. */
void effect_asked(struct domain *domain);

/* Takes in what its process holds now: `rss_kib`, MEMCOORD_UNKNOWN if that was not obtained. For
 * [guard] ineffective_after above balloon + overhead, with less than half of what had to come: it is ineffective,
 * which is logged. The time counts only while it runs. */
void effect_see(struct domain *domain, uint64_t rss_kib, const struct config *config);

/* What an ineffective domain is to have again, KiB; 0: nothing, or it has it. */
uint64_t effect_gets_kib(const struct domain *domain);

#endif
