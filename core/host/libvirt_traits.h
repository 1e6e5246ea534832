/* SPDX-License-Identifier: BSD-3-Clause */
/* What a domain's XML says about its memory. Pure. */
#ifndef CORE_HOST_LIBVIRT_TRAITS_H
#define CORE_HOST_LIBVIRT_TRAITS_H

#include <stdbool.h>
#include <stdint.h>

struct libvirt_traits {
    const char *unmanageable; /* why its balloon must not be touched (static text), or NULL */
    bool has_balloon;
    bool set_aside;    /* all of its memory is huge pages */
    bool autodeflate;  /* its guest may take memory back by itself */
    uint64_t period_s; /* of the guest's statistics; 0: off */
    /* Memory beside the balloon, KiB. QEMU's balloon counts DIMMs, but not virtio-mem; libvirt adds
     * virtio-mem's current size to balloon.current, and all of this to balloon.maximum. */
    uint64_t dimm_kib;
    uint64_t virtio_mem_kib;     /* plugged now */
    uint64_t virtio_mem_max_kib; /* all of it */
    uint64_t other_kib;          /* nvdimm, virtio-pmem, SGX: not RAM of the host's pool */
};

/* Reads the XML of a running domain. XML that can't be read gives an unmanageable domain, too. */
struct libvirt_traits libvirt_traits_read(const char *xml);

#endif
