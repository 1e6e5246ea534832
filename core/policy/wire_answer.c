/* SPDX-License-Identifier: BSD-3-Clause */
/* The answer to a question of decide: a plan, and the states that it leaves. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "policy/wire_layout.h"

#define RECENT 8

/* The place of a reason among those that stand there: it is one of the last few, or a new one. */
static uint64_t place_of_why(struct answer_why *whys, uint64_t *n, const char *why)
{
    for (uint64_t i = *n, tried = 0; i > 0 && tried < RECENT; i--, tried++)
        if (strcmp(whys[i - 1].text, why) == 0)
            return i - 1;
    snprintf(whys[*n].text, sizeof(whys[*n].text), "%s", why);
    return (*n)++;
}

/* How many reasons there are. */
static uint64_t write_asked(const struct wire_layout *layout, const struct plan *plan, char *bytes)
{
    struct answer_asked *asked = (void *)(bytes + layout->asked);
    struct answer_why *whys = (void *)(bytes + layout->whys);
    uint64_t n = 0;

    place_of_why(whys, &n, ""); /* of a domain that is not named */
    for (size_t i = 0; i < layout->n_domains; i++) {
        const struct plan_entry *entry = &plan->entries[i];

        asked[i].kib = entry->asked_kib;
        asked[i].why = *entry->why ? place_of_why(whys, &n, entry->why) : 0;
    }
    return n;
}

size_t wire_write_answer(const struct wire_layout *layout, uint64_t serial, const struct plan *plan,
                         void *bytes)
{
    struct answer_head head = { .serial = serial,
                                .n_domains = layout->n_domains,
                                .strangers = plan->strangers,
                                .n_lines = plan->n_lines,
                                .failed = plan->failed };
    char *to = bytes;

    head.n_whys = write_asked(layout, plan, to);
    memcpy(head.error, plan->error, sizeof(head.error));
    memcpy(to, &head, sizeof(head));
    if (plan->n_lines)
        memcpy(to + layout->lines, plan->lines, plan->n_lines * sizeof(*plan->lines));
    return layout->whys + head.n_whys * sizeof(struct answer_why);
}

/* Messages go into logs: once a minute each, as those of a policy that is called in process. */
static void take_lines(const char *bytes, const struct wire_layout *layout, size_t n,
                       struct plan *plan)
{
    for (size_t i = 0; i < n; i++) {
        struct plan_line line;

        memcpy(&line, bytes + layout->lines + i * sizeof(line), sizeof(line));
        line.text[sizeof(line.text) - 1] = '\0';
        plan_say(plan, &line);
    }
}

static void take_states(const char *bytes, const struct wire_layout *layout, struct plan *plan,
                        void *state)
{
    const char *states = bytes + layout->answer_states;

    if (layout->state_bytes)
        memcpy(state, bytes + layout->answer_state, layout->state_bytes);
    for (size_t i = 0; layout->domain_state_bytes && i < layout->n_domains; i++)
        memcpy(plan->snapshot->domains[i]->state, states + i * layout->state_stride,
               layout->domain_state_bytes);
}

/* `bytes` may lie anywhere. */
static struct answer_asked asked_of(const char *bytes, const struct wire_layout *layout, size_t i)
{
    struct answer_asked asked;

    memcpy(&asked, bytes + layout->asked + i * sizeof(asked), sizeof(asked));
    return asked;
}

/* Each place of a reason must be one. */
static int judge_asked(const char *bytes, const struct wire_layout *layout, uint64_t n_whys)
{
    for (size_t i = 0; i < layout->n_domains; i++)
        if (asked_of(bytes, layout, i).why >= n_whys)
            return -EBADMSG;
    return 0;
}

/* Reasons that were made plain just now: few are given to many domains. */
struct recent {
    uint64_t why;
    char plain[PLAN_WHY_BYTES];
};

static const char *plain_of(struct recent recent[RECENT], const char *whys, uint64_t why)
{
    struct recent *r = &recent[why % RECENT];

    if (r->why != why)
        plan_plain_why(r->plain, whys + why * sizeof(struct answer_why));
    r->why = why;
    return r->plain;
}

static void take_asked(const char *bytes, const struct wire_layout *layout, struct plan *plan)
{
    const char *whys = bytes + layout->whys;
    struct recent recent[RECENT];

    for (size_t i = 0; i < RECENT; i++)
        recent[i].why = UINT64_MAX;
    for (size_t i = 0; i < layout->n_domains; i++) {
        const struct answer_asked asked = asked_of(bytes, layout, i);

        if (asked.kib != MEMCOORD_UNKNOWN)
            plan_take_target(plan, i, asked.kib, plain_of(recent, whys, asked.why));
    }
}

static bool is_answer(const struct answer_head *head, size_t size, const struct wire_layout *layout,
                      uint64_t serial)
{
    return head->serial == serial && head->n_domains == layout->n_domains &&
           head->n_lines <= PLAN_LOG_LIMITS && head->failed <= 0 && head->failed > -4096 &&
           head->n_whys <= layout->n_domains + 1 &&
           size == layout->whys + head->n_whys * sizeof(struct answer_why);
}

int wire_take_answer(const void *bytes, size_t size, const struct wire_layout *layout,
                     uint64_t serial, struct plan *plan, void *state)
{
    struct answer_head head;

    if (size < layout->whys || plan->snapshot->n_domains != layout->n_domains)
        return -EBADMSG;
    memcpy(&head, bytes, sizeof(head));
    if (!is_answer(&head, size, layout, serial) || judge_asked(bytes, layout, head.n_whys) < 0)
        return -EBADMSG;
    take_lines(bytes, layout, (size_t)head.n_lines, plan);
    take_states(bytes, layout, plan, state);
    plan->strangers = head.strangers;
    take_asked(bytes, layout, plan);
    head.error[sizeof(head.error) - 1] = '\0';
    plan_take_failure(plan, (int)head.failed, head.error);
    return 0;
}
