/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A libvirtd in this process, on a socket of its own: it speaks as much of libvirt's protocol as the
 * host needs, tells events, and can be told to lose statistics, to hang, to deny and to hang up. Other
 * calls it refuses, as a driver does that lacks a function.
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

#include "lib/fake_rpc.h"

#define FAKE_MOST 1100
#define FAKE_CLIENTS 128

/* What is told instead of a figure. */
struct fake_lie {
    const char *name; /* "balloon.usable"; NULL: the end */
    uint64_t value;
    bool negative; /* its type has a sign, and this is less than 0 */
};

struct fake_domain {
    const char *name;
    int id;              /* 0: it does not run */
    const char *devices; /* its XML's */
    uint64_t current_kib, maximum_kib, rss_kib, last_update_s, unused_kib;
    uint64_t
        used_kib; /* it obeys: it has what is set, and what it does not use is unused; 0: it does not */
    bool frozen;                 /* its statistics stand still, where a test keeps them fresh */
    const struct fake_lie *lies; /* NULL: none */
    bool dies;                   /* when its balloon is set */
    bool stopped;                /* its QEMU is (SIGSTOP): what enters it does not come back */
    bool entered;                /* ... and something has: bulk calls skip it */
    bool missed;                 /* a call holds it: NOWAIT skips it, others wait */
    int state, reason;           /* libvirt's; 0: running */
    bool denies;                 /* its owner allows no change of its balloon */
    bool moving; /* a job runs, a migration or `job`, and holds up what would set its balloon */
    int job;     /* a virDomainJobOperation; 0: it is not told */
    bool busy;   /* it can't be asked for its job */
    unsigned bad_xml; /* so many times its XML can't be had */
    int twin;         /* its UUID is that of domains[twin - 1] */
    uint64_t set_kib; /* what was asked for last; 0: nothing */
    uint64_t period_s;
};

struct fake_libvirtd {
    char folder[40], path[60];
    int fd;
    pthread_t thread, client_threads[FAKE_CLIENTS];
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    int clients[FAKE_CLIENTS];
    uint32_t listens[FAKE_CLIENTS]; /* of each, a bit for each fake_event.id */
    size_t n_clients;
    bool stop;
    unsigned hang; /* this procedure hangs, once: then it is 0 */
    bool no_bulk;  /* it has no bulk statistics: it is asked for each domain */
    unsigned held; /* so many calls hang, until `go_on` */
    bool go_on;
    bool may_read_only; /* whoever connects; else he is refused */
    unsigned xml_us;    /* so long it takes to read a domain's XML */
    bool keepalive;     /* it says that it answers pings */
    unsigned pings;
    void (*on_stats)(void *context); /* called when it answers FAKE_ALL_STATS */
    void (*on_set)(void *context, const struct fake_domain *d); /* ... when it has set a target */
    /* called with the lock held when a call has come, and when it has been answered */
    void (*on_call)(void *context, uint32_t proc, bool answered);
    void *context;
    unsigned calls[FAKE_MOST_PROC];
    struct fake_domain domains[FAKE_MOST];
    size_t n;
};

struct fake_client {
    struct fake_libvirtd *fake;
    size_t i;
    int fd;
};

/* The UUID of domains[i] ends with i + 1, in two bytes. */
static inline void fake_domain_ref(struct fake_text *t, const struct fake_libvirtd *f, size_t i)
{
    const struct fake_domain *d = &f->domains[i];
    unsigned number = d->twin ? (unsigned)d->twin : (unsigned)i + 1;

    fake_string(t, d->name);
    for (int k = 0; k < 14; k++)
        t->bytes[t->n++] = 0;
    t->bytes[t->n++] = (unsigned char)(number >> 8);
    t->bytes[t->n++] = (unsigned char)number;
    fake_u32(t, (uint32_t)d->id);
}

/* The domain with this UUID; NULL if there is none. */
static inline struct fake_domain *fake_find(struct fake_libvirtd *f, const unsigned char *uuid)
{
    size_t i = (size_t)uuid[14] << 8 | uuid[15];

    return i >= 1 && i <= f->n && f->domains[i - 1].id ? &f->domains[i - 1] : NULL;
}

static inline uint64_t fake_unused(const struct fake_domain *d)
{
    if (d->used_kib == 0)
        return d->unused_kib;
    return d->current_kib > d->used_kib ? d->current_kib - d->used_kib : 0;
}

static inline void fake_tell_figure(struct fake_text *t, const struct fake_domain *d,
                                    const char *name, uint64_t value)
{
    const struct fake_lie *lie = d->lies;

    while (lie && lie->name && strcmp(lie->name, name))
        lie++;
    fake_string(t, name);
    fake_u32(t, lie && lie->name && lie->negative ? 3 : 4); /* long long, with or without a sign */
    fake_u64(t, lie && lie->name ? lie->value : value);
}

/* Statistics come in no useful order, with some that nobody asked for. */
static inline void fake_record(struct fake_text *t, const struct fake_libvirtd *f, size_t i)
{
    const struct fake_domain *d = &f->domains[i];

    bool missed = d->missed || d->stopped;

    fake_domain_ref(t, f, i);
    fake_u32(t, missed ? 4 : d->used_kib > 0 ? 13 : 9);
    if (!missed && d->used_kib > 0) {
        fake_tell_figure(t, d, "balloon.available", d->current_kib);
        fake_tell_figure(t, d, "balloon.swap_in", 1000);
        fake_tell_figure(t, d, "balloon.swap_out", 2000);
        fake_tell_figure(t, d, "balloon.major_fault", 3000);
    }
    if (!missed) {
        fake_tell_figure(t, d, "balloon.rss", d->rss_kib);
        fake_tell_figure(t, d, "balloon.hugetlb_pgfail", 77);
        fake_tell_figure(t, d, "balloon.last-update", d->last_update_s);
        fake_tell_figure(t, d, "balloon.usable",
                         d->used_kib > 0 ? fake_unused(d) : d->unused_kib / 2);
        fake_tell_figure(t, d, "balloon.unused", fake_unused(d));
    }
    fake_tell_figure(t, d, "balloon.maximum", d->maximum_kib);
    fake_tell_figure(t, d, "balloon.current", d->current_kib);
    fake_string(t, "state.reason");
    fake_u32(t, 1); /* int */
    fake_u32(t, d->reason ? (uint32_t)d->reason : 1);
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

/* FAKE_OPEN's arguments are a name, or none, and flags, of which the first bit is for reading only. */
static inline bool fake_may_open(const struct fake_libvirtd *f, const unsigned char *body)
{
    bool has_name = fake_get_u32(body) != 0;
    uint32_t flags = fake_get_u32(has_name ? fake_skip_string(body + 4) : body + 4);

    return !f->may_read_only || (flags & 1);
}

/* Hangs, until it may go on. The lock is held, but not meanwhile. */
static inline void fake_hold(struct fake_libvirtd *f, const bool *while_true)
{
    f->held++;
    pthread_cond_broadcast(&f->changed);
    while (*while_true && !f->go_on && !f->stop)
        pthread_cond_wait(&f->changed, &f->lock);
    f->held--;
}

/* Without NOWAIT, one domain that another call holds holds all. FAKE_ALL_STATS' arguments are domains,
 * groups and flags. */
static inline void fake_hold_stats(struct fake_libvirtd *f, const unsigned char *body)
{
    const unsigned char *at = body + 4;

    for (uint32_t n = fake_get_u32(body); n > 0; n--)
        at = fake_skip_string(at) + 20;
    for (size_t i = 0; i < f->n && !(fake_get_u32(at + 4) & FAKE_NOWAIT); i++) {
        if (f->domains[i].missed)
            fake_hold(f, &f->domains[i].missed);
    }
}

/* A QEMU that is stopped holds the first call that enters it; bulk statistics skip it then. */
static inline void fake_enter_stopped(struct fake_libvirtd *f)
{
    for (size_t i = 0; i < f->n; i++) {
        struct fake_domain *d = &f->domains[i];

        if (!d->id || !d->stopped || d->entered)
            continue;
        d->entered = true;
        fake_hold(f, &d->stopped);
    }
}

static inline void fake_list(struct fake_text *t, const struct fake_libvirtd *f)
{
    uint32_t n = 0;

    for (size_t i = 0; i < f->n; i++)
        n += f->domains[i].id != 0;
    fake_u32(t, n);
    for (size_t i = 0; i < f->n; i++) {
        if (f->domains[i].id)
            fake_domain_ref(t, f, i);
    }
    fake_u32(t, n);
}

/* Answers a call that is about no domain. */
static inline bool fake_answer_client(struct fake_client *client, uint32_t proc,
                                      const unsigned char *body, struct fake_text *t)
{
    struct fake_libvirtd *f = client->fake;
    uint32_t first = fake_get_u32(body);

    switch (proc) {
    case FAKE_AUTH_LIST:
        fake_u32(t, 1);
        fake_u32(t, 0);
        return true;
    case FAKE_FEATURE:
        fake_u32(t, first == FAKE_HAS_EVENTS || (first == FAKE_HAS_KEEPALIVE && f->keepalive));
        return true;
    case FAKE_OPEN:
        if (!fake_may_open(f, body)) {
            fake_refuse(t, 45, "authentication failed: access denied by policy");
            return false;
        }
        return true;
    case FAKE_LISTEN:
        f->listens[client->i] |= 1u << first;
        fake_u32(t, first + 1); /* what it is unlistened to by */
        return true;
    case FAKE_UNLISTEN:
        f->listens[client->i] &= ~(1u << (first - 1));
        return true;
    case FAKE_LIST_ALL:
        fake_list(t, f);
        return true;
    case FAKE_ALL_STATS:
        if (f->no_bulk) {
            fake_refuse(t, 3, "this function is not supported");
            return false;
        }
        fake_hold_stats(f, body);
        fake_enter_stopped(f);
        if (f->on_stats)
            f->on_stats(f->context);
        fake_stats(t, f);
        return true;
    case FAKE_CLOSE:
        return true;
    default:
        fake_refuse(t, 3, "this function is not supported");
        return false;
    }
}

/* A job that is not told is a migration's. */
static inline bool fake_answer_job(struct fake_text *t, const struct fake_domain *d)
{
    if (d->busy) {
        fake_refuse(t, 68, "Timed out during operation: cannot acquire state change lock");
        return false;
    }
    fake_u32(t, d->moving ? 2 : 0); /* unbounded, or none */
    fake_u32(t, d->moving && d->job ? 1 : 0);
    if (!d->moving || !d->job)
        return true;
    fake_string(t, "operation");
    fake_u32(t, 1); /* int */
    fake_u32(t, (uint32_t)d->job);
    return true;
}

static inline bool fake_answer_xml(struct fake_text *t, struct fake_domain *d)
{
    char xml[4096];

    if (d->bad_xml > 0) {
        d->bad_xml--;
        fake_refuse(t, 1, "internal error: something is wrong");
        return false;
    }
    snprintf(xml, sizeof(xml), "<domain type='kvm'><devices>%s</devices></domain>", d->devices);
    fake_string(t, xml);
    return true;
}

static inline bool fake_answer_set(struct fake_libvirtd *f, struct fake_text *t,
                                   struct fake_domain *d, uint64_t kib)
{
    if (d->moving)
        fake_hold(f, &d->moving);
    if (d->dies) {
        d->id = 0;
        fake_refuse(t, 42, "Domain not found");
        return false;
    }
    if (d->denies) {
        fake_refuse(t, 88, "access denied");
        return false;
    }
    d->set_kib = kib;
    if (d->used_kib > 0)
        d->current_kib = kib;
    if (f->on_set)
        f->on_set(f->context, d);
    return true;
}

/* Without bulk statistics: state, max, current, CPUs, time; and then statistics with their tags. */
static inline void fake_answer_info(struct fake_text *t, const struct fake_domain *d)
{
    fake_u32(t, d->state ? (uint32_t)d->state : 1);
    fake_u64(t, d->maximum_kib);
    fake_u64(t, d->current_kib);
    fake_u32(t, 1);
    fake_u64(t, 0);
}

static inline void fake_answer_statistics(struct fake_text *t, const struct fake_domain *d)
{
    const uint64_t figures[][2] = {
        { 4, fake_unused(d) }, { 7, d->rss_kib }, { 8, fake_unused(d) }, { 9, d->last_update_s }
    };

    fake_u32(t, 4);
    for (size_t i = 0; i < 4; i++) {
        fake_u32(t, (uint32_t)figures[i][0]);
        fake_u64(t, figures[i][1]);
    }
}

/* Answers a call whose first argument is a domain, or the UUID of one. */
static inline bool fake_answer_domain(struct fake_libvirtd *f, uint32_t proc,
                                      const unsigned char *body, struct fake_text *t)
{
    const unsigned char *uuid = proc == FAKE_LOOKUP_BY_UUID ? body : fake_skip_string(body);
    struct fake_domain *d = fake_find(f, uuid);

    body = uuid + 20; /* the arguments after the domain */
    if (!d) {
        fake_refuse(t, 42, "Domain not found");
        return false;
    }
    if (d->stopped && proc != FAKE_LOOKUP_BY_UUID && proc != FAKE_XML && proc != FAKE_GET_INFO) {
        d->entered = true;
        fake_hold(f, &d->stopped);
    }
    if (proc == FAKE_XML)
        return fake_answer_xml(t, d);
    if (proc == FAKE_GET_INFO || proc == FAKE_MEMORY_STATS) {
        (proc == FAKE_GET_INFO ? fake_answer_info : fake_answer_statistics)(t, d);
        return true;
    }
    if (proc == FAKE_SET_MEMORY_FLAGS)
        return fake_answer_set(f, t, d,
                               (uint64_t)fake_get_u32(body) << 32 | fake_get_u32(body + 4));
    if (proc == FAKE_JOB_STATS)
        return fake_answer_job(t, d);
    if (proc == FAKE_LOOKUP_BY_UUID)
        fake_domain_ref(t, f, (size_t)(d - f->domains));
    else
        d->period_s = fake_get_u32(body);
    return true;
}

/* Answers one call; false: with an error. The lock is held. */
static inline bool fake_answer(struct fake_client *client, uint32_t proc, const unsigned char *body,
                               struct fake_text *t)
{
    switch (proc) {
    case FAKE_LOOKUP_BY_UUID:
    case FAKE_XML:
    case FAKE_GET_INFO:
    case FAKE_MEMORY_STATS:
    case FAKE_SET_MEMORY_FLAGS:
    case FAKE_SET_PERIOD:
    case FAKE_JOB_STATS:
        return fake_answer_domain(client->fake, proc, body, t);
    default:
        return fake_answer_client(client, proc, body, t);
    }
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

/* Fills in the length at the beginning of a message and sends it. The lock is held: messages of two
 * threads to one client do not mix. */
static inline bool fake_send(int fd, struct fake_text *t)
{
    uint32_t length = (uint32_t)t->n;

    t->n = 0;
    fake_u32(t, length);
    return send(fd, t->bytes, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static inline bool fake_pong(struct fake_client *client, const unsigned char *ping,
                             struct fake_text *t)
{
    client->fake->pings++;
    pthread_cond_broadcast(&client->fake->changed);
    memcpy(t->bytes, ping, FAKE_HEADER_BYTES);
    t->n = 12;
    fake_u32(t, 2); /* a pong */
    t->n = FAKE_HEADER_BYTES;
    return fake_send(client->fd, t);
}

/* The lock is held. */
static inline bool fake_reply(struct fake_client *client, const unsigned char *call,
                              struct fake_text *t)
{
    struct fake_libvirtd *f = client->fake;
    uint32_t proc = fake_get_u32(call + 12);
    const bool always = true;
    size_t length;
    bool good;

    f->calls[proc % FAKE_MOST_PROC]++;
    if (f->on_call)
        f->on_call(f->context, proc, false);
    if (f->hang == proc) {
        f->hang = 0;
        fake_hold(f, &always);
    }
    t->n = FAKE_HEADER_BYTES;
    good = fake_answer(client, proc, call + FAKE_HEADER_BYTES, t);
    length = t->n;
    memcpy(t->bytes, call, FAKE_HEADER_BYTES);
    t->n = 16;
    fake_u32(t, 1); /* a reply */
    t->n = 24;
    fake_u32(t, good ? 0 : 1);
    t->n = length;
    good = fake_send(client->fd, t);
    if (f->on_call)
        f->on_call(f->context, proc, true);
    return good;
}

/* Reads a message and answers it; false at the end. */
static inline bool fake_serve_one(struct fake_client *client, struct fake_text *t)
{
    struct fake_libvirtd *f = client->fake;
    unsigned char call[65536];
    unsigned pause_us;
    uint32_t length;
    bool good;

    if (!fake_read(client->fd, call, 4) || (length = fake_get_u32(call)) > sizeof(call) ||
        !fake_read(client->fd, call + 4, length - 4))
        return false;
    pthread_mutex_lock(&f->lock);
    pause_us = fake_get_u32(call + 12) == FAKE_XML ? f->xml_us : 0;
    pthread_mutex_unlock(&f->lock);
    usleep(pause_us);
    pthread_mutex_lock(&f->lock);
    good = fake_get_u32(call + 4) == FAKE_KEEPALIVE ? fake_pong(client, call, t)
                                                    : fake_reply(client, call, t);
    pthread_mutex_unlock(&f->lock);
    return good;
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
        *client = (struct fake_client){ .fake = f, .i = f->n_clients, .fd = fd };
        f->clients[f->n_clients] = fd;
        f->listens[f->n_clients] = 0;
        if (f->n_clients == FAKE_CLIENTS ||
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

/* Nobody can connect any more; who has stays. */
static inline void fake_close(struct fake_libvirtd *f)
{
    shutdown(f->fd, SHUT_RDWR);
    pthread_join(f->thread, NULL);
    close(f->fd);
    unlink(f->path);
}

/* Hangs up on everybody. */
static inline void fake_hang_up(struct fake_libvirtd *f)
{
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

/* As if it had been killed. */
static inline void fake_kill(struct fake_libvirtd *f)
{
    fake_close(f);
    fake_hang_up(f);
}

/* Tells an event of domains[i] with all that comes after the domain: `text` if it is not NULL, then
 * `n` figures. Returns how many listened. */
static inline unsigned fake_tell(struct fake_libvirtd *f, struct fake_event event, size_t i,
                                 const char *text, uint32_t n, const uint32_t *figures)
{
    static const uint32_t message = 2;
    struct fake_text *t = malloc(sizeof(*t));
    const uint32_t header[] = { 0, FAKE_PROGRAM, 1, event.proc, message, 0, 0, event.id + 1 };
    unsigned told = 0;
    size_t length;

    t->n = 0;
    for (size_t k = 0; k < sizeof(header) / sizeof(header[0]); k++)
        fake_u32(t, header[k]);
    pthread_mutex_lock(&f->lock);
    fake_domain_ref(t, f, i);
    if (text)
        fake_string(t, text);
    for (uint32_t k = 0; k < n; k++)
        fake_u32(t, figures[k]);
    length = t->n;
    for (size_t c = 0; c < f->n_clients; c++) {
        t->n = length;
        if (f->listens[c] & 1u << event.id)
            told += fake_send(f->clients[c], t);
    }
    pthread_mutex_unlock(&f->lock);
    free(t);
    return told;
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
