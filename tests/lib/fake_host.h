/* SPDX-License-Identifier: BSD-3-Clause */
/* A host in memory, behind the same seam as libvirt, for tests of what is above it: its guests obey
 * at once, and each wait moves its clock. */
#ifndef TESTS_LIB_FAKE_HOST_H
#define TESTS_LIB_FAKE_HOST_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/host.h"
#include "lib/cmocka.h"

#define FAKE_DOMAINS 8

struct fake_host {
    struct host host; /* first: what the core gets */
    struct host_view view;
    struct host_domain domains[FAKE_DOMAINS];
    char names[FAKE_DOMAINS][16];
    uint64_t used_kib[FAKE_DOMAINS]; /* what each guest needs; usable is the rest */
    uint64_t now_ms;
    int gather_error;                 /* what gather returns, if not 0 */
    int set_error, flush_error;       /* and set_target, and flush */
    int refuses[FAKE_DOMAINS];        /* its targets are accepted, and then fail with this */
    int refused[FAKE_DOMAINS];        /* the last one did; until a gather tells it */
    bool stands[FAKE_DOMAINS];        /* its guest follows no target */
    uint64_t asked_kib[FAKE_DOMAINS]; /* the last target that was accepted; 0: none */
    bool busy;                        /* all targets of before are being set, until a flush */
    size_t unread, read_a_flush; /* so many, the last ones, are not examined; a flush does some */
    void (*before_set)(void);    /* called before a target is set */
    uint64_t n_sets;
    char order[256];     /* names in the order in which targets were set, "+web0 -web1 " */
    enum host_wake wake; /* what the next `wakes` waits return; TIMER after them */
    int wakes, waits;
};

static const char fake_not_examined[] = "not examined";

/* The outcome of its last target, and whether it was examined. */
static void fake_tell(struct fake_host *f, size_t i)
{
    struct host_domain *d = &f->domains[i];

    d->set_error = f->refused[i];
    d->set_error_text = f->refused[i] ? "the fake refuses" : NULL;
    f->refused[i] = 0;
    if (i + f->unread >= f->view.n_domains)
        d->unmanageable = fake_not_examined;
    else if (d->unmanageable == fake_not_examined)
        d->unmanageable = NULL;
}

static int fake_gather(struct host *host, const struct host_view **view, const char **why)
{
    struct fake_host *f = (struct fake_host *)host;

    if (f->gather_error) {
        *why = "the fake is off";
        return f->gather_error;
    }
    f->view.now_ms = f->now_ms;
    f->view.domains = f->domains;
    for (size_t i = 0; i < f->view.n_domains; i++) {
        struct host_domain *d = &f->domains[i];
        uint64_t free_kib = d->balloon_kib > f->used_kib[i] ? d->balloon_kib - f->used_kib[i] : 0;

        d->usable_kib = d->unused_kib = free_kib;
        d->guest_total_kib = d->balloon_kib;
        d->sampled_ms = f->now_ms;
        d->rss_kib = d->balloon_kib + 100 * MIB;
        fake_tell(f, i);
    }
    f->view.n_unread = f->unread;
    *view = &f->view;
    return 0;
}

static void fake_follow(struct fake_host *f, size_t i, uint64_t kib)
{
    struct host_domain *d = &f->domains[i];
    size_t at = strlen(f->order);

    snprintf(f->order + at, sizeof(f->order) - at, "%c%s ", kib > d->balloon_kib ? '+' : '-',
             d->name);
    f->asked_kib[i] = kib;
    f->refused[i] = f->refuses[i];
    f->n_sets++;
    if (f->refuses[i] || f->stands[i])
        return;
    f->view.memory.available_kib += d->balloon_kib - kib;
    d->balloon_kib = kib;
}

static int fake_set_target(struct host *host, const uint8_t uuid[HOST_UUID_BYTES], uint64_t kib)
{
    struct fake_host *f = (struct fake_host *)host;

    if (f->before_set)
        f->before_set();
    if (f->set_error || f->busy)
        return f->busy ? -EBUSY : f->set_error;
    for (size_t i = 0; i < f->view.n_domains; i++) {
        if (memcmp(f->domains[i].uuid, uuid, HOST_UUID_BYTES))
            continue;
        fake_follow(f, i, kib);
        return 0;
    }
    return -ENOENT;
}

static int fake_flush(struct host *host, uint64_t timeout_ms)
{
    struct fake_host *f = (struct fake_host *)host;

    f->unread -= memcoord_min(f->unread, f->read_a_flush);
    if (f->flush_error) {
        f->now_ms += timeout_ms;
        return f->flush_error;
    }
    f->busy = false;
    return 0;
}

static enum host_wake fake_wait(struct host *host, uint64_t until_ms)
{
    struct fake_host *f = (struct fake_host *)host;
    bool woken = f->wakes > 0;

    f->waits++;
    f->wakes -= woken;
    if (!woken && until_ms > f->now_ms)
        f->now_ms = until_ms;
    else
        f->now_ms += 10;
    return woken ? f->wake : HOST_WAKE_TIMER;
}

static void fake_wake(struct host *host)
{
    struct fake_host *f = (struct fake_host *)host;

    f->wake = HOST_WAKE_REQUEST;
    f->wakes = 1;
}
static uint64_t fake_now_ms(struct host *host)
{
    return ((struct fake_host *)host)->now_ms;
}
static void fake_close(struct host *host)
{
    (void)host;
}

/* A host of 8 GiB with `n` guests of 512 of 2048 MiB that use 200 MiB each: web0, web1, ... */
static inline void fake_open(struct fake_host *f, size_t n)
{
    static const struct host_ops ops = {
        .gather = fake_gather,
        .set_target = fake_set_target,
        .flush = fake_flush,
        .wait = fake_wait,
        .wake = fake_wake,
        .now_ms = fake_now_ms,
        .close = fake_close,
    };

    memset(f, 0, sizeof(*f));
    f->host = (struct host){ .ops = &ops, .shared = true, .name = "fake" };
    f->now_ms = 1000;
    f->view.n_domains = n;
    f->view.memory = (struct host_memory){ .total_kib = 8192 * MIB,
                                           .available_kib = 5000 * MIB,
                                           .free_kib = 5000 * MIB,
                                           .ksm_sharing_kib = MEMCOORD_UNKNOWN,
                                           .psi_some_bp = MEMCOORD_UNKNOWN,
                                           .psi_full_bp = MEMCOORD_UNKNOWN };
    for (size_t i = 0; i < n; i++) {
        struct host_domain *d = &f->domains[i];

        snprintf(f->names[i], sizeof(f->names[i]), "web%zu", i);
        *d = (struct host_domain){ .uuid = { (uint8_t)(i + 1) },
                                   .name = f->names[i],
                                   .run_id = (int64_t)i + 1,
                                   .max_kib = 2048 * MIB,
                                   .balloon_kib = 512 * MIB };
        f->used_kib[i] = 200 * MIB;
    }
}

#endif
