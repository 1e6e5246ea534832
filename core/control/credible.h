/* SPDX-License-Identifier: BSD-3-Clause */
/* A guest tells its statistics itself, and may tell anything. Pure. */
#ifndef CORE_CONTROL_CREDIBLE_H
#define CORE_CONTROL_CREDIBLE_H

#include "host/host.h"

/* What was seen of a domain without what cannot be. A sample whose figures contradict each other, or the size
 * that the domain can have, is none: it counts as not obtained, and the one before grows old. *why is then
 * which figure it was (static text), else NULL. */
struct host_domain credible(const struct host_domain *seen, const char **why);

#endif
