/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulated host behind the seam: `uri = sim:FILE`. It owns time. */
#ifndef CORE_HOST_SIM_HOST_H
#define CORE_HOST_SIM_HOST_H

#include "host/host.h"
#include "host/sim_machine.h"

/* host_open() for "sim:FILE"; FILE is found from the folder of options->file. */
int sim_host_open(const struct host_options *options, struct host **host, char *error,
                  size_t error_size);

/* The same with a scenario that was loaded, which the host takes and frees, also on failure (-ENOMEM).
 * `name` is for people. */
int sim_host_open_scenario(struct scenario *scenario, const char *name, struct host **host);

/* From now on it goes `speed` (1 or more) times as fast as real time. -ENOMEM, -EMFILE, ... */
int sim_host_set_speed(struct host *host, uint64_t speed);

/* host_check() for "sim:FILE". */
void sim_host_check(const char *uri, const char *file, int line, struct problems *problems);

/* What really is, for scores and tests: of a host that sim_host_open() made. Valid until it is closed. */
const struct sim_machine *sim_host_machine(const struct host *host);

/* The UUID of the scenario's guest number `guest`. */
void sim_host_uuid(uint8_t uuid[HOST_UUID_BYTES], size_t guest);

#endif
