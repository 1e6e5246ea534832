/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/libvirt_thread.h"

#include <signal.h>

int libvirt_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *argument)
{
    sigset_t all, before;
    int r;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    r = pthread_create(thread, NULL, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (r)
        return -r;
    pthread_setname_np(*thread, name);
    return 0;
}
