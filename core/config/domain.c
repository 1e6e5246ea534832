/* SPDX-License-Identifier: BSD-3-Clause */
/* Which [domain GLOB] sections mean a domain. */
#include <ctype.h>
#include <fnmatch.h>
#include <string.h>

#include "config/config.h"

/* Hexadecimal digits, or '?', before the first '-' of a UUID. */
#define DOMAIN_UUID_START 8

static bool domain_looks_like_uuid(const char *glob)
{
    for (int i = 0; i < DOMAIN_UUID_START; i++)
        if (!isxdigit((unsigned char)glob[i]) && glob[i] != '?')
            return false;
    return glob[DOMAIN_UUID_START] == '-';
}

bool config_rule_matches(const struct domain_rule *rule, const char *name, const char *uuid)
{
    if (fnmatch(rule->glob, name, 0) == 0)
        return true;
    return domain_looks_like_uuid(rule->glob) && fnmatch(rule->glob, uuid, FNM_CASEFOLD) == 0;
}

bool config_rule_gives(const struct domain_rule *rule, const struct config_key *row)
{
    switch (row->offset) {
    case offsetof(struct domain_settings, min):
        return rule->has_min;
    case offsetof(struct domain_settings, max_kib):
        return rule->has_max;
    case offsetof(struct domain_settings, weight):
        return rule->has_weight;
    case offsetof(struct domain_settings, manage):
        return rule->has_manage;
    case offsetof(struct domain_settings, statistics):
        return rule->has_statistics;
    default:
        return false;
    }
}

struct domain_settings config_domain(const struct config *config, struct domain_settings base,
                                     const char *name, const char *uuid)
{
    struct domain_settings settings = base;

    for (size_t i = 0; i < config->n_domain_rules; i++) {
        const struct domain_rule *rule = &config->domain_rules[i];
        if (!config_rule_matches(rule, name, uuid))
            continue;
        if (rule->has_min) {
            settings.min = rule->settings.min;
            settings.min_line = rule->settings.min_line;
        }
        if (rule->has_max) {
            settings.max_kib = rule->settings.max_kib;
            settings.max_line = rule->settings.max_line;
        }
        if (rule->has_weight)
            settings.weight = rule->settings.weight;
        if (rule->has_manage)
            settings.manage = rule->settings.manage;
        if (rule->has_statistics)
            settings.statistics = rule->settings.statistics;
    }
    return settings;
}
