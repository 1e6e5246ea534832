/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/tick_copy.h"

#include <stdlib.h>
#include <string.h>

/* In this order they lie in one piece, each aligned as it must be: the copy, domains, truths, texts. */

static size_t text_bytes(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static size_t domain_bytes(const struct record_domain *d)
{
    return sizeof(*d) + (d->truth ? sizeof(*d->truth) : 0) + text_bytes(d->seen.name) +
           text_bytes(d->unmanaged_why) + text_bytes(d->why) + text_bytes(d->guard) +
           text_bytes(d->guard_text);
}

static size_t tick_bytes(const struct record_tick *tick)
{
    size_t bytes = sizeof(struct tick_copy) + text_bytes(tick->policy_error);

    for (size_t i = 0; i < tick->n_domains; i++)
        bytes += domain_bytes(&tick->domains[i]);
    return bytes;
}

static const char *copy_text(const char *text, char **free_text)
{
    size_t bytes = text_bytes(text);
    char *copy = *free_text;

    if (!text)
        return NULL;
    memcpy(copy, text, bytes);
    *free_text += bytes;
    return copy;
}

static size_t copy_truths(const struct record_tick *tick, struct record_domain *domains,
                          struct host_truth *truths)
{
    size_t n = 0;

    for (size_t i = 0; i < tick->n_domains; i++) {
        if (!tick->domains[i].truth)
            continue;
        truths[n] = *tick->domains[i].truth;
        domains[i].truth = &truths[n++];
    }
    return n;
}

static void copy_texts(struct record_domain *d, char **free_text)
{
    d->seen.name = copy_text(d->seen.name, free_text);
    d->unmanaged_why = copy_text(d->unmanaged_why, free_text);
    d->why = copy_text(d->why, free_text);
    d->guard = copy_text(d->guard, free_text);
    d->guard_text = copy_text(d->guard_text, free_text);
}

struct tick_copy *tick_copy_new(const struct record_tick *tick)
{
    struct tick_copy *copy = malloc(tick_bytes(tick));
    struct record_domain *domains;
    struct host_truth *truths;
    char *free_text;

    if (!copy)
        return NULL;
    domains = (struct record_domain *)(copy + 1);
    truths = (struct host_truth *)(domains + tick->n_domains);
    *copy = (struct tick_copy){ .tick = *tick };
    if (tick->n_domains > 0)
        memcpy(domains, tick->domains, tick->n_domains * sizeof(*domains));
    free_text = (char *)(truths + copy_truths(tick, domains, truths));
    for (size_t i = 0; i < tick->n_domains; i++)
        copy_texts(&domains[i], &free_text);
    copy->tick.domains = domains;
    copy->tick.policy_error = copy_text(tick->policy_error, &free_text);
    if (tick->counts) {
        copy->counts = *tick->counts;
        copy->tick.counts = &copy->counts;
    }
    return copy;
}

void tick_copies_free(struct tick_copy *list)
{
    while (list) {
        struct tick_copy *next = list->next;
        free(list->run);
        free(list);
        list = next;
    }
}
