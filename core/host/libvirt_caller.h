/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads that make libvirt calls, each with a connection of its own (threads that share one hit
 * CVE-2024-4418 in libvirt before 10.4). A call can't be cancelled and has no timeout: one that does
 * not come back is left to itself, with its thread and its connection, and a fresh caller takes its
 * place. When it does come back after all, its thread ends and all is freed.
 *
 * Who owns a job: the caller from submit until it has ended; then whoever collects it, or finishes it
 * if it is awaited. Everything that threads share is in the crew, which is freed with the last of
 * them.
 */
#ifndef CORE_HOST_LIBVIRT_CALLER_H
#define CORE_HOST_LIBVIRT_CALLER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <libvirt/libvirt.h>

#include "host/libvirt_handles.h"
#include "host/libvirt_inbox.h"

/* So many calls that hang are left alone, and no more. libvirtd runs 20 at once for all its clients. */
#define LIBVIRT_MOST_LEFT 8
/* If none of so many comes back for so long, only another process can go on. */
#define LIBVIRT_STUCK_MS 10000

/* What a job works with, on the caller's thread. */
struct libvirt_session {
    virConnectPtr connection;
    uint64_t serial; /* differs between two connections of the process */
    struct libvirt_handles handles;
    bool each;                   /* its bulk statistics have no balloon: ask each domain */
    atomic_uint_fast64_t *calls; /* counts the calls that are made to the server */
    int listens[LIBVIRT_LISTENS];
};

enum libvirt_job_state { LIBVIRT_JOB_QUEUED, LIBVIRT_JOB_RUNNING, LIBVIRT_JOB_ENDED };

/* The head of each kind of job. */
struct libvirt_job {
    /* Makes the calls. 0, or a negative errno and the reason in job->text; -ENOTCONN: the
     * connection is lost, the caller opens another for its next job. */
    int (*run)(struct libvirt_job *job, struct libvirt_session *session);
    /* Frees the job and all of it, but for the text. */
    void (*free)(struct libvirt_job *job);
    int kind;     /* for whoever collects it */
    bool awaited; /* somebody will finish() it: it is not for collect() */

    /* The caller's, to be read when it has ended: */
    int outcome;    /* what run returned, or why there was no connection */
    bool connected; /* there was one */
    char *text;     /* what libvirt said, or NULL */
    uint64_t ended_ms;
    enum libvirt_job_state state;
    struct libvirt_job *next;
};

/* Frees a job that is the caller's own again; NULL is fine. */
void libvirt_job_free(struct libvirt_job *job);

struct libvirt_crew;

/* All callers of one host. They open `uri`; with `watch_only` a connection that may only read will
 * do. NULL if there is no memory. */
struct libvirt_crew *libvirt_crew_new(const char *uri, bool watch_only,
                                      struct libvirt_inbox *inbox);

/* Frees it when the last caller is gone; jobs that end later are freed. */
void libvirt_crew_close(struct libvirt_crew *crew);

/* Calls that were made since the last asking. */
uint64_t libvirt_crew_calls(struct libvirt_crew *crew);

/* How many calls hang and were left to themselves. */
unsigned libvirt_crew_left(struct libvirt_crew *crew);

/* True if LIBVIRT_MOST_LEFT hang, and none has come back for LIBVIRT_STUCK_MS. */
bool libvirt_crew_is_stuck(struct libvirt_crew *crew);

/* Takes all jobs that have ended, in that order; NULL if none has. */
struct libvirt_job *libvirt_crew_collect(struct libvirt_crew *crew);

/* Sleeps until a job has ended or `until_ms`; at once if one waits to be collected. */
void libvirt_crew_wait(struct libvirt_crew *crew, uint64_t until_ms);

/* Waits until an awaited job has ended, until `until_ms` at most. True: it is yours. */
bool libvirt_crew_finish(struct libvirt_crew *crew, struct libvirt_job *job, uint64_t until_ms);

/* Nobody awaits the job any more: it is for collect(). */
void libvirt_crew_disown(struct libvirt_crew *crew, struct libvirt_job *job);

struct libvirt_caller;

/* Starts a caller; the connection is opened for its first job. `listens`: it hands libvirt's events
 * to the inbox. NULL if there is no memory or no thread. */
struct libvirt_caller *libvirt_caller_new(struct libvirt_crew *crew, bool listens);

/* Ends it. Jobs that have not begun are freed; the one that runs gets until `until_ms`, then it is
 * left to itself. NULL is fine. */
void libvirt_caller_close(struct libvirt_caller *caller, uint64_t until_ms);

/* Queues a job; it is the caller's. */
void libvirt_caller_submit(struct libvirt_caller *caller, struct libvirt_job *job);

/* Takes a job back that has not begun. False: it has. */
bool libvirt_caller_take_back(struct libvirt_caller *caller, struct libvirt_job *job);

/* What it does. */
struct libvirt_caller_load {
    size_t queued;
    bool running;    /* a job */
    bool opening;    /* ... and still its connection */
    uint64_t for_ms; /* how long it has been so */
};
struct libvirt_caller_load libvirt_caller_load(struct libvirt_caller *caller);

/* Leaves a caller whose job hangs to itself: *caller becomes a fresh one with the rest of the queue. A
 * job that has not begun, for the connection is still being opened, goes along.
 * -EAGAIN: too many have been left already; or a negative errno. Then nothing has changed. */
int libvirt_caller_replace(struct libvirt_caller **caller);

#endif
