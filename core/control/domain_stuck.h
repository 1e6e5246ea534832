/* SPDX-License-Identifier: BSD-3-Clause */
/* Balloons that do not follow. One that has not moved for [guard] stuck_after while it was away from the target
 * that is wanted is stuck: its target is where it stands, so that nobody counts on what it did not give, nor
 * keeps what it did not take; every probe_every it is tried with a little. One that has not moved for
 * uncooperative_after is reported. When it moves it is as the others. */
#ifndef CORE_CONTROL_DOMAIN_STUCK_H
#define CORE_CONTROL_DOMAIN_STUCK_H

#include "control/domain.h"

/* Nothing else is wanted than what it has. */
void stuck_forget(struct domain *domain);

/* A target of `kib` is wanted, and asked for. One that goes on in the same direction does not make a balloon
 * that stands begin anew. */
void stuck_wants(struct domain *domain, uint64_t kib);

/* What was asked of it is taken back, for its statistics are old. Where it has not followed for longer than a
 * guest takes, that goes on: to hold still is not to arrive. */
void stuck_recalled(struct domain *domain, uint64_t kib);

/* It is tried: it has stuck_after to follow, and the next try comes after probe_every. */
void stuck_probed(struct domain *domain, uint64_t now_ms, const struct config *config);

/* Takes in where it is now, and that it could move for domain->ran_ms since the last look. Logs when it gets
 * stuck, is uncooperative, or moves again. `now_ms`: of the view. */
void stuck_see(struct domain *domain, uint64_t now_ms, const struct config *config);

/* What a stuck balloon is to be tried with now: the target, at most a quarter of max_shrink towards what is
 * wanted, and not beyond it nor below `min_kib`; 0: nothing now. KiB. */
uint64_t stuck_probe_kib(const struct domain *domain, uint64_t min_kib, uint64_t now_ms,
                         const struct config *config);

/* Whether what it was asked to give is not to be counted on: it does not come, or it can't now. */
bool stuck_not_coming(const struct domain *domain);

#endif
