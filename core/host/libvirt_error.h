/* SPDX-License-Identifier: BSD-3-Clause */
/* libvirt's errors as errno, with what libvirt said. */
#ifndef CORE_HOST_LIBVIRT_ERROR_H
#define CORE_HOST_LIBVIRT_ERROR_H

#include <libvirt/libvirt.h>

/* What the last call of this thread on `connection` (NULL: none could be opened) failed with, as a
 * negative errno; -ENOTCONN: the connection is lost. *text, if not NULL, becomes what libvirt said,
 * to be freed (NULL without memory). */
int libvirt_error(virConnectPtr connection, char **text);

#endif
