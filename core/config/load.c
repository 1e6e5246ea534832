/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/load.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/key_table.h"
#include "util/suggest.h"

#define LOAD_TEXT_BYTES 512

static void load_problem(const struct load *load, const struct reader_entry *entry, const char *fmt,
                         ...) __attribute__((format(printf, 3, 4)));

static void load_problem(const struct load *load, const struct reader_entry *entry, const char *fmt,
                         ...)
{
    char text[LOAD_TEXT_BYTES];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    problems_add(load->problems, load->file, entry->line, "%s", text);
}

/* ---- unknown names */

static void load_unknown_section(const struct load *load, const struct reader_entry *entry)
{
    static const char *const kinds[] = { "memcoord", "host",   "record", "policy_process",
                                         "guard",    "domain", "policy" };
    struct suggestion best = { NULL, UINT_MAX };
    char hint[LOAD_TEXT_BYTES] = "";

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        suggest_consider(&best, entry->kind, kinds[i]);
    if (best.word)
        snprintf(hint, sizeof(hint), "did you mean [%s%s? ", best.word,
                 entry->name ? " ...]" : "]");
    load_problem(load, entry,
                 "unknown section [%s%s%s]: %sallowed are [memcoord], [host], [record], "
                 "[policy_process], [guard], [domain GLOB], [policy NAME]",
                 entry->kind, entry->name ? " " : "", entry->name ? entry->name : "", hint);
}

static void load_unknown_key(const struct load *load, const struct reader_entry *entry)
{
    char hint[LOAD_TEXT_BYTES], allowed[LOAD_TEXT_BYTES];

    key_suggest(config_keys, entry->kind, entry->key, hint, sizeof(hint), allowed, sizeof(allowed));
    for (const struct config_key *row = config_keys; row->section; row++)
        if (strcmp(row->section, entry->kind) != 0 && strcmp(row->key, entry->key) == 0)
            snprintf(hint, sizeof(hint), "it belongs into [%s]; ", row->section);
    load_problem(load, entry, "unknown key '%s' in [%s]: %sallowed are %s", entry->key, entry->kind,
                 hint, allowed);
}

/* ---- values */

/* Parses the value of `row` into its field of `base`. 0; 1 with the problem said; -ENOMEM. */
static int load_value(const struct load *load, const struct reader_entry *entry,
                      const struct config_key *row, void *base)
{
    char error[LOAD_TEXT_BYTES];
    int r = key_parse(row, entry->value, base, error, sizeof(error));

    if (r == 0 || r == -ENOMEM)
        return r;
    load_problem(load, entry, "%s: %s", entry->key, error);
    return 1;
}

/* ---- [memcoord], [host], [record], [policy_process], [guard] */

static void load_note_line(struct load *load, const struct reader_entry *entry,
                           const struct config_key *row)
{
    if (row->offset == offsetof(struct config, daemon.policy))
        load->config.policy_line = entry->line;
    else if (row->offset == offsetof(struct config, daemon.policy_path))
        load->config.policy_path_line = entry->line;
    else if (row->offset == offsetof(struct config, daemon.uri))
        load->config.uri_line = entry->line;
    else if (row->offset == offsetof(struct config, record.file))
        load->config.record_line = entry->line;
    order_note(&load->order_lines, row, entry->line);
}

static int load_plain(struct load *load, const struct reader_entry *entry)
{
    const struct config_key *row;
    int r;

    if (!entry->key) {
        if (entry->name)
            load_problem(load, entry, "[%s %s]: want [%s] alone", entry->kind, entry->name,
                         entry->kind);
        return 0;
    }
    row = config_find_key(entry->kind, entry->key);
    if (!row) {
        load_unknown_key(load, entry);
        return 0;
    }
    r = load_value(load, entry, row, &load->config);
    if (r == 0)
        load_note_line(load, entry, row);
    return r < 0 ? r : 0;
}

/* ---- [domain GLOB] */

static int load_domain_section(struct load *load, const struct reader_entry *entry)
{
    struct config *config = &load->config;
    struct domain_rule *rules =
        realloc(config->domain_rules, (config->n_domain_rules + 1) * sizeof(*rules));

    if (!rules)
        return -ENOMEM;
    config->domain_rules = rules;
    rules[config->n_domain_rules] = (struct domain_rule){ .line = entry->line };
    rules[config->n_domain_rules].glob = strdup(entry->name ? entry->name : "");
    if (!rules[config->n_domain_rules].glob)
        return -ENOMEM;
    config->n_domain_rules++;
    if (!entry->name)
        load_problem(load, entry,
                     "[domain] names no domain: want [domain GLOB], a name or UUID, with * and ?");
    return 0;
}

static void load_mark_given(struct domain_rule *rule, const struct config_key *row, int line)
{
    bool *const given[] = { &rule->has_min, &rule->has_max, &rule->has_weight, &rule->has_manage,
                            &rule->has_statistics };
    static const size_t offsets[] = { offsetof(struct domain_settings, min),
                                      offsetof(struct domain_settings, max_kib),
                                      offsetof(struct domain_settings, weight),
                                      offsetof(struct domain_settings, manage),
                                      offsetof(struct domain_settings, statistics) };

    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
        if (row->offset == offsets[i])
            *given[i] = true;
    if (row->offset == offsetof(struct domain_settings, min))
        rule->settings.min_line = line;
    else if (row->offset == offsetof(struct domain_settings, max_kib))
        rule->settings.max_line = line;
}

static void load_check_bounds(const struct load *load, const struct reader_entry *entry,
                              const struct domain_rule *rule)
{
    char min[64], max[64];

    if (!rule->has_min || !rule->has_max || rule->settings.max_kib == 0 ||
        rule->settings.min.kib <= rule->settings.max_kib)
        return;
    value_format(MEMCOORD_TYPE_SIZE, NULL, rule->settings.min.kib, min, sizeof(min));
    value_format(MEMCOORD_TYPE_SIZE, NULL, rule->settings.max_kib, max, sizeof(max));
    load_problem(load, entry, "min (%s) is above max (%s) in [domain %s]", min, max, rule->glob);
}

static int load_domain(struct load *load, const struct reader_entry *entry)
{
    struct domain_rule *rule;
    const struct config_key *row;
    int r;

    if (!entry->key)
        return load_domain_section(load, entry);
    rule = &load->config.domain_rules[load->config.n_domain_rules - 1];
    row = config_find_key(entry->kind, entry->key);
    if (!row) {
        load_unknown_key(load, entry);
        return 0;
    }
    r = load_value(load, entry, row, &rule->settings);
    if (r != 0)
        return r < 0 ? r : 0;
    load_mark_given(rule, row, entry->line);
    if (strcmp(row->key, "min") == 0 || strcmp(row->key, "max") == 0)
        load_check_bounds(load, entry, rule);
    return 0;
}

/* ---- [policy NAME] */

static int load_policy(struct load *load, const struct reader_entry *entry)
{
    struct config *config = &load->config;
    struct policy_entry *entries, *added;

    if (!entry->name || strchr(entry->name, '/')) {
        if (!entry->key)
            load_problem(load, entry, "[policy%s%s] names no policy: want [policy NAME]%s",
                         entry->name ? " " : "", entry->name ? entry->name : "",
                         entry->name ? ", without a path" : "");
        return 0;
    }
    entries = realloc(config->policy_entries, (config->n_policy_entries + 1) * sizeof(*entries));
    if (!entries)
        return -ENOMEM;
    config->policy_entries = entries;
    added = &entries[config->n_policy_entries++]; /* at once: config_free() frees its parts */
    *added = (struct policy_entry){ .policy = strdup(entry->name), .line = entry->line };
    if (entry->key) {
        added->key = strdup(entry->key);
        added->value = strdup(entry->value);
    }
    return added->policy && (!entry->key || (added->key && added->value)) ? 0 : -ENOMEM;
}

/* ---- the interface */

int load_entry(void *arg, const struct reader_entry *entry)
{
    struct load *load = arg;

    if (strcmp(entry->kind, "domain") == 0)
        return load_domain(load, entry);
    if (strcmp(entry->kind, "policy") == 0)
        return load_policy(load, entry);
    for (const struct config_key *row = config_keys; row->section; row++)
        if (strcmp(row->section, entry->kind) == 0)
            return load_plain(load, entry);
    if (!entry->key) /* once is enough: its keys are no one's */
        load_unknown_section(load, entry);
    return 0;
}

void load_check(const struct load *load)
{
    order_check(&load->order_lines, &load->config, load->problems->n > load->n_problems, load->file,
                load->problems);
}
