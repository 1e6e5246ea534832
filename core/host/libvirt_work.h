/* SPDX-License-Identifier: BSD-3-Clause */
/* The jobs that concern one domain: reading what it is, setting its target. */
#ifndef CORE_HOST_LIBVIRT_WORK_H
#define CORE_HOST_LIBVIRT_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "host/libvirt_caller.h"
#include "host/libvirt_traits.h"

enum libvirt_kind {
    LIBVIRT_GATHER,
    LIBVIRT_EXAMINE, /* its XML, whether it migrates; switches its statistics on */
    LIBVIRT_SET,     /* its target */
    LIBVIRT_FORGET   /* it is gone */
};

struct libvirt_work {
    struct libvirt_job job; /* first; .kind is an enum libvirt_kind */
    uint8_t uuid[HOST_UUID_BYTES];
    int64_t run_id;   /* another run is left alone, as far as can be told without a call */
    uint64_t set_kib; /* LIBVIRT_SET: what libvirt is asked for, DIMMs included */

    bool aside; /* not by its domain's own caller, which a call of its holds */

    /* LIBVIRT_EXAMINE */
    bool read_xml;                /* in; else only whether it migrates */
    uint64_t set_period_s;        /* in: the period if it is off, or our_period_s; 0: leave it */
    uint64_t our_period_s;        /* in, out: the one that we set last; 0: none */
    struct libvirt_traits traits; /* out, if have_traits */
    bool have_traits;             /* out: the XML could be had */
    bool moving; /* in, out: a migration, or another job that forbids changes, is under way */
};

/* A job to fill in and submit; NULL without memory. */
struct libvirt_work *libvirt_work_new(enum libvirt_kind kind, const uint8_t uuid[HOST_UUID_BYTES],
                                      int64_t run_id);

#endif
