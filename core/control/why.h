/* SPDX-License-Identifier: BSD-3-Clause */
/* A policy's reason with its figures. */
#ifndef CORE_CONTROL_WHY_H
#define CORE_CONTROL_WHY_H

#include <stddef.h>

#include "policy/instance.h"

/* Writes `why` with a figure behind each word that names one: of the domain (usable, unused, used,
 * balloon, target, min, max, weight) or of the policy's parameters (low, high, ...):
 * "unused below low" becomes "unused 61 MiB below low 100 MiB". `instance` may be NULL. Always
 * terminated. */
void why_expand(const char *why, const struct memcoord_domain *domain,
                const struct policy_instance *instance, char *text, size_t size);

#endif
