/* SPDX-License-Identifier: BSD-3-Clause */
/* Which domains the stacked pictures show one by one. Pure. */
#ifndef CORE_REPORT_TOP_H
#define CORE_REPORT_TOP_H

#include <jansson.h>

#define REPORT_TOP 12

/* The names of the (at most) REPORT_TOP domains that hold most, means over all `runs` added up, the largest
 * first; so that a domain has one colour in all pictures. The "stack" of all other domains is removed: it goes
 * into "others". A new reference; NULL: out of memory. */
json_t *report_top(json_t *runs);

#endif
