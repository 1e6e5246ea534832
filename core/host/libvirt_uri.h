/* SPDX-License-Identifier: BSD-3-Clause */
/* What a libvirt URI says about where its host is. Pure. */
#ifndef CORE_HOST_LIBVIRT_URI_H
#define CORE_HOST_LIBVIRT_URI_H

#include <stdbool.h>

/* True if it leads, or may lead, to another machine: it names a host or a transport other than a
 * local socket. */
bool libvirt_uri_is_remote(const char *uri);

/* True for the test driver in this process, "test:///default". */
bool libvirt_uri_is_test(const char *uri);

/* A name that is the same for the same host: the URI without "+unix" and without the socket that
 * qemu:///system has anyway, and for a user's own session ("qemu:///session"), if it does not name a
 * socket, with the user and the folder where its socket is (`runtime_dir`, NULL if that is not known).
 * To be freed; NULL without memory. */
char *libvirt_uri_name(const char *uri, unsigned uid, const char *runtime_dir);

#endif
