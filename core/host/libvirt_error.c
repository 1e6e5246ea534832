/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/libvirt_error.h"

#include <errno.h>
#include <string.h>

#include <libvirt/virterror.h>

static int errno_of(int code)
{
    switch (code) {
    case VIR_ERR_NO_MEMORY:
        return -ENOMEM;
    case VIR_ERR_RPC:
    case VIR_ERR_NO_CONNECT:
        return -ENOTCONN;
    case VIR_ERR_INVALID_ARG: /* a target above the maximum, for one */
        return -EINVAL;
    case VIR_ERR_OPERATION_DENIED:
    case VIR_ERR_ACCESS_DENIED:
    case VIR_ERR_AUTH_FAILED:
    case VIR_ERR_AUTH_CANCELLED:
    case VIR_ERR_AUTH_UNAVAILABLE:
        return -EACCES;
    case VIR_ERR_NO_DOMAIN:
        return -ENOENT;
    case VIR_ERR_OPERATION_TIMEOUT: /* another call holds the domain */
        return -ETIMEDOUT;
    case VIR_ERR_RESOURCE_BUSY:
        return -EBUSY;
    case VIR_ERR_OPERATION_INVALID: /* no balloon device, or no longer running */
    case VIR_ERR_NO_SUPPORT:
    case VIR_ERR_CONFIG_UNSUPPORTED:
    case VIR_ERR_ARGUMENT_UNSUPPORTED:
    case VIR_ERR_OPERATION_UNSUPPORTED:
        return -EOPNOTSUPP;
    default:
        return -EIO;
    }
}

int libvirt_error(virConnectPtr connection, char **text)
{
    const virError *last = virGetLastError();
    const char *message = last && last->message ? last->message : "libvirt gave no reason";
    int r = errno_of(last ? last->code : VIR_ERR_OK);

    if (text)
        *text = strdup(message);
    /* A lost connection shows under several codes, or none: ask the connection itself, too. */
    return !connection || virConnectIsAlive(connection) != 1
               ? (r == -EACCES || r == -EINVAL || r == -ENOMEM ? r : -ENOTCONN)
               : r;
}
