/* SPDX-License-Identifier: BSD-3-Clause */
/* A run's description that lasts. Of core/record only. */
#ifndef CORE_RECORD_RUN_COPY_H
#define CORE_RECORD_RUN_COPY_H

#include "record/tick.h"

/* A copy with its texts, in one piece; NULL without memory. free() it. */
struct record_run *run_copy_new(const struct record_run *run);

#endif
