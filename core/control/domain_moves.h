/* SPDX-License-Identifier: BSD-3-Clause */
/* What a balloon's moves mean: the guest follows our target, takes memory back by itself, follows
 * somebody else, or does not follow at all. */
#ifndef CORE_CONTROL_DOMAIN_MOVES_H
#define CORE_CONTROL_DOMAIN_MOVES_H

#include "control/domain.h"

/* Takes in that the guest owns `balloon_kib` now. Logs what is not our doing. `now_ms`: of the view. */
void moves_see(struct domain *domain, uint64_t balloon_kib, uint64_t now_ms,
               const struct config *config);

/* Since when it could have moved and did not: the last move, target or halt. */
uint64_t moves_since_ms(const struct domain *domain);

/* How long to wait before the next try of what failed or was not followed, in ms: longer each time,
 * until the balloon moves. */
uint64_t moves_next_wait_ms(struct domain *domain);

#endif
