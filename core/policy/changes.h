/* SPDX-License-Identifier: BSD-3-Clause */
/* What differs between two policies, or two settings of one, for people. */
#ifndef CORE_POLICY_CHANGES_H
#define CORE_POLICY_CHANGES_H

#include "config/changes.h"
#include "policy/instance.h"

/* Tells `each` of another file, or of other bytes in it, and of every parameter with another value than before
 * ("policy threshold.low: 100MiB -> 150MiB"). Policies of two names are two: nothing is told of them. */
void policy_changes(const struct policy_instance *from, const struct policy_instance *to,
                    changes_each *each, void *context);

#endif
