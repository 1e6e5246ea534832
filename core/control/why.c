/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/why.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The sizes of a domain that a reason may name. */
static const struct {
    const char *word;
    size_t offset;
} sizes[] = {
    { "usable", offsetof(struct memcoord_domain, usable_kib) },
    { "unused", offsetof(struct memcoord_domain, unused_kib) },
    { "used", offsetof(struct memcoord_domain, used_kib) },
    { "balloon", offsetof(struct memcoord_domain, balloon_kib) },
    { "target", offsetof(struct memcoord_domain, target_kib) },
    { "min", offsetof(struct memcoord_domain, min_kib) },
    { "max", offsetof(struct memcoord_domain, max_kib) },
};

static bool same(const char *word, size_t length, const char *name)
{
    return strlen(name) == length && !memcmp(word, name, length);
}

static void print_size(uint64_t kib, char *text, size_t size)
{
    if (kib == MEMCOORD_UNKNOWN)
        snprintf(text, size, " unknown");
    else
        snprintf(text, size, " %" PRIu64 " MiB", kib / 1024);
}

static void print_parameter(const struct policy_instance *instance, const char *word, size_t length,
                            char *text, size_t size)
{
    for (size_t i = 0; instance && i < instance->policy->n_params; i++) {
        const struct memcoord_param *param = &instance->policy->params[i];
        uint64_t value;

        if (!same(word, length, param->key))
            continue;
        value = policy_instance_value(instance, i);
        if (param->type == MEMCOORD_TYPE_SIZE) {
            print_size(value, text, size);
        } else if (size > 1) {
            text[0] = ' ';
            value_format(param->type, param->range, value, text + 1, size - 1);
        }
        return;
    }
}

/* The figure that belongs to a word, with a space before it; nothing if it is just a word. */
static void print_figure(const struct memcoord_domain *domain,
                         const struct policy_instance *instance, const char *word, size_t length,
                         char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint64_t kib;

        if (!same(word, length, sizes[i].word))
            continue;
        memcpy(&kib, (const char *)domain + sizes[i].offset, sizeof(kib));
        print_size(kib, text, size);
        return;
    }
    print_parameter(instance, word, length, text, size);
}

void why_expand(const char *why, const struct memcoord_domain *domain,
                const struct policy_instance *instance, char *text, size_t size)
{
    size_t used = 0;

    if (size == 0)
        return;
    text[0] = '\0';
    while (*why && used + 1 < size) {
        size_t length = strcspn(why, " ,;:()");
        size_t gap = strspn(why + length, " ,;:()");
        char figure[48];
        int n;

        print_figure(domain, instance, why, length, figure, sizeof(figure));
        n = snprintf(text + used, size - used, "%.*s%s%.*s", (int)length, why, figure, (int)gap,
                     why + length);
        used += n > 0 ? (size_t)n : 0;
        why += length + gap;
    }
}
