/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/changes.h"

#include <stdio.h>
#include <string.h>

#include "policy/copy.h"

#define VALUE_BYTES 256

static void compare_files(const struct policy *from, const struct policy *to, changes_each *each,
                          void *context)
{
    char key[64], line[4096 + 128];

    snprintf(key, sizeof(key), "policy %s: its file", to->table.name);
    changes_tell(key, from->path, to->path, each, context);
    if (copy_is_same(from->fd, to->fd))
        return;
    snprintf(line, sizeof(line), "policy %s: %s has other code than before", to->table.name,
             to->path);
    each(context, line);
}

static bool has_param(const struct policy *policy, const char *key, size_t *i)
{
    for (*i = 0; *i < policy->n_params; ++*i)
        if (strcmp(policy->params[*i].key, key) == 0)
            return true;
    return false;
}

/* The parameter `key` as it would be written in the file. */
static void format_param(const struct policy_instance *instance, const char *key, char *text,
                         size_t size)
{
    const struct memcoord_param *p;
    size_t i;

    if (!has_param(instance->policy, key, &i)) {
        snprintf(text, size, "no such parameter");
        return;
    }
    p = &instance->policy->params[i];
    value_format(p->type, p->range, policy_instance_value(instance, i), text, size);
}

static void compare_param(const char *key, const struct policy_instance *from,
                          const struct policy_instance *to, changes_each *each, void *context)
{
    char name[128], before[VALUE_BYTES], now[VALUE_BYTES];

    snprintf(name, sizeof(name), "policy %s.%s", to->policy->table.name, key);
    format_param(from, key, before, sizeof(before));
    format_param(to, key, now, sizeof(now));
    changes_tell(name, before, now, each, context);
}

void policy_changes(const struct policy_instance *from, const struct policy_instance *to,
                    changes_each *each, void *context)
{
    const struct policy *a = from->policy, *b = to->policy;
    size_t i;

    if (strcmp(a->table.name, b->table.name) != 0)
        return;
    compare_files(a, b, each, context);
    for (size_t k = 0; k < a->n_params; k++)
        compare_param(a->params[k].key, from, to, each, context);
    for (size_t k = 0; k < b->n_params; k++)
        if (!has_param(a, b->params[k].key, &i))
            compare_param(b->params[k].key, from, to, each, context);
}
