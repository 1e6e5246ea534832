/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/libvirt_host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libxml/parser.h>

#include "host/libvirt_domains.h"
#include "host/libvirt_events.h"
#include "host/libvirt_uri.h"
#include "host/libvirt_watch.h"
#include "host/meminfo.h"
#include "host/wakeup.h"
#include "util/complain.h"

/* The first connection may have to cross a network. */
#define OPEN_PATIENCE_MS 30000
#define MEMINFO_WHY_BYTES (MEMINFO_ERROR_BYTES + 40)
/* What runs when the host is closed gets so long. */
#define CLOSE_PATIENCE_MS 1000
/* Calls that hang are followed by others for so long, before the tick is given up. */
#define SEE_PATIENCE_MS 2500
/* Nobody waits longer behind a call for a single domain. */
#define LEAST_WORKER_PATIENCE_MS 200
#define MOST_WORKER_PATIENCE_MS 1000

struct libvirt_host {
    struct host base; /* first */
    char *uri, *proc, *name;
    bool events; /* the event loop was started */
    struct libvirt_inbox *inbox;
    struct libvirt_crew *crew;
    struct libvirt_watch watch;
    struct libvirt_domains domains;
    struct wakeup wakeup;
    struct host_view view;
    int spare_fd; /* what is given up when there is no other for the host's memory */
    char memory_why[MEMINFO_WHY_BYTES]; /* why the host's memory can't be read */
    size_t capacity;                    /* of view.domains */
};

static struct libvirt_host *of(struct host *host)
{
    return (struct libvirt_host *)host;
}

/* ---- gather */

/* Sees the domains; when the call enters a guest that hangs, once more: the next one skips it, and may
 * enter another. */
static int see(struct libvirt_host *host, struct libvirt_gather **done)
{
    uint64_t until_ms = wakeup_now_ms() + SEE_PATIENCE_MS;
    int r = -ETIMEDOUT;

    for (int attempt = 0; r == -ETIMEDOUT && (attempt < 2 || wakeup_now_ms() < until_ms);
         attempt++) {
        struct libvirt_gather *gather = libvirt_gather_new(LIBVIRT_GATHER);

        if (!gather)
            return -ENOMEM;
        gather->remote = host->base.remote;
        gather->again = attempt > 0;
        libvirt_domains_list_hung(&host->domains, gather);
        r = libvirt_watch_see(&host->watch, gather, done);
        if (r == -ETIMEDOUT)
            libvirt_domains_leave(&host->domains, gather);
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
    view->n_domains = view->n_unread = 0;
    for (size_t i = 0; i < gather->n; i++) {
        struct libvirt_known *known = host->domains.known.list[i];

        if (!libvirt_known_show(known, gather, &gather->seen[i], &view->domains[view->n_domains]))
            continue;
        view->n_domains++;
        view->n_unread += libvirt_known_is_unread(known);
    }
    return 0;
}

/* Where all file descriptors are used up, with the one that was kept for this. */
static int read_with_spare(struct libvirt_host *host, char why[MEMINFO_ERROR_BYTES])
{
    int r = meminfo_read(host->proc, &host->view.memory, why);

    if ((r == -EMFILE || r == -ENFILE) && host->spare_fd >= 0) {
        close(host->spare_fd);
        r = meminfo_read(host->proc, &host->view.memory, why);
        host->spare_fd = -1;
    }
    if (host->spare_fd < 0)
        host->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return r;
}

static int read_memory(struct libvirt_host *host)
{
    char why[MEMINFO_ERROR_BYTES];
    int r = host->base.remote ? 0 : read_with_spare(host, why);

    if (r)
        snprintf(host->memory_why, sizeof(host->memory_why), "the host's memory can't be read: %s",
                 why);
    return r;
}

static int take_in(struct libvirt_host *host, const struct libvirt_gather *gather)
{
    int r = libvirt_domains_update(&host->domains, gather, host->watch.fresh);

    if (r)
        return r;
    host->watch.fresh = false;
    r = make_view(host, gather);
    if (r)
        return r;
    host->view.memory = gather->memory;
    return read_memory(host);
}

#define TEXT(x) TEXT_OF(x)
#define TEXT_OF(x) #x
static const char stuck_why[] =
    TEXT(LIBVIRT_MOST_LEFT) " calls to libvirt hang, for " TEXT(LIBVIRT_STUCK_MS) " ms and longer";

static int host_gather(struct host *base, const struct host_view **view, const char **why)
{
    struct libvirt_host *host = of(base);
    struct libvirt_gather *gather = NULL;
    int r;

    libvirt_domains_collect(&host->domains);
    libvirt_workers_free_stuck(&host->domains.workers);
    if (libvirt_crew_is_stuck(host->crew)) {
        *why = stuck_why;
        return -EDEADLK;
    }
    *why = host->watch.why;
    r = see(host, &gather);
    if (r == -ENOMEM)
        *why = "out of memory";
    if (r)
        return r;
    r = take_in(host, gather);
    libvirt_job_free(&gather->job);
    if (r) {
        *why = r == -ENOMEM ? "out of memory" : host->memory_why;
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
    return libvirt_domains_set(&of(base)->domains, uuid, kib);
}

static int host_flush(struct host *base, uint64_t timeout_ms)
{
    struct libvirt_host *host = of(base);
    uint64_t until_ms = wakeup_now_ms() + timeout_ms;

    while (!libvirt_workers_idle(&host->domains.workers)) {
        uint64_t now_ms = wakeup_now_ms();

        if (now_ms >= until_ms)
            return -ETIMEDOUT;
        libvirt_workers_free_stuck(&host->domains.workers);
        libvirt_crew_wait(host->crew, memcoord_min(until_ms, now_ms + 100));
        libvirt_domains_collect(&host->domains);
    }
    libvirt_domains_collect(&host->domains);
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

static void host_set_interval_of(struct host *base, uint64_t interval_ms)
{
    struct libvirt_host *host = of(base);

    libvirt_domains_set_interval(&host->domains, interval_ms);
    host->watch.interval_ms = interval_ms;
    host->domains.workers.patience_ms =
        memcoord_clamp(interval_ms / 2, LEAST_WORKER_PATIENCE_MS, MOST_WORKER_PATIENCE_MS);
}

static void free_all(struct host *base)
{
    struct libvirt_host *host = of(base);
    uint64_t until_ms = wakeup_now_ms() + CLOSE_PATIENCE_MS;

    libvirt_workers_close(&host->domains.workers, until_ms);
    libvirt_watch_close(&host->watch, until_ms);
    if (host->crew)
        libvirt_domains_collect(&host->domains);
    libvirt_crew_close(host->crew);
    if (host->events)
        libvirt_events_stop();
    wakeup_close(&host->wakeup);
    if (host->spare_fd >= 0)
        close(host->spare_fd);
    libvirt_inbox_unref(host->inbox);
    libvirt_known_free(&host->domains.known);
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
    .set_interval = host_set_interval_of,
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
        return complain(error, error_size, -ENOMEM, "out of memory");
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
    host->domains.watch_only = options->watch_only;
    host_set_interval_of(&host->base, options->interval_ms);
    host->uri = strdup(options->uri);
    host->proc = strdup(options->proc);
    host->inbox = host->domains.inbox = libvirt_inbox_new();
    if (!host->uri || !host->proc || !host->inbox)
        return -ENOMEM;
    r = libvirt_events_start();
    if (r)
        return r;
    host->events = true;
    r = wakeup_open(&host->wakeup, host->proc, libvirt_inbox_fd(host->inbox));
    if (r)
        return r;
    host->crew = libvirt_crew_new(host->uri, options->watch_only, host->inbox);
    host->watch.crew = host->domains.workers.crew = host->crew;
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
    opened->wakeup.request_fd = opened->wakeup.pressure_fd = opened->spare_fd = -1;
    xmlInitParser();
    r = build(opened, options);
    if (r)
        snprintf(error, error_size, "%s: can't begin: %s", options->uri, strerror(-r));
    else
        r = say_hello(opened, error, error_size);
    if (!r && read_memory(opened))
        r = complain(error, error_size, -ENODATA, "%s", opened->memory_why);
    if (r) {
        free_all(&opened->base);
        return r;
    }
    *host = &opened->base;
    return 0;
}
