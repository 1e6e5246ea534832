/* SPDX-License-Identifier: BSD-3-Clause */
/* libvirt's event loop. Keepalive and events need one, on a thread that never makes a call. */
#ifndef CORE_HOST_LIBVIRT_EVENTS_H
#define CORE_HOST_LIBVIRT_EVENTS_H

/* Starts the loop, one for the process, counted; before any connection is opened. Not to be called
 * by two threads at once. 0 or a negative errno. */
int libvirt_events_start(void);

/* Ends the loop when everyone who started it has stopped it, after it has done what was pending. */
void libvirt_events_stop(void);

#endif
