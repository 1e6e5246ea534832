/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/record_tick.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int reserve(struct tick_record *record, size_t n)
{
    struct record_domain *domains;
    struct words *words;

    if (n <= record->capacity)
        return 0;
    domains = calloc(n, sizeof(*domains));
    words = calloc(n, sizeof(*words));
    if (!domains || !words) {
        free(domains);
        free(words);
        return -ENOMEM;
    }
    tick_record_free(record);
    record->domains = domains;
    record->words = words;
    record->capacity = n;
    return 0;
}

static uint32_t guard_flags(const struct snapshot_domain *d)
{
    return (d->set_aside ? RECORD_SET_ASIDE : 0) | (d->not_coming ? RECORD_NOT_COMING : 0) |
           (d->moved_by_others ? RECORD_MOVED_BY_OTHERS : 0) |
           (d->shrink_paused ? RECORD_SHRINK_PAUSED : 0) |
           (d->stale_rescue ? RECORD_STALE_RESCUE : 0) | (d->stuck ? RECORD_STUCK : 0) |
           (d->takes_nothing ? RECORD_TAKES_NOTHING : 0) |
           (d->uncooperative ? RECORD_UNCOOPERATIVE : 0) |
           (d->ineffective ? RECORD_INEFFECTIVE : 0) |
           (d->without_stats ? RECORD_WITHOUT_STATS : 0);
}

static void fill(const struct tick_result *result, size_t i, struct words *words,
                 struct record_domain *out)
{
    const struct snapshot_domain *d = &result->snapshot->domains[i];
    const struct domain *domain = result->domains->list[i];
    const struct guard_verdict *v = &result->verdicts[i];

    words_fill(&result->config->guard, d, result->plan, v, result->instance, words);
    *out = (struct record_domain){
        .run_id = domain->run_id,
        .seen = d->seen,
        .unmanaged_why = d->unmanaged_why,
        .extra_kib = d->extra_kib,
        .overhead_kib = d->overhead_kib,
        .shrunk_kib = d->shrunk_kib,
        .force_kib = d->force_kib,
        .booting_kib = d->booting_kib,
        .own_ask_kib = d->own_ask_kib,
        .guard_flags = guard_flags(d),
        .asked_kib = v->asked_kib,
        .granted_kib = v->granted_kib,
        .why = v->asked_kib == MEMCOORD_UNKNOWN ? NULL : words->why,
        .guard = guard_reason_name(v->reason),
        .guard_text = *words->guard ? words->guard : NULL,
        .truth = domain->truth,
    };
    out->seen.state = NULL;
    memcpy(out->uuid, domain->uuid, sizeof(out->uuid));
}

int tick_record_give(struct tick_record *record, const struct tick_result *result,
                     const struct record_sink *sink)
{
    const struct snapshot *s = result->snapshot;
    struct record_tick tick = {
        .tick = s->seen.tick,
        .now_ms = s->seen.now_ms,
        .host = s->host,
        .ksm_sharing_kib = s->ksm_sharing_kib,
        .dry_run = result->config->daemon.dry_run,
        .policy_error = result->plan->failed ? result->plan->error : NULL,
        .counts = result->view->counts,
        .n_domains = s->seen.n_domains,
    };

    if (reserve(record, tick.n_domains) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < tick.n_domains; i++)
        fill(result, i, &record->words[i], &record->domains[i]);
    tick.domains = record->domains;
    sink->tick(sink->to, &tick);
    return 0;
}

/* The reverse of fill(). */
static void restore(const struct record_domain *d, uint32_t index, struct snapshot_domain *out)
{
    *out = (struct snapshot_domain){
        .seen = d->seen,
        .unmanaged_why = d->unmanaged_why,
        .extra_kib = d->extra_kib,
        .overhead_kib = d->overhead_kib,
        .shrunk_kib = d->shrunk_kib,
        .force_kib = d->force_kib,
        .booting_kib = d->booting_kib,
        .own_ask_kib = d->own_ask_kib == MEMCOORD_UNKNOWN ? 0 : d->own_ask_kib, /* schema 1 */
        .set_aside = d->guard_flags & RECORD_SET_ASIDE,
        .not_coming = d->guard_flags & RECORD_NOT_COMING,
        .moved_by_others = d->guard_flags & RECORD_MOVED_BY_OTHERS,
        .shrink_paused = d->guard_flags & RECORD_SHRINK_PAUSED,
        .stale_rescue = d->guard_flags & RECORD_STALE_RESCUE,
        .stuck = d->guard_flags & RECORD_STUCK,
        .takes_nothing = d->guard_flags & RECORD_TAKES_NOTHING,
        .uncooperative = d->guard_flags & RECORD_UNCOOPERATIVE,
        .ineffective = d->guard_flags & RECORD_INEFFECTIVE,
        .without_stats = d->guard_flags & RECORD_WITHOUT_STATS,
    };
    out->seen.index = index;
    out->seen.state = NULL;
}

int tick_record_snapshot(const struct record_tick *tick, uint64_t interval_ms,
                         struct snapshot *snapshot)
{
    int r = snapshot_begin(snapshot, tick->n_domains);

    if (r < 0)
        return r;
    snapshot->seen.tick = tick->tick;
    snapshot->seen.now_ms = tick->now_ms;
    snapshot->seen.interval_ms = interval_ms;
    snapshot->host = tick->host;
    snapshot->ksm_sharing_kib = tick->ksm_sharing_kib;
    for (size_t i = 0; i < tick->n_domains; i++)
        restore(&tick->domains[i], (uint32_t)i, &snapshot->domains[i]);
    return 0;
}

void tick_record_free(struct tick_record *record)
{
    free(record->domains);
    free(record->words);
    *record = (struct tick_record){ 0 };
}
