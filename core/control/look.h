/* SPDX-License-Identifier: BSD-3-Clause */
/* A look at a host for those who take only one: a tick acts on what is known already, for the next one
 * knows more. */
#ifndef CORE_CONTROL_LOOK_H
#define CORE_CONTROL_LOOK_H

#include "host/host.h"

/* So long a look may wait for domains that have not been examined yet. */
#define LOOK_PATIENCE_MS 10000

/* Gathers until every domain has been examined, or the patience is over: (*view)->n_unread tells. As
 * ops->gather: 0 and *view, or a negative errno and *why. */
int look_whole(struct host *host, const struct host_view **view, const char **why);

#endif
