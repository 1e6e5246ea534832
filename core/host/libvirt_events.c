/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/libvirt_events.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "host/libvirt_thread.h"

static struct {
    bool registered; /* for ever: libvirt can't take it back */
    unsigned users;
    pthread_t thread;
    int timer; /* a loop without one would sleep for ever */
    atomic_bool stop;
} loop;

/* libvirt prints every error to standard error unless it is told not to; all are returned here. */
static void keep_quiet(void *unused, virErrorPtr error)
{
    (void)unused;
    (void)error;
}

static void on_timer(int timer, void *unused)
{
    (void)unused;
    virEventUpdateTimeout(timer, -1);
}

static void *run_loop(void *unused)
{
    (void)unused;
    while (!atomic_load(&loop.stop)) {
        if (virEventRunDefaultImpl() < 0)
            break;
    }
    return NULL;
}

static int register_once(void)
{
    if (loop.registered)
        return 0;
    virSetErrorFunc(NULL, keep_quiet);
    if (virInitialize() < 0 || virEventRegisterDefaultImpl() < 0)
        return -ENOSYS;
    loop.registered = true;
    return 0;
}

int libvirt_events_start(void)
{
    int r = register_once();

    if (r)
        return r;
    if (loop.users > 0) {
        loop.users++;
        return 0;
    }
    loop.timer = virEventAddTimeout(-1, on_timer, NULL, NULL);
    if (loop.timer < 0)
        return -ENOMEM;
    atomic_store(&loop.stop, false);
    r = libvirt_thread_start(&loop.thread, "libvirt-events", run_loop, NULL);
    if (r) {
        virEventRemoveTimeout(loop.timer);
        return r;
    }
    loop.users = 1;
    return 0;
}

void libvirt_events_stop(void)
{
    if (loop.users == 0 || --loop.users > 0)
        return;
    atomic_store(&loop.stop, true);
    virEventUpdateTimeout(loop.timer, 0);
    pthread_join(loop.thread, NULL);
    virEventRemoveTimeout(loop.timer);
}
