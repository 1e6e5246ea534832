/* SPDX-License-Identifier: BSD-3-Clause */
/* The guest that tests of simulated guests look at. */
#ifndef TESTS_LIB_SIM_GUEST_FIXTURE_H
#define TESTS_LIB_SIM_GUEST_FIXTURE_H

#include "lib/sim_fixture.h"

/* A guest of 1 GiB of 2: kernel 50, system 30, watermark 60, so that 884 of it are usable. */
#define GUEST                                                                                    \
    "[guest a]\nmax = 2GiB\nballoon = 1GiB\nkernel = 50MiB\nsystem = 30MiB\nwatermark = 60MiB\n" \
    "lists = 40MiB\noverhead = 80MiB\n"
#define USABLE (884 * MIB)

#endif
