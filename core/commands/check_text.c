/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commands/check_show.h"

#define VALUE_BYTES 256
/* So that a line with its comment stays one that can be read again (inih: 199 bytes). */
#define COMMENTED_BYTES 60

static void show_value(const char *key, const char *value, const char *initial)
{
    if (strcmp(value, initial) == 0 || strlen(value) + strlen(initial) > 2 * COMMENTED_BYTES)
        printf("%s = %s\n", key, value);
    else
        printf("%s = %s ; default %s\n", key, value, initial);
}

static void show_keys(const struct config *config)
{
    const char *section = "";
    char value[VALUE_BYTES];

    for (const struct config_key *row = config_keys; row->section; row++) {
        if (strcmp(row->section, "domain") == 0)
            continue;
        if (strcmp(row->section, section) != 0)
            printf("\n[%s]\n", row->section);
        section = row->section;
        config_format(row, config, value, sizeof(value));
        show_value(row->key, value, row->initial);
    }
}

static void show_domain_defaults(const struct config *config)
{
    const char *separator = "";
    char value[VALUE_BYTES];

    printf("\n# Domains, unless a section says otherwise: ");
    for (const struct config_key *row = config_keys; row->section; row++) {
        if (strcmp(row->section, "domain") != 0)
            continue;
        config_format(row, &config->domain_defaults, value, sizeof(value));
        printf("%s%s = %s", separator, row->key, value);
        separator = "; ";
    }
    putchar('\n');
}

static void show_policy(const struct policy_instance *instance)
{
    const struct policy *policy = instance->policy;
    char value[VALUE_BYTES];

    printf("\n# %s: %s\n[policy %s]\n", policy->path, policy->table.summary, policy->table.name);
    for (size_t i = 0; i < policy->n_params; i++) {
        const struct memcoord_param *param = &policy->params[i];
        value_format(param->type, param->range, policy_instance_value(instance, i), value,
                     sizeof(value));
        show_value(param->key, value, param->initial);
    }
}

void check_show_setup(const struct setup *setup)
{
    const struct config *config = &setup->config;

    printf("# %s is right. This would run:\n", config->file);
    show_keys(config);
    show_domain_defaults(config);
    for (size_t i = 0; i < config->n_domain_rules; i++)
        config_print_rule(&config->domain_rules[i], stdout);
    show_policy(setup->instance);
}

/* ---- the host */

static void show_mib(const char *before, uint64_t kib, const char *after)
{
    if (kib == MEMCOORD_UNKNOWN)
        printf("%sunknown%s", before, after);
    else
        printf("%s%" PRIu64 " MiB%s", before, kib / 1024, after);
}

static const char *domain_state(const struct snapshot_domain *domain)
{
    if (domain->seen.flags & MEMCOORD_UNMANAGED)
        return domain->unmanaged_why;
    if (domain->seen.flags & MEMCOORD_PAUSED)
        return "paused: left alone until it runs";
    if (domain->seen.flags & MEMCOORD_MIGRATING)
        return "migrating: left alone";
    return "yes";
}

static void show_domains(const struct snapshot *snapshot)
{
    int width = (int)strlen("domain");

    for (size_t i = 0; i < snapshot->seen.n_domains; i++) {
        int length = (int)strlen(snapshot->domains[i].seen.name);
        width = length > width ? length : width;
    }
    printf("# %-*s %12s %12s %12s %8s  managed\n", width, "domain", "min", "balloon", "max",
           "weight");
    for (size_t i = 0; i < snapshot->seen.n_domains; i++) {
        const struct memcoord_domain *d = &snapshot->domains[i].seen;
        printf("# %-*s %8" PRIu64 " MiB %8" PRIu64 " MiB %8" PRIu64 " MiB %8" PRIu64 "  %s\n",
               width, d->name, d->min_kib / 1024, d->balloon_kib / 1024, d->max_kib / 1024,
               d->weight, domain_state(&snapshot->domains[i]));
    }
}

static void show_lines(const char *what, const struct problems *problems)
{
    for (size_t i = 0; problems->list && i < problems->n; i++)
        printf("# %s: %s\n", what, problems->list[i].text);
}

void check_show_host(const struct check_host *seen)
{
    const struct memcoord_host *host = &seen->snapshot.host;

    printf("\n# host %s: ", seen->host->name);
    show_mib("", host->total_kib, "");
    show_mib(", available ", host->available_kib, "");
    show_mib(", reserve ", host->reserve_kib, "");
    printf(", to give %" PRId64 " MiB\n", host->grantable_kib / 1024);
    if (seen->snapshot.seen.n_domains > 0)
        show_domains(&seen->snapshot);
    else
        printf("# no domain runs\n");
    show_lines("warning", &seen->warnings);
    show_lines("note", &seen->notes);
}
