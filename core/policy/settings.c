/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/settings.h"

#include <stdio.h>
#include <stdlib.h>

#define VALUE_BYTES 256

/* Every parameter that counts, also those that nobody wrote. */
static void write_policy(FILE *f, const struct policy_instance *instance)
{
    const struct policy *policy = instance->policy;
    char text[VALUE_BYTES];

    fprintf(f, "\n[policy %s]\n", policy->table.name);
    for (size_t i = 0; i < policy->n_params; i++) {
        const struct memcoord_param *p = &policy->params[i];

        value_format(p->type, p->range, policy_instance_value(instance, i), text, sizeof(text));
        fprintf(f, "%s = %s\n", p->key, text);
    }
}

char *settings_text(const struct config *config, const struct policy_instance *instance)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);

    if (!f)
        return NULL;
    config_print(config, instance ? instance->policy->table.name : NULL, f);
    if (instance)
        write_policy(f, instance);
    if (fclose(f) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
