/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/libvirt_freshness.h"

#include "memcoord/policy.h"

/* The age that the wall clock gives, at its most: last-update was cut to whole seconds. A sample
 * from the future says that the clock was set back, and nothing else: `unknown_ms`. */
static uint64_t wall_age_ms(uint64_t last_update_s, uint64_t wall_ms, uint64_t unknown_ms)
{
    uint64_t taken_ms = memcoord_mul_div(last_update_s, 1000, 1);

    return taken_ms > wall_ms ? unknown_ms : wall_ms - taken_ms;
}

uint64_t libvirt_freshness_look(struct libvirt_freshness *freshness, uint64_t last_update_s,
                                const struct libvirt_look *look)
{
    struct libvirt_freshness *f = freshness;
    uint64_t most_ms = look->now_ms;

    if (last_update_s == 0)
        return MEMCOORD_UNKNOWN;
    /* One that changed came after the look before began, whatever the wall clock says. Of the first
     * one nothing but the wall clock tells whether it is fresh. */
    if (f->seen)
        most_ms -= memcoord_min(f->looked_ms, look->now_ms);
    if (!f->seen || f->last_update_s != last_update_s) {
        uint64_t age_ms = wall_age_ms(last_update_s, look->wall_ms, most_ms);
        f->sampled_ms = look->now_ms - memcoord_min(age_ms, most_ms);
    }
    f->seen = true;
    f->last_update_s = last_update_s;
    f->looked_ms = look->began_ms;
    return f->sampled_ms;
}
