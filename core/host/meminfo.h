/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory of this host, from /proc and /sys. */
#ifndef CORE_HOST_MEMINFO_H
#define CORE_HOST_MEMINFO_H

#include "host/host.h"

/* What meminfo_read() says at most; longer paths are cut. */
#define MEMINFO_ERROR_BYTES 256

/* Reads `proc`/meminfo, `proc`/pressure/memory (missing: PSI is UNKNOWN) and, where `proc` is
 * "/proc", KSM's pages_sharing from /sys. 0, or a negative errno with *memory untouched if meminfo
 * can't be read or has no MemTotal and MemAvailable; then `error` names it and says what is wrong. */
int meminfo_read(const char *proc, struct host_memory *memory, char error[MEMINFO_ERROR_BYTES]);

#endif
