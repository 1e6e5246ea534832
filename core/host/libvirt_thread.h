/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads that leave signals to the rest of the process. */
#ifndef CORE_HOST_LIBVIRT_THREAD_H
#define CORE_HOST_LIBVIRT_THREAD_H

#include <pthread.h>

/* Starts a thread with all signals blocked and a name (at most 15 bytes). 0 or a negative errno. */
int libvirt_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *argument);

#endif
