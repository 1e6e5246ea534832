/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A libvirtd in this process, on a socket of its own: it speaks as much of libvirt's protocol as the
 * host needs, and can be told to lose statistics, to hang, to deny and to hang up. What it is not asked for
 * in advance it refuses, as a driver does that lacks a function.
 */
#ifndef TESTS_LIB_FAKE_LIBVIRTD_H
#define TESTS_LIB_FAKE_LIBVIRTD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Procedures of libvirt's remote_protocol.x. */
#define FAKE_OPEN 1
#define FAKE_CLOSE 2
#define FAKE_XML 14
#define FAKE_LOOKUP_BY_UUID 24
#define FAKE_FEATURE 60
#define FAKE_AUTH_LIST 66
#define FAKE_SET_MEMORY_FLAGS 204
#define FAKE_SET_PERIOD 308
#define FAKE_ALL_STATS 344
#define FAKE_MOST_PROC 512
#define FAKE_MOST 16

struct fake_domain {
    const char *name;
    int id;              /* 0: it does not run */
    const char *devices; /* its XML's */
    uint64_t current_kib, maximum_kib, rss_kib, last_update_s, unused_kib;
    bool missed;      /* NOWAIT skips it: no statistics */
    int state;        /* libvirt's; 0: running */
    bool denies;      /* its owner allows no change of its balloon */
    uint64_t set_kib; /* what was asked for last; 0: nothing */
    uint64_t period_s;
};

struct fake_libvirtd {
    char folder[40], path[60];
    int fd;
    pthread_t thread, client_threads[64];
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    int clients[64];
    size_t n_clients;
    bool stop;
    unsigned hang; /* this procedure hangs, once: then it is 0, and `held` 1 until `go_on` */
    unsigned held;
    bool go_on;
    bool may_read_only; /* whoever connects; else he is refused */
    unsigned xml_us;    /* so long it takes to read a domain's XML */
    unsigned calls[FAKE_MOST_PROC];
    struct fake_domain domains[FAKE_MOST];
    size_t n;
};

struct fake_text {
    unsigned char bytes[65536];
    size_t n;
};

struct fake_client {
    struct fake_libvirtd *fake;
    int fd;
};

static inline void fake_u32(struct fake_text *t, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        t->bytes[t->n++] = (unsigned char)(v >> shift);
}

static inline void fake_u64(struct fake_text *t, uint64_t v)
{
    fake_u32(t, (uint32_t)(v >> 32));
    fake_u32(t, (uint32_t)v);
}

static inline void fake_string(struct fake_text *t, const char *s)
{
    size_t length = strlen(s);

    fake_u32(t, (uint32_t)length);
    memcpy(t->bytes + t->n, s, length);
    t->n += length;
    for (; length % 4; length++)
        t->bytes[t->n++] = 0;
}

static inline uint32_t fake_get_u32(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* The UUID of domains[i] ends with i + 1. */
static inline void fake_domain_ref(struct fake_text *t, const struct fake_libvirtd *f, size_t i)
{
    fake_string(t, f->domains[i].name);
    for (int k = 0; k < 15; k++)
        t->bytes[t->n++] = 0;
    t->bytes[t->n++] = (unsigned char)(i + 1);
    fake_u32(t, (uint32_t)f->domains[i].id);
}

/* A domain in an argument, read from `*at` on; NULL if there is none. */
static inline struct fake_domain *fake_find(struct fake_libvirtd *f, const unsigned char *uuid)
{
    size_t i = uuid[15];
    return i >= 1 && i <= f->n && f->domains[i - 1].id ? &f->domains[i - 1] : NULL;
}

static inline const unsigned char *fake_skip_string(const unsigned char *at)
{
    return at + 4 + (fake_get_u32(at) + 3) / 4 * 4;
}

static inline void fake_figure(struct fake_text *t, const char *name, uint64_t value)
{
    fake_string(t, name);
    fake_u32(t, 4); /* unsigned long long */
    fake_u64(t, value);
}

/* Statistics come in no useful order, with some that nobody asked for. */
static inline void fake_record(struct fake_text *t, const struct fake_libvirtd *f, size_t i)
{
    const struct fake_domain *d = &f->domains[i];

    fake_domain_ref(t, f, i);
    fake_u32(t, d->missed ? 4 : 9);
    if (!d->missed) {
        fake_figure(t, "balloon.rss", d->rss_kib);
        fake_figure(t, "balloon.hugetlb_pgfail", 77);
        fake_figure(t, "balloon.last-update", d->last_update_s);
        fake_figure(t, "balloon.usable", d->unused_kib / 2);
        fake_figure(t, "balloon.unused", d->unused_kib);
    }
    fake_figure(t, "balloon.maximum", d->maximum_kib);
    fake_figure(t, "balloon.current", d->current_kib);
    fake_string(t, "state.reason");
    fake_u32(t, 1); /* int */
    fake_u32(t, 1);
    fake_string(t, "state.state");
    fake_u32(t, 1);
    fake_u32(t, d->state ? (uint32_t)d->state : 1);
}

static inline void fake_stats(struct fake_text *t, const struct fake_libvirtd *f)
{
    uint32_t n = 0;

    for (size_t i = 0; i < f->n; i++)
        n += f->domains[i].id != 0;
    fake_u32(t, n);
    for (size_t i = 0; i < f->n; i++) {
        if (f->domains[i].id)
            fake_record(t, f, i);
    }
}

static inline void fake_refuse(struct fake_text *t, uint32_t code, const char *text)
{
    fake_u32(t, code);
    fake_u32(t, 7); /* remote */
    fake_u32(t, 1);
    fake_string(t, text);
    fake_u32(t, 2); /* an error */
    for (int i = 0; i < 7; i++)
        fake_u32(t, 0); /* no domain, no texts, no figures, no network */
}

/* FAKE_OPEN's arguments are a name, or none, and flags, of which the first bit is for reading only. */
static inline bool fake_may_open(const struct fake_libvirtd *f, const unsigned char *body)
{
    bool has_name = fake_get_u32(body) != 0;
    uint32_t flags = fake_get_u32(has_name ? fake_skip_string(body + 4) : body + 4);

    return !f->may_read_only || (flags & 1);
}

/* Answers one call; false: with an error. The lock is held. */
static inline bool fake_answer(struct fake_libvirtd *f, uint32_t proc, const unsigned char *body,
                               struct fake_text *t)
{
    char xml[4096];
    struct fake_domain *d = NULL;

    if (proc == FAKE_LOOKUP_BY_UUID)
        d = fake_find(f, body);
    else if (proc == FAKE_XML || proc == FAKE_SET_MEMORY_FLAGS || proc == FAKE_SET_PERIOD)
        d = fake_find(f, fake_skip_string(body));
    switch (proc) {
    case FAKE_AUTH_LIST:
        fake_u32(t, 1);
        fake_u32(t, 0);
        return true;
    case FAKE_FEATURE:
        fake_u32(t, 0);
        return true;
    case FAKE_OPEN:
        if (!fake_may_open(f, body)) {
            fake_refuse(t, 45, "authentication failed: access denied by policy");
            return false;
        }
        return true;
    case FAKE_CLOSE:
        return true;
    case FAKE_ALL_STATS:
        fake_stats(t, f);
        return true;
    case FAKE_LOOKUP_BY_UUID:
    case FAKE_XML:
    case FAKE_SET_MEMORY_FLAGS:
    case FAKE_SET_PERIOD:
        if (!d) {
            fake_refuse(t, 42, "Domain not found");
            return false;
        }
        if (d->denies && proc == FAKE_SET_MEMORY_FLAGS) {
            fake_refuse(t, 88, "access denied");
            return false;
        }
        break;
    default:
        fake_refuse(t, 3, "this function is not supported");
        return false;
    }
    body = fake_skip_string(body) + 20; /* the arguments after the domain */
    if (proc == FAKE_LOOKUP_BY_UUID) {
        fake_domain_ref(t, f, (size_t)(d - f->domains));
    } else if (proc == FAKE_XML) {
        snprintf(xml, sizeof(xml), "<domain type='kvm'><devices>%s</devices></domain>", d->devices);
        fake_string(t, xml);
    } else if (proc == FAKE_SET_PERIOD) {
        d->period_s = fake_get_u32(body);
    } else {
        d->set_kib = (uint64_t)fake_get_u32(body) << 32 | fake_get_u32(body + 4);
    }
    return true;
}

static inline bool fake_read(int fd, void *to, size_t n)
{
    for (size_t got = 0; got < n;) {
        ssize_t r = read(fd, (char *)to + got, n - got);
        if (r <= 0)
            return false;
        got += (size_t)r;
    }
    return true;
}

/* Reads a call and answers it; false at the end. */
static inline bool fake_serve_one(struct fake_client *client, struct fake_text *t)
{
    struct fake_libvirtd *f = client->fake;
    unsigned char call[65536];
    uint32_t length, proc;
    unsigned pause_us;
    bool good;

    if (!fake_read(client->fd, call, 4) || (length = fake_get_u32(call)) > sizeof(call) ||
        !fake_read(client->fd, call + 4, length - 4))
        return false;
    proc = fake_get_u32(call + 12);
    pthread_mutex_lock(&f->lock);
    f->calls[proc % FAKE_MOST_PROC]++;
    if (f->hang == proc) {
        f->hang = 0;
        f->held = 1;
        pthread_cond_broadcast(&f->changed);
        while (!f->go_on && !f->stop)
            pthread_cond_wait(&f->changed, &f->lock);
        f->held = 0;
    }
    t->n = 28;
    good = fake_answer(f, proc, call + 28, t);
    pause_us = proc == FAKE_XML ? f->xml_us : 0;
    pthread_mutex_unlock(&f->lock);
    usleep(pause_us);
    memcpy(t->bytes, call, 28);
    length = (uint32_t)t->n;
    t->n = 0;
    fake_u32(t, length);
    t->n = 16;
    fake_u32(t, 1); /* a reply */
    t->n = 24;
    fake_u32(t, good ? 0 : 1);
    return send(client->fd, t->bytes, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static inline void *fake_serve(void *argument)
{
    struct fake_client *client = argument;
    struct fake_text *text = malloc(sizeof(*text));

    while (text && fake_serve_one(client, text))
        ;
    shutdown(client->fd, SHUT_RDWR);
    free(text);
    free(client);
    return NULL;
}

static inline void *fake_accept(void *argument)
{
    struct fake_libvirtd *f = argument;
    int fd;

    while ((fd = accept(f->fd, NULL, NULL)) >= 0) {
        struct fake_client *client = malloc(sizeof(*client));

        pthread_mutex_lock(&f->lock);
        *client = (struct fake_client){ .fake = f, .fd = fd };
        f->clients[f->n_clients] = fd;
        if (f->n_clients == 64 ||
            pthread_create(&f->client_threads[f->n_clients++], NULL, fake_serve, client))
            abort();
        pthread_mutex_unlock(&f->lock);
    }
    return NULL;
}

/* Listens (again). */
static inline void fake_listen(struct fake_libvirtd *f)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    pthread_mutex_lock(&f->lock);
    f->stop = false;
    f->n_clients = 0;
    pthread_mutex_unlock(&f->lock);
    f->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(address.sun_path, f->path, strlen(f->path) + 1);
    if (f->fd < 0 || bind(f->fd, (struct sockaddr *)&address, sizeof(address)) ||
        listen(f->fd, 16) || pthread_create(&f->thread, NULL, fake_accept, f))
        abort();
}

/* Hangs up on everybody, as if it had been killed. */
static inline void fake_kill(struct fake_libvirtd *f)
{
    shutdown(f->fd, SHUT_RDWR);
    pthread_join(f->thread, NULL);
    close(f->fd);
    unlink(f->path);
    pthread_mutex_lock(&f->lock);
    f->stop = true;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    for (size_t i = 0; i < f->n_clients; i++) {
        shutdown(f->clients[i], SHUT_RDWR);
        pthread_join(f->client_threads[i], NULL);
        close(f->clients[i]);
    }
}

static inline void fake_start(struct fake_libvirtd *f)
{
    memset(f, 0, sizeof(*f));
    strcpy(f->folder, "/tmp/fake_libvirtd.XXXXXX");
    if (!mkdtemp(f->folder))
        abort();
    snprintf(f->path, sizeof(f->path), "%s/sock", f->folder);
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
    fake_listen(f);
}

static inline void fake_stop(struct fake_libvirtd *f)
{
    fake_kill(f);
    rmdir(f->folder);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
}

#endif
