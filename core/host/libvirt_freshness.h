/* SPDX-License-Identifier: BSD-3-Clause */
/* When a guest took its statistics. libvirt says it in whole seconds of the host's wall clock
 * (balloon.last-update), which may be stepped; what is wanted is the monotonic clock. Pure. */
#ifndef CORE_HOST_LIBVIRT_FRESHNESS_H
#define CORE_HOST_LIBVIRT_FRESHNESS_H

#include <stdbool.h>
#include <stdint.h>

/* Of one run of a domain; zero it to begin. */
struct libvirt_freshness {
    bool seen;
    uint64_t last_update_s; /* of the sample that was seen last */
    uint64_t sampled_ms;    /* when it was taken, monotonic */
    uint64_t looked_ms;     /* when the look before began, monotonic */
};

/* One look: its beginning (monotonic), and one moment at or after its end on both clocks. */
struct libvirt_look {
    uint64_t began_ms, now_ms;
    uint64_t wall_ms; /* since 1970 */
};

/* A look found `last_update_s`. Returns when the sample was taken, on the monotonic clock, never
 * later than it was (up to a second earlier), unless the clock was set back since; UNKNOWN if none
 * was ever taken. */
uint64_t libvirt_freshness_look(struct libvirt_freshness *freshness, uint64_t last_update_s,
                                const struct libvirt_look *look);

#endif
