/* SPDX-License-Identifier: BSD-3-Clause */
/* Which targets of ours a domain may follow: the last, those before it, none. */
#ifndef CORE_CONTROL_DOMAIN_TARGETS_H
#define CORE_CONTROL_DOMAIN_TARGETS_H

#include "control/domain.h"

/* A target of `kib` has been handed to the host. */
void targets_asked(struct domain *domain, uint64_t kib, uint64_t now_ms);

/* The host has ended with it: it is in force; or it failed (not `well`), and the one before still is. */
void targets_ended(struct domain *domain, bool well);

/* No target of ours is in force any more: somebody else's is. */
void targets_forget(struct domain *domain);

/* The balloon, wherever it is, is the target from now on. */
void targets_adopt(struct domain *domain);

/* Its way may lead to `kib`, too. */
void targets_widen_path(struct domain *domain, uint64_t kib);

/* Its way is over: it is at rest where it was sent. */
void targets_end_path(struct domain *domain);

#endif
