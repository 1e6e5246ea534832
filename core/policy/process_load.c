/* SPDX-License-Identifier: BSD-3-Clause */
/* How a policy gets into its process, and what the process says of it. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/process_ask.h"
#include "policy/vet.h"
#include "util/complain.h"
#include "util/log.h"

#define DESCRIPTION_BYTES ((size_t)1 << 16) /* 256 parameters with 200 characters of text each */

/* Nobody calls it: what is asked goes to the process. */
static int decide_there(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    (void)state;
    (void)s;
    return memcoord_fail(plan, ENOTSUP, "it is in another process");
}

/* The process judged it, but nobody knows what the process is: it is judged again. */
static int take_first(struct policy_process *p, struct policy *policy, struct wire_loaded *loaded,
                      struct memcoord_param *params, char *error, size_t error_size)
{
    struct memcoord_policy *table = &loaded->table;

    table->struct_size = sizeof(*table);
    table->param_size = sizeof(*params);
    table->params = params;
    table->decide = decide_there;
    p->has_check = loaded->has_check;
    return vet_policy(policy, table, error, error_size);
}

static int take_again(const struct policy *policy, const struct wire_loaded *loaded, char *error,
                      size_t error_size)
{
    const struct memcoord_policy *now = &loaded->table, *before = &policy->table;

    if (now->state_size == before->state_size &&
        now->domain_state_size == before->domain_state_size &&
        now->state_version == before->state_version && loaded->n_params == policy->n_params)
        return 0;
    return complain(error, error_size, -EBADMSG, "%s: it is another policy than before",
                    policy->path);
}

/* 0, or a negative errno with `error`; -EBADMSG without. */
static int take_loaded(struct policy_process *p, struct policy *first, size_t bytes, char *error,
                       size_t error_size)
{
    struct memcoord_param *params = calloc(VET_MAX_PARAMS + 1, sizeof(*params));
    char *description = malloc(bytes + 1);
    struct wire_loaded loaded = { 0 };
    int r = -ENOMEM;

    error[0] = '\0';
    if (!params || !description) {
        complain(error, error_size, r, "%s: out of memory", p->policy->path);
    } else {
        memcpy(description, p->copy, bytes);
        r = wire_read_loaded(description, bytes, &loaded, params, VET_MAX_PARAMS);
    }
    if (r == 0)
        snprintf(p->refused, sizeof(p->refused), "%s", loaded.refused);
    if (r == 0 && loaded.failed)
        r = complain(error, error_size, loaded.failed, "%s", loaded.error);
    else if (r == 0 && first)
        r = take_first(p, first, &loaded, params, error, error_size);
    else if (r == 0)
        r = take_again(p->policy, &loaded, error, error_size);
    free(params);
    if (r == 0 && first)
        p->description = description;
    else
        free(description);
    return r;
}

static void write_question(struct policy_process *p)
{
    struct wire_load load = { .memory_bytes = p->options.memory_kib * 1024,
                              .sandbox = (uint32_t)p->options.sandbox };

    for (load.log_level = LOG_LEVEL_DEBUG; load.log_level > LOG_LEVEL_ERROR; load.log_level--)
        if (log_wants((enum log_level)load.log_level))
            break;
    snprintf(load.path, sizeof(load.path), "%s", p->policy->path);
    memcpy(p->question.bytes, &load, sizeof(load));
}

int process_start(struct policy_process *p, char *error, size_t error_size)
{
    int r = process_reserve(p, sizeof(struct wire_load), DESCRIPTION_BYTES);

    if (r == 0)
        r = worker_start(&p->worker, p->options.executable, p->policy->fd);
    if (r < 0)
        return complain(error, error_size, r, "its process can't be started: %s%s", strerror(-r),
                        r == -ENOENT ? " (is /proc mounted?)" : "");
    p->handed_over = false;
    p->decided = p->checking = p->trying = false;
    p->load_until_ms = worker_now_ms() + PROCESS_START_MS;
    write_question(p);
    r = process_ask(p, WIRE_LOAD, sizeof(struct wire_load));
    p->loading = r == 0;
    if (r < 0)
        process_give_up(p, r, "while it was loaded", PROCESS_START_MS, error, error_size);
    return r;
}

int process_started(struct policy_process *p, struct policy *first, uint64_t until_ms, char *error,
                    size_t error_size)
{
    bool last = until_ms >= p->load_until_ms || worker_now_ms() >= p->load_until_ms;
    size_t bytes;
    int r = process_answer(p, WIRE_LOAD, last ? p->load_until_ms : until_ms, &bytes);

    if (r == -ETIMEDOUT && !last)
        return -EINPROGRESS;
    p->loading = false;
    if (r == 0) {
        r = take_loaded(p, first, bytes, error, error_size);
        if (r == 0)
            return 0;
        if (*error) {
            worker_end(&p->worker, NULL, 0);
            return r == -EINPROGRESS ? -EBADMSG : r; /* its word must not be taken for ours */
        }
    }
    process_give_up(p, r, "while it was loaded", PROCESS_START_MS, error, error_size);
    return -ECHILD;
}

struct process_options process_options_of(const struct config *config)
{
    const struct process_settings *s = &config->process;
    uint64_t half_ms = config->daemon.interval_ms / 2;

    return (struct process_options){
        .sandbox = s->sandbox,
        .deadline_ms = s->deadline_ms < half_ms ? s->deadline_ms : half_ms,
        .failures = s->failures,
        .memory_kib = s->memory_kib,
    };
}

static int complain_of_load(const struct policy *policy, int r, const char *why, char *error,
                            size_t error_size)
{
    if (strncmp(why, "its process", 11) == 0)
        return complain(error, error_size, r, "%s: %s", policy->path, why);
    return complain(error, error_size, r, "%s", why);
}

int policy_load_begin(const char *name, const char *policy_path,
                      const struct process_options *options, struct policy **policy, char *error,
                      size_t error_size)
{
    struct policy *opened;
    struct policy_process *p;
    char why[WIRE_TEXT_BYTES];
    int r = policy_open(name, policy_path, &opened, error, error_size);

    if (r < 0)
        return r;
    p = calloc(1, sizeof(*p));
    opened->process = p;
    if (!p) {
        r = complain(error, error_size, -ENOMEM, "%s: out of memory", name);
    } else {
        p->options = *options;
        p->policy = opened;
        p->worker.socket = p->question.fd = p->answer.fd = -1;
        r = process_start(p, why, sizeof(why));
        if (r < 0)
            complain_of_load(opened, r, why, error, error_size);
    }
    if (r < 0)
        policy_unload(opened);
    else
        *policy = opened;
    return r;
}

int policy_load_end(struct policy *policy, bool wait, char *error, size_t error_size)
{
    struct policy_process *p = policy->process;
    char why[WIRE_TEXT_BYTES];
    int r = process_started(p, policy, wait ? p->load_until_ms : 0, why, sizeof(why));

    return r == 0 || r == -EINPROGRESS ? r : complain_of_load(policy, r, why, error, error_size);
}

int policy_load_apart(const char *name, const char *policy_path,
                      const struct process_options *options, struct policy **policy, char *error,
                      size_t error_size)
{
    struct policy *begun;
    int r = policy_load_begin(name, policy_path, options, &begun, error, error_size);

    if (r < 0)
        return r;
    r = policy_load_end(begun, true, error, error_size);
    if (r < 0)
        policy_unload(begun);
    else
        *policy = begun;
    return r;
}
