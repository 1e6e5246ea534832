/* SPDX-License-Identifier: BSD-3-Clause */
/* What a policy logs: said at once, or kept for another process to say. Of core/policy/plan*.c only. */
#ifndef CORE_POLICY_PLAN_LOG_H
#define CORE_POLICY_PLAN_LOG_H

#include "policy/plan.h"

/* memcoord_log(). */
LOG_PRINTF(3, 0)
void plan_vlog(struct memcoord_plan *calls, int syslog_level, const char *fmt, va_list args);

#endif
