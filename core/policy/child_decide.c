/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/child_decide.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/child.h"

static void reserve(struct child_decide *d, size_t n)
{
    if (n <= d->capacity)
        return;
    n += n / 2;
    free(d->domains);
    free(d->list);
    d->domains = calloc(n, sizeof(*d->domains));
    d->list = calloc(n, sizeof(*d->list));
    if (!d->domains || !d->list)
        _exit(CHILD_NO_MEMORY);
    for (size_t i = 0; i < n; i++)
        d->list[i] = &d->domains[i];
    d->capacity = n;
    d->n = 0; /* they lie elsewhere */
}

/* The states stand in the answer, where the policy works on them; what was in it before is nobody's. */
static void copy_states(const struct wire_question *q, char *answer)
{
    const struct wire_layout *l = &q->layout;

    memcpy(answer + l->answer_state, q->bytes + l->state, l->state_bytes);
    memcpy(answer + l->answer_states, q->bytes + l->states, l->n_domains * l->state_stride);
}

static void read_domains(struct child_decide *d, const struct wire_question *q, char *answer)
{
    const struct wire_layout *l = &q->layout;

    for (size_t i = 0; i < l->n_domains; i++) {
        if (wire_read_domain(q, i, &d->domains[i]) < 0)
            _exit(EXIT_FAILURE);
        if (l->domain_state_bytes)
            d->domains[i].state = answer + l->answer_states + i * l->state_stride;
    }
}

size_t child_decide(struct child_decide *d, const struct memcoord_policy *policy,
                    const struct wire_question *q, char *answer)
{
    struct memcoord_snapshot seen = { .host = &q->host,
                                      .n_domains = q->layout.n_domains,
                                      .tick = q->tick,
                                      .now_ms = q->now_ms,
                                      .interval_ms = q->interval_ms };

    if (q->layout.state_bytes != policy->state_size ||
        q->layout.domain_state_bytes != policy->domain_state_size)
        _exit(EXIT_FAILURE);
    reserve(d, q->layout.n_domains);
    seen.domains = d->list;
    copy_states(q, answer);
    read_domains(d, q, answer);
    d->plan.same_places = d->n == seen.n_domains;
    d->n = seen.n_domains;
    if (plan_begin(&d->plan, &seen, policy->name) < 0)
        _exit(CHILD_NO_MEMORY);
    d->plan.lines = d->lines;
    plan_finish(&d->plan, policy->decide(answer + q->layout.answer_state, &seen, &d->plan.calls));
    plan_end(&d->plan);
    return wire_write_answer(&q->layout, q->serial, &d->plan, answer);
}
