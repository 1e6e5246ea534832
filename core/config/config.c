/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/key_table.h"
#include "config/load.h"
#include "config/reader.h"
#include "util/complain.h"

/* Samples come once an interval: with less than this, statistics would never be fresh enough. */
#define CONFIG_STALE_INTERVALS 3
#define CONFIG_TEXT_BYTES 512

const struct config_key *config_find_key(const char *section, const char *key)
{
    return key_find(config_keys, section, key);
}

/* Brings what depends on another key up to date. */
static void config_settle(struct config *config)
{
    config->guard.stale_after_ms =
        memcoord_max(config->stale_after_ms, CONFIG_STALE_INTERVALS * config->daemon.interval_ms);
}

/* ---- defaults */

int config_defaults(struct config *config)
{
    struct config new = { 0 };
    char error[256];
    int r = 0;

    for (const struct config_key *row = config_keys; row->section && r == 0; row++) {
        int of_domain = strcmp(row->section, "domain") == 0;
        void *base = of_domain ? (void *)&new.domain_defaults : (void *)&new;

        r = key_parse(row, row->initial, base, error, sizeof(error));
    }
    if (r < 0) {
        config_free(&new);
        return r;
    }
    new.stale_after_ms = new.guard.stale_after_ms;
    config_settle(&new);
    *config = new;
    return 0;
}

/* ---- life cycle */

/* Fills load->config; -EINVAL if there are problems, and it can be looked at nonetheless. */
static int config_read(struct load *load)
{
    int r = config_defaults(&load->config);

    if (r == 0)
        load->config.file = strdup(load->file);
    if (r == 0 && !load->config.file)
        r = -ENOMEM;
    if (r == 0)
        r = load->text ? reader_read_text(load->text, load->file, load->problems, load_entry, load)
                       : reader_read(load->file, load->problems, load_entry, load);
    if (r < 0)
        return r;
    load_check(load);
    load->config.stale_after_ms = load->config.guard.stale_after_ms;
    config_settle(&load->config);
    return load->problems->n > load->n_problems ? -EINVAL : 0;
}

int config_examine(const char *file, struct config *config, struct problems *problems)
{
    struct load load = { .file = file, .problems = problems, .n_problems = problems->n };
    int r = config_read(&load);

    if (r < 0 && r != -EINVAL)
        config_free(&load.config);
    else
        *config = load.config;
    return r;
}

int config_load(const char *file, struct config *config, struct problems *problems)
{
    struct config read = { 0 };
    int r = config_examine(file, &read, problems);

    if (r < 0)
        config_free(&read);
    else
        *config = read;
    return r;
}

int config_load_text(const char *text, const char *name, struct config *config,
                     struct problems *problems)
{
    struct load load = {
        .file = name, .text = text, .problems = problems, .n_problems = problems->n
    };
    int r = config_read(&load);

    if (r < 0)
        config_free(&load.config);
    else
        *config = load.config;
    return r;
}

void config_set_interval(struct config *config, uint64_t interval_ms)
{
    config->daemon.interval_ms = interval_ms;
    config_settle(config);
}

static int no_such_key(const char *section, const char *key, char *error, size_t error_size)
{
    char hint[CONFIG_TEXT_BYTES], allowed[CONFIG_TEXT_BYTES];

    key_suggest(config_keys, section, key, hint, sizeof(hint), allowed, sizeof(allowed));
    return complain(error, error_size, -ENOENT, "unknown key '%s' of [%s]: %sallowed are %s", key,
                    section, hint, allowed);
}

int config_set(struct config *config, const char *section, const char *key, const char *value,
               char *error, size_t error_size)
{
    const struct config_key *row = config_find_key(section, key);
    int r;

    if (!row || strcmp(section, "domain") == 0)
        return no_such_key(section, key, error, error_size);
    r = key_parse(row, value, config, error, error_size);
    if (r == 0 && row->offset == offsetof(struct config, guard.stale_after_ms))
        config->stale_after_ms = config->guard.stale_after_ms;
    if (r == 0)
        config_settle(config);
    return r;
}

int config_check(const struct config *config, char *error, size_t error_size)
{
    struct problems problems = { 0 };
    int r = 0;

    order_check(NULL, config, false, NULL, &problems);
    if (problems.n > 0)
        r = complain(error, error_size, -EINVAL, "%s",
                     problems.list ? problems.list[0].text : "out of memory");
    problems_free(&problems);
    return r;
}

void config_free(struct config *config)
{
    free(config->file);
    free(config->daemon.uri);
    free(config->daemon.policy);
    free(config->daemon.policy_path);
    free(config->record.file);
    for (size_t i = 0; i < config->n_domain_rules; i++)
        free(config->domain_rules[i].glob);
    free(config->domain_rules);
    for (size_t i = 0; i < config->n_policy_entries; i++) {
        free(config->policy_entries[i].policy);
        free(config->policy_entries[i].key);
        free(config->policy_entries[i].value);
    }
    free(config->policy_entries);
    *config = (struct config){ 0 };
}

/* ---- showing it */

void config_format(const struct config_key *key, const void *base, char *text, size_t size)
{
    const void *field = (const char *)base + key->offset;

    if (key->type == VALUE_TEXT)
        snprintf(text, size, "%s", *(char *const *)field);
    else if (key->type == VALUE_AMOUNT)
        amount_format(*(const struct amount *)field, text, size);
    else
        value_format(key->type, key->range, *(const uint64_t *)field, text, size);
}
