/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/host_of.h"

#include <errno.h>

#include "util/complain.h"

#define HOST_OF_TEXT_BYTES 512

int host_of(const struct config *config, const char *proc, bool watch_only, struct host **host,
            char *error, size_t error_size)
{
    const struct host_options options = {
        .uri = config->daemon.uri,
        .file = config->file,
        .proc = proc,
        .interval_ms = config->daemon.interval_ms,
        .watch_only = watch_only,
    };
    char why[HOST_OF_TEXT_BYTES];
    int r = host_open(&options, host, why, sizeof(why));

    if (r == 0)
        return 0;
    if (r == -ENODATA || r == -ENOMEM || !config->file)
        return complain(error, error_size, r, "%s", why);
    if (config->uri_line == 0)
        return complain(error, error_size, r, "%s: uri (its default): %s", config->file, why);
    return complain(error, error_size, r, "%s:%d: uri: %s", config->file, config->uri_line, why);
}
