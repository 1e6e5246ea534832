/* SPDX-License-Identifier: BSD-3-Clause */
/* The host behind a libvirt connection. */
#ifndef CORE_HOST_LIBVIRT_HOST_H
#define CORE_HOST_LIBVIRT_HOST_H

#include "host/host.h"

/* host_open() for libvirt's URIs. */
int libvirt_host_open(const struct host_options *options, struct host **host, char *error,
                      size_t error_size);

#endif
