/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/libvirt_known.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/less.h"

#define MISSED_HANGS 3
/* No domain is larger. */
#define MOST_KIB (UINT64_C(1) << 34)

static const struct libvirt_traits unread = { .unmanageable = "its XML has not been read yet" };

static void free_known(struct libvirt_known *known)
{
    if (!known)
        return;
    free(known->set_text);
    free(known->shown_text);
    free(known->name);
    free(known);
}

/* What another run of the same domain does not inherit. */
static void begin_run(struct libvirt_known *known, int64_t run_id)
{
    known->run_id = run_id;
    known->traits = unread;
    known->changed = true;
    known->retry_ms = known->wait_ms = 0;
    known->period_done = false;
    known->our_period_s = 0;
    known->moving = false;
    known->ask_moving = true;
    known->missed = 0;
    known->freshness = (struct libvirt_freshness){ 0 };
    known->examining = known->setting = NULL;
    known->late = false;
    known->set_error = 0;
    free(known->set_text);
    known->set_text = NULL;
}

static struct libvirt_known *new_known(const struct libvirt_seen *seen)
{
    struct libvirt_known *known = calloc(1, sizeof(*known));

    if (!known)
        return NULL;
    known->name = strdup(seen->name);
    if (!known->name) {
        free(known);
        return NULL;
    }
    memcpy(known->uuid, seen->uuid, HOST_UUID_BYTES);
    known->last.current_kib = known->last.maximum_kib = MEMCOORD_UNKNOWN;
    begin_run(known, seen->id);
    return known;
}

/* A domain can be renamed only while it does not run; without memory the old name stays. */
static void rename_known(struct libvirt_known *known, const char *name)
{
    char *copy = strcmp(known->name, name) ? strdup(name) : NULL;

    if (!copy)
        return;
    free(known->name);
    known->name = copy;
}

static int compare(const struct libvirt_known *known, const struct libvirt_seen *seen)
{
    return memcmp(known->uuid, seen->uuid, HOST_UUID_BYTES);
}

/* Makes those that are new, each in its place of `next`; the others' places stay NULL. Both lists are
 * in order. 0, or -ENOMEM and there are none. */
static int make_new(const struct libvirt_known_table *table, const struct libvirt_gather *gather,
                    struct libvirt_known **next)
{
    for (size_t i = 0, old = 0; i < gather->n; i++) {
        const struct libvirt_seen *seen = &gather->seen[i];

        while (old < table->n && compare(table->list[old], seen) < 0)
            old++;
        if (old < table->n && !compare(table->list[old], seen)) {
            old++;
            continue;
        }
        next[i] = new_known(seen);
        if (!next[i]) {
            while (i-- > 0)
                free_known(next[i]);
            return -ENOMEM;
        }
    }
    return 0;
}

/* Whether this gather got its statistics. */
static void count_missed(struct libvirt_known *known, const struct libvirt_gather *gather,
                         const struct libvirt_seen *seen)
{
    bool missed = seen->skipped || (gather->bulk && seen->rss_kib == MEMCOORD_UNKNOWN);

    known->missed = missed ? known->missed + 1 : 0;
    if (missed && gather->again && known->missed < MISSED_HANGS)
        known->missed = MISSED_HANGS;
}

/* Fills in the others' places; those that are gone are freed. */
static void move_old(struct libvirt_known_table *table, const struct libvirt_gather *gather,
                     struct libvirt_known **next,
                     void (*ended)(void *context, struct libvirt_known *known), void *context)
{
    size_t old = 0;

    for (size_t i = 0; i <= gather->n; i++) {
        const struct libvirt_seen *seen = i < gather->n ? &gather->seen[i] : NULL;

        for (; old < table->n && (!seen || compare(table->list[old], seen) < 0); old++) {
            ended(context, table->list[old]);
            free_known(table->list[old]);
        }
        if (!seen || next[i])
            continue;
        next[i] = table->list[old++];
        rename_known(next[i], seen->name);
        if (next[i]->run_id != seen->id) {
            ended(context, next[i]);
            begin_run(next[i], seen->id);
        }
    }
}

int libvirt_known_update(struct libvirt_known_table *table, const struct libvirt_gather *gather,
                         void (*ended)(void *context, struct libvirt_known *known), void *context)
{
    struct libvirt_known **next = calloc(gather->n + 1, sizeof(struct libvirt_known *));
    int r = next ? make_new(table, gather, next) : -ENOMEM; /* first all that can fail */

    if (r) {
        free(next);
        return r;
    }
    move_old(table, gather, next, ended, context);
    for (size_t i = 0; i < gather->n; i++)
        count_missed(next[i], gather, &gather->seen[i]);
    free(table->list);
    table->list = next;
    table->n = gather->n;
    return 0;
}

struct libvirt_known *libvirt_known_find(const struct libvirt_known_table *table,
                                         const uint8_t uuid[HOST_UUID_BYTES])
{
    size_t low = 0, high = table->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(table->list[middle]->uuid, uuid, HOST_UUID_BYTES);

        if (order == 0)
            return table->list[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

bool libvirt_known_hangs(const struct libvirt_known *known)
{
    return known->missed >= MISSED_HANGS;
}

bool libvirt_known_is_unread(const struct libvirt_known *known)
{
    return known->traits.unmanageable == unread.unmanageable;
}

/* Why it must not be touched: what it is, that its QEMU hangs, or that libvirt still has its last
 * target. */
static const char *why_not(const struct libvirt_known *known)
{
    if (libvirt_known_hangs(known) &&
        (!known->traits.unmanageable || libvirt_known_is_unread(known)))
        return "its QEMU does not answer";
    if (known->traits.unmanageable || known->moving || !known->setting || !known->late)
        return known->traits.unmanageable;
    return "its last target is still being set";
}

static enum host_domain_state state_of(const struct libvirt_known *known,
                                       const struct libvirt_seen *seen)
{
    if (known->moving ||
        (seen->state == VIR_DOMAIN_PAUSED && seen->reason == VIR_DOMAIN_PAUSED_MIGRATION))
        return HOST_DOMAIN_MIGRATING;
    if (seen->state == VIR_DOMAIN_RUNNING || seen->state == VIR_DOMAIN_BLOCKED)
        return HOST_DOMAIN_RUNNING;
    return HOST_DOMAIN_PAUSED;
}

/* The guest's statistics, if this gather got them. */
static void show_sample(struct libvirt_known *known, const struct libvirt_gather *gather,
                        const struct libvirt_seen *seen, struct host_domain *shown)
{
    shown->rss_kib = seen->rss_kib;
    shown->sampled_ms = shown->unused_kib = shown->usable_kib = shown->guest_total_kib =
        shown->disk_caches_kib = shown->swap_in_kib = shown->swap_out_kib = shown->major_faults =
            MEMCOORD_UNKNOWN;
    if (seen->last_update_s == MEMCOORD_UNKNOWN)
        return;
    shown->sampled_ms =
        gather->clockless
            ? gather->look.now_ms
            : libvirt_freshness_look(&known->freshness, seen->last_update_s, &gather->look);
    if (shown->sampled_ms == MEMCOORD_UNKNOWN)
        return; /* the guest has no driver, or it has not begun */
    shown->unused_kib = seen->unused_kib;
    shown->usable_kib = seen->usable_kib;
    shown->guest_total_kib = seen->available_kib;
    shown->disk_caches_kib = seen->disk_caches_kib;
    shown->swap_in_kib = seen->swap_in_kib;
    shown->swap_out_kib = seen->swap_out_kib;
    shown->major_faults = seen->major_faults;
}

/* Sizes that no machine has, or that contradict each other, are none. */
static bool sizes_are_good(const struct libvirt_seen *seen)
{
    return seen->current_kib > 0 && seen->current_kib <= seen->maximum_kib &&
           seen->maximum_kib <= MOST_KIB;
}

/* What there is to show of it: of one that was not asked, or whose sizes are none, what was seen before,
 * without statistics, which would be of another moment. */
static const struct libvirt_seen *latest(struct libvirt_known *known,
                                         const struct libvirt_seen *seen)
{
    if (seen->skipped || !sizes_are_good(seen)) {
        known->last.rss_kib = known->last.last_update_s = MEMCOORD_UNKNOWN;
    } else {
        known->last = *seen;
        known->last.name = NULL;
    }
    return &known->last;
}

bool libvirt_known_show(struct libvirt_known *known, const struct libvirt_gather *gather,
                        const struct libvirt_seen *seen, struct host_domain *shown)
{
    const struct libvirt_traits *traits = &known->traits;

    seen = latest(known, seen);
    if (seen->current_kib == MEMCOORD_UNKNOWN || seen->maximum_kib == MEMCOORD_UNKNOWN)
        return false;
    *shown = (struct host_domain){ 0 };
    memcpy(shown->uuid, known->uuid, HOST_UUID_BYTES);
    shown->name = known->name;
    shown->run_id = known->run_id;
    shown->state = state_of(known, seen);
    shown->unmanageable = why_not(known);
    shown->set_aside = traits->set_aside;
    shown->autodeflate = traits->autodeflate;
    shown->extra_kib = traits->dimm_kib + traits->virtio_mem_kib;
    shown->max_kib =
        less(seen->maximum_kib, traits->dimm_kib + traits->virtio_mem_max_kib + traits->other_kib);
    shown->balloon_kib = memcoord_min(less(seen->current_kib, shown->extra_kib), shown->max_kib);
    show_sample(known, gather, seen, shown);
    shown->setting = known->setting != NULL;
    shown->set_error = known->set_error;
    shown->set_error_text = known->set_text;
    free(known->shown_text);
    known->shown_text = known->set_text;
    known->set_error = 0;
    known->set_text = NULL;
    return true;
}

void libvirt_known_free(struct libvirt_known_table *table)
{
    for (size_t i = 0; i < table->n; i++)
        free_known(table->list[i]);
    free(table->list);
    table->list = NULL;
    table->n = 0;
}
