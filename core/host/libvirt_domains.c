/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/libvirt_domains.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/wakeup.h"
#include "util/log.h"

/* A gather that sees new domains waits so long for their XML, to show them whole at once. */
#define EXAMINE_PATIENCE_MS 250
/* How often it is asked whether a migration has ended, if no event says so. */
#define MOVING_INTERVAL_MS 5000
/* XML that can't be read is tried again, ever more rarely. */
#define FIRST_RETRY_MS 500
#define MOST_RETRY_MS 60000

/* Takes its target back, if it has one that has not begun. True if none is under way now. */
static bool call_off(struct libvirt_domains *domains, struct libvirt_known *known)
{
    if (!known->setting)
        return true;
    if (!libvirt_workers_take_back(&domains->workers, known->setting))
        return false;
    libvirt_job_free(&known->setting->job);
    known->setting = NULL;
    return true;
}

/* ---- what the workers found */

static void end_set(struct libvirt_domains *domains, struct libvirt_work *work)
{
    struct libvirt_known *known = libvirt_known_find(&domains->known, work->uuid);

    if (!known || known->setting != work)
        return;
    known->setting = NULL;
    if (known->run_id != work->run_id)
        return;
    free(known->set_text);
    known->set_error = work->job.outcome;
    known->set_text = work->job.outcome ? work->job.text : NULL;
    if (known->set_text)
        work->job.text = NULL;
}

/* True if asking again may help. */
static bool is_passing(int error)
{
    return error == -ENOTCONN || error == -ETIMEDOUT || error == -EBUSY;
}

/* Its XML can't be read. What may pass is tried again at the next gather. */
static void lack_xml(struct libvirt_known *known, int error)
{
    known->changed = true;
    if (is_passing(error))
        return;
    known->traits = (struct libvirt_traits){ .unmanageable = "its XML can't be read" };
    known->wait_ms =
        known->wait_ms ? memcoord_min(2 * known->wait_ms, MOST_RETRY_MS) : FIRST_RETRY_MS;
    known->retry_ms = wakeup_now_ms() + known->wait_ms;
}

/* A job that holds the domain keeps its statistics from being switched on, too: not done yet. */
static void take_xml(const struct libvirt_domains *domains, struct libvirt_known *known,
                     const struct libvirt_work *work)
{
    int r = work->job.outcome;

    known->traits = work->traits;
    known->wait_ms = 0;
    known->changed |= is_passing(r);
    known->our_period_s = work->our_period_s;
    /* one that was set while the interval changed is set again */
    known->period_done |= !is_passing(r) && !work->moving &&
                          (work->our_period_s == 0 || work->our_period_s == domains->period_s);
    if (r)
        log_warning("%s: its statistics can't be switched on: %s", known->name,
                    work->job.text ? work->job.text : strerror(-r));
}

/* A domain that moves is given no target: one that has not begun would only hang, too. */
static void stop_target(struct libvirt_domains *domains, struct libvirt_known *known)
{
    if (!known->setting || !call_off(domains, known))
        return;
    free(known->set_text);
    known->set_error = -EBUSY;
    known->set_text = strdup("a migration, or another job, holds it");
}

static void end_examine(struct libvirt_domains *domains, struct libvirt_work *work)
{
    struct libvirt_known *known = libvirt_known_find(&domains->known, work->uuid);
    int r = work->job.outcome;

    if (!known || known->examining != work)
        return;
    known->examining = NULL;
    if (known->run_id != work->run_id)
        return;
    if (r == 0 || work->have_traits)
        known->moving = work->moving;
    if (known->moving)
        stop_target(domains, known);
    if (work->have_traits)
        take_xml(domains, known, work);
    else if (work->read_xml)
        lack_xml(known, r);
}

void libvirt_domains_leave(struct libvirt_domains *domains, struct libvirt_gather *gather)
{
    struct libvirt_held *held = &domains->held;

    if (held->n < LIBVIRT_MOST_LEFT && libvirt_gather_leave(gather, held->uuids[held->n]))
        held->n++;
}

/* The call that held it has come back. */
static void let_go(struct libvirt_held *held, const uint8_t *uuid)
{
    for (size_t i = 0; i < held->n; i++) {
        if (memcmp(held->uuids[i], uuid, HOST_UUID_BYTES))
            continue;
        memcpy(held->uuids[i], held->uuids[--held->n], HOST_UUID_BYTES);
        return;
    }
}

static void end_left(struct libvirt_domains *domains, const struct libvirt_job *job)
{
    const struct libvirt_gather *gather = (const struct libvirt_gather *)job;

    if (gather->asks)
        let_go(&domains->held, gather->asked);
    domains->left_ended = true;
    domains->left_lost |= job->outcome == -ENOTCONN;
}

/* Takes in what has ended since the last time. */
void libvirt_domains_collect(struct libvirt_domains *domains)
{
    struct libvirt_job *job = libvirt_crew_collect(domains->workers.crew), *next;

    for (; job; job = next) {
        next = job->next;
        if (job->kind == LIBVIRT_GATHER)
            end_left(domains, job);
        if (job->kind == LIBVIRT_SET)
            end_set(domains, (struct libvirt_work *)job);
        if (job->kind == LIBVIRT_EXAMINE) {
            end_examine(domains, (struct libvirt_work *)job);
            domains->examining -= domains->examining > 0;
        }
        libvirt_job_free(job);
    }
}

/* ---- what the workers are to find */

/* At once, though it could not be read before. */
static void read_again(struct libvirt_known *known)
{
    known->changed = true;
    known->retry_ms = 0;
}

static void read_letters(struct libvirt_domains *domains)
{
    struct libvirt_letter *letters;
    size_t n;
    bool whole = libvirt_inbox_take(domains->inbox, &letters, &n);

    for (size_t i = 0; i < n; i++) {
        struct libvirt_known *known = libvirt_known_find(&domains->known, letters[i].uuid);

        if (!known)
            continue; /* it comes as a new one */
        if (letters[i].news & LIBVIRT_NEWS_CHANGED)
            read_again(known);
        known->moving |= (letters[i].news & LIBVIRT_NEWS_JOB) != 0;
        known->ask_moving |= known->moving && (letters[i].news & LIBVIRT_NEWS_JOB_ENDED);
    }
    for (size_t i = 0; !whole && i < domains->known.n; i++)
        read_again(domains->known.list[i]);
    free(letters);
}

/* True if events may be missing. A call that is left to itself leaves a connection that listens until
 * it ends, and by then the one in its place listens too, if there is one. */
static bool missed_events(const struct libvirt_domains *domains,
                          const struct libvirt_gather *gather, bool fresh)
{
    bool other = domains->serial && domains->serial != gather->serial;

    return domains->left_lost || (other && (!fresh || domains->left_ended));
}

/* After a connection was lost, libvirtd may even have been another. */
static void doubt_all(struct libvirt_domains *domains)
{
    for (size_t i = 0; i < domains->known.n; i++) {
        read_again(domains->known.list[i]);
        domains->known.list[i]->period_done = false;
    }
}

void libvirt_domains_set_interval(struct libvirt_domains *domains, uint64_t interval_ms)
{
    uint64_t period_s = memcoord_max(1, (interval_ms + 500) / 1000);

    domains->interval_ms = interval_ms;
    if (period_s == domains->period_s)
        return;
    domains->period_s = period_s;
    for (size_t i = 0; i < domains->known.n; i++) {
        struct libvirt_known *known = domains->known.list[i];

        if (known->our_period_s == 0)
            continue;
        known->period_done = false;
        read_again(known);
    }
}

/* A target that has not ended when the next tick comes, which may be a little early. */
static void see_late(const struct libvirt_domains *domains, struct libvirt_known *known,
                     uint64_t now_ms)
{
    uint64_t late_ms = domains->interval_ms - domains->interval_ms / 10;
    bool late = known->setting && now_ms - known->set_ms >= late_ms;

    known->ask_moving |= late && !known->late;
    known->late = late;
}

/* What holds a target can be asked aside; nothing is asked while the domain's QEMU may hang: that would
 * hang, too. */
static bool is_due(const struct libvirt_known *known, uint64_t now_ms)
{
    bool ask = known->ask_moving ||
               ((known->moving || known->late) && now_ms - known->asked_ms >= MOVING_INTERVAL_MS);

    if (known->examining || known->missed > 0)
        return false;
    if (known->setting)
        return ask && known->late;
    return ask || (known->changed && now_ms >= known->retry_ms);
}

static void examine(struct libvirt_domains *domains, struct libvirt_known *known)
{
    struct libvirt_work *work = libvirt_work_new(LIBVIRT_EXAMINE, known->uuid, known->run_id);

    if (!work)
        return;
    work->aside = known->setting != NULL;
    work->moving = known->moving;
    /* its statistics could not be switched on while it moved: the job may have ended */
    work->read_xml = !work->aside && (known->changed || (known->moving && !known->period_done));
    work->set_period_s = domains->watch_only || known->period_done ? 0 : domains->period_s;
    work->our_period_s = known->our_period_s;
    if (libvirt_workers_submit(&domains->workers, work))
        return;
    known->examining = work;
    known->changed &= work->aside;
    known->ask_moving = false;
    known->asked_ms = wakeup_now_ms();
    domains->examining++;
}

static void examine_all(struct libvirt_domains *domains)
{
    uint64_t now_ms = wakeup_now_ms();
    uint64_t until_ms = now_ms + EXAMINE_PATIENCE_MS;

    domains->examining = 0;
    for (size_t i = 0; i < domains->known.n; i++) {
        see_late(domains, domains->known.list[i], now_ms);
        if (is_due(domains->known.list[i], now_ms))
            examine(domains, domains->known.list[i]);
    }
    while (domains->examining > 0 && wakeup_now_ms() < until_ms) {
        libvirt_crew_wait(domains->workers.crew, until_ms);
        libvirt_domains_collect(domains);
    }
}

/* A run of a domain is over: its target must not reach the next one. */
static void forget(void *context, struct libvirt_known *known)
{
    struct libvirt_domains *domains = context;

    call_off(domains, known);
    libvirt_workers_forget(&domains->workers, known->uuid, known->run_id);
}

void libvirt_domains_list_hung(const struct libvirt_domains *domains, struct libvirt_gather *gather)
{
    gather->held = domains->held;
    for (size_t i = 0; i < domains->known.n; i++) {
        if (!libvirt_known_hangs(domains->known.list[i]))
            continue;
        if (!gather->hung)
            gather->hung = calloc(domains->known.n, sizeof(*gather->hung));
        if (!gather->hung)
            return;
        memcpy(gather->hung[gather->n_hung++], domains->known.list[i]->uuid, HOST_UUID_BYTES);
    }
}

int libvirt_domains_update(struct libvirt_domains *domains, const struct libvirt_gather *gather,
                           bool fresh)
{
    int r = libvirt_known_update(&domains->known, gather, forget, domains);

    if (r)
        return r;
    if (missed_events(domains, gather, fresh))
        doubt_all(domains);
    domains->serial = gather->serial;
    domains->left_ended = domains->left_lost = false;
    read_letters(domains);
    examine_all(domains);
    return 0;
}

int libvirt_domains_set(struct libvirt_domains *domains, const uint8_t uuid[HOST_UUID_BYTES],
                        uint64_t kib)
{
    struct libvirt_known *known = libvirt_known_find(&domains->known, uuid);
    struct libvirt_work *work;

    if (domains->watch_only)
        return -EPERM;
    if (!known)
        return -ENOENT;
    if (known->traits.unmanageable)
        return -EOPNOTSUPP;
    if (libvirt_known_hangs(known))
        return -EBUSY;
    if (!call_off(domains, known))
        return -EBUSY;
    work = libvirt_work_new(LIBVIRT_SET, uuid, known->run_id);
    if (!work)
        return -ENOMEM;
    work->set_kib = kib + known->traits.dimm_kib;
    if (libvirt_workers_submit(&domains->workers, work))
        return -ENOMEM;
    known->setting = work;
    known->set_ms = wakeup_now_ms();
    known->late = false;
    return 0;
}
