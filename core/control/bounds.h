/* SPDX-License-Identifier: BSD-3-Clause */
/* Bounds of a domain that contradict each other: of two sections, or of a section and libvirt. */
#ifndef CORE_CONTROL_BOUNDS_H
#define CORE_CONTROL_BOUNDS_H

#include "config/config.h"
#include "config/problems.h"
#include "control/domain.h"

/* Adds to `warnings`, with the line of its min, that `domain` has a min above the most that it may
 * have: it is cut to that, which nobody can have meant. The domain has been seen once at least. */
void bounds_check(const struct config *config, const struct domain *domain,
                  struct problems *warnings);

/* Logs that as a warning. */
void bounds_warn(const struct config *config, const struct domain *domain);

#endif
