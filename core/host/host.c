/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/libvirt_host.h"
#include "host/libvirt_uri.h"

int host_open(const struct host_options *options, struct host **host, char *error,
              size_t error_size)
{
    if (!strncmp(options->uri, "sim:", 4)) {
        snprintf(error, error_size, "%s: there is no simulated host yet; give a libvirt URI",
                 options->uri);
        return -ENOSYS;
    }
    return libvirt_host_open(options, host, error, error_size);
}

bool host_is_remote(const char *uri)
{
    return strncmp(uri, "sim:", 4) != 0 && libvirt_uri_is_remote(uri);
}

void host_close(struct host *host)
{
    if (host)
        host->ops->close(host);
}
