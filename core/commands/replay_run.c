/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/replay_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands/decide_write.h"
#include "control/record_tick.h"

/* UUID and run: a domain that was started anew has nothing of the one before. */
#define KEY_BYTES (2 * HOST_UUID_BYTES + 1 + 20 + 1)

static void make_key(const struct record_domain *d, char *key)
{
    for (size_t i = 0; i < HOST_UUID_BYTES; i++)
        key += sprintf(key, "%02x", d->uuid[i]);
    sprintf(key, "/%" PRId64, d->run_id);
}

static int attach_states(struct replay_run *run, const struct record_tick *tick)
{
    size_t n = tick->n_domains, size = run->decision.instance->policy->table.domain_state_size;
    char(*texts)[KEY_BYTES] = calloc(n + 1, sizeof(*texts));
    const char **keys = calloc(n + 1, sizeof(*keys));
    int r = -ENOMEM;

    for (size_t i = 0; texts && keys && i < n; i++) {
        make_key(&tick->domains[i], texts[i]);
        keys[i] = texts[i];
    }
    if (texts && keys)
        r = decide_states_attach(&run->states, &run->decision.snapshot, keys, size, run->error,
                                 sizeof(run->error));
    free(texts);
    free(keys);
    return r;
}

/* A policy that failed asked for nothing, then as now; the guard acts nonetheless. */
static int show(struct replay_run *run, const struct record_tick *tick)
{
    struct decision *d = &run->decision;

    if (d->plan.failed && run->failed++ == 0)
        snprintf(run->why_failed, sizeof(run->why_failed), "%s", d->plan.error);
    if (!run->json)
        return replay_tally_count(&run->tally, tick, d);
    if (d->plan.failed)
        return decide_write_error(&d->snapshot, d->plan.error);
    return decide_write(&d->guard, &d->snapshot, &d->plan, d->verdicts, tick);
}

static int replay_tick(struct replay_run *run, const struct record_tick *tick)
{
    struct snapshot *snapshot = &run->decision.snapshot;
    int r = tick_record_snapshot(tick, run->interval_ms, snapshot);

    if (r == 0 && run->other_guard)
        snapshot->host.pool_kib =
            snapshot_pool_kib(snapshot, snapshot->host.grantable_kib, &run->decision.guard);
    if (r == 0)
        r = attach_states(run, tick);
    if (r == 0)
        r = decision_make(&run->decision);
    return r < 0 ? r : show(run, tick);
}

static void take(void *to, const struct record_tick *tick)
{
    struct replay_run *run = to;

    if (run->err == 0)
        run->err = replay_tick(run, tick);
    run->stop = run->err < 0;
}

struct record_sink replay_run_sink(struct replay_run *run)
{
    return (struct record_sink){ run, take };
}

void replay_run_free(struct replay_run *run)
{
    decision_free(&run->decision);
    decide_states_free(&run->states);
    replay_tally_free(&run->tally);
}
