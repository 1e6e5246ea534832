/* SPDX-License-Identifier: BSD-3-Clause */
/* A libvirt host on a server that the test plays: three guests, a to c; c's statistics are off. */
#ifndef TESTS_LIB_LIBVIRT_STAGE_H
#define TESTS_LIB_LIBVIRT_STAGE_H

#include <string.h>
#include <time.h>

#include "host/host.h"
#include "lib/cmocka.h"
#include "lib/fake_libvirtd.h"

#define LONG_MS 10000
#define BALLOON "<memballoon model='virtio'><stats period='1'/></memballoon>"

struct stage {
    struct fake_libvirtd fake;
    struct host *host;
};

static inline uint64_t wall_s(void)
{
    return (uint64_t)time(NULL);
}

static inline void add(struct fake_libvirtd *fake, const char *name, const char *devices)
{
    fake->domains[fake->n] = (struct fake_domain){
        .name = name,
        .id = (int)fake->n + 1,
        .devices = devices,
        .current_kib = 512 * MIB,
        .maximum_kib = 1024 * MIB,
        .rss_kib = 300 * MIB,
        .last_update_s = wall_s() - 1,
        .unused_kib = 200 * MIB,
    };
    fake->n++;
}

/* As another program that begins to watch the same server. */
static inline struct host *open_host(struct stage *stage, const char *proc, uint64_t interval_ms)
{
    struct host_options options = { .proc = proc, .interval_ms = interval_ms };
    struct host *host = NULL;
    char uri[100], error[512];

    snprintf(uri, sizeof(uri), "qemu:///system?socket=%s", stage->fake.path);
    options.uri = uri;
    if (host_open(&options, &host, error, sizeof(error)))
        fail_msg("%s", error);
    return host;
}

static inline int set_up_with(void **state, uint64_t interval_ms)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    assert_non_null(stage);
    fake_start(&stage->fake);
    pthread_mutex_lock(&stage->fake.lock);
    add(&stage->fake, "a", BALLOON);
    add(&stage->fake, "b", BALLOON);
    add(&stage->fake, "c", "<memballoon model='virtio'/>");
    pthread_mutex_unlock(&stage->fake.lock);
    stage->host = open_host(stage, "/proc", interval_ms);
    *state = stage;
    return 0;
}

static inline int set_up(void **state)
{
    return set_up_with(state, 1000);
}

static inline int tear_down(void **state)
{
    struct stage *stage = *state;

    host_close(stage->host);
    fake_stop(&stage->fake);
    free(stage);
    return 0;
}

static inline const struct host_view *gather(struct stage *stage)
{
    const struct host_view *view = NULL;
    const char *why = NULL;
    int r = stage->host->ops->gather(stage->host, &view, &why);

    if (r)
        fail_msg("%s: %s", strerror(-r), why);
    return view;
}

static inline const struct host_domain *find(const struct host_view *view, const char *name)
{
    for (size_t i = 0; i < view->n_domains; i++) {
        if (!strcmp(view->domains[i].name, name))
            return &view->domains[i];
    }
    return NULL;
}

/* Gathers until every domain's XML is read: the machine may be slow. */
static inline const struct host_view *gather_whole(struct stage *stage)
{
    for (int i = 0; i < 100; i++) {
        const struct host_view *view = gather(stage);
        size_t unread = 0;

        for (size_t d = 0; d < view->n_domains; d++)
            unread += view->domains[d].unmanageable != NULL;
        if (!unread)
            return view;
        usleep(10000);
    }
    fail_msg("some XML was never read");
    return NULL;
}

static inline struct fake_domain *lock(struct stage *stage, size_t i)
{
    pthread_mutex_lock(&stage->fake.lock);
    return &stage->fake.domains[i];
}

static inline void unlock(struct stage *stage)
{
    pthread_cond_broadcast(&stage->fake.changed);
    pthread_mutex_unlock(&stage->fake.lock);
}

static inline unsigned calls(struct stage *stage, unsigned procedure)
{
    unsigned n;

    lock(stage, 0);
    n = stage->fake.calls[procedure];
    unlock(stage);
    return n;
}

/* Waits until the server has done something, with its lock held. */
static inline void await_change(struct stage *stage)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LONG_MS / 1000;
    if (pthread_cond_timedwait(&stage->fake.changed, &stage->fake.lock, &until)) {
        unlock(stage);
        fail_msg("the server was never asked");
    }
}

/* Waits until a call hangs. */
static inline void await_held(struct stage *stage)
{
    lock(stage, 0);
    while (!stage->fake.held)
        await_change(stage);
    unlock(stage);
}

/* Waits until all that was begun for single domains has ended. */
static inline void flush(struct stage *stage)
{
    assert_int_equal(stage->host->ops->flush(stage->host, LONG_MS), 0);
}

/* What its balloon was set to last; 0: it was not. */
static inline uint64_t set_kib(struct stage *stage, size_t i)
{
    uint64_t kib = lock(stage, i)->set_kib;

    unlock(stage);
    return kib;
}

static inline uint64_t period_s(struct stage *stage, size_t i)
{
    uint64_t s = lock(stage, i)->period_s;

    unlock(stage);
    return s;
}

static inline void set_missed(struct stage *stage, size_t i, bool missed)
{
    lock(stage, i)->missed = missed;
    unlock(stage);
}

static inline void go_on(struct stage *stage)
{
    lock(stage, 0);
    stage->fake.go_on = true;
    unlock(stage);
}

static inline void hang(struct stage *stage, unsigned procedure)
{
    lock(stage, 0);
    stage->fake.hang = procedure;
    unlock(stage);
}

#endif
