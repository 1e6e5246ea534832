/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/process_ask.h"
#include "util/log.h"

#define BACK_OFF_MS 1000
#define BACK_OFF_MAX_MS 60000

void policy_process_free(struct policy_process *p)
{
    if (!p)
        return;
    worker_end(&p->worker, NULL, 0);
    process_area_free(&p->question);
    process_area_free(&p->answer);
    free(p->copy);
    free(p->description);
    free(p);
}

void policy_process_say(const struct policy *policy)
{
    const struct policy_process *p = policy->process;
    const char *name = policy->table.name;

    if (!p)
        return;
    if (p->options.sandbox == SANDBOX_OFF)
        log_info("policy %s runs in process %ld, without a sandbox (sandbox = off)", name,
                 (long)p->worker.pid);
    else if (*p->refused)
        log_warning("policy %s runs in process %ld; of its sandbox the kernel refused: %s", name,
                    (long)p->worker.pid, p->refused);
    else
        log_info("policy %s runs in process %ld, in a sandbox of which the kernel refused nothing",
                 name, (long)p->worker.pid);
}

/* ---- failures */

static void fail(struct plan *plan, enum plan_saying saying, const char *why)
{
    plan_take_failure(plan, -ECONNRESET, why);
    plan->saying = saying;
}

/* Counts a failure; what follows from it goes behind `why`. `asked`: it failed at something; else the first time
 * may have been somebody else's doing, and another is started at once. */
static void count(struct policy_process *p, bool asked, uint64_t now_ms, char *why, size_t size)
{
    uint64_t wait_ms = BACK_OFF_MS, failures = p->options.failures;
    size_t used = strlen(why);

    p->in_a_row++;
    if (p->in_a_row >= failures) {
        p->out = true;
        snprintf(why + used, size - used,
                 ", failure %llu in a row: quarantined until a reload; only the guard goes on",
                 (unsigned long long)p->in_a_row);
        return;
    }
    if (!asked && p->in_a_row == 1) {
        p->retry_ms = 0;
        snprintf(why + used, size - used, ": another is started");
        return;
    }
    for (uint64_t i = 1; i < p->in_a_row && wait_ms < BACK_OFF_MAX_MS; i++)
        wait_ms *= 2;
    if (wait_ms > BACK_OFF_MAX_MS)
        wait_ms = BACK_OFF_MAX_MS;
    p->retry_ms = now_ms + wait_ms;
    snprintf(why + used, size - used, ", failure %llu of %llu in a row: another starts in %llu s",
             (unsigned long long)p->in_a_row, (unsigned long long)failures,
             (unsigned long long)(wait_ms / 1000));
}

static int lost(struct policy_process *p, uint64_t now_ms, struct plan *plan, const char *how)
{
    char why[PLAN_ERROR_BYTES];

    snprintf(why, sizeof(why), "%.120s", how);
    count(p, true, now_ms, why, sizeof(why));
    fail(plan, PLAN_SAY_ALWAYS, why);
    return -ECONNRESET;
}

/* ---- a tick */

/* Whether it still waits for a question, as it must. */
static bool waits(struct policy_process *p, uint64_t now_ms)
{
    struct wire_head head;
    char how[PLAN_ERROR_BYTES];
    int r;

    if (p->worker.pid == 0)
        return false;
    r = worker_receive(&p->worker, 0, &head);
    if (r == -ETIMEDOUT) {
        if (p->decided)
            p->in_a_row = 0;
        return true;
    }
    process_give_up(p, r == 0 ? -EBADMSG : r, "when it was not asked", 0, how, sizeof(how) / 2);
    count(p, false, now_ms, how, sizeof(how));
    log_error("policy %s: %s", p->policy->table.name, how);
    return false;
}

/* Starts another, or goes on waiting for it. */
static int start(struct policy_process *p, uint64_t now_ms, struct plan *plan)
{
    char why[WIRE_TEXT_BYTES];
    int r = p->loading ? 0 : process_start(p, why, sizeof(why));

    if (r == 0)
        r = process_started(p, NULL, p->until_ms, why, sizeof(why));
    if (r == -EINPROGRESS)
        fail(plan, PLAN_SAY_NEVER, "its process is being started");
    else if (r < 0)
        lost(p, now_ms, plan, why);
    else
        policy_process_say(p->policy);
    return r;
}

int policy_process_ready(struct policy_process *p, uint64_t now_ms, struct plan *plan)
{
    p->until_ms = worker_now_ms() + p->options.deadline_ms;
    if (!p->loading && waits(p, now_ms))
        return 0;
    if (!p->out && (p->loading || now_ms >= p->retry_ms))
        return start(p, now_ms, plan);
    fail(plan, PLAN_SAY_NEVER,
         p->out ? "its process failed too often: it is quarantined"
                : "its process failed, and waits for a new one");
    return -ECONNRESET;
}

bool policy_process_is_new(const struct policy_process *p)
{
    return !p->decided;
}

/* Writes the question, and makes room for the answer. That it can't is not the process's fault. */
static int write_question(struct policy_process *p, const void *state,
                          const struct memcoord_snapshot *snapshot, struct wire_layout *layout,
                          uint64_t *bytes)
{
    const struct memcoord_policy *table = &p->policy->table;
    int r = wire_lay_out(snapshot->n_domains, table->state_size, table->domain_state_size, layout);

    if (r < 0)
        return r;
    *bytes = wire_question_bytes(layout, snapshot);
    r = process_reserve(p, *bytes, layout->answer_bytes);
    if (r == 0)
        wire_write_question(layout, p->serial + 1, snapshot, state, p->question.bytes);
    return r;
}

static int ask(struct policy_process *p, uint64_t bytes)
{
    if (p->options.sandbox != SANDBOX_OFF)
        worker_allow_cpu(&p->worker, p->options.deadline_ms);
    return process_ask(p, WIRE_DECIDE, bytes);
}

/* -ETIMEDOUT: there is no answer by `until_ms`. */
static int take(struct policy_process *p, const struct wire_layout *layout, uint64_t until_ms,
                void *state, struct plan *plan)
{
    size_t bytes = 0;
    int r = process_answer(p, WIRE_DECIDE, until_ms, &bytes);

    if (r == 0)
        r = wire_take_answer(p->copy, bytes, layout, p->serial, plan, state);
    if (r == 0)
        p->decided = true;
    return r;
}

static const char doing[] = "while it decided";

int policy_process_decide(struct policy_process *p, void *state,
                          const struct memcoord_snapshot *snapshot, struct plan *plan)
{
    struct wire_layout layout;
    uint64_t bytes = 0;
    char how[PLAN_ERROR_BYTES];
    int r = write_question(p, state, snapshot, &layout, &bytes);

    if (r < 0) {
        plan_take_failure(plan, r, strerror(-r));
        return 0;
    }
    r = ask(p, bytes);
    if (r == 0)
        r = take(p, &layout, p->until_ms, state, plan);
    if (r == 0)
        return 0;
    process_give_up(p, r, doing, p->options.deadline_ms, how, sizeof(how));
    return lost(p, snapshot->now_ms, plan, how);
}

/* ---- a trial */

static int try_begin(struct policy_process *p, uint64_t bytes)
{
    int r = ask(p, bytes);

    p->trying = r == 0;
    p->until_ms = worker_now_ms() + p->options.deadline_ms;
    return r;
}

int policy_process_try(struct policy_process *p, void *state,
                       const struct memcoord_snapshot *snapshot, struct plan *plan, bool wait)
{
    const struct memcoord_policy *table = &p->policy->table;
    struct wire_layout layout;
    uint64_t bytes = 0;
    char how[PLAN_ERROR_BYTES];
    int r = p->trying ? wire_lay_out(snapshot->n_domains, table->state_size,
                                     table->domain_state_size, &layout)
                      : write_question(p, state, snapshot, &layout, &bytes);

    if (r < 0) {
        plan_take_failure(plan, r, strerror(-r));
        return 0;
    }
    if (!p->trying)
        r = try_begin(p, bytes);
    if (r == 0)
        r = take(p, &layout, wait ? p->until_ms : 0, state, plan);
    if (r == -ETIMEDOUT && worker_now_ms() < p->until_ms)
        return -EINPROGRESS;
    p->trying = false;
    if (r == 0)
        return 0;
    process_give_up(p, r, doing, p->options.deadline_ms, how, sizeof(how));
    fail(plan, PLAN_SAY_NEVER, how);
    return -ECONNRESET;
}

/* ---- check() */

static int ask_check(struct policy_process *p, const void *state)
{
    size_t size = p->policy->table.state_size;
    int r = process_reserve(p, size, WIRE_TEXT_BYTES);

    if (r < 0)
        return r;
    if (size)
        memcpy(p->question.bytes, state, size);
    if (p->options.sandbox != SANDBOX_OFF)
        worker_allow_cpu(&p->worker, PROCESS_START_MS);
    r = process_ask(p, WIRE_CHECK, size);
    p->checking = r == 0;
    p->check_until_ms = worker_now_ms() + PROCESS_START_MS;
    return r;
}

static int take_check(struct policy_process *p, bool wait)
{
    size_t bytes;
    int r = process_answer(p, WIRE_CHECK, wait ? p->check_until_ms : 0, &bytes);

    if (r == -ETIMEDOUT && worker_now_ms() < p->check_until_ms)
        return -EINPROGRESS;
    p->checking = false;
    return r < 0 ? r : wire_read_text(p->copy, bytes, p->said, sizeof(p->said));
}

/* One that failed at the check before is started anew. */
static int see_that_it_runs(struct policy_process *p, bool wait)
{
    int r = 0;

    if (p->worker.pid == 0)
        r = process_start(p, p->said, sizeof(p->said));
    if (r == 0 && p->loading)
        r = process_started(p, NULL, wait ? p->load_until_ms : 0, p->said, sizeof(p->said));
    return r;
}

int policy_process_check(struct policy_process *p, const void *state, bool wait, const char **wrong)
{
    int r;

    *wrong = NULL;
    if (!p->has_check)
        return 0;
    *wrong = p->said;
    r = see_that_it_runs(p, wait);
    if (r < 0)
        return r == -EINPROGRESS ? r : 0;
    if (!p->checking)
        r = ask_check(p, state);
    if (r == 0)
        r = take_check(p, wait);
    if (r == -EINPROGRESS)
        return r;
    if (r < 0)
        process_give_up(p, r, "while it checked its parameters", PROCESS_START_MS, p->said,
                        sizeof(p->said));
    if (!*p->said)
        *wrong = NULL;
    return 0;
}
