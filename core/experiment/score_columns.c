/* SPDX-License-Identifier: BSD-3-Clause */
/* The one table of scores. A new score is one row here and one value in scorer_scores(). */
#include <inttypes.h>
#include <stdio.h>

#include "experiment/score.h"

#define PER_GIB (UINT64_C(1) << 20) /* KiB */
#define PER_PERCENT 10000           /* parts in a million */
#define PER_SECOND 1000             /* ms */

/* clang-format off */
const struct score_column score_columns[] = {
    [SCORE_SHORTFALL] = { "shortfall_gib_s", "shortfall", "GiB s",
        "demand that was not held because memory lacked, over time", PER_GIB, 2, false },
    [SCORE_SHORTFALL_PART] = { "shortfall_percent", "shortfall", "%",
        "the same as a part of all demand", PER_PERCENT, 3, false },
    [SCORE_SHORTAGE_TIME] = { "shortage_time_percent", "time short", "%",
        "the part of all domains' time in which some demand was not held", PER_PERCENT, 3, false },
    [SCORE_WORST_SHORTFALL] = { "worst_shortfall_percent", "worst domain", "%",
        "shortfall of the domain that had the most, as a part of its demand", PER_PERCENT, 3, false },
    [SCORE_OOM_KILLS] = { "oom_kills", "OOM kills", "",
        "loads that their guests killed because memory ran out", 1, 0, false },
    [SCORE_HOST_KILLS] = { "host_kills", "host kills", "",
        "domains that the host killed because its memory ran out", 1, 0, false },
    [SCORE_GUEST_SWAP] = { "guest_swap_gib", "guest swap", "GiB",
        "what guests wrote to their swap and read back", PER_GIB, 2, false },
    [SCORE_HOST_SWAP] = { "host_swap_gib", "host swap", "GiB",
        "what the host wrote to its swap and read back", PER_GIB, 2, false },
    [SCORE_NEEDED_MEAN] = { "needed_mean_gib", "memory", "GiB",
        "what guests held in all, on average over time", PER_GIB, 2, false },
    [SCORE_NEEDED_P99] = { "needed_p99_gib", "memory p99", "GiB",
        "they held no more than this in 99% of the time", PER_GIB, 2, false },
    [SCORE_NEEDED_PEAK] = { "needed_peak_gib", "memory peak", "GiB",
        "the most that they held at any tick", PER_GIB, 2, false },
    [SCORE_SAVED] = { "saved_percent", "saved", "%",
        "what guests did not hold of what they were given (the sum of their max), over time",
        PER_PERCENT, 1, true },
    [SCORE_RESERVE_BROKEN] = { "reserve_broken_s", "reserve broken", "s",
        "time in which the host had less available than its reserve", PER_SECOND, 1, false },
    [SCORE_CHURN] = { "churn_per_h", "churn", "1/h",
        "memory that balloons moved, for each GiB that guests held, in an hour", 1000, 2, false },
    [SCORE_REVERSALS] = { "reversals_per_h", "reversals", "1/h",
        "how often the balloon of a domain changed its direction, in an hour", 1000, 2, false },
    [SCORE_REACTION_P50] = { "reaction_p50_s", "reaction p50", "s",
        "half of all rises of demand lacked memory no longer than this", PER_SECOND, 1, false },
    [SCORE_REACTION_P99] = { "reaction_p99_s", "reaction p99", "s",
        "99% of all rises of demand lacked memory no longer than this", PER_SECOND, 1, false },
    [SCORE_FAIRNESS] = { "fairness", "fairness", "",
        "Jain's index of the parts of their demand that domains held, by weight: 1 is fair",
        1000000, 4, true },
    [SCORE_POLICY_FAILURES] = { "policy_failures", "failures", "",
        "ticks on which the policy failed", 1, 0, false },
    [SCORES] = { NULL, NULL, NULL, NULL, 0, 0, false },
};
/* clang-format on */

_Static_assert(SCORES <= SCORES_MAX, "room for the values");

void score_format(const struct score_column *column, uint64_t value, char *text, size_t size)
{
    __extension__ unsigned __int128 scaled = value;
    uint64_t ten = 1, rounded;

    *text = '\0';
    if (value == MEMCOORD_UNKNOWN)
        return;
    for (unsigned i = 0; i < column->decimals; i++)
        ten *= 10;
    scaled = (scaled * ten + column->per_unit / 2) / column->per_unit;
    rounded = (uint64_t)scaled;
    if (column->decimals == 0)
        snprintf(text, size, "%" PRIu64, rounded);
    else
        snprintf(text, size, "%" PRIu64 ".%0*" PRIu64, rounded / ten, (int)column->decimals,
                 rounded % ten);
}
