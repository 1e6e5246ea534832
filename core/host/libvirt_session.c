/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/libvirt_session.h"

#include "host/libvirt_error.h"

/* A server that is silent for 5 s is gone; then all calls to it end. */
#define KEEPALIVE_S 1
#define KEEPALIVE_COUNT 5

static atomic_uint_fast64_t serials;

int libvirt_session_open(struct libvirt_session *session, const char *uri, bool watch_only,
                         char **text)
{
    const char *name = *uri ? uri : NULL;
    virConnectPtr connection = virConnectOpen(name);

    if (!connection && watch_only)
        connection = virConnectOpenReadOnly(name);
    if (!connection)
        return libvirt_error(NULL, text);
    /* Drivers without a server refuse: they can't lose it. */
    (void)virConnectSetKeepAlive(connection, KEEPALIVE_S, KEEPALIVE_COUNT);
    session->connection = connection;
    session->serial = atomic_fetch_add(&serials, 1) + 1;
    session->each = false;
    return 0;
}

void libvirt_session_share(struct libvirt_session *session, virConnectPtr connection)
{
    virConnectRef(connection);
    session->connection = connection;
    session->serial = atomic_fetch_add(&serials, 1) + 1;
    session->each = false;
}

bool libvirt_session_alive(const struct libvirt_session *session)
{
    return session->connection && virConnectIsAlive(session->connection) == 1;
}

void libvirt_session_close(struct libvirt_session *session, bool listens)
{
    if (!session->connection)
        return;
    libvirt_handles_free(&session->handles);
    if (listens)
        libvirt_inbox_unlisten(session->connection, session->listens);
    virConnectClose(session->connection);
    session->connection = NULL;
}
