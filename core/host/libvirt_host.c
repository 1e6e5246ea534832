/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/libvirt_host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libxml/parser.h>

#include "host/libvirt_events.h"
#include "host/libvirt_known.h"
#include "host/libvirt_uri.h"
#include "host/libvirt_watch.h"
#include "host/libvirt_workers.h"
#include "host/meminfo.h"
#include "host/wakeup.h"
#include "util/log.h"

/* The first connection may have to cross a network. */
#define OPEN_PATIENCE_MS 30000
/* What runs when the host is closed gets so long. */
#define CLOSE_PATIENCE_MS 1000
/* A gather that sees new domains waits so long for their XML, to show them whole at once. */
#define EXAMINE_PATIENCE_MS 250
/* How often it is asked whether a migration has ended, if no event says so. */
#define MOVING_INTERVAL_MS 5000

struct libvirt_host {
    struct host base; /* first */
    char *uri, *proc, *name;
    uint64_t period_s;
    bool watch_only, events;
    struct libvirt_inbox *inbox;
    struct libvirt_crew *crew;
    struct libvirt_watch watch;
    struct libvirt_workers workers;
    struct wakeup wakeup;
    struct libvirt_known_table known;
    uint64_t serial;    /* of the connection that was seen by last; 0: none */
    unsigned examining; /* jobs that this gather waits for */
    struct host_view view;
    size_t capacity; /* of view.domains */
};

static struct libvirt_host *of(struct host *host)
{
    return (struct libvirt_host *)host;
}

/* ---- what the workers found */

static void end_set(struct libvirt_host *host, struct libvirt_work *work)
{
    struct libvirt_known *known = libvirt_known_find(&host->known, work->uuid);

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

static void end_examine(struct libvirt_host *host, struct libvirt_work *work)
{
    struct libvirt_known *known = libvirt_known_find(&host->known, work->uuid);
    int r = work->job.outcome;

    if (!known || known->examining != work)
        return;
    known->examining = NULL;
    if (known->run_id != work->run_id)
        return;
    if (r == 0 || work->have_traits)
        known->moving = work->moving;
    if (!work->read_xml)
        return;
    if (work->have_traits)
        known->traits = work->traits;
    else if (!is_passing(r))
        known->traits = (struct libvirt_traits){ .unmanageable = "its XML can't be read" };
    known->changed |= r && is_passing(r);
    known->period_done |= work->have_traits && !is_passing(r);
    if (r && work->have_traits)
        log_warning("%s: its statistics can't be switched on: %s", known->name,
                    work->job.text ? work->job.text : strerror(-r));
}

/* Takes in what has ended since the last time. */
static void collect(struct libvirt_host *host)
{
    struct libvirt_job *job = libvirt_crew_collect(host->crew), *next;

    for (; job; job = next) {
        next = job->next;
        if (job->kind == LIBVIRT_SET)
            end_set(host, (struct libvirt_work *)job);
        if (job->kind == LIBVIRT_EXAMINE) {
            end_examine(host, (struct libvirt_work *)job);
            host->examining -= host->examining > 0;
        }
        libvirt_job_free(job);
    }
}

/* ---- what the workers are to find */

static void read_letters(struct libvirt_host *host)
{
    struct libvirt_letter *letters;
    size_t n;
    bool whole = libvirt_inbox_take(host->inbox, &letters, &n);

    for (size_t i = 0; i < n; i++) {
        struct libvirt_known *known = libvirt_known_find(&host->known, letters[i].uuid);

        if (!known)
            continue; /* it comes as a new one */
        known->changed |= (letters[i].news & LIBVIRT_NEWS_CHANGED) != 0;
        known->moving |= (letters[i].news & LIBVIRT_NEWS_JOB) != 0;
        known->ask_moving |= known->moving && (letters[i].news & LIBVIRT_NEWS_JOB_ENDED);
    }
    for (size_t i = 0; !whole && i < host->known.n; i++)
        host->known.list[i]->changed = true;
    free(letters);
}

/* After a connection was lost events are missing, and libvirtd may have been another. */
static void begin_connection(struct libvirt_host *host, uint64_t serial)
{
    bool lost = host->serial && host->serial != serial && !host->watch.fresh;

    host->serial = serial;
    host->watch.fresh = false;
    for (size_t i = 0; lost && i < host->known.n; i++) {
        host->known.list[i]->changed = true;
        host->known.list[i]->period_done = false;
    }
}

static bool is_due(const struct libvirt_known *known, uint64_t now_ms)
{
    if (known->examining || known->setting)
        return false;
    return known->changed || known->ask_moving ||
           (known->moving && now_ms - known->asked_ms >= MOVING_INTERVAL_MS);
}

static void examine(struct libvirt_host *host, struct libvirt_known *known)
{
    struct libvirt_work *work = libvirt_work_new(LIBVIRT_EXAMINE, known->uuid, known->run_id);

    if (!work)
        return;
    work->read_xml = known->changed;
    work->set_period_s = host->watch_only || known->period_done ? 0 : host->period_s;
    if (libvirt_workers_submit(&host->workers, work))
        return;
    known->examining = work;
    known->changed = known->ask_moving = false;
    known->asked_ms = wakeup_now_ms();
    host->examining++;
}

static void examine_all(struct libvirt_host *host)
{
    uint64_t now_ms = wakeup_now_ms();
    uint64_t until_ms = now_ms + EXAMINE_PATIENCE_MS;

    host->examining = 0;
    for (size_t i = 0; i < host->known.n; i++) {
        if (is_due(host->known.list[i], now_ms))
            examine(host, host->known.list[i]);
    }
    while (host->examining > 0 && wakeup_now_ms() < until_ms) {
        libvirt_crew_wait(host->crew, until_ms);
        collect(host);
    }
}

/* Its handle is dropped. Without memory it stays until the connection ends. */
static void forget(void *context, const struct libvirt_known *known)
{
    struct libvirt_host *host = context;
    struct libvirt_work *work = libvirt_work_new(LIBVIRT_FORGET, known->uuid, known->run_id);

    if (known->setting && libvirt_workers_take_back(&host->workers, known->setting))
        libvirt_job_free(&known->setting->job);
    if (work)
        (void)libvirt_workers_submit(&host->workers, work);
}

/* ---- gather */

/* The domains that are known to hang, for the gather to leave them in peace. */
static void list_hung(const struct libvirt_host *host, struct libvirt_gather *gather)
{
    for (size_t i = 0; i < host->known.n; i++) {
        if (host->known.list[i]->missed < LIBVIRT_MISSED_HUNG)
            continue;
        if (!gather->hung)
            gather->hung = calloc(host->known.n, sizeof(*gather->hung));
        if (!gather->hung)
            return;
        memcpy(gather->hung[gather->n_hung++], host->known.list[i]->uuid, HOST_UUID_BYTES);
    }
}

/* Sees the domains; when the call enters a guest that hangs, once more: the next one skips it. */
static int see(struct libvirt_host *host, struct libvirt_gather **done)
{
    int r = -ETIMEDOUT;

    for (int attempt = 0; r == -ETIMEDOUT && attempt < 2; attempt++) {
        struct libvirt_gather *gather = libvirt_gather_new(LIBVIRT_GATHER);

        if (!gather)
            return -ENOMEM;
        gather->remote = host->base.remote;
        list_hung(host, gather);
        r = libvirt_watch_see(&host->watch, gather, done);
    }
    return r;
}

static int make_view(struct libvirt_host *host, const struct libvirt_gather *gather)
{
    struct host_view *view = &host->view;

    if (gather->n > host->capacity) {
        struct host_domain *more = realloc(view->domains, gather->n * sizeof(*more));
        if (!more)
            return -ENOMEM;
        view->domains = more;
        host->capacity = gather->n;
    }
    view->n_domains = 0;
    for (size_t i = 0; i < gather->n; i++) {
        if (libvirt_known_show(host->known.list[i], gather, &gather->seen[i],
                               &view->domains[view->n_domains]))
            view->n_domains++;
    }
    return 0;
}

static int take_in(struct libvirt_host *host, const struct libvirt_gather *gather)
{
    int r = libvirt_known_update(&host->known, gather, forget, host);

    if (r)
        return r;
    begin_connection(host, gather->serial);
    read_letters(host);
    examine_all(host);
    r = make_view(host, gather);
    if (r)
        return r;
    host->view.memory = gather->memory;
    return host->base.remote ? 0 : meminfo_read(host->proc, &host->view.memory);
}

static int host_gather(struct host *base, const struct host_view **view, const char **why)
{
    struct libvirt_host *host = of(base);
    struct libvirt_gather *gather = NULL;
    int r;

    collect(host);
    libvirt_workers_free_stuck(&host->workers);
    *why = host->watch.why;
    r = see(host, &gather);
    if (r == -ENOMEM)
        *why = "out of memory";
    if (r)
        return r;
    r = take_in(host, gather);
    libvirt_job_free(&gather->job);
    if (r) {
        *why = r == -ENOMEM ? "out of memory" : "the host's memory can't be read";
        return r;
    }
    host->view.now_ms = wakeup_now_ms();
    host->view.calls = libvirt_crew_calls(host->crew);
    *view = &host->view;
    return 0;
}

/* ---- the rest of the seam */

static int host_set_target(struct host *base, const uint8_t uuid[HOST_UUID_BYTES], uint64_t kib)
{
    struct libvirt_host *host = of(base);
    struct libvirt_known *known = libvirt_known_find(&host->known, uuid);
    struct libvirt_work *work;

    if (host->watch_only)
        return -EPERM;
    if (!known)
        return -ENOENT;
    if (known->traits.unmanageable)
        return -EOPNOTSUPP;
    if (known->setting) {
        if (!libvirt_workers_take_back(&host->workers, known->setting))
            return -EBUSY;
        libvirt_job_free(&known->setting->job);
        known->setting = NULL;
    }
    work = libvirt_work_new(LIBVIRT_SET, uuid, known->run_id);
    if (!work)
        return -ENOMEM;
    work->set_kib = kib + known->traits.dimm_kib;
    if (libvirt_workers_submit(&host->workers, work))
        return -ENOMEM;
    known->setting = work;
    return 0;
}

static int host_flush(struct host *base, uint64_t timeout_ms)
{
    struct libvirt_host *host = of(base);
    uint64_t until_ms = wakeup_now_ms() + timeout_ms;

    while (!libvirt_workers_idle(&host->workers)) {
        uint64_t now_ms = wakeup_now_ms();

        if (now_ms >= until_ms)
            return -ETIMEDOUT;
        libvirt_workers_free_stuck(&host->workers);
        libvirt_crew_wait(host->crew, memcoord_min(until_ms, now_ms + 100));
        collect(host);
    }
    collect(host);
    return 0;
}

static enum host_wake host_wait(struct host *base, uint64_t until_ms)
{
    return wakeup_wait(&of(base)->wakeup, until_ms);
}

static void host_wake(struct host *base)
{
    wakeup_request(&of(base)->wakeup);
}

static uint64_t host_now_ms(struct host *base)
{
    (void)base;
    return wakeup_now_ms();
}

static void free_all(struct host *base)
{
    struct libvirt_host *host = of(base);
    uint64_t until_ms = wakeup_now_ms() + CLOSE_PATIENCE_MS;

    libvirt_workers_close(&host->workers, until_ms);
    libvirt_watch_close(&host->watch, until_ms);
    if (host->crew)
        collect(host);
    libvirt_crew_close(host->crew);
    if (host->events)
        libvirt_events_stop();
    wakeup_close(&host->wakeup);
    libvirt_inbox_unref(host->inbox);
    libvirt_known_free(&host->known);
    free(host->view.domains);
    free(host->uri);
    free(host->proc);
    free(host->name);
    free(host);
}

static const struct host_ops ops = {
    .gather = host_gather,
    .set_target = host_set_target,
    .flush = host_flush,
    .wait = host_wait,
    .wake = host_wake,
    .now_ms = host_now_ms,
    .close = free_all,
};

/* ---- opening */

/* The first job: opens the connection and learns its true name. */
struct hello {
    struct libvirt_job job; /* first */
    char *uri;
};

static int run_hello(struct libvirt_job *job, struct libvirt_session *session)
{
    struct hello *hello = (struct hello *)job;

    hello->uri = virConnectGetURI(session->connection);
    return hello->uri ? 0 : -ENOMEM;
}

static void free_hello(struct libvirt_job *job)
{
    free(((struct hello *)job)->uri);
    free(job);
}

static int describe(struct libvirt_host *host, const char *uri)
{
    host->name = libvirt_uri_name(uri, (unsigned)getuid(), getenv("XDG_RUNTIME_DIR"));
    host->base.name = host->name;
    host->base.remote = libvirt_uri_is_remote(uri);
    host->base.shared = !libvirt_uri_is_test(uri);
    return host->name ? 0 : -ENOMEM;
}

static int say_hello(struct libvirt_host *host, char *error, size_t error_size)
{
    struct hello *hello = calloc(1, sizeof(*hello));
    int r;

    if (!hello)
        return -ENOMEM;
    hello->job.run = run_hello;
    hello->job.free = free_hello;
    hello->job.awaited = true;
    libvirt_caller_submit(host->watch.caller, &hello->job);
    if (!libvirt_crew_finish(host->crew, &hello->job, wakeup_now_ms() + OPEN_PATIENCE_MS)) {
        libvirt_crew_disown(host->crew, &hello->job);
        snprintf(error, error_size, "%s: does not answer", host->uri);
        return -ETIMEDOUT;
    }
    r = hello->job.outcome ? hello->job.outcome : describe(host, hello->uri);
    if (r)
        snprintf(error, error_size, "%s: %s", *host->uri ? host->uri : "libvirt's default URI",
                 hello->job.text ? hello->job.text : strerror(-r));
    libvirt_job_free(&hello->job);
    return r;
}

static int build(struct libvirt_host *host, const struct host_options *options)
{
    int r;

    host->base.ops = &ops;
    host->watch_only = options->watch_only;
    host->period_s = memcoord_max(1, (options->interval_ms + 500) / 1000);
    host->watch.usual_ms = 1250; /* until it is known: 5 s of patience */
    host->uri = strdup(options->uri);
    host->proc = strdup(options->proc);
    host->inbox = libvirt_inbox_new();
    if (!host->uri || !host->proc || !host->inbox)
        return -ENOMEM;
    r = libvirt_events_start();
    if (r)
        return r;
    host->events = true;
    r = wakeup_open(&host->wakeup, host->proc, libvirt_inbox_fd(host->inbox));
    if (r)
        return r;
    host->crew = libvirt_crew_new(host->uri, host->watch_only, host->inbox);
    host->watch.crew = host->workers.crew = host->crew;
    host->watch.caller = host->crew ? libvirt_caller_new(host->crew, true) : NULL;
    return host->watch.caller ? 0 : -ENOMEM;
}

int libvirt_host_open(const struct host_options *options, struct host **host, char *error,
                      size_t error_size)
{
    struct libvirt_host *opened = calloc(1, sizeof(*opened));
    int r;

    if (!opened) {
        snprintf(error, error_size, "out of memory");
        return -ENOMEM;
    }
    opened->wakeup.request_fd = opened->wakeup.pressure_fd = -1;
    xmlInitParser();
    r = build(opened, options);
    if (r)
        snprintf(error, error_size, "%s: can't begin: %s", options->uri, strerror(-r));
    else
        r = say_hello(opened, error, error_size);
    if (r) {
        free_all(&opened->base);
        return r;
    }
    *host = &opened->base;
    return 0;
}
