/* SPDX-License-Identifier: BSD-3-Clause */
/* What memcoord owes to the domains that run: the size that each had before it was changed, until that
 * is given back or somebody else decides on another. `origins` may be NULL: nothing is kept. */
#ifndef CORE_CONTROL_OWING_H
#define CORE_CONTROL_OWING_H

#include "control/domains.h"
#include "control/origins.h"

/* The domain is about to be changed: what it has now is owed from here on, unless something is already. */
void owing_begin(struct origins *origins, struct domain *domain);

/* Nothing is owed to it any more. */
void owing_end(struct origins *origins, struct domain *domain);

/* The domains' accounts are those of `origins`, which may be others than before. */
void owing_resume(const struct origins *origins, struct domains *domains);

/* Ends it for those that somebody else gave another size: it is not memcoord's to take that back. Tells those
 * that are ineffective what they had. */
void owing_see(struct origins *origins, const struct domains *domains);

/* What the domain had, where it has less now; MEMCOORD_UNKNOWN if nothing is owed. KiB. */
uint64_t owing_kib(const struct origins *origins, const struct domain *domain);

/* Writes down what changed, without the runs that ended. Logs why that can't be done. */
void owing_save(struct origins *origins, struct domains *domains);

#endif
