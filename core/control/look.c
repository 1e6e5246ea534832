/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/look.h"

/* What could not be read at once, though nothing is under way any more, is tried again after so long. */
#define RETRY_MS 50

int look_whole(struct host *host, const struct host_view **view, const char **why)
{
    uint64_t until_ms = host->ops->now_ms(host) + LOOK_PATIENCE_MS, now_ms;
    int r;

    for (;;) {
        r = host->ops->gather(host, view, why);
        now_ms = host->ops->now_ms(host);
        if (r < 0 || (*view)->n_unread == 0 || now_ms >= until_ms)
            return r;
        host->ops->flush(host, until_ms - now_ms);
        host->ops->wait(host, host->ops->now_ms(host) + RETRY_MS);
    }
}
