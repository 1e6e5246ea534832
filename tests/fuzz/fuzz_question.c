/* SPDX-License-Identifier: BSD-3-Clause */
/* What memcoord sends to a policy's process, as that reads it: the first byte chooses which message. A question that
 * is taken has an answer, and that is one for the other end. */
#include "lib/fuzz_message.h"

#include "policy/child_decide.h"

static struct fuzz_scene scene;
static char *question;
static size_t question_bytes;

static void fuzz_begin(void)
{
    fuzz_scene_begin(&scene);
    question_bytes = wire_question_bytes(&scene.layout, &scene.snapshot);
    question = calloc(1, question_bytes);
    fuzz_assert(question);
    wire_write_question(&scene.layout, 42, &scene.snapshot, scene.state, question);
}

static void head_or_load(const void *message, size_t size)
{
    struct wire_head head;
    struct wire_load load;

    if (wire_read_head(message, size, &head) == 0)
        fuzz_assert(head.call >= WIRE_LOAD && head.call <= WIRE_DECIDE);
    if (wire_read_load(message, size, &load) == 0)
        fuzz_assert(strlen(load.path) < sizeof(load.path));
}

/* ---- decide */

/* Looks at all that it is given and writes to all that it may. */
static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    size_t letters = 0;

    if (s->n_domains > 0 && s->domains[0]->balloon_kib == 1)
        return memcoord_fail(plan, 5, "told to fail in tick %llu", (unsigned long long)s->tick);
    *(char *)state = 1;
    for (size_t i = 0; i < s->n_domains; i++) {
        const struct memcoord_domain *d = s->domains[i];

        letters += strlen(d->name);
        if (d->state)
            *(char *)d->state = (char)letters;
        memcoord_set_target(plan, d, d->target_kib + s->host->pool_kib, d->name);
    }
    memcoord_log(plan, 7, "%zu letters", letters);
    return 0;
}

static bool all_domains_are_right(const struct wire_question *q)
{
    struct memcoord_domain domain;

    for (uint64_t i = 0; i < q->layout.n_domains; i++)
        if (wire_read_domain(q, i, &domain) < 0)
            return false;
    fuzz_assert(wire_read_domain(q, q->layout.n_domains, &domain) < 0);
    return true;
}

/* The other end asked about domains of its own. */
static void take(const struct wire_question *q, const char *answer, size_t bytes)
{
    size_t n = (size_t)q->layout.n_domains;
    struct memcoord_domain *domains = calloc(n + 1, sizeof(*domains));
    const struct memcoord_domain **list = calloc(n + 1, sizeof(*list));
    char *state = malloc(q->layout.state_bytes + 1);
    char *states = malloc(n * q->layout.state_stride + 1);
    struct memcoord_snapshot snapshot = { .host = &q->host, .domains = list, .n_domains = n };
    struct plan plan = { 0 };

    fuzz_assert(domains && list && state && states);
    for (size_t i = 0; i < n; i++) {
        domains[i] = (struct memcoord_domain){ .name = "a", .index = (uint32_t)i };
        domains[i].state = states + i * q->layout.state_stride;
        list[i] = &domains[i];
    }
    fuzz_assert(plan_begin(&plan, &snapshot, "fuzz") == 0);
    fuzz_assert(wire_take_answer(answer, bytes, &q->layout, q->serial, &plan, state) == 0);
    plan_end(&plan);
    plan_free(&plan);
    free(states);
    free(state);
    free(list);
    free(domains);
}

static void answer(const void *message, size_t size)
{
    struct wire_question q;
    struct child_decide child = { 0 };
    struct memcoord_policy policy = { .name = "fuzz", .decide = decide };
    size_t bytes;
    char *to;

    if (wire_read_question(message, size, &q) < 0 || !all_domains_are_right(&q))
        return;
    policy.state_size = q.layout.state_bytes;
    policy.domain_state_size = q.layout.domain_state_bytes;
    fuzz_assert(q.layout.names + q.name_bytes == size);
    to = malloc(q.layout.answer_bytes);
    fuzz_assert(to);
    bytes = child_decide(&child, &policy, &q, to);
    fuzz_assert(bytes <= q.layout.answer_bytes);
    take(&q, to, bytes);
    free(to);
    plan_free(&child.plan);
    free(child.domains);
    free(child.list);
}

static int fuzz_one(const uint8_t *data, size_t size)
{
    static const struct wire_head head = { WIRE_DECIDE, 0, 42, 1000 };
    static const struct wire_load load = { 1 << 30, 1, 6, "/a/policy.so" };
    char what = size > 0 ? (char)data[0] : 0;
    const void *right = what == 'h'   ? (const void *)&head
                        : what == 'l' ? (const void *)&load
                                      : question;
    size_t bytes = what == 'h' ? sizeof(head) : what == 'l' ? sizeof(load) : question_bytes;
    char *message;

    if (size == 0)
        return -1;
    message = fuzz_spoil(right, &bytes, data + 1, data + size);
    if (right == question)
        answer(message, bytes);
    else
        head_or_load(message, bytes);
    free(message);
    return 0;
}
