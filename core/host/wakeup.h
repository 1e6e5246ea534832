/* SPDX-License-Identifier: BSD-3-Clause */
/* Sleeping until a time, a request, an event or memory pressure of this machine. */
#ifndef CORE_HOST_WAKEUP_H
#define CORE_HOST_WAKEUP_H

#include "host/host.h"

struct wakeup {
    int request_fd;  /* eventfd: host_wake() */
    int event_fd;    /* eventfd: lifecycle; not owned */
    int pressure_fd; /* PSI trigger, -1 if there is none */
};

/* Prepares it; `event_fd` stays the caller's. The trigger on memory pressure is set only if `proc`
 * is "/proc", and where the kernel refuses it, it is gone without. 0 or a negative errno. */
int wakeup_open(struct wakeup *wakeup, const char *proc, int event_fd);

/* Frees it; one that is zeroed with fds of -1 is fine. */
void wakeup_close(struct wakeup *wakeup);

/* Makes the present or the next wait return HOST_WAKE_REQUEST; async-signal-safe. */
void wakeup_request(struct wakeup *wakeup);

/* Sleeps until CLOCK_MONOTONIC reads `until_ms` or something happens. */
enum host_wake wakeup_wait(struct wakeup *wakeup, uint64_t until_ms);

/* CLOCK_MONOTONIC in ms. */
uint64_t wakeup_now_ms(void);

#endif
