/* SPDX-License-Identifier: BSD-3-Clause */
/* The domains of one connection, by UUID: a look-up costs a call, so each is made once. */
#ifndef CORE_HOST_LIBVIRT_HANDLES_H
#define CORE_HOST_LIBVIRT_HANDLES_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <libvirt/libvirt.h>

#include "host/host.h"

struct libvirt_handle;

/* Zero it to begin. */
struct libvirt_handles {
    struct libvirt_handle *list; /* in the order of the UUIDs */
    size_t n, capacity;
};

/* The domain with this UUID on `connection`, looked up if it is not there yet (*calls counts it);
 * not a reference of the caller's. NULL: libvirt's last error says why. */
virDomainPtr libvirt_handles_get(struct libvirt_handles *handles, virConnectPtr connection,
                                 const uint8_t uuid[HOST_UUID_BYTES], atomic_uint_fast64_t *calls);

/* Drops one, or all; what is not there is fine. */
void libvirt_handles_drop(struct libvirt_handles *handles, const uint8_t uuid[HOST_UUID_BYTES]);
void libvirt_handles_free(struct libvirt_handles *handles);

#endif
