/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/bounds.h"

#include <inttypes.h>
#include <stdio.h>

#include "util/log.h"

/* What min is compared with: "its maximum", or "the max of line 7". */
static void name_most(const struct domain_settings *settings, bool configured, char *text,
                      size_t size)
{
    if (configured && settings->max_line > 0)
        snprintf(text, size, "the max of line %d", settings->max_line);
    else
        snprintf(text, size, "its maximum");
}

void bounds_check(const struct config *config, const struct domain *domain,
                  struct problems *warnings)
{
    const struct domain_settings *settings = &domain->settings;
    bool configured = settings->max_kib > 0 && settings->max_kib < domain->host_max_kib;
    uint64_t most_kib = configured ? settings->max_kib : domain->host_max_kib;
    char most[32];

    if (domain->unmanageable || !settings->manage || domain->min_is_default ||
        settings->min.kib <= most_kib)
        return;
    name_most(settings, configured, most, sizeof(most));
    problems_add(warnings, config->file, settings->min_line,
                 "domain %s: its min, %" PRIu64 " MiB, is above %s, %" PRIu64
                 " MiB: it can't be shrunk at all",
                 domain->name, settings->min.kib / 1024, most, most_kib / 1024);
}

void bounds_warn(const struct config *config, const struct domain *domain)
{
    struct problems warnings = { 0 };

    bounds_check(config, domain, &warnings);
    for (size_t i = 0; warnings.list && i < warnings.n; i++)
        log_warning("%s", warnings.list[i].text);
    problems_free(&warnings);
}
