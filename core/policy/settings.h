/* SPDX-License-Identifier: BSD-3-Clause */
/* All that decides, as text: for recordings. */
#ifndef CORE_POLICY_SETTINGS_H
#define CORE_POLICY_SETTINGS_H

#include "config/config.h"
#include "policy/instance.h"

/* What config_print() writes, and [policy NAME] with every parameter of `instance` (NULL: without). malloc'ed; NULL
 * without memory. */
char *settings_text(const struct config *config, const struct policy_instance *instance);

#endif
