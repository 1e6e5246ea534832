/* SPDX-License-Identifier: BSD-3-Clause */
/* The layout of a decision, and its question: a snapshot with the policy's states. */
#include <errno.h>
#include <string.h>

#include "policy/vet.h"
#include "policy/wire_layout.h"

/* A policy may align its states as malloc() does. */
static uint64_t aligned(uint64_t bytes)
{
    return (bytes + 15) & ~UINT64_C(15);
}

int wire_lay_out(uint64_t n_domains, uint64_t state_bytes, uint64_t domain_state_bytes,
                 struct wire_layout *layout)
{
    struct wire_layout l = { .n_domains = n_domains,
                             .state_bytes = state_bytes,
                             .domain_state_bytes = domain_state_bytes };

    if (n_domains > WIRE_MAX_DOMAINS || state_bytes > VET_MAX_STATE_BYTES ||
        domain_state_bytes > VET_MAX_DOMAIN_STATE_BYTES)
        return -EMSGSIZE;
    l.state_stride = aligned(domain_state_bytes);
    l.domains = aligned(sizeof(struct question_head));
    l.state = aligned(l.domains + n_domains * sizeof(struct question_domain));
    l.states = l.state + aligned(state_bytes);
    l.names = l.states + n_domains * l.state_stride;

    l.lines = aligned(sizeof(struct answer_head));
    l.answer_state = aligned(l.lines + PLAN_LOG_LIMITS * sizeof(struct plan_line));
    l.answer_states = l.answer_state + aligned(state_bytes);
    l.asked = l.answer_states + n_domains * l.state_stride;
    l.whys = l.asked + n_domains * sizeof(struct answer_asked);
    l.answer_bytes = l.whys + (n_domains + 1) * sizeof(struct answer_why);
    *layout = l;
    return 0;
}

uint64_t wire_question_bytes(const struct wire_layout *layout,
                             const struct memcoord_snapshot *snapshot)
{
    uint64_t bytes = layout->names;

    for (size_t i = 0; i < snapshot->n_domains; i++)
        bytes += strlen(snapshot->domains[i]->name) + 1;
    return bytes;
}

/* Domains with their names and states; the bytes that the names take. */
static uint64_t write_domains(const struct wire_layout *layout,
                              const struct memcoord_snapshot *snapshot, char *bytes)
{
    char *at = bytes + layout->domains, *states = bytes + layout->states;
    char *names = bytes + layout->names, *name = names;

    for (size_t i = 0; i < snapshot->n_domains; i++) {
        const struct memcoord_domain *d = snapshot->domains[i];
        uint64_t begin = (uint64_t)(name - names);
        size_t length = strlen(d->name) + 1;

        memcpy(at, &begin, sizeof(begin));
        memcpy(at + sizeof(begin), (const char *)d + WIRE_TAIL, WIRE_TAIL_BYTES);
        at += sizeof(struct question_domain);
        memcpy(name, d->name, length);
        name += length;
        if (layout->domain_state_bytes)
            memcpy(states + i * layout->state_stride, d->state, layout->domain_state_bytes);
    }
    return (uint64_t)(name - names);
}

void wire_write_question(const struct wire_layout *layout, uint64_t serial,
                         const struct memcoord_snapshot *snapshot, const void *state, void *bytes)
{
    struct question_head head = { .serial = serial,
                                  .n_domains = layout->n_domains,
                                  .state_bytes = layout->state_bytes,
                                  .domain_state_bytes = layout->domain_state_bytes,
                                  .tick = snapshot->tick,
                                  .now_ms = snapshot->now_ms,
                                  .interval_ms = snapshot->interval_ms,
                                  .host = *snapshot->host };

    head.name_bytes = write_domains(layout, snapshot, bytes);
    if (layout->state_bytes)
        memcpy((char *)bytes + layout->state, state, layout->state_bytes);
    memcpy(bytes, &head, sizeof(head));
}

int wire_read_question(const void *bytes, size_t size, struct wire_question *question)
{
    struct question_head head;
    struct wire_question q = { .bytes = bytes };

    if (size < sizeof(head))
        return -EBADMSG;
    memcpy(&head, bytes, sizeof(head));
    if (wire_lay_out(head.n_domains, head.state_bytes, head.domain_state_bytes, &q.layout) < 0 ||
        q.layout.names > size || head.name_bytes != size - q.layout.names ||
        head.name_bytes < head.n_domains || (head.name_bytes && q.bytes[size - 1] != '\0'))
        return -EBADMSG;
    q.serial = head.serial;
    q.tick = head.tick;
    q.now_ms = head.now_ms;
    q.interval_ms = head.interval_ms;
    q.host = head.host;
    q.name_bytes = head.name_bytes;
    *question = q;
    return 0;
}

int wire_read_domain(const struct wire_question *question, uint64_t i,
                     struct memcoord_domain *domain)
{
    const char *at = question->bytes + question->layout.domains;
    uint64_t name;

    if (i >= question->layout.n_domains)
        return -EBADMSG;
    at += i * sizeof(struct question_domain);
    memcpy(&name, at, sizeof(name));
    if (name >= question->name_bytes)
        return -EBADMSG;
    memcpy((char *)domain + WIRE_TAIL, at + sizeof(name), WIRE_TAIL_BYTES);
    domain->name = question->bytes + question->layout.names + name;
    domain->state = NULL;
    return domain->index == i ? 0 : -EBADMSG;
}
