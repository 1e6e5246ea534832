/* SPDX-License-Identifier: BSD-3-Clause */
/* Where decisions differ from those that were recorded: counted, and told to people. */
#ifndef CORE_COMMANDS_REPLAY_TALLY_H
#define CORE_COMMANDS_REPLAY_TALLY_H

#include <stdio.h>

#include "commands/decision.h"
#include "record/tick.h"

/* Zero it to begin. Sums are over all decisions; where nothing was asked, the target counts. */
struct replay_tally {
    uint64_t first_ms, last_ms; /* on the host's clock */
    uint64_t n_ticks, n_decisions, ticks_that_differ, n_differ;
    uint64_t asked_more_kib, asked_less_kib, granted_more_kib, granted_less_kib;
    struct replay_domain *domains; /* those with a difference, in the order of their first one */
    size_t n_domains, capacity;
};

/* Counts the decision on `tick`. 0 or -ENOMEM. */
int replay_tally_count(struct replay_tally *tally, const struct record_tick *tick,
                       const struct decision *decision);

/* Writes it for people: sums, then for each domain its first and its largest difference. */
void replay_tally_print(const struct replay_tally *tally, FILE *out);

/* Frees all; a zeroed one is fine. */
void replay_tally_free(struct replay_tally *tally);

#endif
