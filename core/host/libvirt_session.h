/* SPDX-License-Identifier: BSD-3-Clause */
/* A caller's connection: opening and closing. */
#ifndef CORE_HOST_LIBVIRT_SESSION_H
#define CORE_HOST_LIBVIRT_SESSION_H

#include "host/libvirt_caller.h"

/* Opens session->connection to `uri` (an empty one: libvirt's default); with `watch_only` read-only
 * if need be. 0, or a negative errno and the reason in *text, to be freed. */
int libvirt_session_open(struct libvirt_session *session, const char *uri, bool watch_only,
                         char **text);

/* Uses `connection`, which others use too, taking a reference. */
void libvirt_session_share(struct libvirt_session *session, virConnectPtr connection);

/* True if there is a connection and, as far as is known, a server behind it. */
bool libvirt_session_alive(const struct libvirt_session *session);

/* Closes it; one that is closed is fine. `listens`: its events went to an inbox. */
void libvirt_session_close(struct libvirt_session *session, bool listens);

#endif
