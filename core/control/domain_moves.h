/* SPDX-License-Identifier: BSD-3-Clause */
/* What a balloon's moves mean: the guest follows our target, takes memory back by itself, follows
 * somebody else. One that does not move: domain_stuck.h. */
#ifndef CORE_CONTROL_DOMAIN_MOVES_H
#define CORE_CONTROL_DOMAIN_MOVES_H

#include "control/domain.h"

/* Takes in that the guest owns `balloon_kib` now. Logs what is not our doing. `now_ms`: of the view. */
void moves_see(struct domain *domain, uint64_t balloon_kib, uint64_t now_ms,
               const struct config *config);

#endif
