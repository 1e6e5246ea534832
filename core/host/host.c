/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/host.h"

#include <string.h>

#include "host/libvirt_host.h"
#include "host/libvirt_uri.h"
#include "host/sim_host.h"

bool host_is_simulated(const char *uri)
{
    return !strncmp(uri, "sim:", 4);
}

int host_open(const struct host_options *options, struct host **host, char *error,
              size_t error_size)
{
    if (host_is_simulated(options->uri))
        return sim_host_open(options, host, error, error_size);
    return libvirt_host_open(options, host, error, error_size);
}

bool host_is_remote(const char *uri)
{
    return !host_is_simulated(uri) && libvirt_uri_is_remote(uri);
}

void host_check(const char *uri, const char *file, int line, struct problems *problems)
{
    if (host_is_simulated(uri))
        sim_host_check(uri, file, line, problems);
}

void host_set_interval(struct host *host, uint64_t interval_ms)
{
    if (host->ops->set_interval)
        host->ops->set_interval(host, interval_ms);
}

void host_close(struct host *host)
{
    if (host)
        host->ops->close(host);
}
