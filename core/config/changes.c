/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/changes.h"

#include <stdio.h>
#include <string.h>

#define VALUE_BYTES 256
#define KEY_BYTES 128

static const char not_set[] = "not set";

void changes_tell(const char *key, const char *from, const char *to, changes_each *each,
                  void *context)
{
    char line[KEY_BYTES + 2 * VALUE_BYTES + 8];

    if (strcmp(from, to) == 0)
        return;
    snprintf(line, sizeof(line), "%s: %s -> %s", key, from, to);
    each(context, line);
}

/* ---- [memcoord], [host], [record], [guard] */

/* As it is written: what counts of stale_after follows from the interval, too. */
static void format(const struct config_key *row, const struct config *config, char *text,
                   size_t size)
{
    if (row->offset == offsetof(struct config, guard.stale_after_ms))
        value_format(row->type, row->range, config->stale_after_ms, text, size);
    else
        config_format(row, config, text, size);
}

static void compare_key(const struct config_key *row, const struct config *from,
                        const struct config *to, changes_each *each, void *context)
{
    char key[KEY_BYTES], before[VALUE_BYTES], now[VALUE_BYTES];

    snprintf(key, sizeof(key), "%s.%s", row->section, row->key);
    format(row, from, before, sizeof(before));
    format(row, to, now, sizeof(now));
    changes_tell(key, before, now, each, context);
}

/* ---- [domain GLOB] */

static const struct domain_rule *find_rule(const struct config *config, const char *glob)
{
    for (size_t i = 0; i < config->n_domain_rules; i++)
        if (strcmp(config->domain_rules[i].glob, glob) == 0)
            return &config->domain_rules[i];
    return NULL;
}

static void format_given(const struct domain_rule *rule, const struct config_key *row, char *text,
                         size_t size)
{
    if (rule && config_rule_gives(rule, row))
        config_format(row, &rule->settings, text, size);
    else
        snprintf(text, size, "%s", not_set);
}

/* One of them may be NULL: it has no such section. */
static void compare_rules(const struct domain_rule *from, const struct domain_rule *to,
                          changes_each *each, void *context)
{
    char key[KEY_BYTES], before[VALUE_BYTES], now[VALUE_BYTES];

    for (const struct config_key *row = config_keys; row->section; row++) {
        if (strcmp(row->section, "domain") != 0)
            continue;
        snprintf(key, sizeof(key), "domain %s.%s", from ? from->glob : to->glob, row->key);
        format_given(from, row, before, sizeof(before));
        format_given(to, row, now, sizeof(now));
        changes_tell(key, before, now, each, context);
    }
}

/* The next of its sections from number *i on that `other` has, too; NULL at the end. */
static const struct domain_rule *next_common(const struct config *config, size_t *i,
                                             const struct config *other)
{
    while (*i < config->n_domain_rules) {
        const struct domain_rule *rule = &config->domain_rules[(*i)++];

        if (find_rule(other, rule->glob))
            return rule;
    }
    return NULL;
}

/* The last one that means a domain wins: the order counts. */
static bool are_in_order(const struct config *from, const struct config *to)
{
    const struct domain_rule *before, *now;
    size_t i = 0, k = 0;

    do {
        before = next_common(from, &i, to);
        now = next_common(to, &k, from);
        if (before && now && strcmp(before->glob, now->glob) != 0)
            return false;
    } while (before && now);
    return true;
}

static void compare_domains(const struct config *from, const struct config *to, changes_each *each,
                            void *context)
{
    for (size_t i = 0; i < from->n_domain_rules; i++)
        compare_rules(&from->domain_rules[i], find_rule(to, from->domain_rules[i].glob), each,
                      context);
    for (size_t i = 0; i < to->n_domain_rules; i++)
        if (!find_rule(from, to->domain_rules[i].glob))
            compare_rules(NULL, &to->domain_rules[i], each, context);
    if (!are_in_order(from, to))
        each(context, "domain: the sections stand in another order, and the last that fits wins");
}

/* ---- the interface */

void config_changes(const struct config *from, const struct config *to, changes_each *each,
                    void *context)
{
    for (const struct config_key *row = config_keys; row->section; row++)
        if (strcmp(row->section, "domain") != 0)
            compare_key(row, from, to, each, context);
    compare_domains(from, to, each, context);
}
