/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "commands/check_show.h"
#include "util/json_text.h"

#define VALUE_BYTES 256

/* UNKNOWN is null. */
static json_t *json_kib(uint64_t kib)
{
    return kib == MEMCOORD_UNKNOWN ? json_null() : json_integer((json_int_t)kib);
}

static json_t *json_lines(const struct problems *problems)
{
    json_t *list = json_array();

    for (size_t i = 0; problems->list && i < problems->n; i++)
        json_array_append_new(list, json_text(problems->list[i].text));
    return list;
}

/* {"memcoord": {"uri": "..."}, ...}, every value as it would be written in the file. */
static json_t *json_config(const struct config *config)
{
    json_t *sections = json_object();
    char value[VALUE_BYTES];

    for (const struct config_key *row = config_keys; row->section; row++) {
        int of_domain = strcmp(row->section, "domain") == 0;
        if (!json_object_get(sections, row->section))
            json_object_set_new(sections, row->section, json_object());
        config_format(row, of_domain ? (const void *)&config->domain_defaults : config, value,
                      sizeof(value));
        json_object_set_new(json_object_get(sections, row->section), row->key, json_text(value));
    }
    return sections;
}

static json_t *json_policy(const struct policy_instance *instance)
{
    const struct policy *policy = instance->policy;
    json_t *parameters = json_object();
    char value[VALUE_BYTES];

    for (size_t i = 0; i < policy->n_params; i++) {
        const struct memcoord_param *param = &policy->params[i];
        value_format(param->type, param->range, policy_instance_value(instance, i), value,
                     sizeof(value));
        json_object_set_new(parameters, param->key, json_text(value));
    }
    return json_pack("{so, so, so}", "name", json_text(policy->table.name), "file",
                     json_text(policy->path), "parameters", parameters);
}

static json_t *json_host(const struct check_host *seen, const char *uri)
{
    const struct memcoord_host *host = &seen->snapshot.host;

    if (*seen->error)
        return json_pack("{so, so}", "name", json_text(uri), "error", json_text(seen->error));
    return json_pack("{so, so, so, so, so, sI}", "name", json_text(seen->host->name), "total_kib",
                     json_kib(host->total_kib), "available_kib", json_kib(host->available_kib),
                     "reserve_kib", json_kib(host->reserve_kib), "capacity_kib",
                     json_kib(host->capacity_kib), "grantable_kib",
                     (json_int_t)host->grantable_kib);
}

static json_t *json_domain(const struct snapshot_domain *domain, const char *uuid)
{
    const struct memcoord_domain *d = &domain->seen;
    int unmanaged = (d->flags & MEMCOORD_UNMANAGED) != 0;

    return json_pack("{so, ss, so, so, so, so, sb, so}", "name", json_text(d->name), "uuid", uuid,
                     "min_kib", json_kib(d->min_kib), "max_kib", json_kib(d->max_kib),
                     "balloon_kib", json_kib(d->balloon_kib), "weight", json_kib(d->weight),
                     "managed", !unmanaged, "why",
                     unmanaged ? json_text(domain->unmanaged_why) : json_null());
}

static json_t *json_domains(const struct check_host *seen)
{
    json_t *list = json_array();

    for (size_t i = 0; i < seen->snapshot.seen.n_domains; i++)
        json_array_append_new(
            list, json_domain(&seen->snapshot.domains[i], seen->domains.list[i]->uuid_text));
    return list;
}

int check_show_json(const char *file, const struct problems *problems, const struct setup *setup,
                    const struct check_host *seen)
{
    json_t *all = json_pack("{so, sb, so}", "file", json_text(file), "right", setup != NULL,
                            "problems", json_lines(problems));
    int r;

    if (setup) {
        json_object_set_new(all, "config", json_config(&setup->config));
        json_object_set_new(all, "policy", json_policy(setup->instance));
    }
    if (seen) {
        json_object_set_new(all, "host", json_host(seen, setup->config.daemon.uri));
        json_object_set_new(all, "domains", json_domains(seen));
        json_object_set_new(all, "warnings", json_lines(&seen->warnings));
        json_object_set_new(all, "notes", json_lines(&seen->notes));
    }
    r = all && json_dumpf(all, stdout, JSON_COMPACT) == 0 ? 0 : -ENOMEM;
    if (r == 0)
        putchar('\n');
    json_decref(all);
    return r;
}
