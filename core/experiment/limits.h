/* SPDX-License-Identifier: BSD-3-Clause */
/* What no policy decides: how a scenario would go with memory divided once, and with each guest holding just
 * what it wants. Ticks as a run has them, so that they are scored, recorded and shown beside the policies. */
#ifndef CORE_EXPERIMENT_LIMITS_H
#define CORE_EXPERIMENT_LIMITS_H

#include <signal.h>

#include "record/tick.h"
#include "scenario/scenario.h"

enum limit {
    LIMIT_STATIC, /* everybody owns his maximum; or, where that does not fit, his part by weight */
    LIMIT_ORACLE, /* everybody owns at each moment what his load, kernel and system need then */
    LIMITS
};

/* "static", "oracle". */
const char *limit_name(enum limit limit);

/* Hands the ticks of `scenario` with the interval, the reserve and the domains' settings of `config` to `sink`,
 * until *stop is set (NULL: to its end). -ENOMEM. */
int limit_run(enum limit limit, const struct scenario *scenario, const struct config *config,
              const struct record_sink *sink, const volatile sig_atomic_t *stop);

#endif
