/* SPDX-License-Identifier: BSD-3-Clause */
/* Which domains the stacked pictures show one by one. Pure. */
#ifndef CORE_REPORT_TOP_H
#define CORE_REPORT_TOP_H

#include <jansson.h>

#define REPORT_TOP 12

/* Adds "top" to each of `runs`: the names of the (at most) REPORT_TOP domains that hold most, means over all
 * runs of its scenario added up, the largest first; so that a domain has one colour in all pictures that stand
 * side by side. The "stack" of all other domains is removed: it goes into "others". 0 or -ENOMEM. */
int report_add_top(json_t *runs);

#endif
