/* SPDX-License-Identifier: BSD-3-Clause */
/* What a balloon's moves mean: the guest follows our target, takes memory back by itself, follows
 * somebody else, or does not follow at all. */
#ifndef CORE_CONTROL_DOMAIN_MOVES_H
#define CORE_CONTROL_DOMAIN_MOVES_H

#include "control/domain.h"

/* Takes in that the guest owns `balloon_kib` now. Logs what is not our doing. `now_ms`: of the view. */
void moves_see(struct domain *domain, uint64_t balloon_kib, uint64_t now_ms,
               const struct config *config);

/* A target of `kib` has been handed to the host. */
void moves_asked(struct domain *domain, uint64_t kib, uint64_t now_ms);

/* The host has ended with it: it is in force; or it failed (not `well`), and the one before still is. */
void moves_ended(struct domain *domain, bool well);

/* Since when it could have moved and did not: the last move, target or halt. */
uint64_t moves_since_ms(const struct domain *domain);

/* The balloon, wherever it is, is the target from now on. */
void moves_adopt(struct domain *domain);

/* How long to wait before the next try of what failed or was not followed, in ms: longer each time,
 * until the balloon moves. */
uint64_t moves_next_wait_ms(struct domain *domain);

#endif
