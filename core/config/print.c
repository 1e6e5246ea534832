/* SPDX-License-Identifier: BSD-3-Clause */
/* A configuration as the text that it is read from. */
#include <string.h>

#include "config/config.h"

#define VALUE_BYTES 256
/* The longest line that is read (inih). */
#define LINE_BYTES 199

static void print_entry(const char *key, const char *value, FILE *out)
{
    const char *blank = strlen(key) + strlen(value) + strlen(" = ") > LINE_BYTES ? "" : " ";

    fprintf(out, "%s%s=%s%s\n", key, blank, blank, value);
}

static bool is_printed(const struct config_key *row)
{
    return strcmp(row->section, "domain") != 0 && strcmp(row->section, "record") != 0;
}

static void print_keys(const struct config *config, FILE *out)
{
    struct config written = *config;
    const char *section = "";
    char value[VALUE_BYTES];

    written.guard.stale_after_ms = config->stale_after_ms; /* what counts follows from it */
    for (const struct config_key *row = config_keys; row->section; row++) {
        if (!is_printed(row))
            continue;
        if (strcmp(row->section, section) != 0)
            fprintf(out, "%s[%s]\n", *section ? "\n" : "", row->section);
        section = row->section;
        config_format(row, &written, value, sizeof(value));
        print_entry(row->key, value, out);
    }
}

void config_print_rule(const struct domain_rule *rule, FILE *out)
{
    char value[VALUE_BYTES];

    fprintf(out, "\n[domain %s]\n", rule->glob);
    for (const struct config_key *row = config_keys; row->section; row++) {
        if (strcmp(row->section, "domain") != 0 || !config_rule_gives(rule, row))
            continue;
        config_format(row, &rule->settings, value, sizeof(value));
        print_entry(row->key, value, out);
    }
}

void config_print(const struct config *config, const char *except, FILE *out)
{
    print_keys(config, out);
    for (size_t i = 0; i < config->n_domain_rules; i++)
        config_print_rule(&config->domain_rules[i], out);
    for (size_t i = 0; i < config->n_policy_entries; i++) {
        const struct policy_entry *entry = &config->policy_entries[i];

        if (except && strcmp(entry->policy, except) == 0)
            continue;
        if (entry->key)
            print_entry(entry->key, entry->value, out);
        else
            fprintf(out, "\n[policy %s]\n", entry->policy);
    }
}
