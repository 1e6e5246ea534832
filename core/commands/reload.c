/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/reload.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "commands/recording_of.h"
#include "commands/signals.h"
#include "config/changes.h"
#include "control/owing.h"
#include "policy/changes.h"
#include "policy/keep.h"
#include "policy/process.h"
#include "util/log.h"
#include "util/path.h"

#define ERROR_BYTES 512

/* What is got together for the daemon, to be taken or freed as a whole. */
struct reload {
    struct daemon *daemon;
    struct setup_reading reading;
    struct setup setup; /* what was read; without a policy: not yet */
    struct coordinator_trial trial;
    struct session session;    /* if it takes another */
    struct recorder *recorder; /* if another file is recorded into */
    bool same_recording;       /* it is the one that is recorded into, or was to be */
    bool reopens;              /* it takes the session */
    struct problems problems;
};

/* ---- what is wrong */

static void check_uri(struct reload *a)
{
    const struct config *config = &a->setup.config;
    const char *before = a->daemon->setup.config.daemon.uri;

    if (strcmp(config->daemon.uri, before) != 0)
        problems_add(&a->problems, config->file, config->uri_line,
                     "uri: %s -> %s: another host needs a restart", before, config->daemon.uri);
}

/* -EINPROGRESS: not yet. */
static int try_policy(struct reload *a)
{
    const struct config *config = &a->setup.config;
    struct policy_instance *instance = a->setup.instance;
    char error[ERROR_BYTES];
    int r = coordinator_try_soon(&a->daemon->coordinator, config, instance, &a->trial, error,
                                 sizeof(error));

    if (r < 0 && r != -EINPROGRESS)
        problems_add(&a->problems, config->file, config->policy_line,
                     "policy %s: it gives no decision on what was seen last: %s",
                     instance->policy->table.name, error);
    return r;
}

/* Reads all anew; -EINPROGRESS: not yet. */
static int read_all(struct reload *a)
{
    const struct run_arguments *arguments = a->daemon->arguments;
    int r =
        setup_read(arguments->file, arguments->interval_ms, &a->reading, &a->setup, &a->problems);

    if (r < 0)
        return r;
    check_uri(a);
    policy_instance_keep_state(a->daemon->setup.instance, a->setup.instance);
    return 0;
}

/* ... and finds out whether it may be taken. */
static int load(struct reload *a)
{
    int r = a->setup.policy ? 0 : read_all(a);

    if (r == 0)
        r = try_policy(a);
    if (r == -EINPROGRESS)
        return r;
    return r == 0 && a->problems.n > 0 ? -EINVAL : r;
}

/* ---- what is to be opened */

/* A host that was opened to be watched can't be changed, and the reverse. A simulated one is the same for
 * both, and would begin anew. */
static int open_session(struct reload *a)
{
    const struct config *config = &a->setup.config;

    if (config->daemon.dry_run == a->daemon->setup.config.daemon.dry_run ||
        host_is_simulated(config->daemon.uri))
        return 0;
    if (session_open(config, a->daemon->arguments->proc, &a->session) != EXIT_SUCCESS)
        return -EIO;
    a->reopens = true;
    return 0;
}

static bool is_same_recording(const struct config *a, const struct config *b)
{
    char *one = path_beside(a->file, a->record.file), *other = path_beside(b->file, b->record.file);
    bool same = one && other && strcmp(one, other) == 0;

    free(one);
    free(other);
    return same;
}

/* One file can't be recorded into by two at a time: who has it goes on. */
static int open_recording(struct reload *a)
{
    const struct config *config = &a->setup.config;
    char error[ERROR_BYTES];
    int r;

    if (!recording_is_wanted(config))
        return 0;
    a->same_recording = is_same_recording(config, &a->daemon->setup.config);
    if (a->same_recording)
        return 0;
    r = recording_open_for(&a->setup, a->daemon->coordinator.host->name, &a->recorder, error,
                           sizeof(error));
    if (r < 0)
        problems_add(&a->problems, config->file, config->record_line, "file: %s", error);
    return r;
}

/* ---- taking it */

static void tell_change(void *context, const char *line)
{
    size_t *n = context;

    log_info("reload: %s", line);
    ++*n;
}

static void tell_changes(const struct setup *from, const struct setup *to)
{
    const struct policy *policy = to->policy;
    bool kept = policy_keeps_state(from->policy, policy);
    size_t n = 0;

    config_changes(&from->config, &to->config, tell_change, &n);
    policy_changes(from->instance, to->instance, tell_change, &n);
    if (n == 0)
        log_info("reload: nothing has changed");
    log_info("reload: done: policy %s%s, every %" PRIu64 " ms", policy->table.name,
             kept ? " goes on with what it remembers" : " begins anew",
             to->config.daemon.interval_ms);
    policy_process_say(policy);
}

/* What domains had is in a file, which others may have changed since; or, where no other can change the host, it
 * is remembered here. */
static void exchange_session(struct reload *a)
{
    struct daemon *d = a->daemon;
    struct session before = d->session;

    owing_save(&before.origins, &d->coordinator.domains);
    d->session = a->session;
    if (!d->session.host->shared) {
        d->session.origins = before.origins;
        before.origins = (struct origins){ 0 };
    }
    d->coordinator.host = d->session.host;
    owing_resume(&d->session.origins, &d->coordinator.domains);
    signals_catch(d->session.host);
    session_close(&before);
}

/* Each reload begins a run of its own, for a recording has one policy and one kind of settings in each. */
static void exchange_recorder(struct reload *a)
{
    struct daemon *d = a->daemon;

    if (a->same_recording && d->recorder) {
        recording_go_on(&d->setup, d->coordinator.host->name, d->recorder);
        return;
    }
    d->recording_failed |= recorder_close(d->recorder) < 0;
    d->recorder = a->recorder;
    if (!d->recorder)
        d->recording_failed |=
            recording_begin(&d->setup, d->coordinator.host->name, &d->recorder) < 0;
    daemon_attach_recorder(d);
}

/* -ENOMEM with nothing taken. */
static int take(struct reload *a)
{
    struct daemon *d = a->daemon;
    struct setup before = d->setup;
    int r;

    /* what it remembers now: there were ticks since the trial began */
    policy_instance_keep_state(before.instance, a->setup.instance);
    d->setup = a->setup;
    r = coordinator_swap(&d->coordinator, &d->setup.config, d->setup.instance);
    if (r < 0) {
        d->setup = before;
        return r;
    }
    a->setup = before; /* freed with the attempt */
    tell_changes(&before, &d->setup);
    if (a->reopens)
        exchange_session(a);
    exchange_recorder(a);
    host_set_interval(d->coordinator.host, d->setup.config.daemon.interval_ms);
    return 0;
}

/* ---- the interface */

static void refuse(struct reload *a)
{
    for (size_t i = 0; a->problems.list && i < a->problems.n; i++)
        log_error("%s", a->problems.list[i].text);
    log_error("reload: refused: what ran before goes on, unchanged");
    recorder_close(a->recorder);
    if (a->reopens)
        session_close(&a->session);
}

struct reload *reload_begin(struct daemon *daemon)
{
    struct reload *a = calloc(1, sizeof(*a));

    log_info("reload: reading %s again", daemon->arguments->file);
    if (a)
        a->daemon = daemon;
    else
        log_error("out of memory; reload: refused: what ran before goes on, unchanged");
    return a;
}

bool reload_go_on(struct reload *a)
{
    int r = load(a);

    if (r == -EINPROGRESS)
        return false;
    if (r == 0)
        r = open_session(a);
    if (r == 0)
        r = open_recording(a);
    if (r == 0)
        r = take(a);
    if (r == -ENOMEM && a->problems.n == 0)
        log_error("out of memory");
    if (r < 0)
        refuse(a);
    reload_free(a);
    return true;
}

void reload_free(struct reload *a)
{
    if (!a)
        return;
    coordinator_trial_free(&a->trial);
    problems_free(&a->problems);
    setup_reading_free(&a->reading);
    setup_free(&a->setup);
    free(a);
}
